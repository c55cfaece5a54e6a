"""`layers`, `features` and `predict` against the Python API they stand on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_explorer import open_network, open_picture
from unet_explorer.cli import explore, main
from unet_explorer.rendering.contact import contact_sheet

REPOSITORY = Path(__file__).resolve().parents[3]
MODEL = REPOSITORY / "models" / "kitti-16"


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of KITTI's size that is none of KITTI's: a ramp with a few blocks."""
    pixels = np.zeros((375, 1242, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, 1242).astype(np.uint8)
    pixels[..., 2] = np.linspace(255, 0, 375).astype(np.uint8)[:, None]
    pixels[200:300, 100:400] = (90, 20, 160)
    path = tmp_path_factory.mktemp("pictures") / "street.png"
    Image.fromarray(pixels).save(path)
    return path


def test_layers_as_json_name_what_readers_of_article_a_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "--model", str(MODEL), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    names = {f"conv2d_{k}" for k in range(1, 19)} | {f"concatenate_{k}" for k in (1, 2, 3)} | {"conv2d", "concatenate"}
    assert names <= set(rows)
    first = rows["conv2d_1"]
    assert (first["kind"], first["stage"], first["height"], first["width"]) == ("conv", "encoder 1", 368, 1248)
    assert (first["channels"], first["parameters"]) == (16, 3 * 3 * 16 * 16 + 16)
    assert rows["concatenate_3"]["skip_from"] in rows
    assert [rows[name]["receptive_field"] for name in ("conv2d_1", "conv2d_9", "activation")] == [
        [5, 5],
        [140, 140],
        [220, 220],
    ]
    assert sum(row["parameters"] for row in rows.values()) == 2_168_926


def test_without_a_command_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "list the layers of a SavedModel" in capsys.readouterr().err


def test_standard_error_holds_the_sentence_and_nothing_else(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "unet_explorer", "features", "--model", str(MODEL), "--layer", "conv2d_l1"]
    words += ["--image", str(REPOSITORY / "sample_images" / "parked_cars.webp"), "--out", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(words, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "did you mean conv2d_1" in done.stderr


def test_layers_as_text_ends_with_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "--model", str(MODEL)]) == 0
    out = capsys.readouterr().out
    assert "conv2d_transpose_3" in out
    assert "2,168,926 parameters" in out


def test_features_writes_the_article_s_tree_and_exact_floats(street: Path, tmp_path: Path) -> None:
    arguments = [
        "--model",
        str(MODEL),
        "--image",
        str(street),
        "--layer",
        "conv2d_9, conv2d_18",
        "--out",
        str(tmp_path),
    ]
    assert main(["features", *arguments, "--npz", "--sheet"]) == 0
    assert {path.name for path in (tmp_path / "conv2d_18").glob("*.png")} == {f"channel_{k}.png" for k in range(1, 31)}
    values = np.load(tmp_path / "conv2d_9.npz")["values"]
    expected = open_network(MODEL).feature_maps(open_picture(street), ["conv2d_9"])["conv2d_9"].values
    np.testing.assert_array_equal(values, expected)
    channel = np.asarray(Image.open(tmp_path / "conv2d_9" / "channel_7.png"), np.float32)
    low, high = values[..., 6].min(), values[..., 6].max()
    np.testing.assert_allclose(low + channel / 255 * (high - low), values[..., 6], atol=(high - low) / 255 * 0.51)
    np.testing.assert_array_equal(Image.open(tmp_path / "conv2d_9.png"), contact_sheet(values, 1600))


def test_all_layers_are_written_in_groups_that_bound_memory(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(explore, "BYTES_AT_ONCE", 40 * 2**20)
    network, picture = open_network(MODEL), open_picture(street)
    names = [layer.name for layer in network.layers if layer.kind != "input"]
    groups = list(explore._groups(network, picture, names))
    assert [name for group in groups for name in group] == names
    layers = {layer.name: layer for layer in network.layers}
    sizes = [
        [4 * (layers[n].height or 0) * (layers[n].width or 0) * layers[n].channels for n in group] for group in groups
    ]
    assert all(sum(size) <= 40 * 2**20 or len(size) == 1 for size in sizes)
    assert max(map(len, sizes)) > 1


def test_predict_writes_class_ids_and_prints_shares(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--model", str(MODEL), "--image", str(street), "--out", str(tmp_path), "--json"]
    assert main(["predict", *arguments]) == 0
    shares = json.loads(capsys.readouterr().out)["shares"]
    ids = np.asarray(Image.open(tmp_path / "class_map.png"))
    assert ids.shape == (375, 1242)
    counts = np.bincount(ids.ravel(), minlength=30)[:30] / ids.size
    np.testing.assert_allclose(list(shares.values()), counts, atol=1e-9)
    with Image.open(tmp_path / "overlay.png") as overlay:
        assert overlay.size == (1242, 375)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["layers", "--model", "nowhere"], "nowhere"),
        (["features", "--layer", "conv2d_l1"], "did you mean conv2d_1"),
        (
            ["features", "--layer", "zzz"],
            "kitti-16 has no layer 'zzz': `python -m unet_explorer layers` lists those it has.",
        ),
        (["features", "--layer", "conv2d_1:midway"], "has no view 'midway'"),
        (["features", "--layer", " , "], "names no layer"),
        (["predict", "--opacity", "1.5"], "--opacity is 1.5"),
        (["predict", "--threshold", "-1"], "--threshold is -1"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if arguments[0] != "layers":
        arguments = [*arguments, "--model", str(MODEL), "--image", str(street), "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.startswith("error: ")
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
