"""Themes outside: forest, rural, highway, tunnel."""

from __future__ import annotations

import numpy as np

from tools.scenes.director import Director, Posts
from tools.scenes.mesh import generator
from tools.scenes.scene import Camera
from tools.scenes.street import ASPHALT, GRASS, Axis, Corridor, SideRoad, Strip, kerb, land, verge
from tools.scenes.themes.setting import (
    EARTH,
    LEAFY,
    MIXED,
    TARRED,
    bend,
    make_director,
    phases,
    pick_sky,
)


def forest(seed: int, weather: str | None = None) -> Director:
    """A country road through a wood."""
    rng = generator(seed, "forest")
    width = rng.uniform(3.1, 3.6)
    side = (verge(rng.uniform(1.8, 3.5), rise=0.0), land(rng.uniform(0.3, 2.2), EARTH, 0.25))
    corridor = Corridor(bend(rng, 0.005), (-width, width), {-1: side, 1: side}, ASPHALT, (), phases(rng))
    d = make_director("forest", seed, corridor, width * 0.45)
    d.patches(5)
    d.corridor.dashes(d.scene.ground, 0.0, 4, 8)
    species = MIXED if rng.uniform() < 0.6 else LEAFY
    for s in (-1, 1):
        d.corridor.line(d.scene.ground, s * (width - 0.25), -12, 350, 0.13)
        near = width + side[0].width
        for k, post in enumerate(np.arange(14, 200, 50)):
            d.put("delineator", float(post), s * (width + 0.8), 0.02 * k)
        d.wood(s, near + 0.6, near + 9, -5, 150, 7.5, species, 0.75)
        d.wood(s, near + 9, near + 34, 0, 240, 3.2, species, 0.0)
        d.wood(s, near + 0.6, near + 22, 150, 340, 2.2, species, 0.0)
        d.tufts(s, width + 0.1, near + 1.5, 3.5, 42, "verge", 1.5)
        d.tufts(s, near, near + 4.0, 5, 34, "wild", 0.5)
    d.stream(-width / 2, rng.uniform(16, 40), 160, (25, 80), True)
    d.stream(width / 2, rng.uniform(25, 60), 200, (40, 90), False)
    d.sign(1, rng.uniform(15, 40), width + 1.0, int(rng.integers(0, 8)))
    if rng.uniform() < 0.3:
        d.rider("cyclist", rng.uniform(10, 22), width - 0.6)
    d.backdrop(species, 55)
    d.posts = Posts([(s, width + 1.0) for s in (-1, 1)], ("sign", "delineator", "delineator"), (14.0, 32.0))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def rural(seed: int, weather: str | None = None) -> Director:
    """Fields, hedgerows, a line of poles and a guard rail in the bend."""
    rng = generator(seed, "rural")
    width = rng.uniform(2.9, 3.4)
    field_look = GRASS.tinted((1.25, 1.05, 0.8)) if rng.uniform() < 0.5 else GRASS
    side = (verge(rng.uniform(1.5, 3)), land(rng.uniform(-0.6, 2.5), field_look, 0.5))
    corridor = Corridor(
        bend(rng, 0.008),
        (-width, width),
        {-1: side, 1: side},
        ASPHALT,
        (SideRoad(float(rng.uniform(30, 70)), int(rng.choice([-1, 1])), 2.2, 5.0),),
        phases(rng),
    )
    d = make_director("rural", seed, corridor, width * 0.48)
    d.patches(7)
    d.corridor.dashes(d.scene.ground, 0.0, 4, 8)
    poles = int(rng.choice([-1, 1]))
    for s in (-1, 1):
        d.corridor.line(d.scene.ground, s * (width - 0.2), -12, 350, 0.12)
        for post in np.arange(10, 250, 25):
            if not d.corridor.blocked(float(post), s, 1.0):
                d.put("delineator", float(post), s * (width + 0.9))
        d.tufts(s, width + 0.1, width + side[0].width + 2, 3.5, 45, "wild" if rng.uniform() < 0.5 else "verge", 1.3)
        for _ in range(30):
            d.tree(str(rng.choice(MIXED)), rng.uniform(8, 260), s * (width + rng.uniform(5, 45)), rng.uniform(0.7, 1.2))
        for _ in range(30):
            d.bush(rng.uniform(6, 150), s * (width + side[0].width + rng.uniform(0.5, 10)), 1.1)
    if rng.uniform() < 0.6:
        s = -poles
        d.fence(s, width + 1.0, "rail", 2, rng.uniform(60, 160))
    line = [(float(s), poles * (width + 3.4)) for s in np.arange(-10, 300, 38)]
    for s, t in line:
        d.put("utility", s, t)
    for offset in (-0.6, 0.6):
        d.wires([(s, t + offset, 7.35 + d.corridor.height(s, t)) for s, t in line], 0.5)
    d.stream(-width / 2, rng.uniform(14, 50), 220, (30, 90), True)
    d.stream(width / 2, rng.uniform(20, 60), 220, (40, 90), False)
    if rng.uniform() < 0.5:
        d.vehicle(f"truck:{rng.integers(4)}", rng.uniform(24, 50), -width / 2, np.pi, half=(4.6, 1.25))
    d.sign(1, rng.uniform(12, 30), width + 1.1)
    d.signs(width + 1.2, 20, 90, 3)
    d.put("board:town:1", rng.uniform(30, 60), width + 2.4)
    d.houses(int(rng.choice([-1, 1])), width + 16, "detached", 60, 150, (5, 20), 10)
    d.backdrop(MIXED, 70)
    d.posts = Posts([(s, width + 1.2) for s in (-1, 1)], ("sign", "delineator", "utility"), (10.0, 23.0))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def highway(seed: int, weather: str | None = None) -> Director:
    """A dual carriageway with guard rails, noise walls, gantry, a bridge and lorries."""
    rng = generator(seed, "highway")
    axis = bend(rng, 0.0016)
    right = (verge(2.5), land(rng.uniform(0.5, 3.5), GRASS, 0.3))
    median = Strip("median", ((0, 0.02), (2.6, 0.08)), GRASS)
    other = Strip("other", ((0, 0.0), (10.2, 0.0)), ASPHALT)
    left = (median, other, verge(2.5), land(rng.uniform(0.5, 3.5), GRASS, 0.3))
    corridor = Corridor(axis, (-4.2, 7.6), {-1: left, 1: right}, ASPHALT, (), phases(rng))
    lateral = float(rng.choice([-1.9, 1.8]))
    d = make_director("highway", seed, corridor, lateral)
    d.patches(4)
    ground = d.scene.ground
    for t in (-3.8, 7.4, -7.2, -16.6):
        d.corridor.line(ground, t, -12, 380, 0.16 if abs(t) > 5 else 0.13)
    d.corridor.dashes(ground, 0.0, 6, 12, width=0.15)
    d.corridor.line(ground, 3.75, -12, 380, 0.25)
    d.corridor.dashes(ground, -11.9, 6, 12, width=0.15)
    d.fence(-1, 4.9, "rail", -4, 280)
    d.fence(1, 8.5, "rail", -4, 280)
    d.fence(-1, 6.3, "rail", -4, 280)
    if rng.uniform() < 0.6:
        d.fence(1, 11.2, "noisewall", 4, 200)
    if rng.uniform() < 0.5:
        d.fence(-1, 20.0, "noisewall", 4, 200)
    for s in (-1, 1):
        near = 13.0 if s > 0 else 22.0
        d.wood(s, near, near + 16, 0, 300, 3.0, LEAFY, 0.5)
        d.tufts(s, 8.0 if s > 0 else 4.3, 10.5 if s > 0 else 6.7, 3, 40, "verge", 1.3)
    d.tufts(1, 8.9, 12, 3, 40, "wild", 0.7)
    where = rng.uniform(70, 150)
    d.put("bridge:48", where, 0.0)
    if rng.uniform() < 0.7:
        d.put(f"gantry:15:{rng.integers(5)}", rng.uniform(35, 60), 9.6)
    else:
        d.put(f"board:gantry:{rng.integers(5)}", rng.uniform(30, 45), 9.9)
    slow_traffic(d, rng, 1.8 if lateral < 0 else -1.9)
    for t, oncoming in ((-1.9, False), (1.8, False), (-9.5, True), (-14.2, True)):
        d.stream(t, rng.uniform(12, 30), 260, (16, 60), oncoming)
    for post in np.arange(12, 200, 50):
        d.put("delineator", float(post), 8.1)
    d.backdrop(LEAFY, 55)
    d.posts = Posts([(1, 9.2), (-1, 5.5)], ("sign", "delineator", "lamp:tall"), (14.0, 32.0))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def slow_traffic(d: Director, rng: np.random.Generator, lane: float) -> None:
    """Lorries and a car with a caravan."""
    d.vehicle(f"truck:{rng.integers(4)}", rng.uniform(22, 45), lane, half=(4.8, 1.3))
    if rng.uniform() < 0.4:
        d.vehicle(f"truck:{rng.integers(4)}", rng.uniform(22, 55), -14.2, np.pi, half=(4.8, 1.3))
    if rng.uniform() < 0.4:
        at = rng.uniform(18, 30)
        if d.vehicle("car:estate", at + 6.3, lane):
            d.vehicle("caravan", at, lane, half=(2.4, 1.1))


def tunnel(seed: int, weather: str | None = None) -> Director:
    """A road into a hillside tunnel."""
    rng = generator(seed, "tunnel")
    width = 3.7
    portal = rng.uniform(20, 30)
    side = (kerb(), Strip("sidewalk", ((0, 0.12), (1.5, 0.13)), TARRED), land(rng.uniform(3.5, 6.0), GRASS, 0.5))
    corridor = Corridor(Axis(), (-width, width), {-1: side, 1: side}, ASPHALT, (), phases(rng), end=portal + 150)
    d = make_director("tunnel", seed, corridor, 1.8)
    d.patches(5)
    for t in (-0.1, 0.1):
        d.corridor.line(d.scene.ground, t, -12, portal + 140, 0.11)
    d.put("tunnel:150", portal, 0.0)
    hill = []
    for s in np.linspace(portal + 0.2, portal + 150, 22):
        for t in np.linspace(-70, 70, 29):
            rise = 8.4 + 6.0 * (1 - np.exp(-(s - portal) / 18)) - 0.0016 * t * t
            hill.append((t, s, max(rise + 0.4 * np.sin(s * 0.3 + t * 0.5), 0.3)))
    points = np.array(hill).reshape(22, 29, 3)
    d.scene.ground.grid(points, GRASS)
    for s in (-1, 1):
        d.corridor.line(d.scene.ground, s * (width - 0.25), -12, portal + 140, 0.12)
        d.fence(s, width + 1.85, f"wall:{rng.choice(['stone', 'concrete'])}:1.1", -8, portal - 1)
        d.wood(s, width + 4, width + 24, -4, portal - 1, 7.0, MIXED, 0.8)
        d.lamps(s, width + 0.5, "lamp:street", portal - 14, portal - 2, 40)
        d.tufts(s, width + 2.1, width + 6, 4, portal, "wild", 1.0)
    for _ in range(80):
        s, t = rng.uniform(portal + 2, portal + 45), rng.uniform(-40, 40)
        height = 8.4 + 6.0 * (1 - np.exp(-(s - portal) / 18)) - 0.0016 * t * t
        name = f"tree:{rng.choice(MIXED)}:{rng.integers(3)}"
        lift = height - d.corridor.height(float(s), float(t)) - 0.3
        d.put(name, float(s), float(t), rng.uniform(0, 6), rng.uniform(0.6, 1.0), lift=lift)
    for _ in range(60):
        s, t = rng.uniform(portal + 0.8, portal + 6), rng.uniform(-24, 24)
        height = 8.4 + 6.0 * (1 - np.exp(-(s - portal) / 18)) - 0.0016 * t * t
        d.put(
            f"bush:{rng.integers(4)}",
            float(s),
            float(t),
            rng.uniform(0, 6),
            rng.uniform(0.7, 1.5),
            lift=height - d.corridor.height(float(s), float(t)) - 0.15,
        )
    d.stream(-width / 2, portal - 8, portal + 120, (18, 40), True)
    d.stream(width / 2, rng.uniform(14, 20), portal + 120, (18, 40), False)
    d.sign(1, portal - 8, width + 0.6, 0)
    d.sign(-1, portal - 5, width + 0.6, 6, False)
    d.posts = Posts([(s, width + 0.5) for s in (-1, 1)], ("sign", "lamp:street"), (9.0, 20.0))
    d.set_light(pick_sky(rng, weather), Camera())
    return d
