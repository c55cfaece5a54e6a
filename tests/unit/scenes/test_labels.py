"""The generator's own class ids and colours against the app's class table."""

import numpy as np
import pytest

from tools.scenes.labels import COLOURS, NAMES, Label, to_ids
from unet_explorer.classes import load_class_table


def test_ids_names_and_colours_are_article_a_s() -> None:
    table = load_class_table("kitti")
    assert [(entry.id, entry.name, entry.colour) for entry in table] == [
        (k, NAMES[k], tuple(int(v) for v in COLOURS[k])) for k in range(30)
    ]
    assert [label.name.replace("_", " ").capitalize() for label in Label] == [NAMES[label] for label in Label]


def test_colours_come_back_as_ids() -> None:
    ids = np.array([[0, 6, 25], [29, 28, 20]], np.uint8)
    np.testing.assert_array_equal(to_ids(COLOURS[ids]), ids)


def test_a_foreign_colour_is_refused() -> None:
    with pytest.raises(ValueError, match="not in article A's table"):
        to_ids(np.full((1, 1, 3), 7, np.uint8))
