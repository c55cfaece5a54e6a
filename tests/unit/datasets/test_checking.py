import json
from pathlib import Path

import numpy as np

from tests.unit.datasets.builders import colour_label, kitti_folder, write_png
from unet_explorer.datasets import open_dataset
from unet_explorer.datasets.checking import check_dataset


def test_a_sound_folder_is_counted(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [2, 13])  # One of each part of the article's split.
    calls: list[tuple[int, int]] = []

    report = check_dataset(open_dataset("kitti", root), lambda done, total: calls.append((done, total)))

    assert report.pictures == 2
    assert report.sizes == {(6, 8): 2}
    assert (report.parts["all"], report.parts["train"], report.parts["validation"]) == (2, 1, 1)
    assert "test" not in report.parts
    # Road, Car and None have 24, 6 and 18 of the 48 pixels of each label map.
    assert [report.class_pixels[k] for k in (0, 6, 29)] == [48, 12, 36]
    np.testing.assert_allclose(report.class_shares[[0, 6, 29]], [0.5, 0.125, 0.375])
    assert [report.class_pictures[k] for k in (0, 1, 29)] == [2, 0, 2]
    assert report.problems == ()
    assert calls == [(1, 2), (2, 2)]


def test_every_broken_pair_is_listed_and_the_sound_ones_still_counted(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [1, 2, 3, 4, 5, 6])
    images, labels = root / "training/image_2", root / "training/semantic_rgb"
    (labels / "000001_10.png").unlink()
    (images / "000002_10.png").write_bytes(b"")
    (labels / "000003_10.png").write_bytes(b"<html>")
    write_png(labels / "000004_10.png", colour_label(3, 4))
    strange = colour_label()
    strange[0, 7] = (1, 2, 3)
    write_png(labels / "000005_10.png", strange)

    report = check_dataset(open_dataset("kitti", root, tolerant=True))

    assert [problem.name for problem in report.problems] == [f"{n:06d}_10" for n in (1, 2, 3, 4, 5)]
    wanted = (
        "has no label map",
        "is empty",
        "is an HTML page",
        "is 4x3 but its picture",
        "(1, 2, 3) at row 0, column 7",
    )
    for problem, words in zip(report.problems, wanted, strict=True):
        assert words in problem.what
    assert report.pictures == 1
    assert report.class_pixels.sum() == 48


def test_a_folder_where_nothing_can_be_read_is_still_reported(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [1])
    (root / "training/image_2/000001_10.png").write_bytes(b"")

    report = check_dataset(open_dataset("kitti", root))

    assert report.pictures == 0
    assert len(report.problems) == 1
    assert report.class_shares.tolist() == [0.0] * 30


def test_the_report_is_json(tmp_path: Path) -> None:
    values = check_dataset(open_dataset("kitti", kitti_folder(tmp_path, [2]))).to_dict()

    assert json.loads(json.dumps(values)) == values
    assert values["sizes"] == [{"height": 6, "width": 8, "pictures": 1}]
    assert values["classes"][0] == {"id": 0, "name": "Road", "pixels": 24, "share": 0.5, "pictures": 1}


def test_the_real_pictures_are_sound(kitti_root: Path) -> None:
    report = check_dataset(open_dataset("kitti", kitti_root, tolerant=True))

    assert report.problems == ()
    assert report.sizes == {(375, 1242): 107, (376, 1241): 18, (374, 1238): 13, (370, 1224): 2}
    absent = [name for name, count in zip(report.class_names, report.class_pictures, strict=True) if count == 0]
    assert absent == ["Static"]
