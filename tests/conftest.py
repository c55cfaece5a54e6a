"""Fixtures shared by all tests: where the real pictures are, and small networks of every shape."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

pytest_plugins = ["tests.zoo_fixtures"]

# A deadline would test the machine, not the code; in CI the same examples run every time.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("UNET_EXPLORER_TEST_DATA", REPOSITORY.parent / "shared" / "data"))


def _real_data(name: str) -> Path:
    root = DATA / name
    if not root.is_dir():
        message = f"real pictures not found at {root}; set UNET_EXPLORER_TEST_DATA to the folder that holds {name}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return root


@pytest.fixture(scope="session")
def kitti_root() -> Path:
    """The KITTI semantics folder (140 labelled pictures); its absence fails in CI and skips with a reason elsewhere."""
    return _real_data("kitti_semantics")


@pytest.fixture(scope="session")
def salt_root() -> Path:
    """The TGS salt folder (3,215 pictures with masks); its absence fails in CI and skips with a reason elsewhere."""
    return _real_data("tgs_salt")
