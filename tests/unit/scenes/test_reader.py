"""The reader of scenes, its errors, and what the repository ships."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_explorer.datasets import scenes
from unet_explorer.datasets.scenes import RenderOrder, open_scenes, read_manifest, render_pictures
from unet_explorer.errors import DatasetError

SHIPPED = Path(__file__).parents[3] / "sample_images"


def write_pair(root: Path, name: str, number: int = 6) -> None:
    for part in ("image", "label"):
        (root / part).mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 6, 3), 90, np.uint8)).save(root / "image" / f"{name}.webp", lossless=True)
    label = Image.fromarray(np.full((4, 6), number, np.uint8))
    label.putpalette([k // 3 for k in range(768)])
    label.save(root / "label" / f"{name}.png")


def test_pairs_are_read_with_ids_from_the_palette_index(tmp_path: Path) -> None:
    write_pair(tmp_path, "train_a", 6)
    write_pair(tmp_path, "validation_b", 25)
    dataset = open_scenes(tmp_path)
    assert dataset.class_table.name == "kitti"
    assert dataset.read(dataset.sample("validation_b")).label_map.tolist() == [[25] * 6] * 4
    assert [sample.name for sample in dataset.split("train")] == ["train_a"]


def test_a_number_that_is_no_class_is_refused(tmp_path: Path) -> None:
    write_pair(tmp_path, "train_a", 30)
    dataset = open_scenes(tmp_path)
    with pytest.raises(DatasetError, match=r"train_a\.png holds the number 30"):
        dataset.read(dataset.samples[0])


def test_a_set_without_validation_pictures_says_so(tmp_path: Path) -> None:
    write_pair(tmp_path, "train_a")
    with pytest.raises(DatasetError, match="no picture of the 'validation' part"):
        open_scenes(tmp_path).split("validation")


def test_a_picture_without_label_is_refused_or_reported(tmp_path: Path) -> None:
    write_pair(tmp_path, "train_a")
    write_pair(tmp_path, "train_b")
    (tmp_path / "label/train_b.png").unlink()
    with pytest.raises(DatasetError, match="1 pair is incomplete"):
        open_scenes(tmp_path)
    assert [problem.name for problem in open_scenes(tmp_path, tolerant=True).problems] == ["train_b"]


def test_a_folder_without_the_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has no folder image"):
        open_scenes(tmp_path)
    with pytest.raises(DatasetError, match="does not exist"):
        open_scenes(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not a manifest of pictures"),
        ("[]", "is not a manifest of pictures"),
        ('{"pictures": [{"file": "a.webp"}]}', "is not a manifest of pictures"),
        ('{"pictures": [{"file": "../a.webp", "label": "a.png"}]}', "beside it"),
        ('{"pictures": [{"file": "a.webp", "label": "a.png"}]}', "not there: restore a.webp and a.png"),
        ('{"pictures": []}', "holds no complete pair"),
    ],
)
def test_a_broken_manifest_is_one_sentence(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(DatasetError, match=reason):
        open_scenes(tmp_path)


def test_two_pictures_of_one_name_are_told(tmp_path: Path) -> None:
    for name in ("road.webp", "road.png", "road_label.png"):
        (tmp_path / name).touch()
    entries = [{"file": name, "label": "road_label.png"} for name in ("road.webp", "road.png")]
    (tmp_path / "manifest.json").write_text(json.dumps({"pictures": entries}))
    dataset = open_scenes(tmp_path, tolerant=True)
    assert [sample.image.name for sample in dataset.samples] == ["road.webp"]
    assert "lists two pictures of one name, road.webp and road.png: rename one" in dataset.problems[0].what


def test_all_that_a_manifest_lists_in_vain_is_told_at_once(tmp_path: Path) -> None:
    names = ("a", "b", "c", "d")
    for name in names:
        Image.fromarray(np.full((4, 6, 3), 90, np.uint8)).save(tmp_path / f"{name}.webp", lossless=True)
        Image.fromarray(np.full((4, 6), 6, np.uint8)).save(tmp_path / f"{name}.png")
    pictures = [{"file": f"{name}.webp", "label": f"{name}.png"} for name in reversed(names)]
    (tmp_path / "manifest.json").write_text(json.dumps({"pictures": pictures}))
    for gone in ("a.webp", "c.webp", "c.png", "d.png"):
        (tmp_path / gone).unlink()

    dataset = open_scenes(tmp_path, tolerant=True)

    assert [sample.name for sample in dataset.samples] == ["b"]
    told = [(problem.name, problem.what.split(": restore ")[1].split(",")[0]) for problem in dataset.problems]
    assert told == [("a", "a.webp"), ("c", "c.webp and c.png"), ("d", "d.png")]
    with pytest.raises(DatasetError, match=r"3 pairs are incomplete in .*, first a: .* `data check scenes --root"):
        open_scenes(tmp_path)


def test_the_shipped_samples_are_as_their_manifest_says() -> None:
    entries = read_manifest(SHIPPED)
    dataset = open_scenes(SHIPPED)
    names = [entry.name for entry in dataset.class_table]
    assert len(entries) == len(dataset.samples) == 12
    for entry in entries:
        picture = dataset.read(dataset.sample(Path(entry["file"]).stem))
        assert (picture.height, picture.width) == (375, 1242)
        assert picture.label_map is not None
        assert entry["classes"] == [names[k] for k in np.unique(picture.label_map)]
        assert entry["licence"] == "CC0-1.0"
        assert entry["title"]
        assert entry["look_for"].endswith((".", "?"))
    listed = {name for entry in entries for name in (entry["file"], entry["label"])} | {"manifest.json"}
    assert {path.name for path in SHIPPED.iterdir() if path.is_file()} <= listed | {"README.md"}


def test_the_shipped_pictures_stay_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.glob("*.*")) < 12e6
    assert sum(path.stat().st_size for path in (SHIPPED / "training").rglob("*.*")) < 12e6


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a shell script where the Python with Blender is expected, and hide Blender from this one."""
    python = folder / ".venv-scenes/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(scenes, "BLENDER_PYTHON", python)
    monkeypatch.setattr(scenes, "_installed", lambda module: module != "bpy")


def test_rendering_without_blender_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "_installed", lambda module: module != "bpy")
    monkeypatch.setattr(scenes, "BLENDER_PYTHON", tmp_path / "python")
    with pytest.raises(DatasetError, match=r"module bpy, which is missing: `make scenes-setup` installs it"):
        render_pictures(RenderOrder(1, tmp_path))


def test_rendering_outside_a_checkout_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "_installed", lambda module: module == "bpy")
    with pytest.raises(DatasetError, match=r"needs the folder tools/scenes: run this in a checkout"):
        render_pictures(RenderOrder(1, tmp_path))


def test_rendering_uses_the_environment_that_has_blender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(
        tmp_path, 'echo "$@" > asked; pwd >> asked; echo noise; echo "[2/3] a, 1 s"; echo "[3/3] b, 2 s"', monkeypatch
    )
    lines: list[tuple[int, int, str]] = []
    order = RenderOrder(3, tmp_path / "out", seed=7, layout="kitti", height=40, width=60, samples=2)
    assert render_pictures(order, lambda *line: lines.append(line)) == 2
    assert lines == [(2, 3, "a, 1 s"), (3, 3, "b, 2 s")]
    assert (tmp_path / "asked").read_text().splitlines() == [
        f"-W ignore -m tools.scenes render --out {tmp_path / 'out'} --count 3 --seed 7 --layout kitti "
        "--height 40 --width 60 --samples 2",
        str(tmp_path),
    ]


def test_a_failed_rendering_tells_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, "echo OSError: No space left on device >&2; exit 1", monkeypatch)
    with pytest.raises(DatasetError, match=r"could not be rendered to .*\(OSError: No space left on device\)"):
        render_pictures(RenderOrder(1, tmp_path / "out"))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"count": 0}, "The count of pictures to render is 0: choose 1 to 100000"),
        ({"seed": -1}, "The seed"),
        ({"height": 8}, "The height"),
        ({"width": 5000}, "The width"),
        ({"samples": 0}, "The samples"),
        (
            {"layout": "cityscapes"},
            "no layout 'cityscapes' of pictures to render: choose from scenes, kitti, carla, tgs-salt",
        ),
    ],
)
def test_an_impossible_order_is_refused(tmp_path: Path, values: dict[str, object], reason: str) -> None:
    with pytest.raises(DatasetError, match=reason):
        RenderOrder(**{"count": 1, "out": tmp_path, **values})  # type: ignore[arg-type]


def test_manifest_is_plain_json() -> None:
    content = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    assert content["class_table"] == "kitti"
    assert "palette" in content["label_format"]
