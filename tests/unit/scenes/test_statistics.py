"""Statistics of sets, by hand, and what counts as plausible."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.scenes.labels import COLOURS, Label
from tools.scenes.output import label_image
from tools.scenes.statistics import (
    BANDS,
    class_layout,
    class_shares,
    distance,
    fit_shares,
    implausible,
    kitti,
    look,
    measure,
    onto_simplex,
    read_labels,
    table,
)


def half_sky() -> np.ndarray:
    """Sky above, road below, a column of pole at the right edge: 24 x 24."""
    labels = np.full((24, 24), Label.ROAD, np.uint8)
    labels[:12] = Label.SKY
    labels[:, 22:] = Label.POLE
    return labels


def test_shares_by_rows_and_columns() -> None:
    layout = class_layout(half_sky())
    assert layout.shape == (2 * BANDS, 30)
    np.testing.assert_allclose(layout.sum(axis=1), 1)
    np.testing.assert_allclose(layout[0, [Label.SKY, Label.POLE, Label.ROAD]], [22 / 24, 2 / 24, 0])
    np.testing.assert_allclose(layout[BANDS, [Label.SKY, Label.ROAD]], [0.5, 0.5])
    assert layout[2 * BANDS - 1, Label.POLE] == 1
    np.testing.assert_allclose(class_shares(layout)[[Label.SKY, Label.POLE]], [22 / 48, 1 / 12])


def test_both_kinds_of_label_files_are_read(tmp_path: Path) -> None:
    label_image(half_sky()).save(tmp_path / "palette.png")
    Image.fromarray(COLOURS[half_sky()]).save(tmp_path / "colours.png")
    for name in ("palette.png", "colours.png"):
        np.testing.assert_array_equal(read_labels(tmp_path / name), half_sky())


def test_colour_and_edges_of_a_picture_with_one_step() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:, 4:] = 255
    numbers = look(picture)
    assert numbers["mean red"] == 127.5
    assert numbers["clipped %"] == numbers["black %"] == 50
    assert numbers["gradient"] == pytest.approx(255 / 7)
    assert numbers["strong edges %"] == pytest.approx(100 / 7)
    assert numbers["saturation %"] == 0


def test_a_usual_street_is_plausible_and_a_blocked_view_is_not() -> None:
    street = half_sky()
    street[6:12] = Label.VEGETATION
    street[:, 22:] = Label.VEGETATION
    street[12:16] = Label.TERRAIN
    assert implausible(street[:, :22]) == []
    assert implausible(np.full((24, 24), Label.TRUCK, np.uint8)) == [
        f"Truck covers 100%, at most {kitti()['classes']['Truck']['largest'] * 1.1:.0%} is plausible",
        "Road covers only 0.0%",
    ]


def test_the_fit_finds_a_known_mixture() -> None:
    rng = np.random.default_rng(3)
    layouts = rng.dirichlet(np.ones(30), (4, 24))
    true = np.array([0.5, 0.3, 0.2, 0.0])
    np.testing.assert_allclose(fit_shares(layouts, np.tensordot(true, layouts, 1)), true, atol=1e-4)


def test_the_simplex_projection_leaves_shares_alone_and_mends_others() -> None:
    np.testing.assert_allclose(onto_simplex(np.array([0.2, 0.8])), [0.2, 0.8])
    np.testing.assert_allclose(onto_simplex(np.array([2.0, 0.0, 0.0])), [1, 0, 0])


def test_a_set_is_measured_and_tabled_against_the_real_one(tmp_path: Path) -> None:
    Image.fromarray(np.full((24, 24, 3), 100, np.uint8)).save(tmp_path / "a.png")
    label_image(half_sky()).save(tmp_path / "b.png")
    numbers = measure([tmp_path / "a.png"], [tmp_path / "b.png"])
    assert numbers["classes"]["Sky"] == {"share": 0.458333, "largest": 0.4583, "pictures": 1.0}
    assert numbers["look"]["mean blue"] == 100
    assert distance(numbers, numbers) == (0, 0)
    assert distance(numbers, kitti())[0] > 0.5
    assert "| Rider: share, pictures with it | 0.03%, 12% | 0.00%, 0% |" in table(numbers, kitti())
    assert "| mean blue | 98.3 | 100.0 |" in table(numbers, kitti())


def test_the_real_numbers_are_of_the_140_pictures_and_hold_no_picture() -> None:
    assert kitti()["pictures"] == 140
    assert kitti()["classes"]["Car"]["pictures"] == 1.0
    assert np.array(kitti()["rows"]).shape == np.array(kitti()["columns"]).shape == (BANDS, 30)
    np.testing.assert_allclose(np.array(kitti()["rows"]).sum(axis=1), 1, atol=1e-3)
