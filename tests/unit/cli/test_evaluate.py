import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.builders import kitti_folder
from unet_explorer.analysis.evaluation import THRESHOLDS, Evaluation
from unet_explorer.classes import load_class_table
from unet_explorer.cli import main
from unet_explorer.cli.evaluate import describe
from unet_explorer.metrics import ThresholdCurve
from unet_explorer.network import ModelCard
from unet_explorer.pictures import InputSpec
from unet_explorer.unet.builder import build_unet
from unet_explorer.unet.export import export_network
from unet_explorer.unet.presets import load_preset


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    preset = load_preset("kitti-16").changed({"height": 16, "width": 32, "filters": 2, "depth": 3})
    spec = InputSpec(16, 32, 3, 0.0, 1.0, "stretch")
    card = ModelCard(name="tiny", input=spec, class_table=load_class_table("kitti"))
    return export_network(build_unet(preset), tmp_path_factory.mktemp("models") / "tiny", card)


def test_scores_are_printed_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: Path
) -> None:
    root = kitti_folder(tmp_path, [2, 4, 13])
    words = ["evaluate", "--model", str(model), "--dataset", "kitti", "--root", str(root)]

    assert main(words) == 0
    text = capsys.readouterr().out
    assert text.startswith("tiny on kitti, all: 3 pictures")
    assert main([*words, "--split", "train", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)

    assert (report["model"], report["dataset"], report["split"], report["pictures"]) == ("tiny", "kitti", "train", 2)
    assert sum(report["class_pixels"].values()) == 2 * 16 * 32
    assert list(report["class_iou"])[:2] == ["Road", "Sidewalk"]
    for name, found in report["confusion"].items():
        assert sum(found.values()) == report["class_pixels"][name]
    present = [iou for iou in report["class_iou"].values() if iou is not None]
    assert report["mean_iou"] == pytest.approx(np.mean(present))


def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: Path
) -> None:
    root = str(kitti_folder(tmp_path, [2, 4]))

    for words, sentence in (
        (
            ["--dataset", "kitti", "--root", root, "--split", "validation"],
            "no picture of the 'validation' part of kitti",
        ),
        (["--dataset", "kitti", "--root", root, "--split", "vali"], "no part 'vali' of a data set"),
        (["--dataset", "carla", "--root", root], "holds no folder with CameraRGB"),
        (["--dataset", "cityscapes", "--root", root], "no data set 'cityscapes'"),
    ):
        assert main(["evaluate", "--model", str(model), *words]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("error: ")
        assert sentence in captured.err
        assert captured.err.count("\n") == 1


def test_a_binary_network_shows_its_curve_and_salt_score() -> None:
    iou = np.linspace(0.1, 0.6, 99)
    curve = ThresholdCurve(THRESHOLDS, iou, iou, iou)
    salt = np.linspace(0.7, 0.5, 99)
    result = Evaluation(("No salt", "Salt"), np.array([[3, 1], [2, 4]]), 2, 1.0, curve, salt)

    lines = describe(result).splitlines()

    # IoU 3 / (3 + 1 + 2), Dice 2 * 3 / (4 + 5), and 4 of 10 pixels.
    assert "No salt  0.5000  0.6667          40.00%" in lines
    assert "mean IoU        0.5357" in lines  # (3/6 + 4/7) / 2.
    assert "best on these pictures: 0.6000 at 0.99" in lines
    assert "     0.50  0.3500" in lines
    assert "salt score      0.6000 at 0.50, best on these pictures 0.7000 at 0.01" in lines


def test_what_is_mistaken_for_what_is_told_the_most_pixels_first() -> None:
    confusion = np.array([[50, 30, 0], [5, 5, 10], [0, 0, 0]])
    result = Evaluation(("Road", "Pavement", "Kerb"), confusion, 1, 0.5)
    lines = describe(result).splitlines()
    begin = lines.index("labelled  found as  share of the class  share of pixels")
    assert [" ".join(line.split()) for line in lines[begin + 1 : begin + 4]] == [
        "Road Pavement 37.50% 30.00%",
        "Pavement Kerb 50.00% 10.00%",
        "Pavement Road 25.00% 5.00%",
    ]
    assert result.to_dict()["confusion"] == {
        "Road": {"Road": 50, "Pavement": 30},
        "Pavement": {"Road": 5, "Pavement": 5, "Kerb": 10},
        "Kerb": {},
    }


def test_classes_that_occur_nowhere_have_no_iou() -> None:
    text = describe(Evaluation(("a", "b", "c"), np.array([[4, 0, 0], [0, 0, 0], [0, 0, 0]]), 1, 0.5))

    assert "b           -       -           0.00%" in text.splitlines()
    assert "2.0 pictures a second" in text
    assert "found as" not in text  # Every pixel is right.
