import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.datasets.builders import CAR, ROAD, colour_label, street, write_png
from unet_explorer.datasets import Dataset, open_dataset
from unet_explorer.datasets.label_files import is_colour_file
from unet_explorer.datasets.pairing import pair_files, require_subfolder
from unet_explorer.datasets.tgs_salt import coverage_stratum
from unet_explorer.errors import ClassColourError, ClassTableError, DatasetError, PictureError

TWO_CLASSES = {
    "name": "mine",
    "classes": [
        {"id": 0, "name": "Road", "colour": [128, 64, 128]},
        {"id": 1, "name": "Car", "colour": [0, 0, 142]},
    ],
}


class TestTgsSalt:
    def test_both_mask_modes_mean_salt_above_zero(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1, 2, 3))
        write_png(tmp_path / "images/b.png", street(2, 2, 3))
        write_png(tmp_path / "masks/a.png", np.array([[0, 65535, 1], [0, 0, 256]], np.uint16))
        write_png(tmp_path / "masks/b.png", np.array([[255, 0, 1], [0, 0, 0]], np.uint8))

        dataset = open_dataset("tgs-salt", tmp_path)
        labels = [dataset.read(sample).label_map for sample in dataset.samples]

        assert [label.tolist() for label in labels if label is not None] == [
            [[0, 1, 1], [0, 0, 1]],
            [[1, 0, 1], [0, 0, 0]],
        ]

    def test_real_masks_agree_with_pillow_and_the_hold_out_is_a_stratified_fifth(self, salt_root: Path) -> None:
        dataset = open_dataset("tgs-salt", salt_root)
        parts = {part: dataset.split(part) for part in ("train", "validation")}

        assert (len(dataset.samples), len(parts["train"]), len(parts["validation"])) == (3215, 2572, 643)
        shares = {part: _shares_of_strata(dataset, samples) for part, samples in parts.items()}
        # 39 % of the pictures have no salt, on either side; no other stratum differs by more than two pictures of 643.
        np.testing.assert_allclose(shares["train"], shares["validation"], atol=0.003)
        assert shares["validation"][0] == pytest.approx(0.39, abs=0.003)
        for sample in dataset.samples[:60]:
            with Image.open(sample.label) as mask:
                truth = np.asarray(mask).astype(np.int64) > 0
            np.testing.assert_array_equal(dataset.read_label(sample.label), truth)

    @pytest.mark.parametrize(("salt", "stratum"), [(0, 0), (1, 1), (10, 1), (11, 2), (99, 10), (100, 10)])
    def test_strata_are_tenths_of_coverage(self, salt: int, stratum: int) -> None:
        mask = (np.arange(100) < salt).astype(np.uint8).reshape(4, 25)

        assert coverage_stratum(mask) == stratum

    def test_a_coloured_mask_is_refused(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1))
        write_png(tmp_path / "masks/a.png", colour_label())

        with pytest.raises(PictureError, match=r"masks/a.png is a RGB picture: a label map must have one channel"):
            open_dataset("tgs-salt", tmp_path).split("train")


class TestCarla:
    def test_the_class_is_the_red_channel(self, tmp_path: Path) -> None:
        label = np.zeros((2, 3, 3), np.uint8)
        label[..., 0] = [[0, 7, 10], [12, 1, 6]]
        label[..., 1:] = 99
        write_png(tmp_path / "dataA/CameraRGB/02_00_000.png", street(1, 2, 3))
        write_png(tmp_path / "dataA/CameraSeg/02_00_000.png", label)

        dataset = open_dataset("carla", tmp_path)
        picture = dataset.read(dataset.samples[0])

        assert dataset.samples[0].name == "dataA-02_00_000"
        assert picture.label_map is not None
        assert picture.label_map.tolist() == [[0, 7, 10], [12, 1, 6]]
        assert dataset.class_table[7].name == "Road"

    def test_an_id_above_twelve_is_refused(self, tmp_path: Path) -> None:
        label = np.zeros((2, 3, 3), np.uint8)
        label[1, 2, 0] = 13
        write_png(tmp_path / "CameraRGB/a.png", street(1, 2, 3))
        write_png(tmp_path / "CameraSeg/a.png", label)
        dataset = open_dataset("carla", tmp_path)

        with pytest.raises(DatasetError, match=r"CameraSeg/a.png holds the number 13 at row 1, column 2"):
            dataset.read(dataset.samples[0])

    def test_sets_are_divided_as_article_b_does_and_grouped_by_runs(self, tmp_path: Path) -> None:
        for folder in ("dataA", "dataB"):
            for frame in range(120):
                write_png(tmp_path / folder / f"CameraRGB/{frame:03d}.png", street(frame, 2, 2))
                write_png(tmp_path / folder / f"CameraSeg/{frame:03d}.png", np.zeros((2, 2, 3), np.uint8))

        dataset = open_dataset("carla", tmp_path)

        sizes = {part: len(dataset.split(part)) for part in ("all", "train", "validation", "test")}
        assert sizes == {"all": 240, "train": 144, "validation": 48, "test": 48}
        assert len({sample.group for sample in dataset.samples}) == 6  # Runs of 50, 50 and 20 in each of the two sets.
        train, validation = dataset.split("grouped-train"), dataset.split("grouped-validation")
        assert not {sample.group for sample in train} & {sample.group for sample in validation}

    def test_every_incomplete_pair_is_told_with_its_set(self, tmp_path: Path) -> None:
        write_png(tmp_path / "dataA/CameraRGB/a.png", street(1))
        write_png(tmp_path / "dataB/CameraRGB/b.png", street(1))
        for folder in ("dataA", "dataB"):
            (tmp_path / folder / "CameraSeg").mkdir()

        assert [p.name for p in open_dataset("carla", tmp_path, tolerant=True).problems] == ["dataA-a", "dataB-b"]

    @pytest.mark.parametrize(("left", "missing"), [("CameraRGB", "CameraSeg"), ("CameraSeg", "CameraRGB")])
    @pytest.mark.parametrize(("folder", "prefix"), [("dataB", "dataB-"), (".", "")])
    def test_a_set_with_one_of_its_two_folders_is_told_frame_by_frame(
        self, tmp_path: Path, left: str, missing: str, folder: str, prefix: str
    ) -> None:
        for frame in ("a", "b"):
            write_png(tmp_path / folder / left / f"{frame}.png", np.zeros((2, 2, 3), np.uint8))
            if folder == "dataB":
                for part in ("CameraRGB", "CameraSeg"):
                    write_png(tmp_path / "dataA" / part / f"{frame}.png", np.zeros((2, 2, 3), np.uint8))

        problems = open_dataset("carla", tmp_path, tolerant=True).problems

        assert [problem.name for problem in problems] == [f"{prefix}a", f"{prefix}b"]
        assert all(problem.what.endswith(f"{missing}.") for problem in problems)
        with pytest.raises(DatasetError, match=f"has no folder {missing}: a carla folder holds CameraRGB and"):
            open_dataset("carla", tmp_path)

    def test_a_folder_of_anything_else_is_refused_with_the_layout(self, tmp_path: Path) -> None:
        (tmp_path / "dataA").mkdir()

        with pytest.raises(DatasetError, match="holds no folder with CameraRGB: a carla folder holds CameraRGB and"):
            open_dataset("carla", tmp_path)


class TestFolder:
    def test_gray_palette_and_colour_masks_are_all_read(self, tmp_path: Path) -> None:
        ids = np.array([[0, 1, 1], [1, 0, 0]], np.uint8)
        for name in ("colour", "gray", "palette"):
            write_png(tmp_path / f"images/{name}.png", street(1, 2, 3))
        write_png(tmp_path / "masks/gray.png", ids)
        write_png(tmp_path / "masks/colour.png", np.array([ROAD, CAR], np.uint8)[ids])
        palette = Image.frombytes("P", (3, 2), ids.tobytes())
        palette.putpalette([10, 20, 30, 200, 100, 50])  # These colours mean nothing: the indices are the ids.
        palette.save(tmp_path / "masks/palette.png")
        _write_table(tmp_path, TWO_CLASSES)

        dataset = open_dataset("folder", tmp_path)

        assert [s.name for s in dataset.samples] == ["colour", "gray", "palette"]
        for sample in dataset.samples:
            np.testing.assert_array_equal(dataset.read(sample).label_map, ids)

    def test_values_translate_the_numbers_in_the_masks(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.jpg", street(1, 2, 3))
        write_png(tmp_path / "masks/a.png", np.array([[7, 255, 700], [7, 7, 255]], np.uint16))
        _write_table(tmp_path, {**TWO_CLASSES, "values": {"7": "road", "255": "Car", "700": "Car"}})
        dataset = open_dataset("folder", tmp_path)

        picture = dataset.read(dataset.samples[0])

        assert picture.label_map is not None
        assert picture.label_map.tolist() == [[0, 1, 1], [0, 0, 1]]

    def test_a_number_without_a_class_is_named_with_its_place(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1, 2, 3))
        write_png(tmp_path / "masks/a.png", np.array([[0, 1, 1], [0, 2, 2]], np.uint8))
        _write_table(tmp_path, TWO_CLASSES)
        dataset = open_dataset("folder", tmp_path)

        with pytest.raises(
            DatasetError, match=r"masks/a.png holds the number 2 at row 1, column 1, which means no class"
        ):
            dataset.read(dataset.samples[0])

    def test_a_mask_that_is_no_png_is_refused_by_what_it_holds(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1))
        (tmp_path / "masks").mkdir()
        Image.fromarray(np.zeros((6, 8), np.uint8)).save(tmp_path / "masks/a.png", format="JPEG")
        _write_table(tmp_path, TWO_CLASSES)
        dataset = open_dataset("folder", tmp_path)

        with pytest.raises(DatasetError, match=r"label map .*masks/a.png is a JPEG picture: export it as PNG"):
            dataset.read(dataset.samples[0])

    def test_more_classes_than_a_label_map_tells_apart_are_refused(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1))
        write_png(tmp_path / "masks/a.png", np.zeros((6, 8), np.uint8))
        classes = [{"id": n, "name": f"class {n}", "colour": [n % 256, n // 256, 0]} for n in range(256)]
        _write_table(tmp_path, {"name": "many", "classes": classes[:-1]})
        assert len(open_dataset("folder", tmp_path).class_table) == 255

        _write_table(tmp_path, {"name": "many", "classes": classes})
        with pytest.raises(DatasetError, match=r"classes.json has 256 classes: a label map tells at most 255 apart"):
            open_dataset("folder", tmp_path)

    def test_an_unknown_colour_is_named(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1))
        write_png(tmp_path / "masks/a.png", np.full((6, 8, 3), 9, np.uint8))
        _write_table(tmp_path, TWO_CLASSES)
        dataset = open_dataset("folder", tmp_path)

        with pytest.raises(ClassColourError, match=r"masks/a.png has the colour \(9, 9, 9\) at row 0, column 0"):
            dataset.read(dataset.samples[0])

    @pytest.mark.parametrize(
        ("content", "error", "sentence"),
        [
            (None, DatasetError, "has no classes.json"),
            ("{", DatasetError, "is not JSON that can be read"),
            ("[" * 100_000, DatasetError, "is not JSON that can be read"),
            ("[]", DatasetError, "holds a list, not an object"),
            ('{"name": "x"}', ClassTableError, "classes.json has no 'classes'"),
            (json.dumps({**TWO_CLASSES, "values": {"x": "Road"}}), DatasetError, '"values" must look like'),
            (json.dumps({**TWO_CLASSES, "values": {"1": "Roas"}}), ClassTableError, "did you mean Road"),
        ],
    )
    def test_a_class_table_that_cannot_be_used_is_refused(
        self, tmp_path: Path, content: str | None, error: type[Exception], sentence: str
    ) -> None:
        write_png(tmp_path / "images/a.png", street(1))
        write_png(tmp_path / "masks/a.png", np.zeros((6, 8), np.uint8))
        if content is not None:
            (tmp_path / "classes.json").write_text(content)

        with pytest.raises(error, match=sentence):
            open_dataset("folder", tmp_path)

    def test_two_pictures_of_one_name_are_a_problem(self, tmp_path: Path) -> None:
        for suffix in ("jpg", "png"):
            write_png(tmp_path / f"images/a.{suffix}", street(1))
        write_png(tmp_path / "masks/a.png", np.zeros((6, 8), np.uint8))
        _write_table(tmp_path, TWO_CLASSES)

        with pytest.raises(DatasetError, match=r"1 pair is incomplete .* holds two pictures of this name: remove one"):
            open_dataset("folder", tmp_path)

    def test_hidden_and_foreign_files_are_not_data(self, tmp_path: Path) -> None:
        write_png(tmp_path / "images/a.png", street(1))
        write_png(tmp_path / "masks/a.png", np.zeros((6, 8), np.uint8))
        (tmp_path / "images/.a.png").write_bytes(b"")
        (tmp_path / "images/notes.txt").write_text("x")
        (tmp_path / "masks/folder.png").mkdir()
        _write_table(tmp_path, TWO_CLASSES)

        assert [s.name for s in open_dataset("folder", tmp_path).samples] == ["a"]

    def test_grouped_parts_keep_twins_together(self, tmp_path: Path) -> None:
        for number in range(10):
            pixels = street(number // 2, 20, 30)  # Pairs of twins.
            write_png(tmp_path / f"images/{number}.png", pixels)
            write_png(tmp_path / f"masks/{number}.png", np.zeros((20, 30), np.uint8))
        _write_table(tmp_path, TWO_CLASSES)

        held_out = {int(s.name) // 2 for s in open_dataset("folder", tmp_path).split("grouped-validation")}
        learnt = {int(s.name) // 2 for s in open_dataset("folder", tmp_path).split("grouped-train")}

        assert not held_out & learnt
        assert len(held_out | learnt) == 5


def _write_table(root: Path, content: object) -> None:
    (root / "classes.json").write_text(json.dumps(content))


def _shares_of_strata(dataset: Dataset, samples: object) -> np.ndarray:
    strata = [coverage_stratum(dataset.read_label(s.label)) for s in samples]
    return np.bincount(strata, minlength=11) / len(strata)


class TestUnreadable:
    """Paths that the system itself refuses (a name of 300 characters, since root may read anything)."""

    def test_a_root_that_cannot_be_looked_at(self, tmp_path: Path) -> None:
        for name in ("kitti", "carla", "tgs-salt", "folder", "scenes"):
            with pytest.raises(
                DatasetError, match=r"cannot be read \(File name too long\): give the folder that holds"
            ):
                open_dataset(name, tmp_path / ("n" * 300))

    def test_a_part_that_cannot_be_looked_at(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"nnn cannot be read \(File name too long\): check its permissions"):
            require_subfolder(tmp_path, "n" * 300, "mine", "pictures")

    def test_a_part_that_cannot_be_listed(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"images cannot be read \(No such file or directory\)"):
            pair_files(tmp_path / "images", tmp_path / "masks")

    def test_a_label_map_that_is_gone_since(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"label map .*gone\.png cannot be read \(No such file or directory\)"):
            is_colour_file(tmp_path / "gone.png")
