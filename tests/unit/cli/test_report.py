"""`python -m unet_explorer report`: the same page as the app's, from a terminal."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from PIL import Image

from tests.road import crossing, road_model
from tests.zoo_fixtures import Zoo
from unet_explorer.cli import report
from unet_explorer.errors import ClassTableError, LayerError, ModelError, PictureError, UserError


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model `roads` and the picture `crossing.png`."""
    folder = tmp_path_factory.mktemp("desk")
    road_model(folder / "roads")
    Image.fromarray(crossing()[0]).save(folder / "crossing.png")
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


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--layer", "conv2d_l"], LayerError, "did you mean"),
        (["--class", "Kar"], ClassTableError, "Car"),
        (["--class", "99"], ClassTableError, "99"),
        (["--threshold", "1.5"], UserError, "0 to 1"),
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
