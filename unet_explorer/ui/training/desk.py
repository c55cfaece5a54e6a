"""The jobs of this process's data folder, opened once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from unet_explorer.errors import JobError
from unet_explorer.jobs.desk import Jobs
from unet_explorer.settings import path_setting


def desk() -> Jobs:
    """All jobs, for pages and routes alike.

    Raises:
        JobError: no data folder is set, or it cannot be used.
    """
    folder = path_setting("data_dir")
    if folder is None:
        raise JobError("No data folder is set: give one in UNET_EXPLORER_DATA_DIR.")
    return _open(folder)


@lru_cache(maxsize=4)
def _open(folder: Path) -> Jobs:
    return Jobs(folder)
