"""Figures hold the numbers they were given, and stay small."""

from __future__ import annotations

import numpy as np

from unet_explorer.classes import load_class_table
from unet_explorer.rendering.figures import (
    Curve,
    class_bars,
    curves_figure,
)

SALT = load_class_table("salt")
KITTI = load_class_table("kitti")


def test_class_bars_are_ranked_in_the_colours_of_the_classes() -> None:
    values = np.full(30, np.nan)
    values[[0, 6, 20]] = [0.5, 0.75, 0.25]
    bar = class_bars(values, KITTI, "IoU").data[0]
    assert list(bar.y) == ["Car", "Road", "Pole"]
    assert list(bar.x) == [0.75, 0.5, 0.25]
    assert bar.marker.color[0] == "rgb(0,0,142)"
    assert list(class_bars(values, KITTI, "IoU", count=1).data[0].y) == ["Car"]


def test_curves_keep_gaps_and_marks() -> None:
    x = np.linspace(0, 1, 3)
    figure = curves_figure(
        [Curve("train", x, np.array([0.1, np.nan, 0.3])), Curve("validation", x, x)], "epoch", "IoU", {"chosen": 0.5}
    )
    assert figure.data[0].y == (0.1, None, 0.3)
    assert [line.line.dash for line in figure.data] == ["solid", "dash"]
    assert figure.layout.shapes[0].x0 == 0.5
    assert figure.layout.annotations[0].text == "chosen"
    assert not curves_figure([Curve("train", x, x)], "epoch", "IoU").layout.showlegend


def test_two_class_tables_work_too() -> None:
    assert list(class_bars(np.array([0.2, 0.8]), SALT, "share").data[0].y) == ["Salt", "No salt"]
