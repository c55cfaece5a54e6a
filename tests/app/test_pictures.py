"""The Pictures page without a browser: what it offers, and what it says where there is nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.conftest import REPOSITORY, Start, picker
from tests.road import labelled_samples
from unet_explorer.datasets.seismic import render_sections, section_name
from unet_explorer.errors import DatasetError
from unet_explorer.ui import kitti_download
from unet_explorer.ui.kitti_download import Fetch


@pytest.fixture(autouse=True)
def data(house: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNET_EXPLORER_DATA_DIR", str(house / "data"))
    return house / "data"


def titles(app: AppTest) -> list[str]:
    assert not app.exception
    bold = [text.value for text in app.markdown if text.value.startswith("**")]
    return [text.strip("* ").split("**")[0].replace("\\", "") for text in bold]


def kitti_folder(root: Path, count: int) -> Path:
    """A folder in KITTI's layout with small made-up pictures."""
    for name in ("image_2", "semantic_rgb"):
        (root / "training" / name).mkdir(parents=True)
    for number in range(count):
        for name, colour in (("image_2", (number, 9, 9)), ("semantic_rgb", (128, 64, 128))):
            Image.new("RGB", (40, 16), colour).save(root / "training" / name / f"{number:06d}_10.png")
    return root


def test_samples_come_with_what_to_look_for(start: Start, house: Path) -> None:
    shutil.rmtree(house / "samples")
    (house / "samples").mkdir()
    labelled_samples(house / "samples")
    app = start("pictures")
    assert titles(app) == ["Crossing", "Alley"]
    assert "The pole." in [caption.value for caption in app.caption]


def test_a_button_goes_to_the_page_with_the_picture(start: Start) -> None:
    app = start("pictures", model="tiny", camera="5,5,2.0")
    app.button(key="classes_sample:tower").click().run()
    assert not app.exception
    assert picker(app, "Picture").value == "sample:tower"
    assert "camera" not in app.query_params


def test_several_uploads_are_kept_and_the_bad_ones_named(start: Start, house: Path) -> None:
    good = (house / "samples" / "tower.png").read_bytes()
    files = [("a.png", good, "image/png"), ("b.svg.png", b"<svg/>", "image/png"), ("c.png", b"", "image/png")]
    app = start("pictures")
    app.file_uploader(key="gallery_upload").set_value(files).run()
    assert titles(app)[0] == "a.png"
    assert [name for name in ("b.svg.png", "c.png") if any(name in error.value for error in app.error)] == [
        "b.svg.png",
        "c.png",
    ]


def test_uploads_stay_when_their_page_is_left_and_more_are_added(start: Start, house: Path) -> None:
    pages = Path(__file__).resolve().parents[2] / "pages"
    names = ("tower.png", "street.png")
    tower, street = [(name, (house / "samples" / name).read_bytes(), "image/png") for name in names]
    app = start("pictures")
    app.file_uploader(key="gallery_upload").set_value([tower]).run()
    app.switch_page(str(pages / "models.py")).run()
    app.switch_page(str(pages / "pictures.py")).run()
    assert titles(app)[0] == "tower.png"
    app.file_uploader(key="gallery_upload").set_value([street]).run()
    assert titles(app)[:2] == ["street.png", "tower.png"]


def test_names_of_files_are_not_markup(start: Start, house: Path) -> None:
    name = "![x](http://example.invalid/x.png) **b** :red[c].png"
    app = start("pictures")
    app.file_uploader(key="gallery_upload").set_value(
        [(name, (house / "samples" / "tower.png").read_bytes(), "image/png")]
    )
    app.run()
    shown = next(text.value for text in app.markdown if "invalid" in text.value)
    assert not re.search(r"(?<!\\)[!\[\]()]", shown.removesuffix("  :gray[:material/check: on show]"))


def test_without_samples_the_page_says_where_they_belong(start: Start, house: Path) -> None:
    shutil.rmtree(house / "samples")
    assert "sample_images" in start("pictures").info[0].value


def test_a_broken_sample_does_not_take_the_others_along(start: Start, house: Path) -> None:
    (house / "samples" / "aaa.png").write_bytes(b"broken")
    app = start("pictures")
    assert titles(app) == ["aaa", "street", "tower"]
    assert "aaa.png" in app.warning[0].value


def test_kitti_is_searched_and_paged(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNET_EXPLORER_KITTI_ROOT", str(kitti_folder(tmp_path / "kitti", 30)))
    app = start("pictures")
    kitti = [title for title in titles(app) if title.endswith("_10")]
    assert kitti == [f"{number:06d}_10" for number in range(12)]
    app.text_input(key="search_KITTI").set_value("00002").run()
    assert [title for title in titles(app) if title.endswith("_10")] == [
        f"{number:06d}_10" for number in (2, *range(20, 30))
    ]
    app.text_input(key="search_KITTI").set_value("nothing like it").run()
    assert "Clear the search" in app.info[0].value


def test_salt_is_in_the_gallery_and_not_in_the_picker(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("images", "masks"):
        (tmp_path / "salt" / part).mkdir(parents=True)
        for name in ("abc", "def"):
            Image.new("L", (9, 9), 200).save(tmp_path / "salt" / part / f"{name}.png")
    monkeypatch.setenv("UNET_EXPLORER_SALT_ROOT", str(tmp_path / "salt"))
    app = start("pictures")
    assert titles(app)[-2:] == ["abc", "def"]
    app.button(key="explore_salt:def").click().run()
    assert not app.exception
    assert picker(app, "Picture").value == "salt:def"
    assert "salt:abc" not in picker(app, "Picture").options


def test_seismic_sections_are_offered_first_to_a_model_that_looks_for_salt(start: Start, house: Path) -> None:
    (house / "models" / "salt").symlink_to(REPOSITORY / "models" / "tgs-salt")
    render_sections(3, house / "samples" / "seismic")
    names = sorted(section_name(seed) for seed in range(3))
    app = start("pictures")
    assert titles(app) == ["street", "tower", *names]
    assert any("No salt at all" in caption.value for caption in app.caption)
    salty = picker(start("explore", model="salt"), "Picture")
    assert salty.value == f"seismic:{names[0]}"
    assert salty.options[:4] == [*(f"{name}  ·  Seismic" for name in names), "street  ·  Samples"]
    others = picker(start("explore", model="tiny"), "Picture")
    assert others.value == "sample:street"
    assert not [title for title in others.options if "Seismic" in title]
    app = start("explore", model="tiny", camera="0.5,0.5,4")
    picker(app, "Model").set_value("salt").run()
    assert app.session_state["unet_view"].camera == ""  # It looks at another picture now.
    chosen = f"seismic:{names[0]}"
    assert picker(start("explore", model="tiny", picture=chosen), "Picture").value == chosen


def test_kitti_is_fetched_only_after_its_licence_was_accepted(
    start: Start, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(Fetch, "start", lambda _self, folder: asked.append(folder))
    app = start("pictures")
    assert "NonCommercial" in app.text[0].value
    button = next(button for button in app.button if button.label == "Fetch KITTI")
    assert button.disabled
    app.checkbox(key="kitti_accepted").check().run()
    button = next(button for button in app.button if button.label == "Fetch KITTI")
    button.click().run()
    assert asked == [data / "kitti"]


def test_a_fetched_kitti_is_shown(start: Start, data: Path) -> None:
    kitti_folder(data / "kitti", 3)
    assert [title for title in titles(start("pictures")) if title.endswith("_10")] == [f"{n:06d}_10" for n in range(3)]


def test_a_download_that_fails_for_an_unknown_reason_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(kitti_download, "download", broken)
    fetch = Fetch()
    fetch.running = True
    fetch._run(tmp_path)
    assert not fetch.running
    assert fetch.error.startswith("The download failed")


def test_a_download_tells_how_far_it_is_and_why_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_archive: object, request: object, progress: object) -> None:
        progress("fetching", 157_000_000, 314_000_000)  # type: ignore[operator]
        raise DatasetError("The connection broke off.")

    monkeypatch.setattr(kitti_download, "download", broken)
    fetch = Fetch()
    fetch.running = True
    fetch._run(tmp_path)
    assert fetch.share() == 0.5
    assert fetch.sentence() == "Fetching: 157 MB of 314 MB"
    assert (fetch.running, fetch.error) == (False, "The connection broke off.")
