"""Is there room for a pass? A network that takes any size can be given a picture that fills the machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from unet_explorer.errors import ModelError
from unet_explorer.network.geometry import Coverage

_FLOAT = 4
# Maps alive at the same time, in units of the largest: measured on kitti-16, where a pass takes 3.6 times its largest.
_ALIVE = 4


def bytes_needed(covered: Mapping[str, Coverage], asked: Iterable[str]) -> int:
    """About how much memory a pass takes: its largest maps a few times over, and what is asked for.

    Args:
        covered: shapes of all tensors, by name.
        asked: names of those to return.
    """
    largest = max(math.prod(each.shape) for each in covered.values())
    return _FLOAT * (_ALIVE * largest + sum(math.prod(covered[name].shape) for name in asked))


def bytes_available(root: Path = Path("/")) -> int | None:
    """What is left to this process, by the machine and by its container; None where neither says.

    Args:
        root: the folder that holds proc and sys.
    """
    found = [_machine(root / "proc/meminfo"), _container(root / "sys/fs/cgroup")]
    return min((each for each in found if each is not None), default=None)


def check_room(picture: str, size: tuple[int, int], needed: int, available: int | None) -> None:
    """Raise unless a pass fits.

    Raises:
        ModelError: it would take more memory than is left.
    """
    if available is not None and needed > available:
        raise ModelError(
            f"{picture} at {size[0]} x {size[1]} pixels needs about {needed / 2**30:.1f} GiB of memory and "
            f"{available / 2**30:.1f} GiB are free: use a smaller picture, or a fixed size in the model's card."
        )


def _machine(path: Path) -> int | None:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _container(folder: Path) -> int | None:
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdigit() else None
