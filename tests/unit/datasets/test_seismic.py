"""Made-up seismic sections: what they hold, that they repeat, and that the shipped network takes them for real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_explorer.cli import main
from unet_explorer.datasets import open_dataset
from unet_explorer.datasets.checking import check_dataset
from unet_explorer.datasets.scenes import RenderOrder, render_pictures
from unet_explorer.datasets.seismic import KINDS, SIZE, render_sections, section_name, seismic_section
from unet_explorer.errors import DatasetError
from unet_explorer.network import open_network
from unet_explorer.pictures import fit_label_map, fit_picture

SHIPPED = Path(__file__).parents[3] / "sample_images" / "seismic"


def test_equal_seeds_give_equal_sections() -> None:
    first, again, other = (seismic_section(seed) for seed in (3, 3, 4))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.pixels, other.pixels)
    assert first.pixels.shape == first.mask.shape == (SIZE, SIZE)
    assert first.pixels.dtype == first.mask.dtype == np.uint8


def test_kinds_come_as_often_as_they_say() -> None:
    kinds = Counter(section_name(seed).split("_")[0] for seed in range(2000))
    assert set(kinds) == set(KINDS)
    for kind, share in KINDS.items():
        assert abs(kinds[kind] / 2000 - share) < 0.035


def test_salt_is_where_the_kind_says_and_quieter_than_rock() -> None:
    loudness = []
    for seed in range(40):
        section = seismic_section(seed)
        assert section_name(seed) == f"{section.kind}_{seed:04}"
        assert set(np.unique(section.mask)) <= {0, 1}
        assert section.mask.any() == (section.kind != "layers")
        if 0.2 < section.mask.mean() < 0.8:
            inside, outside = section.pixels[section.mask == 1], section.pixels[section.mask == 0]
            loudness.append(inside.std() / outside.std())
    assert len(loudness) > 5
    assert np.median(loudness) < 0.75


def test_rendered_sections_are_a_salt_folder_and_go_on_where_they_stopped(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    assert render_sections(6, tmp_path, seed=20, progress=lambda *line: told.append(line)) == 6
    assert told[-1][:2] == (6, 6)
    report = check_dataset(open_dataset("tgs-salt", tmp_path, tolerant=True))
    assert not report.problems
    assert report.sizes == {(SIZE, SIZE): 6}
    (tmp_path / "masks" / f"{section_name(22)}.png").unlink()
    kept = (tmp_path / "images" / f"{section_name(21)}.png").stat().st_mtime_ns
    assert render_pictures(RenderOrder(7, tmp_path, seed=20, layout="tgs-salt")) == 2
    assert (tmp_path / "images" / f"{section_name(21)}.png").stat().st_mtime_ns == kept
    mask = np.asarray(Image.open(tmp_path / "masks" / f"{section_name(22)}.png"))
    assert np.array_equal(mask > 0, seismic_section(22).mask == 1)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"The sections cannot be written to .* choose another folder"):
        render_sections(1, tmp_path / "file")


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "render", "--layout", "tgs-salt", "--count", "2", "--out", str(tmp_path)]) == 0
    assert "2 rendered, 0 were there already" in capsys.readouterr().out
    assert main(["data", "check", "tgs-salt", "--root", str(tmp_path)]) == 0


def test_a_network_that_has_seen_real_pictures_only_finds_the_salt() -> None:
    network, dataset = open_network(SHIPPED.parents[1] / "models" / "tgs-salt"), open_dataset("tgs-salt", SHIPPED)
    both = either = 0
    for sample in dataset.samples[::6]:
        picture = dataset.read(sample)
        assert picture.label_map is not None
        found = network.class_map(picture) == 1
        labels = fit_label_map(picture.label_map, fit_picture(picture, network.input_spec).placement, *found.shape) == 1
        both, either = both + int((found & labels).sum()), either + int((found | labels).sum())
    assert both / either > 0.65


def test_the_shipped_sections_are_what_their_seeds_give() -> None:
    dataset = open_dataset("tgs-salt", SHIPPED)
    assert len(dataset.samples) == 120
    assert len(dataset.split("validation")) >= 20
    for sample in dataset.samples[::6]:
        section, picture = seismic_section(int(sample.name.split("_")[1])), dataset.read(sample)
        assert picture.label_map is not None
        assert (picture.label_map == section.mask).mean() > 0.999
        # Another machine may round a pixel otherwise.
        assert np.abs(picture.pixels[..., 0].astype(int) - section.pixels).max() <= 1
