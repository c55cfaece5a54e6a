import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.datasets.builders import kitti_folder, street, write_png
from unet_explorer.datasets import Dataset, open_dataset
from unet_explorer.datasets.decoded import DecodedPictures
from unet_explorer.errors import DatasetError, PictureError


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset("kitti", kitti_folder(tmp_path / "data", [1, 2, 3]))


def half_mebibyte_pairs(root: Path, count: int) -> Dataset:
    """Pairs whose entries take half a MiB and 128 bytes each."""
    for number in range(count):
        write_png(root / f"training/image_2/{number:06d}_10.png", street(number, 256, 512))
        write_png(root / f"training/semantic/{number:06d}_10.png", np.full((256, 512), 7, np.uint8))
    return open_dataset("kitti", root)


def read_all(pictures: DecodedPictures) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pictures.read, pictures.dataset.samples))


def test_what_is_read_is_what_the_data_set_gives_and_is_decoded_once(dataset: Dataset, tmp_path: Path) -> None:
    pictures = DecodedPictures(dataset, tmp_path / "cache")

    for _ in range(3):
        for sample in dataset.samples:
            ours, truth = pictures.read(sample), dataset.read(sample)
            np.testing.assert_array_equal(ours.pixels, truth.pixels)
            np.testing.assert_array_equal(ours.label_map, truth.label_map)
            assert (ours.name, ours.digest) == (truth.name, truth.digest)
    again = DecodedPictures(dataset, tmp_path / "cache")
    read_all(again)

    assert (pictures.decodes, again.decodes) == (3, 0)


def test_it_stands_in_for_its_data_set(dataset: Dataset, tmp_path: Path) -> None:
    pictures = DecodedPictures(dataset, tmp_path / "cache")

    assert (pictures.name, pictures.class_table) == (dataset.name, dataset.class_table)
    assert pictures.split("all") == dataset.samples


def test_pictures_without_label_maps_are_kept_too(dataset: Dataset, tmp_path: Path) -> None:
    bare = replace(dataset, samples=tuple(replace(sample, label=None) for sample in dataset.samples))

    for _ in range(2):
        picture = DecodedPictures(bare, tmp_path / "cache").read(bare.samples[0])
        np.testing.assert_array_equal(picture.pixels, street(1))
        assert picture.label_map is None


def test_a_changed_file_is_decoded_anew(dataset: Dataset, tmp_path: Path) -> None:
    sample = dataset.samples[0]
    DecodedPictures(dataset, tmp_path / "cache").read(sample)
    write_png(sample.image, street(99))
    os.utime(sample.image, (time.time() + 10, time.time() + 10))

    np.testing.assert_array_equal(DecodedPictures(dataset, tmp_path / "cache").read(sample).pixels, street(99))


def test_what_a_number_means_is_read_anew_when_it_was_corrected(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_png(root / "images/a.png", street(1, 2, 3))
    write_png(root / "masks/a.png", np.array([[7, 26, 26], [7, 7, 26]], np.uint8))
    classes = [{"id": k, "name": name, "colour": [k, 0, 0]} for k, name in enumerate(("Road", "Car"))]
    found = []

    for values in ({"7": "Car", "26": "Road"}, {"7": "Road", "26": "Car"}):
        (root / "classes.json").write_text(json.dumps({"name": "mine", "classes": classes, "values": values}))
        dataset = open_dataset("folder", root)
        found.append(DecodedPictures(dataset, tmp_path / "cache").read(dataset.samples[0]).label_map.tolist())

    assert found == [[[1, 0, 0], [1, 1, 0]], [[0, 1, 1], [0, 0, 1]]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: b"\x93NUMPY\x01\x00garbage",
        lambda whole: b"PK\x03\x04",
        lambda whole: whole[:-5],
        lambda whole: whole[:150] + bytes([whole[150] ^ 1]) + whole[151:],
        lambda whole: whole[:128] + bytes(len(whole) - 128),  # As a power cut can leave it: full length, no content.
    ],
)
def test_a_damaged_entry_is_replaced(dataset: Dataset, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    sample = dataset.samples[0]
    DecodedPictures(dataset, tmp_path / "cache").read(sample)
    (entry,) = (tmp_path / "cache").iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))

    np.testing.assert_array_equal(DecodedPictures(dataset, tmp_path / "cache").read(sample).pixels, street(1))
    assert entry.read_bytes() == whole


def test_the_folder_stays_below_its_limit_and_drops_what_was_not_used_longest(tmp_path: Path) -> None:
    one, other = half_mebibyte_pairs(tmp_path / "one", 3), half_mebibyte_pairs(tmp_path / "other", 3)
    cache = tmp_path / "cache"
    read_all(DecodedPictures(one, cache, limit_mb=3))
    for age, entry in enumerate(sorted(cache.iterdir())):
        os.utime(entry, (1000 + age, 1000 + age))
    oldest = min(cache.iterdir())

    read_all(DecodedPictures(other, cache, limit_mb=3))

    assert len(list(cache.iterdir())) == 5  # Five entries are 2.5 MiB and a little; six are more than 3 MiB.
    assert not oldest.exists()
    again = DecodedPictures(one, cache, limit_mb=3)
    read_all(again)
    assert again.decodes == 1


def test_a_data_set_above_the_limit_keeps_what_fits_and_decodes_the_rest(tmp_path: Path) -> None:
    dataset = half_mebibyte_pairs(tmp_path / "one", 4)
    pictures = DecodedPictures(dataset, tmp_path / "cache", limit_mb=1)

    for _ in range(2):
        for number, sample in enumerate(dataset.samples):
            np.testing.assert_array_equal(pictures.read(sample).pixels, street(number, 256, 512))

    assert pictures.decodes == 4 + 3
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_full_cache_looks_at_its_folder_twice_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = half_mebibyte_pairs(tmp_path / "one", 6)
    pictures = DecodedPictures(dataset, tmp_path / "cache", limit_mb=1)
    globbed: list[str] = []
    glob = Path.glob

    def counted(path: Path, pattern: str) -> Iterator[Path]:
        globbed.append(pattern)
        return glob(path, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    for _ in range(2):
        read_all(pictures)

    assert pictures.decodes == 6 + 5
    assert globbed.count("*.pair") == 2


def test_an_entry_that_another_process_removes_meanwhile_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, cache = half_mebibyte_pairs(tmp_path / "one", 2), tmp_path / "cache"
    glob = Path.glob

    def with_a_ghost(path: Path, pattern: str) -> list[Path]:
        return [path / f"ghost{pattern[1:]}", *glob(path, pattern)]

    monkeypatch.setattr(Path, "glob", with_a_ghost)
    read_all(DecodedPictures(dataset, cache, limit_mb=3))

    assert len([entry for entry in cache.iterdir() if entry.suffix == ".pair"]) == 2


def test_what_a_killed_process_left_half_written_goes(dataset: Dataset, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("old.99999999.tmp", "new.99999999.tmp", f"own.{os.getpid()}.tmp"):
        (cache / name).write_bytes(b"half")
    os.utime(cache / "old.99999999.tmp", (1000, 1000))

    read_all(DecodedPictures(dataset, cache))

    assert sorted(entry.name for entry in cache.glob("*.tmp")) == ["new.99999999.tmp", f"own.{os.getpid()}.tmp"]


def test_a_broken_pair_is_told_and_not_kept(dataset: Dataset, tmp_path: Path) -> None:
    dataset.samples[2].image.write_bytes(b"")

    with pytest.raises(PictureError, match=r"000003_10\.png is empty"):
        DecodedPictures(dataset, tmp_path / "cache").read(dataset.samples[2])
    assert not (tmp_path / "cache").exists()


def test_a_full_disk_stops_the_cache_and_not_the_reading(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("unet_explorer.datasets.decoded.np.lib.format.write_array", full)
    pictures = DecodedPictures(dataset, tmp_path / "cache")

    for _ in range(2):
        np.testing.assert_array_equal(pictures.read(dataset.samples[0]).pixels, street(1))

    assert pictures.decodes == 2
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_folder_that_cannot_be_made_does_not_matter(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    read_all(DecodedPictures(dataset, tmp_path / "file" / "cache"))


def test_a_file_that_vanished_is_named(dataset: Dataset, tmp_path: Path) -> None:
    dataset.samples[0].image.unlink()

    with pytest.raises(DatasetError, match=r"000001_10\.png cannot be read"):
        DecodedPictures(dataset, tmp_path / "cache").read(dataset.samples[0])
