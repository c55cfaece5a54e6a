"""The themes: each turns a seed into a director with a scene. What varies within a theme is drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tools.scenes.director import Director
from tools.scenes.mesh import generator
from tools.scenes.themes.country import forest, highway, rural, tunnel
from tools.scenes.themes.suburb import estate, industrial, residential, tram
from tools.scenes.themes.town import avenue, crossing, market, terrace

THEMES: dict[str, Callable[[int, str | None], Director]] = {
    "avenue": avenue, "crossing": crossing, "estate": estate, "forest": forest, "highway": highway,
    "industrial": industrial,
    "market": market, "residential": residential, "rural": rural, "terrace": terrace, "tram": tram, "tunnel": tunnel,
}  # fmt: skip

# `statistics.fit_shares` of the themes' mean layouts to KITTI's, rounded, with something of everything kept.
SHARES = {
    "avenue": 0.13, "crossing": 0.13, "estate": 0.06, "forest": 0.12, "highway": 0.09, "industrial": 0.09,
    "market": 0.04, "residential": 0.06, "rural": 0.18, "terrace": 0.05, "tram": 0.03, "tunnel": 0.02,
}  # fmt: skip


def draw_theme(seed: int) -> str:
    """The theme of a seed, drawn with the shares that bring the set nearest to KITTI's class shares."""
    names = sorted(SHARES)
    weights = np.array([SHARES[name] for name in names])
    return names[int(generator(seed, "theme").choice(len(names), p=weights / weights.sum()))]
