"""Curves and bars of jobs as figures, thinned and rounded so that an open page costs little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.jobs.curves import Events
from unet_explorer.rendering.figures import Curve, class_bars, curves_figure

POINTS = 100
HEIGHT = 225


def loss_figure(events: Events) -> Any:
    """Loss of training and validation over the epochs; of single steps until an epoch has ended."""
    curves = [_curve(events, "epoch.loss", "training"), _curve(events, "epoch.val_loss", "validation")]
    found = [curve for curve in curves if curve is not None]
    if found:
        return _live(curves_figure(found, "epoch", ""))
    steps = _curve(events, "step.loss", "training")
    return None if steps is None else _live(curves_figure([steps], "step", ""))


def step_figure(events: Events, name: str) -> Any:
    """One curve over the steps, such as `step.learning_rate`; None where there is none."""
    curve = _curve(events, name, "")
    return None if curve is None else _live(curves_figure([curve], "step", ""))


def compared_figure(runs: Mapping[str, Events], name: str) -> Any:
    """The same curve of several jobs over the epochs; None where none has it.

    Args:
        runs: label of each job -> its events.
        name: of the curve, such as `epoch.val_mean_iou`.
    """
    curves = [curve for label, events in runs.items() if (curve := _curve(events, name, label)) is not None]
    return _live(curves_figure(curves, "epoch", "")) if curves else None


def class_figure(values: Sequence[float | None], table: ClassTable) -> Any:
    """IoU of each class that occurs, highest first."""
    known: NDArray[np.float64] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    figure = class_bars(np.round(known, 3), table, "IoU of the newest validation")
    figure.update_xaxes(range=[0, 1])
    figure.update_layout(template=None, showlegend=False)
    return figure


def _curve(events: Events, name: str, label: str) -> Curve | None:
    found = events.curves.get(name)
    if found is None or not len(found.x):
        return None
    rounded = np.array([float(f"{value:.4g}") for value in found.y])
    return Curve(label, found.x, rounded)


def _live(figure: Any) -> Any:
    """A figure that keeps the user's zoom while its points change."""
    figure.update_layout(template=None, height=HEIGHT, uirevision="kept", margin={"l": 0, "r": 4, "t": 4, "b": 0})
    figure.update_layout(legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": {"text": ""}})
    figure.update_xaxes(title={"standoff": 4})
    figure.update_yaxes(rangemode="nonnegative")
    # Neither half an epoch nor half a step is there to be marked.
    if max(float(trace.x[-1]) for trace in figure.data) <= 10:
        figure.update_xaxes(dtick=1)
    # A curve of one point would not be seen.
    for trace in figure.data:
        trace.mode = "lines+markers" if len(trace.x) <= 30 else "lines"
        trace.marker.size = 5
    return figure
