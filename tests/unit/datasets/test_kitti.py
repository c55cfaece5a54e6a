import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.datasets.builders import colour_label, kitti_folder, street, write_png
from unet_explorer.datasets import open_dataset
from unet_explorer.datasets.kitti import CITYSCAPES_IDS, measured_groups
from unet_explorer.errors import ClassColourError, DatasetError, PictureError


def test_article_split_holds_out_the_sixty_the_article_validates_on(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [13, 127, 199, 0, 2])

    dataset = open_dataset("kitti", root)

    # The article's own three lines, on pairs as the article has them.
    pairs = [(f"{n:06d}_10.png", f"{n:06d}_10.png") for n in range(200)]
    random.seed(123)
    random.shuffle(pairs)
    train = {image.removesuffix(".png") for image, _ in pairs[:140]}
    assert pairs[0][0] == "000127_10.png"
    assert pairs[-1][0] == "000013_10.png"
    assert {s.name for s in dataset.split("train")} == train & {s.name for s in dataset.samples}
    assert "000013_10" in {s.name for s in dataset.split("validation")}


def test_random_parts_are_the_articles_split_where_all_200_pictures_are_there(tmp_path: Path) -> None:
    dataset = open_dataset("kitti", kitti_folder(tmp_path, range(200)))

    assert dataset.split("random-train") == dataset.split("train")
    assert dataset.split("random-validation") == dataset.split("validation")


def test_random_parts_deal_out_whatever_is_there_seven_to_three(tmp_path: Path) -> None:
    dataset = open_dataset("kitti", kitti_folder(tmp_path, range(0, 40, 2)))

    train, validation = dataset.split("random-train"), dataset.split("random-validation")

    assert (len(train), len(validation)) == (14, 6)
    assert sorted(train + validation, key=lambda sample: sample.name) == list(dataset.samples)


def test_the_real_140_pictures_are_exactly_the_articles_training_part(kitti_root: Path) -> None:
    dataset = open_dataset("kitti", kitti_root)

    assert len(dataset.samples) == 140
    assert dataset.split("train") == dataset.samples
    with pytest.raises(
        DatasetError, match=r"no picture of the 'validation' part of kitti \(its 140 pictures are train"
    ):
        dataset.split("validation")


def test_grouped_split_of_the_real_pictures_keeps_recordings_together(kitti_root: Path) -> None:
    dataset = open_dataset("kitti", kitti_root)

    train, validation = dataset.split("grouped-train"), dataset.split("grouped-validation")

    assert (len(train), len(validation)) == (98, 42)
    assert not {s.group for s in train} & {s.group for s in validation}
    # Near-duplicates found by eye: one street seen ten times, another eight times.
    for street_names in ([43, 44, 46, 48, 53], [89, 90, 91, 95], [112, 113], [138, 139]):
        assert len({dataset.sample(f"{n:06d}_10").group for n in street_names}) == 1


def test_copying_the_nearest_training_label_gains_little_on_the_grouped_split(kitti_root: Path) -> None:
    """What this trick scores is what a split leaks: about 0.17 mean IoU where pictures are dealt out at random."""
    dataset = open_dataset("kitti", kitti_root)
    at_random = {s.name for s in dataset.split("random-validation")}
    by_group = {s.name for s in dataset.split("grouped-validation")}
    small = {s.name: _small(s.image) for s in dataset.samples}
    labels = {s.name: _quarter(dataset.read_label(s.label)) for s in dataset.samples if s.label}

    assert _score_of_copying(small, labels, by_group) < 0.085
    assert _score_of_copying(small, labels, at_random) > 0.14


def test_measured_groups_name_every_picture_once_and_hold_nothing_of_the_60(kitti_root: Path) -> None:
    names = {path.stem for path in (kitti_root / "training/image_2").iterdir()}

    assert set(measured_groups()) == names


def test_unknown_ids_are_grouped_by_their_pixels(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [0, 1, 60, 100, 150])
    twin = street(0).astype(int) + 3
    write_png(root / "training/image_2/000150_10.png", twin.clip(0, 255).astype(np.uint8))

    groups = {s.name: s.group for s in open_dataset("kitti", root).grouped_samples}

    assert groups["000150_10"] == groups["000000_10"] == "000000_10"
    assert len(set(groups.values())) == 4


def test_reading_gives_pixels_and_ids_of_the_pictures_own_size(tmp_path: Path) -> None:
    dataset = open_dataset("kitti", kitti_folder(tmp_path, [7]))

    picture = dataset.read(dataset.samples[0])

    assert picture.name == "000007_10.png"
    np.testing.assert_array_equal(picture.pixels, street(7))
    expected = np.full((6, 8), 29)
    expected[3:], expected[:3, :2] = 0, 6
    assert picture.label_map is not None
    np.testing.assert_array_equal(picture.label_map, expected)


def test_id_label_maps_are_read_where_there_are_no_colours(tmp_path: Path) -> None:
    # Cityscapes: 7 road, 26 car, 0 unlabelled, 18 pole group, 31 train, 4 static.
    ids = np.array([[7, 26, 0], [18, 31, 4]], np.uint8)
    write_png(tmp_path / "training/image_2/000000_10.png", street(0, 2, 3))
    write_png(tmp_path / "training/semantic/000000_10.png", ids)
    dataset = open_dataset("kitti", tmp_path)

    labels = dataset.read(dataset.samples[0]).label_map

    # Article A: 0 Road, 6 Car, 29 None, 20 Pole, 9 On rails, 28 Static.
    assert labels is not None
    assert labels.tolist() == [[0, 6, 29], [20, 9, 28]]


def test_every_class_of_the_table_has_a_cityscapes_id() -> None:
    assert set(CITYSCAPES_IDS) == set(range(34))
    assert len(set(CITYSCAPES_IDS.values())) == 30


def test_an_id_that_is_no_cityscapes_id_is_named_with_its_place(tmp_path: Path) -> None:
    ids = np.full((2, 3), 7, np.uint8)
    ids[1, 2] = 34
    write_png(tmp_path / "training/image_2/000000_10.png", street(0, 2, 3))
    write_png(tmp_path / "training/semantic/000000_10.png", ids)
    dataset = open_dataset("kitti", tmp_path)

    with pytest.raises(DatasetError, match=r"semantic/000000_10.png holds the number 34 at row 1, column 2"):
        dataset.read(dataset.samples[0])


def test_an_unknown_colour_names_file_colour_and_position(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [5])
    label = colour_label()
    label[4, 3] = (50, 120, 90)  # The article's wrong Tunnel.
    write_png(root / "training/semantic_rgb/000005_10.png", label)
    dataset = open_dataset("kitti", root)

    with pytest.raises(ClassColourError, match=r"semantic_rgb/000005_10.png .*\(50, 120, 90\) at row 4, column 3"):
        dataset.read(dataset.samples[0])


def test_a_label_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [5])
    write_png(root / "training/semantic_rgb/000005_10.png", colour_label(6, 9))
    dataset = open_dataset("kitti", root)

    with pytest.raises(DatasetError, match=r"000005_10.png is 9x6 but its picture 000005_10.png is 8x6 pixels"):
        dataset.read(dataset.samples[0])


def test_a_broken_file_is_named_by_its_whole_path(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [5, 6])
    label = root / "training/semantic_rgb/000005_10.png"
    label.write_bytes(label.read_bytes()[:40])
    (root / "training/image_2/000006_10.png").write_bytes(b"")
    dataset = open_dataset("kitti", root)

    with pytest.raises(PictureError, match=r"semantic_rgb/000005_10.png"):
        dataset.read(dataset.samples[0])
    with pytest.raises(PictureError, match=r"image_2/000006_10.png is empty"):
        dataset.read(dataset.samples[1])


def test_names_outside_the_official_200_have_no_article_split(tmp_path: Path) -> None:
    dataset = open_dataset("kitti", kitti_folder(tmp_path, [3, 200]))

    with pytest.raises(DatasetError, match="000200_10 is none of KITTI's 200 pictures"):
        dataset.split("train")


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda root: None, "folder .* does not exist: give the folder that holds training/image_2"),
        (lambda root: root.write_text("x"), "is a file, not a folder"),
        (lambda root: root.mkdir(), "has no folder training/image_2"),
        (lambda root: (root / "training/image_2").mkdir(parents=True), "has no folder training/semantic"),
        (
            lambda root: [(root / "training" / part).mkdir(parents=True) for part in ("image_2", "semantic_rgb")],
            "holds no complete pair of a picture and a label map",
        ),
    ],
)
def test_a_folder_that_is_not_kitti_is_refused_with_the_layout(tmp_path: Path, prepare, sentence: str) -> None:
    prepare(tmp_path / "data")

    with pytest.raises(DatasetError, match=sentence):
        open_dataset("kitti", tmp_path / "data")


def test_incomplete_pairs_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    root = kitti_folder(tmp_path, [1, 2, 3])
    (root / "training/semantic_rgb/000002_10.png").unlink()
    (root / "training/image_2/000003_10.png").unlink()

    with pytest.raises(DatasetError, match=r"2 pairs are incomplete .* first 000002_10: .* has no label map"):
        open_dataset("kitti", root)
    tolerant = open_dataset("kitti", root, tolerant=True)
    assert [s.name for s in tolerant.samples] == ["000001_10"]
    assert [p.name for p in tolerant.problems] == ["000002_10", "000003_10"]


def test_unknown_names_offer_close_ones(tmp_path: Path) -> None:
    dataset = open_dataset("kitti", kitti_folder(tmp_path, [1]))

    with pytest.raises(DatasetError, match="no data set 'kiti'; did you mean kitti"):
        open_dataset("kiti", tmp_path)
    with pytest.raises(DatasetError, match=r"no part 'validaton' .*; did you mean validation"):
        dataset.split("validaton")
    with pytest.raises(DatasetError, match="no picture '000001_11'; did you mean 000001_10"):
        dataset.sample("000001_11")


def _small(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        small = np.asarray(image.resize((64, 20), Image.Resampling.BOX), np.float64)
    return (small - small.mean()) / small.std()


def _quarter(labels: np.ndarray) -> np.ndarray:
    """Every label map in one small size, so that pictures of unlike sizes can be compared."""
    return np.asarray(Image.fromarray(labels).resize((312, 92), Image.Resampling.NEAREST))


def _score_of_copying(
    small: dict[str, np.ndarray], labels: dict[str, np.ndarray], held_out: set[str] | frozenset[str]
) -> float:
    """Mean IoU of answering each held-out picture with the label map of the nearest other one."""
    confusion = np.zeros((30, 30), np.int64)
    for name in held_out:
        nearest = min(small.keys() - held_out, key=lambda other: float(((small[name] - small[other]) ** 2).mean()))
        pairs = labels[name].astype(np.int64) * 30 + labels[nearest]
        confusion += np.bincount(pairs.ravel(), minlength=900).reshape(30, 30)
    union = confusion.sum(0) + confusion.sum(1) - confusion.diagonal()
    return float(np.mean(confusion.diagonal()[union > 0] / union[union > 0]))
