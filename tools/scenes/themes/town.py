"""Themes inside a town: terrace, market, crossing, avenue."""

from __future__ import annotations

import numpy as np

from tools.scenes.director import Director, Posts
from tools.scenes.labels import Label
from tools.scenes.mesh import Look, generator
from tools.scenes.scene import Camera
from tools.scenes.street import ASPHALT, GRASS, Corridor, SideRoad, Strip, kerb, land, pavement, verge
from tools.scenes.themes.setting import (
    COBBLES,
    LEAFY,
    PAVING,
    SLABS,
    TARRED,
    YARD,
    bend,
    make_director,
    phases,
    pick_sky,
)


def terrace(seed: int, weather: str | None = None) -> Director:
    """Old town street: terraced houses straight behind the sidewalk, cars parked on both sides."""
    rng = generator(seed, "terrace")
    bay = Strip("bay", ((0, 0.0), (2.15, 0.015)), COBBLES)
    walk = rng.uniform(1.7, 2.6)
    side = (
        bay,
        kerb(),
        pavement(walk, PAVING if rng.uniform() < 0.5 else SLABS),
        Strip("plot", ((0, 0.13), (60, 0.13)), YARD),
    )
    openings = tuple(
        SideRoad(float(s), d, 2.8, 3.5)
        for s, d in ((rng.uniform(32, 44), 1), (rng.uniform(46, 70), -1))
        if rng.uniform() < 0.8
    )
    width = rng.uniform(2.6, 3.0)
    corridor = Corridor(bend(rng, 0.004), (-width, width), {-1: side, 1: side}, ASPHALT, openings, phases(rng))
    d = make_director("terrace", seed, corridor, rng.uniform(0.3, 1.3))
    d.patches(7)
    front = width + 2.15 + 0.13 + walk
    for s in (-1, 1):
        d.parked(s, width + 1.05, 5.5 if s > 0 else 4.0, 130, 0.88)
        d.houses(
            s, front + 0.05, "terrace" if rng.uniform() < 0.7 else "shop", -14 + rng.uniform(-4, 4), 190, (0.0, 0.02)
        )
        if rng.uniform() < 0.6:
            d.tree_row(s, width + 2.15 + 0.55, str(rng.choice(["young", "maple"])), 9, 130, rng.uniform(11, 16))
        d.lamps(s, width + 2.6, "lamp:ball" if rng.uniform() < 0.5 else "lamp:street", 12 + 9 * (s > 0), 140, 26)
    d.stream(-width / 2 + 0.2, rng.uniform(26, 50), 120, (25, 60), True)
    d.stream(width / 2, rng.uniform(24, 60), 150, (25, 60), False)
    band = [(s, width + 2.9, front - 0.4) for s in (-1, 1)]
    d.people(int(rng.integers(3, 9)), band, 7, 60)
    for _ in range(3):
        s = int(rng.choice([-1, 1]))
        d.rider("bicycle", rng.uniform(7, 30), s * (front - 0.35), rng.normal(0, 0.15))
    for _ in range(4):
        s = int(rng.choice([-1, 1]))
        at = rng.uniform(7, 50)
        if d.claim([(at, s * (front - 0.45), 0.4)]):
            d.put(f"bin:{rng.integers(4)}", at, s * (front - 0.45), d.facing(s))
    d.signs(width + 2.55, 8, 60, 5)
    d.backdrop(near=70)
    d.posts = Posts([(s, width + 2.6) for s in (-1, 1)], ("sign", "signal", "lamp:street"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def market(seed: int, weather: str | None = None) -> Director:
    """Shopping street: shops, many persons, bicycles, motorcycles, a bus."""
    rng = generator(seed, "market")
    width, walk = rng.uniform(3.0, 3.5), rng.uniform(3.2, 4.5)
    side = (kerb(0.08), pavement(walk, PAVING, 0.085), Strip("plot", ((0, 0.1), (60, 0.1)), YARD))
    openings = (SideRoad(float(rng.uniform(30, 50)), int(rng.choice([-1, 1])), 2.8, 4.0),)
    corridor = Corridor(bend(rng, 0.003), (-width, width), {-1: side, 1: side}, ASPHALT, openings, phases(rng))
    d = make_director("market", seed, corridor, width * 0.48)
    d.patches(6)
    d.corridor.dashes(d.scene.ground, 0.0, 3, 3)
    front = width + 0.13 + walk
    for s in (-1, 1):
        d.houses(s, front + 0.05, "shop", -14 + rng.uniform(-4, 4), 190, (0.0, 0.02))
        d.tree_row(s, width + 0.9, str(rng.choice(["young", "maple", "plane"])), 8, 130, 14, 0.85)
        d.lamps(s, width + 0.6, "lamp:ball", 11 + 8 * (s > 0), 120, 22)
        for _ in range(6):
            d.rider(
                "bicycle" if rng.uniform() < 0.7 else "motorcycle",
                rng.uniform(6, 35),
                s * (width + 0.9),
                rng.normal(0, 0.3) + np.pi / 2,
            )
        for at in np.arange(6, 40, 2.2):
            if rng.uniform() < 0.5 and d.claim([(float(at), s * (width + 0.4), 0.15)]):
                d.put("bollard", float(at), s * (width + 0.4))
        if rng.uniform() < 0.7 and d.claim([(15.0 * 1 + s, s * (front - 0.7), 0.8)]):
            d.put("bench", 15.0 + s, s * (front - 0.7), d.facing(s))
    d.zebra(rng.uniform(13, 17), 3.0)
    d.people(int(rng.integers(14, 24)), [(s, width + 0.9, front - 0.4) for s in (-1, 1)], 6, 60)
    for _ in range(3):
        s, t = rng.uniform(13, 18), rng.uniform(-width, width)
        if d.claim([(s, t, 0.35)]):
            d.put(f"person:{rng.integers(14)}", s, t, np.pi / 2 * float(rng.choice([-1, 1])), count=True)
    d.rider("cyclist", rng.uniform(9, 14), width - 0.7)
    d.rider("biker" if rng.uniform() < 0.5 else "cyclist", rng.uniform(12, 22), -width * 0.5, np.pi)
    if rng.uniform() < 0.6:
        d.vehicle(
            "bus",
            rng.uniform(26, 40),
            -width / 2,
            np.pi,
            ((0.6, 0.5, 0.06), (0.5, 0.05, 0.05), (0.6, 0.6, 0.58))[int(rng.integers(3))],
            half=(6.4, 1.3),
        )
    d.stream(width / 2, rng.uniform(20, 30), 150, (12, 40), False)
    d.stream(-width / 2, rng.uniform(24, 50), 150, (16, 50), True)
    d.signs(width + 0.45, 8, 60, 5)
    d.backdrop(near=70)
    d.posts = Posts([(s, width + 0.5) for s in (-1, 1)], ("sign", "signal", "signal", "lamp:street"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def crossing(seed: int, weather: str | None = None) -> Director:
    """A signalled crossing with pedestrians, riders and waiting cars."""
    rng = generator(seed, "crossing")
    width = rng.uniform(5.2, 6.6)
    at = rng.uniform(17, 23)
    walk = rng.uniform(2.4, 3.4)
    side = (
        kerb(),
        pavement(walk, SLABS if rng.uniform() < 0.5 else PAVING),
        Strip(
            "plot",
            ((0, 0.14), (60, 0.16)),
            Look("paving", Label.SIDEWALK, (0.27, 0.25, 0.23)) if rng.uniform() < 0.4 else GRASS,
        ),
    )
    openings = (SideRoad(at, -1, 5.2, 7.0), SideRoad(at, 1, 5.2, 7.0))
    corridor = Corridor(bend(rng, 0.002), (-width, width), {-1: side, 1: side}, ASPHALT, openings, phases(rng))
    d = make_director("crossing", seed, corridor, width * float(rng.choice([0.28, 0.7])))
    d.patches(6)
    ground = d.scene.ground
    before, after = at - 5.2 - 5.5, at + 5.2 + 5.5
    for start, stop in ((-12, before - 3.0), (after + 2.2, 300)):
        d.corridor.line(ground, 0.0, start, stop, 0.12)
        d.corridor.dashes(ground, width / 2, 3, 3, start, stop)
        d.corridor.dashes(ground, -width / 2, 3, 3, start, stop)
    d.zebra(before - 0.2, 3.2)
    d.zebra(after + 0.2, 3.2)
    d.stop_line(before - 3.0, 0.1, width)
    for s in (-1, 1):
        arm = "3.0"
        d.put(
            f"signal:{rng.integers(3)}:{arm if s > 0 else 0}", before - 2.4, s * (width + 0.5), 0.0 if s > 0 else np.pi
        )
        d.put(
            f"signal:{rng.integers(3)}:{arm if s < 0 else 0}", after + 2.6, s * (width + 0.5), np.pi if s < 0 else 0.0
        )
        d.put("signal:2:0", at - 7.2, s * (width + walk * 0.8 + 0.9), s * np.pi / 2)
        d.claims += [(before - 2.4, s * (width + 0.5), 0.3), (after + 2.6, s * (width + 0.5), 0.3)]
        front = width + walk + 0.2
        kind = str(rng.choice(["shop", "terrace", "block"]))
        d.houses(s, front + rng.uniform(0.1, 5), kind, -16, before - 6, (0.0, 0.02))
        d.houses(s, front + rng.uniform(0.1, 6), kind, after + 6, 180, (0.0, 0.02))
        d.tree_row(s, front + 0.6, "maple", -2, 150, 12)
        d.lamps(s, width + 0.6, "lamp:tall", after + 8, 180, 32)
        d.sign(s, before - 4.5, width + 0.7, 2, s > 0)
    people_bands = [(s, width + 0.4, width + walk - 0.2) for s in (-1, 1)]
    d.people(int(rng.integers(6, 12)), people_bands, 6.5, 60)
    for k in range(int(rng.integers(2, 6))):
        s, t = before - 0.2 + rng.uniform(-1.2, 1.2), rng.uniform(-width, width)
        if d.claim([(s, t, 0.35)]):
            d.put(
                f"person:{rng.integers(14)}", s, t, (np.pi / 2) * (1 if k % 2 else -1) + rng.normal(0, 0.2), count=True
            )
    for _ in range(int(rng.integers(1, 4))):
        yaw = float(rng.choice([0.0, np.pi / 2, -np.pi / 2, np.pi]))
        d.rider(
            str(rng.choice(["cyclist", "cyclist", "biker"])),
            at + rng.uniform(-3.5, 3.5),
            rng.uniform(-width, width),
            yaw,
        )
    d.rider("bicycle", rng.uniform(7, 12), width + walk - 0.5)
    for t, yaw in ((-6, np.pi / 2), (8, -np.pi / 2), (-14, np.pi / 2), (15, -np.pi / 2)):
        d.car(at + (2.4 if yaw > 0 else -2.4), t * 1.1 + np.sign(t) * width * 0.4, -yaw)
    for t in (width * 0.28, width * 0.72):
        d.stream(t, after + rng.uniform(5, 20), 160, (12, 40), False)
        d.stream(-t, after + rng.uniform(6, 10), 120, (8, 30), True)
    d.signs(width + 0.6, after + 4, 80, 3)
    d.put(f"board:direction:{rng.integers(4)}", after + 5.5, -(width + 1.6), 0.0)
    if rng.uniform() < 0.5:
        d.put("barrier", after + 6, width - 1.2, 0.1)
    d.backdrop(LEAFY, 60, houses=True)
    d.posts = Posts([(s, width + 0.6) for s in (-1, 1)], ("sign", "signal", "signal", "lamp:tall"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def avenue(seed: int, weather: str | None = None) -> Director:
    """A wide city road with tree rows, lawns, cycle paths and blocks behind."""
    rng = generator(seed, "avenue")
    width = rng.uniform(6.3, 7.0)
    side = (
        kerb(),
        verge(rng.uniform(1.8, 3.2), 0.13, rise=0.02),
        pavement(rng.uniform(2, 3), TARRED if rng.uniform() < 0.5 else SLABS, 0.12),
        land(0.4, rough=0.1, height=0.15),
    )
    openings = tuple(
        SideRoad(float(s), side_, 3.4, 7.0) for s, side_ in ((rng.uniform(24, 40), 1), (rng.uniform(48, 80), -1))
    )
    corridor = Corridor(bend(rng, 0.0025), (-width, width), {-1: side, 1: side}, ASPHALT, openings, phases(rng))
    lane_width = width / 2
    d = make_director("avenue", seed, corridor, lane_width * (0.5 if rng.uniform() < 0.4 else 1.5))
    d.patches(9)
    ground = d.scene.ground
    for t in (-lane_width, lane_width):
        d.corridor.dashes(ground, t, 3, 6)
    for t in (-0.12, 0.12):
        d.corridor.line(ground, t, -12, 320, 0.11)
    lawn = width + 0.13
    for s in (-1, 1):
        d.corridor.line(ground, s * (width - 0.3), -12, 320, 0.11)
        d.tree_row(
            s,
            lawn + side[1].width * 0.5,
            str(rng.choice(["lime", "plane", "maple"])),
            rng.uniform(5, 10),
            250,
            rng.uniform(8, 12),
        )
        walk = lawn + side[1].width
        d.tufts(s, lawn + 0.1, walk - 0.1, 4, 34, "lawn", 1.2)
        d.houses(
            s,
            walk + side[2].width + rng.uniform(4, 9),
            str(rng.choice(["block", "terrace", "detached"])),
            -6,
            220,
            (2, 10),
        )
        d.lamps(s, lawn + 0.5, "lamp:tall", 18 + 16 * (s > 0), 240, 33)
        for _ in range(12):
            d.bush(rng.uniform(5, 90), s * (walk + side[2].width + rng.uniform(0.8, 3)))
    d.people(
        int(rng.integers(2, 8)),
        [(s, lawn + side[1].width + 0.3, lawn + side[1].width + side[2].width - 0.3) for s in (-1, 1)],
        8,
        60,
    )
    for t, oncoming in (
        (-lane_width * 0.5, True),
        (-lane_width * 1.5, True),
        (lane_width * 0.5, False),
        (lane_width * 1.5, False),
    ):
        d.stream(t, rng.uniform(12, 34), 200, (14, 50), oncoming)
    if rng.uniform() < 0.5:
        d.vehicle(
            "bus",
            rng.uniform(18, 36),
            -lane_width * 1.5,
            np.pi,
            (0.6, 0.5, 0.06) if rng.uniform() < 0.5 else (0.5, 0.05, 0.05),
            half=(6.4, 1.3),
        )
    d.rider("cyclist", rng.uniform(10, 26), width - 0.7)
    d.signs(lawn + 0.4, 9, 80, 6)
    at = openings[0].s - openings[0].half - 2
    d.put("signal:0:3.4", at, width + 0.6)
    d.stop_line(at - 1, 0.2, width - 0.3)
    d.backdrop(LEAFY, 48, houses=True)
    d.posts = Posts([(s, lawn + 0.5) for s in (-1, 1)], ("sign", "signal", "signal", "lamp:tall"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d
