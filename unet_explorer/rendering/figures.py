"""Plotly figures: histograms, bars, curves and matrices.

They carry counts and scores, never whole maps, so that each stays a few kilobytes. Backgrounds are transparent and text
has no colour of its own: the theme of the page decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable

# Okabe and Ito (2008): told apart by eyes of every kind, visible on light and dark pages.
EDGE = "#808080"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def class_bars(values: NDArray[np.floating[Any]], table: ClassTable, title: str, count: int | None = None) -> go.Figure:
    """One bar a class, in its colour, highest first.

    Args:
        values: (K,); classes whose value is NaN are left out.
        table: their names and colours.
        title: of the value axis, with its unit.
        count: at most so many bars; all unless given.
    """
    order = [int(class_id) for class_id in np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")]
    shown = [class_id for class_id in order if not np.isnan(values[class_id])][:count]
    bars = go.Bar(
        x=[float(values[class_id]) for class_id in shown],
        y=[table[class_id].name for class_id in shown],
        orientation="h",
        marker={
            "color": [_css(table[class_id].colour) for class_id in shown],
            "line": {"width": 1, "color": EDGE},
        },
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )
    figure = _figure([bars], title, "")
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(height=60 + 24 * max(1, len(shown)))
    return figure


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of one line; NaN leaves a gap.

    Attributes:
        name: for the legend.
        x, y: (n,).
    """

    name: str
    x: NDArray[np.floating[Any]]
    y: NDArray[np.floating[Any]]


def curves_figure(
    curves: list[Curve], x_title: str, y_title: str, marked: Mapping[str, float] | None = None
) -> go.Figure:
    """Lines over a common axis.

    Args:
        curves: told apart by colour and by dashes.
        x_title, y_title: with their units.
        marked: vertical lines by their label, such as the chosen threshold.
    """
    dashes = ("solid", "dash", "dot", "dashdot")
    lines = [
        go.Scatter(
            x=_numbers(curve.x),
            y=_numbers(curve.y),
            name=curve.name,
            mode="lines",
            line={"color": LINES[place % len(LINES)], "dash": dashes[place % len(dashes)]},
        )
        for place, curve in enumerate(curves)
    ]
    figure = _figure(lines, x_title, y_title)
    for label, x in (marked or {}).items():
        figure.add_vline(x=x, line_dash="dot", line_color=EDGE, annotation_text=label)
    figure.update_layout(hovermode="x unified", showlegend=len(curves) > 1)
    return figure


def _figure(traces: list[Any], x_title: str, y_title: str) -> go.Figure:
    figure = go.Figure(traces)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"title": x_title, "automargin": True},
        yaxis={"title": y_title, "automargin": True},
    )
    return figure


def _css(colour: tuple[int, int, int]) -> str:
    return f"rgb({colour[0]},{colour[1]},{colour[2]})"


def _numbers(values: NDArray[np.floating[Any]]) -> list[float | None]:
    """JSON has no NaN; Plotly leaves a gap at null."""
    return [float(value) if np.isfinite(value) else None for value in values]
