"""`python -m unet_explorer report`: the same page as the app's, from a terminal."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.road import HEIGHT, WIDTH, crossing, road_model
from tests.zoo_fixtures import Zoo
from unet_explorer.cli import report
from unet_explorer.errors import ClassTableError, LayerError, ModelError, PictureError, UserError
from unet_explorer.network import open_network
from unet_explorer.pictures import Picture, fit_label_map, fit_picture, open_picture
from unet_explorer.ui.exports import report_page
from unet_explorer.ui.pickers import Subject
from unet_explorer.ui.state import View


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model `roads` and the picture `crossing.png`, labelled by `labels.png`."""
    folder = tmp_path_factory.mktemp("desk")
    road_model(folder / "roads")
    pixels, labels = crossing()
    Image.fromarray(pixels).save(folder / "crossing.png")
    Image.fromarray(labels).save(folder / "labels.png")
    return folder


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    report.register(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["report", *map(str, words)])
    return int(arguments.run(arguments))


def test_a_report_is_written(desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "report.html"
    layers = ["--layer", "conv2d,conv2d_1:pre_activation", "--layer", "conv2d_transpose"]
    code = run("--model", desk / "roads", "--image", desk / "crossing.png", "--out", out, *layers, "--class", "car,20")
    text = out.read_text(encoding="utf-8")
    assert code == 0
    assert "What roads sees in crossing.png" in text
    assert "Car (class 6, channel 7)" in text
    assert "Pole (class 20, channel 21)" in text
    for layer in ("conv2d", "conv2d_1:pre_activation", "conv2d_transpose"):
        assert f"<h2>Layer {layer}</h2>" in text
    assert "3 layers, 2 classes" in capsys.readouterr().out
    assert str(desk) not in text


def test_without_wishes_it_shows_every_stage_and_the_largest_classes(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    run("--model", desk / "roads", "--image", desk / "crossing.png", "--out", out)
    text = out.read_text(encoding="utf-8")
    assert text.count("<h2>Layer ") >= 3
    assert text.count("<figcaption>Car (class 6") + text.count("<figcaption>Pole (class 20") >= 1
    assert text.count("(class ") == 2 * 3  # In the caption and the alternative text of each figure.
    run("--model", desk / "roads", "--image", desk / "crossing.png", "--out", out, "--layer", "none")
    assert "<h2>Layer " not in out.read_text(encoding="utf-8")


def test_classes_have_thresholds_and_scores_of_their_own(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    given = ["--model", desk / "roads", "--image", desk / "crossing.png", "--label", desk / "labels.png", "--out", out]
    run(*given, "--class", "Sky=0.2,Car", "--threshold", "0.4", "--layer", "none")
    text = out.read_text(encoding="utf-8")
    network = open_network(desk / "roads")
    pixels, labels = crossing()
    picture = Picture.from_pixels(pixels, "crossing.png")
    placement = fit_picture(picture, network.input_spec).placement
    sky = fit_label_map(labels, placement, HEIGHT, WIDTH) == 25
    found = network.probabilities(picture).values[..., 25] >= np.float32(0.2)
    iou = (found & sky).sum() / (found | sky).sum()
    assert f"covers {100 * found.mean():.2f}% at the threshold 0.2, IoU {iou:.3f}" in text
    assert "at the threshold 0.4" in text
    assert "0.4, Sky 0.2" in text


def test_it_is_the_page_that_the_app_makes(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    given = ["--model", desk / "roads", "--image", desk / "crossing.png", "--label", desk / "labels.png", "--out", out]
    run(*given, "--class", "Car=0.125,Pole", "--layer", "conv2d_1")
    picture = open_picture(desk / "crossing.png").with_label_map(crossing()[1])
    subject = Subject(open_network(desk / "roads"), picture, "roads", "sample:crossing")
    of_app = report_page(subject, View(classes="6,20", thresholds="6:0.125"), "conv2d_1").decode()
    made = re.compile(r"\d{4}-\d\d-\d\dT[\d:+]+")
    assert made.sub("now", of_app) == made.sub("now", out.read_text(encoding="utf-8"))


def test_labels_that_are_no_class_ids_are_refused(desk: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((48, 96), 700, np.uint16)).save(tmp_path / "deep.png")
    given = ["--model", desk / "roads", "--image", desk / "crossing.png", "--out", tmp_path / "report.html"]
    with pytest.raises(UserError, match="700"):
        run(*given, "--label", tmp_path / "deep.png")


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--layer", "conv2d_l"], LayerError, "did you mean"),
        (["--class", "Kar"], ClassTableError, "Car"),
        (["--class", "99"], ClassTableError, "99"),
        (["--threshold", "1.5"], UserError, "0 to 1"),
        (["--class", "Car=much"], UserError, "Car=much"),
        (["--class", "Car=-0.1"], UserError, "0 to 1"),
        (["--label", "nowhere.png"], PictureError, "nowhere.png"),
        (["--image", "nowhere.png"], PictureError, "nowhere.png"),
        (["--model", "nowhere"], ModelError, "nowhere"),
    ],
)
def test_bad_input_is_refused_and_nothing_written(
    desk: Path, tmp_path: Path, words: list[str], error: type[UserError], said: str
) -> None:
    out = tmp_path / "report.html"
    given = ["--model", desk / "roads", "--image", desk / "crossing.png", "--out", out, *words]
    with pytest.raises(error, match=said):
        run(*given)
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_named(desk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        run("--model", desk / "roads", "--image", desk / "crossing.png", "--out", tmp_path / "file" / "report.html")


def test_a_network_without_classes_gets_a_report_of_its_layers(desk: Path, tmp_path: Path, zoo: Zoo) -> None:
    out = tmp_path / "report.html"
    assert run("--model", zoo("classifier"), "--image", desk / "crossing.png", "--out", out) == 0
    assert "What is where" not in out.read_text(encoding="utf-8")
