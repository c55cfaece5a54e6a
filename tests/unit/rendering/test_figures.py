"""Figures hold the numbers they were given, and stay small."""

from __future__ import annotations

import json

import numpy as np
import pytest

from unet_explorer.classes import load_class_table
from unet_explorer.rendering.figures import (
    Curve,
    class_bars,
    confusion_figure,
    curves_figure,
    histogram_figure,
)

SALT = load_class_table("salt")
KITTI = load_class_table("kitti")


def test_histogram_shares_add_up_and_leave_out_what_is_not_finite() -> None:
    values = np.array([[0.0, 0.0, 0.0], [1.0, np.nan, np.inf]], np.float32)
    bar = histogram_figure(values, bins=4).data[0]
    assert list(bar.y) == [0.75, 0, 0, 0.25]
    assert list(bar.x) == [0.125, 0.375, 0.625, 0.875]
    assert bar.customdata[3] == [0.75, 1.0, 1.0]


@pytest.mark.parametrize("values", [np.zeros(9), np.full(4, np.nan), np.array([3e38, -3e38], np.float32), np.zeros(0)])
def test_histograms_of_odd_channels(values: np.ndarray) -> None:
    figure = histogram_figure(values, logarithmic=True)
    assert sum(figure.data[0].y) == pytest.approx(float(np.isfinite(values).any()))
    json.loads(figure.to_json())


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


def test_confusion_is_a_share_of_each_label_without_absent_classes() -> None:
    confusion = np.zeros((30, 30), np.int64)
    confusion[0, 0], confusion[0, 6], confusion[6, 6] = 3, 1, 4
    cells = confusion_figure(confusion, KITTI).data[0]
    assert (list(cells.y), list(cells.x)) == (["Road", "Car"], ["Road", "Car"])
    assert [list(row) for row in cells.z] == [[0.75, 0.25], [0, 1]]


def test_figures_of_whole_pictures_are_small() -> None:
    values = np.random.default_rng(0).standard_normal((368, 1248))
    assert len(histogram_figure(values).to_json()) < 20_000


def test_two_class_tables_work_too() -> None:
    assert list(class_bars(np.array([0.2, 0.8]), SALT, "share").data[0].y) == ["Salt", "No salt"]
