"""A pass that does not fit is refused before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zoo_fixtures import OpenZoo
from unet_explorer.errors import ModelError
from unet_explorer.network import forward
from unet_explorer.network.geometry import Coverage
from unet_explorer.network.memory import bytes_available, bytes_needed, check_room
from unet_explorer.pictures import Picture


def machine(root: Path, available_kib: int, limit: str | None = None, used: int = 0) -> Path:
    (root / "proc").mkdir()
    (root / "proc/meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable:   {available_kib} kB\n")
    if limit is not None:
        (root / "sys/fs/cgroup").mkdir(parents=True)
        (root / "sys/fs/cgroup/memory.max").write_text(f"{limit}\n")
        (root / "sys/fs/cgroup/memory.current").write_text(f"{used}\n")
    return root


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [(None, 0, 10240), ("max", 5, 10240), ("9000", 1000, 8000), ("500000", 1000, 10240), ("9000", 9500, 0)],
)
def test_the_smaller_of_machine_and_container(limit: str | None, used: int, expected: int, tmp_path: Path) -> None:
    assert bytes_available(machine(tmp_path, 10, limit, used)) == expected


def test_a_machine_that_does_not_say(tmp_path: Path) -> None:
    assert bytes_available(tmp_path) is None
    check_room("x.png", (1, 1), 10**18, None)


def test_what_is_needed_is_the_largest_maps_and_the_asked() -> None:
    covered = {
        "small": Coverage(0, 0, 4, 6, 2, 3, (2, 3, 5)),
        "large": Coverage(0, 0, 4, 6, 4, 6, (4, 6, 10)),
        "vector": Coverage(0, 0, 4, 6, 1, 1, (7,)),
    }
    assert bytes_needed(covered, ["small", "vector"]) == 4 * (4 * 240 + 30 + 7)


def test_a_picture_too_large_is_one_sentence(
    open_zoo: OpenZoo, street: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """keras3_dynamic at 38 x 54: its largest maps are the 8 channels of the concat."""
    network = open_zoo("keras3_dynamic")
    needed = 4 * 38 * 54 * (4 * 8 + 3)
    monkeypatch.setattr(forward, "bytes_available", lambda: needed)
    network.feature_maps(street, ["first"])
    monkeypatch.setattr(forward, "bytes_available", lambda: needed - 1)
    if network.device == "CPU":
        with pytest.raises(ModelError, match=r"street\.png at 38 x 54 pixels needs about 0\.0 GiB .* smaller picture"):
            network.feature_maps(street, ["first"])
