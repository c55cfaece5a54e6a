"""Themes at a town's edge: residential, estate, industrial, tram."""

from __future__ import annotations

import numpy as np

from tools.scenes.director import Director, Posts
from tools.scenes.labels import Label
from tools.scenes.mesh import Look, generator
from tools.scenes.scene import Camera
from tools.scenes.street import ASPHALT, GRASS, Corridor, SideRoad, Strip, kerb, land, pavement, verge
from tools.scenes.themes.setting import (
    GRAVEL,
    LEAFY,
    MIXED,
    PARKING,
    SLABS,
    TARRED,
    YARD,
    bend,
    make_director,
    phases,
    pick_sky,
)


def residential(seed: int, weather: str | None = None) -> Director:
    """Detached houses in gardens behind hedges and fences."""
    rng = generator(seed, "residential")
    width, walk = rng.uniform(2.8, 3.3), rng.uniform(1.4, 2.0)
    garden = land(rng.uniform(0.2, 0.9), rough=0.06, height=0.14)
    side = (kerb(), pavement(walk, SLABS if rng.uniform() < 0.6 else TARRED), garden)
    openings = (SideRoad(float(rng.uniform(26, 60)), int(rng.choice([-1, 1])), 2.7, 4.5),)
    corridor = Corridor(bend(rng, 0.006), (-width, width), {-1: side, 1: side}, ASPHALT, openings, phases(rng))
    d = make_director("residential", seed, corridor, rng.uniform(0.7, 1.5))
    d.patches(8)
    edge = width + 0.13 + walk + 0.3
    for s in (-1, 1):
        border = str(
            rng.choice(
                [
                    "hedge:mid",
                    "hedge:low",
                    "hedge:tall",
                    "picket",
                    "wall:plaster:0.9",
                    "wall:stone:0.8",
                    "boardfence",
                    "meshfence",
                    "whitepicket",
                ]
            )
        )
        gates = [(float(g), 2.4) for g in np.arange(rng.uniform(6, 14), 150, rng.uniform(14, 20))]
        d.fence(s, edge + 0.25, border, -8, 150, gates)
        d.houses(s, edge + 4.5, "detached", -8 + rng.uniform(-3, 3), 170, (3.0, 7.0), 3.0)
        d.lamps(s, width + 0.45, "lamp:ball" if rng.uniform() < 0.4 else "lamp:street", 14 if s > 0 else 30, 150, 34)
        for _ in range(26):
            at = rng.uniform(0, 130)
            d.tree(
                str(rng.choice(["maple", "birch", "young", "spruce", "lime"])),
                at,
                s * (edge + rng.uniform(1.6, 16)),
                rng.uniform(0.55, 1.0),
            )
            d.bush(rng.uniform(3, 80), s * (edge + rng.uniform(1.2, 4)), 0.9)
        d.tufts(s, edge + 0.4, edge + 4, 5, 30, "lawn", 1.0)
        d.edge_weeds(s, width, 3, 40, 0.25)
    d.parked(1, width - 1.0, rng.uniform(9, 18), 110, 0.4)
    d.parked(-1, width - 1.0, rng.uniform(12, 22), 110, 0.3)
    d.stream(-width / 2, rng.uniform(25, 50), 120, (30, 70), True)
    d.people(int(rng.integers(1, 5)), [(s, width + 0.5, edge - 0.5) for s in (-1, 1)], 8, 50)
    d.signs(width + 0.4, 9, 70, 4)
    if rng.uniform() < 0.35:
        d.vehicle("caravan", rng.uniform(14, 26), -(width - 1.15), np.pi, half=(3.2, 1.1))
    d.backdrop(MIXED, 38, houses=True)
    d.posts = Posts([(s, width + 0.4) for s in (-1, 1)], ("sign", "lamp:street", "utility"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def estate(seed: int, weather: str | None = None) -> Director:
    """Apartment blocks in lawns, cars parked nose to the kerb."""
    rng = generator(seed, "estate")
    width = rng.uniform(3.0, 3.5)
    bay = Strip("bay", ((0, 0.0), (5.0, 0.03)), PARKING)
    walk = pavement(1.8, SLABS)
    right = (bay, kerb(), walk, land(0.5, rough=0.12, height=0.15))
    left = (kerb(), walk, land(0.7, rough=0.15, height=0.15))
    flip = 1 if rng.uniform() < 0.6 else -1
    corridor = Corridor(
        bend(rng, 0.003),
        (-width, width),
        {flip: right, -flip: left},
        ASPHALT,
        (SideRoad(float(rng.uniform(35, 60)), -flip, 2.8, 4.5),),
        phases(rng),
    )
    d = make_director("estate", seed, corridor, width * 0.48)
    d.patches(7)
    for at in np.arange(0, 110, 2.7):
        d.corridor.patch(d.scene.ground, float(at), flip * (width + 2.5), (0.1, 4.6), Look("lane", Label.PARKING), 0.03)
    d.parked(flip, width + 2.6, 4.2, 100, 0.78, np.pi / 2)
    lawn = {flip: width + 5 + 0.13 + 1.8, -flip: width + 0.13 + 1.8}
    for s in (-1, 1):
        d.houses(s, lawn[s] + rng.uniform(4, 9), "block", -12, 200, (6, 14))
        d.tree_row(s, lawn[s] + 1.6, str(rng.choice(["lime", "maple", "birch", "plane"])), 6, 150, 10)
        d.tufts(s, lawn[s] + 0.1, lawn[s] + 4, 5, 34, "lawn", 1.0)
        d.lamps(s, lawn[s] - 1.5, "lamp:street", 13 + 12 * (s > 0), 160, 30)
        for _ in range(14):
            d.bush(rng.uniform(4, 70), s * (lawn[s] + rng.uniform(2.2, 4.5)))
    if rng.uniform() < 0.7:
        d.fence(-flip, lawn[-flip] + 0.3, str(rng.choice(["hedge:low", "railing", "hedge:mid"])), -6, 60)
    for _ in range(5):
        at = rng.uniform(8, 40)
        if d.claim([(at, -flip * (lawn[-flip] - 0.4), 0.45)]):
            d.put(f"bin:{rng.integers(4)}", at, -flip * (lawn[-flip] - 0.4), d.facing(-flip))
    d.put("cabinet", rng.uniform(9, 16), -flip * (lawn[-flip] - 0.3), d.facing(-flip))
    d.stream(-width / 2, rng.uniform(18, 40), 120, (25, 60), True)
    d.people(
        int(rng.integers(3, 8)),
        [(-flip, lawn[-flip] - 1.5, lawn[-flip] - 0.4), (flip, lawn[flip] - 1.5, lawn[flip] - 0.4)],
        8,
        50,
    )
    d.rider("cyclist", rng.uniform(10, 24), width - 0.7)
    d.signs(lawn[-flip] - 1.5, 9, 60, 4)
    d.backdrop(LEAFY, 60, houses=True)
    d.posts = Posts([(s, lawn[s] - 1.5) for s in (-1, 1)], ("sign", "lamp:street"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def industrial(seed: int, weather: str | None = None) -> Director:
    """Halls behind fences, lorries, trailers, caravans for sale."""
    rng = generator(seed, "industrial")
    width = rng.uniform(3.8, 4.6)
    side = (
        kerb(),
        verge(rng.uniform(0.8, 2.0), 0.12, rise=0.0),
        pavement(1.8, TARRED, 0.12),
        Strip("yard", ((0, 0.13), (28, 0.13)), YARD),
        land(0.5, rough=0.2, height=0.13),
    )
    openings = (SideRoad(float(rng.uniform(26, 40)), int(rng.choice([-1, 1])), 4.0, 7.0),)
    corridor = Corridor(bend(rng, 0.003), (-width, width), {-1: side, 1: side}, ASPHALT, openings, phases(rng))
    d = make_director("industrial", seed, corridor, width * 0.5)
    d.patches(10)
    d.corridor.dashes(d.scene.ground, 0.0, 3, 6)
    yard = width + 0.13 + side[1].width + 1.8
    for s in (-1, 1):
        d.fence(
            s,
            yard + 0.3,
            str(rng.choice(["meshfence", "railing", "wall:concrete:1.2"])),
            -6,
            120,
            [(float(g), 4.0) for g in np.arange(rng.uniform(10, 25), 120, 32)],
        )
        d.houses(s, yard + rng.uniform(8, 13), "hall", -10, 200, (4, 14))
        d.tufts(s, width + 0.25, width + 0.1 + side[1].width, 3.5, 34, "verge", 1.3)
        d.lamps(s, width + 0.5, "lamp:tall", 16 + 18 * (s > 0), 200, 36)
        d.tree_row(
            s,
            width + 0.13 + side[1].width * 0.5,
            str(rng.choice(["young", "lime", "birch"])),
            9,
            150,
            rng.uniform(9, 18),
        )
        for _ in range(9):
            at = rng.uniform(8, 70)
            if not d.corridor.blocked(at, s, 5):
                what = str(rng.choice(["caravan", "trailer", "truck", "car", "car"]))
                turn = float(rng.choice([np.pi / 2, -np.pi / 2]))
                if what == "car":
                    d.car(at, s * (yard + 4.2), turn)
                elif what == "truck":
                    d.vehicle(f"truck:{rng.integers(4)}", at, s * (yard + 6), turn, half=(4.6, 1.3))
                else:
                    d.vehicle(
                        what if what == "caravan" else f"trailer:{rng.integers(3)}",
                        at,
                        s * (yard + 4.5),
                        turn,
                        half=(2.6, 1.15),
                    )
    if rng.uniform() < 0.6:
        d.vehicle(f"trailer:{rng.integers(3)}", rng.uniform(11, 16), width - 1.05, half=(2.0, 0.9))
    d.parked(1, width - 1.1, 17, 90, 0.5)
    d.vehicle(f"truck:{rng.integers(4)}", rng.uniform(18, 34), -width / 2, np.pi, half=(4.6, 1.3))
    d.stream(-width / 2, rng.uniform(34, 60), 160, (20, 60), True)
    d.stream(width / 2 - 0.8, rng.uniform(22, 50), 180, (20, 60), False)
    d.signs(width + 0.6, 9, 70, 5)
    d.backdrop(LEAFY, 50)
    d.posts = Posts([(s, width + 0.5) for s in (-1, 1)], ("sign", "signal", "signal", "lamp:tall", "utility"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d


def tram(seed: int, weather: str | None = None) -> Director:
    """Tram tracks in ballast beside the road, masts, wires and a tram."""
    rng = generator(seed, "tram")
    side = int(rng.choice([-1, -1, 1]))
    width = rng.uniform(3.3, 3.7)
    bed = Strip(
        "bed",
        ((0, 0.02), (0.4, 0.09), (6.6, 0.09), (7.0, 0.02)),
        Look("ballast", Label.RAIL_TRACK, (0.2, 0.165, 0.135)),
    )
    walk = pavement(rng.uniform(1.8, 2.6), TARRED if rng.uniform() < 0.5 else SLABS)
    rails = (kerb(0.08), bed, Strip("edge", ((0, 0.05), (1.6, 0.08)), GRAVEL), land(1.0, GRASS, 0.2))
    plain = (kerb(), walk, land(0.4, rough=0.1, height=0.15))
    corridor = Corridor(
        bend(rng, 0.0018),
        (-width, width),
        {side: rails, -side: plain},
        ASPHALT,
        (SideRoad(float(rng.uniform(28, 45)), -side, 3.0, 5.0),),
        phases(rng),
    )
    d = make_director("tram", seed, corridor, width * 0.48)
    d.patches(6)
    d.corridor.dashes(d.scene.ground, 0.0, 3, 6)
    ground = d.scene.ground
    inner = width + 0.13
    for centre in (inner + 1.9, inner + 5.1):
        for k in np.arange(-8, 110, 0.65):
            d.corridor.patch(
                ground,
                float(k),
                side * centre,
                (0.24, 2.3),
                Look("concrete", Label.RAIL_TRACK, (0.19, 0.165, 0.14)),
                0.112,
            )
        for gauge in (-0.72, 0.72):
            t = side * centre + gauge
            d.corridor.line(ground, t, -10, 330, 0.15, Look("metal", Label.RAIL_TRACK, (0.14, 0.09, 0.06)), 0.13)
            for edge in (-0.034, 0.034):
                d.corridor.line(
                    ground, t + edge, -10, 330, 0.002, Look("metal", Label.RAIL_TRACK, (0.14, 0.09, 0.06)), 0.2
                )
            d.corridor.line(ground, t, -10, 330, 0.072, Look("rail", Label.RAIL_TRACK, (0.6, 0.6, 0.6)), 0.225)
        d.wires([(float(s), side * centre, 5.6) for s in np.arange(-10, 330, 34)], 0.04)
    for s in np.arange(8, 320, 34):
        d.put("mast:6.4", float(s), side * (inner + 7.9), 0.0 if side > 0 else np.pi)
    tint = ((0.6, 0.45, 0.05), (0.45, 0.03, 0.03), (0.05, 0.2, 0.45))[int(rng.integers(3))]
    d.vehicle(
        "tram",
        rng.uniform(30, 46),
        side * (inner + (1.9 if side > 0 else 5.1) if rng.uniform() < 0.5 else inner + 1.9),
        np.pi,
        tint,
        half=(13.8, 1.25),
    )
    if rng.uniform() < 0.5:
        d.vehicle("tram", rng.uniform(80, 140), side * (inner + 5.1), 0.0, tint, half=(13.8, 1.25))
    far = inner + 7.0 + 1.6
    d.fence(side, far + 0.3, str(rng.choice(["railing", "meshfence"])), -4, 120)
    d.wood(side, far + 2, far + 16, 0, 250, 2.6, LEAFY, 0.4)
    other = width + 0.13 + walk.width
    kind = str(rng.choice(["terrace", "detached", "block"]))
    d.houses(-side, other + rng.uniform(1.5, 5), kind, -10, 200, (0.2, 5))
    d.fence(
        -side,
        other + 0.3,
        str(rng.choice(["hedge:mid", "picket", "wall:stone:0.8", "railing"])),
        -6,
        26,
    )
    d.tree_row(-side, other + 1.6, "maple", 7, 150, 13)
    d.parked(-side, width - 0.95, 14, 90, 0.35)
    d.lamps(-side, width + 0.4, "lamp:street", 15, 180, 30)
    d.stream(-width / 2, rng.uniform(18, 40), 160, (20, 60), True)
    d.stream(width / 2, rng.uniform(18, 40), 180, (20, 60), False)
    d.people(int(rng.integers(1, 5)), [(-side, width + 0.4, other - 0.3)], 8, 45)
    d.put("shelter", rng.uniform(22, 34), side * (inner + 7.7), d.facing(side))
    d.people(4, [(side, inner + 7.2, inner + 8.2)], 14, 40)
    d.tufts(side, far, far + 3, 4, 30, "wild", 0.6)
    d.edge_weeds(side, width + 0.15, 3, 40, 0.5)
    d.signs(width + 0.4, 9, 70, 4)
    d.backdrop(LEAFY, 50, houses=True)
    d.posts = Posts([(-side, width + 0.4), (side, inner + 7.9)], ("sign", "signal", "signal", "lamp:street"))
    d.set_light(pick_sky(rng, weather), Camera())
    return d
