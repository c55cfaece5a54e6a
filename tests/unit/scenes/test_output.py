"""Files in three layouts, read back by the data set readers; resuming. Rendering is replaced: CI has no Blender."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.scenes import output
from tools.scenes.labels import NAMES, Label
from tools.scenes.output import Finished, Order, picture_name, render_set
from tools.scenes.scene import Scene
from unet_explorer.datasets import open_dataset

LABELS = np.array([[25, 25, 23, 25, 14], [0, 6, 6, 0, 20], [0, 6, 4, 5, 29]], np.uint8)


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Names and seeds in the order of rendering; the label map is always LABELS, the picture the seed's."""
    calls: list[tuple[str, int]] = []

    def finish(name: str, scene: Scene, size: tuple[int, int], samples: int) -> Finished:
        calls.append((name, scene.seed))
        picture = np.random.default_rng(scene.seed).integers(0, 256, (3, 5, 3)).astype(np.uint8)
        depth = np.where(LABELS == Label.SKY, np.inf, 7.5).astype(np.float32)
        instances = np.where(LABELS == Label.CAR, 3, 0).astype(np.uint16)
        return Finished(name, picture, LABELS, depth, instances, {"name": name, "seed": scene.seed})

    monkeypatch.setattr(output, "finish", finish)
    monkeypatch.setattr(output, "draw_scene", lambda theme, seed: Scene(theme, seed))
    return calls


@pytest.mark.usefixtures("rendered")
def test_the_own_layout_is_read_by_its_reader(tmp_path: Path) -> None:
    assert render_set(Order(5, tmp_path, seed=40)) == 5
    dataset = open_dataset("scenes", tmp_path)
    assert [sample.name for sample in dataset.split("validation")] == ["validation_00003"]
    assert [sample.name for sample in dataset.split("train")] == [f"train_{k:05d}" for k in (0, 1, 2, 4)]
    picture = dataset.read(dataset.samples[0])
    np.testing.assert_array_equal(picture.label_map, LABELS)
    with Image.open(tmp_path / "depth/train_00000.png") as depth:
        np.testing.assert_array_equal(np.asarray(depth), np.where(LABELS == Label.SKY, 0, 7.5 * 256))
    with Image.open(tmp_path / "instance/train_00000.png") as instance:
        np.testing.assert_array_equal(np.asarray(instance), np.where(LABELS == Label.CAR, 3, 0))


@pytest.mark.usefixtures("rendered")
def test_the_kitti_layout_is_read_by_its_reader(tmp_path: Path) -> None:
    render_set(Order(3, tmp_path, layout="kitti"))
    dataset = open_dataset("kitti", tmp_path)
    assert [sample.name for sample in dataset.samples] == ["000000_10", "000001_10", "000002_10"]
    read = dataset.read(dataset.samples[2])
    np.testing.assert_array_equal(read.label_map, LABELS)
    np.testing.assert_array_equal(read.pixels, np.random.default_rng(2).integers(0, 256, (3, 5, 3)))
    with Image.open(tmp_path / "training/semantic/000000_10.png") as ids:
        assert np.asarray(ids)[1].tolist() == [7, 26, 26, 7, 17]  # Cityscapes: road, car, car, road, pole
    with Image.open(tmp_path / "training/instance/000000_10.png") as instance:
        assert np.asarray(instance)[1].tolist() == [7 * 256, 26 * 256 + 3, 26 * 256 + 3, 7 * 256, 17 * 256]


@pytest.mark.usefixtures("rendered")
def test_the_carla_layout_is_read_by_its_reader(tmp_path: Path) -> None:
    render_set(Order(6, tmp_path, layout="carla"))
    dataset = open_dataset("carla", tmp_path)
    assert len(dataset.samples) == 6
    expected = [[0, 0, 9, 0, 1], [7, 10, 10, 7, 5], [7, 10, 4, 4, 0]]
    np.testing.assert_array_equal(dataset.read(dataset.samples[0]).label_map, expected)
    assert (tmp_path / "dataA/CameraSeg/000001.png").is_file()


def test_an_interrupted_order_resumes_with_what_is_missing(tmp_path: Path, rendered: list[tuple[str, int]]) -> None:
    render_set(Order(2, tmp_path, seed=9))
    (tmp_path / "scene" / "train_00000.json").unlink()  # as if killed before the record was written
    lines: list[tuple[int, int, str]] = []
    assert render_set(Order(4, tmp_path, seed=9), lambda *line: lines.append(line)) == 3
    assert rendered == [
        ("train_00000", 9), ("train_00001", 10), ("train_00000", 9), ("train_00002", 11), ("validation_00003", 12),
    ]  # fmt: skip
    assert [line[:2] for line in lines] == [(1, 4), (3, 4), (4, 4)]
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]


def test_themes_in_turn_where_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    themes: list[str] = []

    def stop(theme: str, seed: int) -> Scene:
        themes.append(theme)
        return Scene(theme, seed)

    finished = Finished(
        "x", LABELS[..., None].repeat(3, 2), LABELS, np.ones((3, 5), np.float32), LABELS.astype(np.uint16), {}
    )
    monkeypatch.setattr(output, "draw_scene", stop)
    monkeypatch.setattr(output, "finish", lambda *_: finished)
    render_set(Order(3, tmp_path, themes=("rural", "tram"), layout="kitti"))
    assert themes == ["rural", "tram", "rural"]


def test_every_class_has_a_cityscapes_id_of_its_own() -> None:
    assert len(set(output.CITYSCAPES_IDS)) == len(NAMES) == len(output.CITYSCAPES_IDS)


def test_every_fourth_picture_validates() -> None:
    assert [picture_name(k).split("_")[0] for k in range(8)] == (["train"] * 3 + ["validation"]) * 2
