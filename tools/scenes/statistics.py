"""Numbers about sets of pictures: class shares by row and column, colour, edges; ours against the real ones.

Only numbers are kept (`kitti_statistics.json` holds those of the 140 training pictures of KITTI semantics, no picture).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.scenes.labels import NAMES, Label, to_ids

BANDS = 12
KITTI = Path(__file__).with_name("kitti_statistics.json")
SLACK, FLOOR = 1.1, 0.03

Floats = NDArray[np.float64]


def read_labels(path: Path) -> NDArray[np.uint8]:
    """Class ids of a label picture in colours or with a palette of ids."""
    with Image.open(path) as image:
        return np.asarray(image) if image.mode in ("P", "L") else to_ids(np.asarray(image.convert("RGB")))


def class_layout(labels: NDArray[np.uint8]) -> Floats:
    """Class shares in bands.

    Args:
        labels: (H, W) ids.

    Returns:
        (2 * BANDS, 30): shares within each of the bands of rows, top first, then of columns, left first.
    """
    bands = [*np.array_split(labels, BANDS, axis=0), *np.array_split(labels, BANDS, axis=1)]
    return np.array([np.bincount(band.ravel(), minlength=len(NAMES)) / band.size for band in bands])


def class_shares(layout: Floats) -> Floats:
    """(30,) shares of the whole picture."""
    return np.asarray(layout[:BANDS].mean(axis=0))


def look(picture: NDArray[np.uint8]) -> dict[str, float]:
    """Colour and edge numbers of one picture (H, W, 3), at the scale of KITTI's 1242 pixels' width."""
    values = picture.astype(np.float64)
    luminance = values @ [0.299, 0.587, 0.114]
    high, low = values.max(-1), values.min(-1)
    across, down = np.diff(luminance, axis=1)[:-1], np.diff(luminance, axis=0)[:, :-1]
    steep = np.hypot(across, down)
    small = np.asarray(
        Image.fromarray(picture).resize((picture.shape[1] // 4, picture.shape[0] // 4), Image.Resampling.BOX)
    )
    coarse = small.astype(np.float64) @ [0.299, 0.587, 0.114]
    numbers = {f"mean {name}": values[..., k].mean() for k, name in enumerate(("red", "green", "blue"))}
    numbers |= {f"luminance p{p}": np.percentile(luminance, p) for p in (1, 5, 25, 50, 75, 95)}
    numbers |= {
        "saturation %": 100 * ((high - low) / np.maximum(high, 1)).mean(), "clipped %": 100 * (luminance >= 250).mean(),
        "black %": 100 * (luminance <= 12).mean(), "gradient": steep.mean(),
        "strong edges %": 100 * (steep > 40).mean(),
        "gradient at 1/4": np.hypot(np.diff(coarse, axis=1)[:-1], np.diff(coarse, axis=0)[:, :-1]).mean(),
        "horizontal / vertical": np.abs(across).mean() / max(np.abs(down).mean(), 1e-9),
    }  # fmt: skip
    return {name: float(value) for name, value in numbers.items()}


def measure(pictures: Sequence[Path], labels: Sequence[Path]) -> dict[str, Any]:
    """Statistics of a set, ready for JSON."""
    layouts = np.array([class_layout(read_labels(path)) for path in labels])
    looks = [look(np.asarray(Image.open(path).convert("RGB"))) for path in pictures]
    shares = np.array([class_shares(layout) for layout in layouts])
    mean = layouts.mean(axis=0).round(5)
    return {
        "pictures": len(labels),
        "classes": {
            name: {
                "share": round(float(shares[:, k].mean()), 6), "largest": round(float(shares[:, k].max()), 4),
                "pictures": round(float((shares[:, k] > 0).mean()), 4),
            }
            for k, name in enumerate(NAMES)
        },
        "rows": mean[:BANDS].tolist(),
        "columns": mean[BANDS:].tolist(),
        "look": {name: round(float(np.mean([entry[name] for entry in looks])), 2) for name in looks[0]},
        "look spread": {name: round(float(np.std([entry[name] for entry in looks])), 2) for name in looks[0]},
    }  # fmt: skip


@cache
def kitti() -> dict[str, Any]:
    """The committed numbers of the real pictures."""
    content: dict[str, Any] = json.loads(KITTI.read_text(encoding="utf-8"))
    return content


def implausible(labels: NDArray[np.uint8]) -> list[str]:
    """Why a layout is unlike any real picture: classes that cover more than in any real one, or hardly any road.

    Args:
        labels: (H, W) ids.

    Returns:
        Sentences; empty where the layout is plausible.
    """
    shares = class_shares(class_layout(labels))
    reasons = []
    for k, name in enumerate(NAMES):
        limit = max(float(kitti()["classes"][name]["largest"]) * SLACK, FLOOR)
        if name not in ("Tunnel", "None") and shares[k] > limit:
            reasons.append(f"{name} covers {shares[k]:.0%}, at most {limit:.0%} is plausible")
    if shares[Label.ROAD] < 0.05:
        reasons.append(f"Road covers only {shares[Label.ROAD]:.1%}")
    return reasons


def fit_shares(layouts: Floats, target: Floats, rounds: int = 4000) -> Floats:
    """How often to draw each theme so that the mean layout comes nearest to a target.

    Args:
        layouts: (themes, 2 * BANDS, classes) mean layout of each theme.
        target: (2 * BANDS, classes).
        rounds: of projected gradient descent.

    Returns:
        (themes,) non-negative shares that sum to one (least squares).
    """
    design, goal = layouts.reshape(len(layouts), -1).T, target.ravel()
    shares = np.full(len(layouts), 1 / len(layouts))
    step = 1 / np.linalg.norm(design, 2) ** 2
    for _ in range(rounds):
        shares = onto_simplex(shares - step * design.T @ (design @ shares - goal))
    return shares


def onto_simplex(values: Floats) -> Floats:
    """The nearest point with non-negative entries that sum to one.

    Example:
        >>> onto_simplex(np.array([0.9, 0.3, -1.0])).round(2).tolist()
        [0.8, 0.2, 0.0]
    """
    order = np.sort(values)[::-1]
    excess = (np.cumsum(order) - 1) / np.arange(1, len(values) + 1)
    return np.maximum(values - excess[np.nonzero(order > excess)[0][-1]], 0)


def distance(ours: dict[str, Any], real: dict[str, Any]) -> tuple[float, float]:
    """Mean absolute difference of class shares, by rows and by columns: 0 equal, 2 nothing in common."""
    by = [np.abs(np.array(ours[part]) - np.array(real[part])).sum(axis=1).mean() for part in ("rows", "columns")]
    return float(by[0]), float(by[1])


def table(ours: dict[str, Any], real: dict[str, Any]) -> str:
    """Both sets side by side, as Markdown."""
    lines = ["| | real | ours |", "|---|---:|---:|"]
    for name, value in real["look"].items():
        lines.append(f"| {name} | {value:.1f} | {ours['look'][name]:.1f} |")
    for name, entry in real["classes"].items():
        mine = ours["classes"][name]
        lines.append(
            f"| {name}: share, pictures with it | {entry['share']:.2%}, {entry['pictures']:.0%} | "
            f"{mine['share']:.2%}, {mine['pictures']:.0%} |"
        )
    rows, columns = distance(ours, real)
    return "\n".join(
        [*lines, "", f"Layout distance by rows {rows:.3f}, by columns {columns:.3f} (0 equal, 2 disjoint)."]
    )
