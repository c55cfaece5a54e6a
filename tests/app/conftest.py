"""The app with a small model and a made-up picture, run without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from tests.zoo_fixtures import Zoo, open_zoo, street, zoo  # noqa: F401
from unet_explorer.pictures import Picture

REPOSITORY = Path(__file__).resolve().parents[2]

Start = Callable[..., AppTest]


def picker(app: AppTest, label: str) -> Selectbox:
    """The picker of a bar: its key is another one whenever something else has changed what it shows."""
    (found,) = [box for box in app.selectbox if box.label == label]
    return found


@pytest.fixture
def house(zoo: Zoo, street: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A folder with `models/` (tiny, binary) and `samples/` (street, tower), which the settings point to."""
    models, samples = tmp_path / "models", tmp_path / "samples"
    models.mkdir()
    samples.mkdir()
    (models / "tiny").symlink_to(zoo("keras3_unet"))
    (models / "binary").symlink_to(zoo("keras3_binary"))
    Image.fromarray(street.pixels).save(samples / "street.png")
    Image.fromarray(street.pixels.transpose(1, 0, 2)).save(samples / "tower.png")
    for name, folder in (("MODELS_DIR", models), ("SAMPLE_DIR", samples), ("KITTI_ROOT", "")):
        monkeypatch.setenv(f"UNET_EXPLORER_{name}", str(folder))
    st.cache_resource.clear()
    return tmp_path


@pytest.fixture
def start(house: Path) -> Start:
    """`start(page, model="tiny", ...)` opens the app at an address and runs it once."""

    def start(page: str = "explore", **query: str) -> AppTest:
        app = AppTest.from_file(str(REPOSITORY / "unet_explorer" / "ui" / "shell.py"), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app if page == "explore" else app.switch_page(str(REPOSITORY / "pages" / f"{page}.py")).run()

    return start
