"""Curves of a run: read once, thinned without losing a spike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.jobs.curves import RunReader, thin


def write(path: Path, *events: dict[str, Any]) -> int:
    """Append events as the trainer does; returns the bytes."""
    text = "".join(json.dumps(event) + "\n" for event in events)
    with path.open("a") as file:
        file.write(text)
    return len(text)


def step(number: int, loss: float) -> dict[str, Any]:
    """A step event."""
    return {
        "event": "step",
        "time": 5.0,
        "step": number,
        "steps": 99,
        "epoch": 1,
        "epochs": 3,
        "loss": loss,
        "eta_s": None,
    }


def test_a_curve_a_figure(tmp_path: Path) -> None:
    epoch = {"event": "epoch", "epoch": 1, "step": 2, "loss": 0.6, "val_mean_iou": 0.25, "class_iou": [0.5, None]}
    size = write(tmp_path / "metrics.jsonl", step(1, 0.7), step(2, 0.5), epoch)
    found = RunReader(tmp_path).events()
    assert sorted(found.curves) == ["epoch.loss", "epoch.val_mean_iou", "step.loss"]
    loss = found.curves["step.loss"]
    assert (loss.x.tolist(), loss.y.tolist(), loss.points) == ([1.0, 2.0], [0.7, 0.5], 2)
    assert found.curves["epoch.val_mean_iou"].x.tolist() == [1.0]
    assert found.latest["epoch"]["class_iou"] == [0.5, None]
    assert found.bytes_read == size


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    reader = RunReader(tmp_path)
    assert reader.events().curves == {}
    path = tmp_path / "metrics.jsonl"
    first = write(path, step(1, 0.7), step(2, 0.6))
    assert reader.events().bytes_read == first
    assert reader.events().bytes_read == 0
    second = write(path, step(3, 0.5))
    again = reader.events()
    assert again.bytes_read == second
    assert again.curves["step.loss"].y.tolist() == [0.7, 0.6, 0.5]
    assert reader.events(after=1).curves["step.loss"].x.tolist() == [2.0, 3.0]


def test_a_line_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    path, reader = tmp_path / "metrics.jsonl", RunReader(tmp_path)
    write(path, step(1, 0.7))
    line = json.dumps(step(2, 0.6)) + "\n"
    with path.open("a") as file:
        file.write(line[:20])
    assert reader.events().curves["step.loss"].x.tolist() == [1.0]
    with path.open("a") as file:
        file.write(line[20:])
    assert reader.events().curves["step.loss"].x.tolist() == [1.0, 2.0]


def test_a_torn_line_in_the_middle_costs_that_line_only(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"event": "step", "st{"event": "start"}\n[1]\nnonsense\n\xff\n')
    write(path, step(4, 0.4))
    assert RunReader(tmp_path).events().curves["step.loss"].x.tolist() == [4.0]


def test_a_resumed_run_goes_back_to_its_checkpoint(tmp_path: Path) -> None:
    path, reader = tmp_path / "metrics.jsonl", RunReader(tmp_path)
    write(path, *(step(number, 1 / number) for number in range(1, 8)))
    reader.events()
    write(path, {"event": "start", "step": 4}, step(5, 50.0), step(6, 60.0))
    found = reader.events().curves["step.loss"]
    assert found.x.tolist() == [1, 2, 3, 4, 5, 6]
    assert found.y.tolist()[3:] == [0.25, 50.0, 60.0]


def test_a_run_begun_anew_in_a_new_file_starts_over(tmp_path: Path) -> None:
    path, reader = tmp_path / "metrics.jsonl", RunReader(tmp_path)
    write(path, step(1, 0.7), step(2, 0.6))
    reader.events()
    path.unlink()
    assert reader.events().curves == {}
    write(path, step(1, 9.0))
    assert reader.events().curves["step.loss"].y.tolist() == [9.0]


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=300),
    st.integers(4, 40),
)
def test_thinning_keeps_ends_and_extremes(values: list[float], at_most: int) -> None:
    heights = np.array(values)
    kept = thin(heights, at_most)
    assert len(kept) <= max(at_most, 0)
    assert kept.tolist() == sorted(set(kept.tolist()))
    if len(values):
        assert (kept[0], kept[-1]) == (0, len(values) - 1)
    if len(values) and not np.isnan(heights).all():
        assert np.nanmax(heights[kept]) == np.nanmax(heights)
        assert np.nanmin(heights[kept]) == np.nanmin(heights)
