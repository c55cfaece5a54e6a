"""Every model by name, such as `tree:lime:2`, `car:estate` or `house:terrace:41`: made once, shared by all scenes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from tools.scenes import barriers, buildings, furniture, heavy, people, plants, signs, structures, vehicles
from tools.scenes.labels import Label
from tools.scenes.mesh import Look, Mesh, generator

HEDGE_SIZES = {"low": (4.0, 0.9, 0.6), "mid": (4.0, 1.5, 0.7), "tall": (4.0, 2.1, 0.9)}
WALL_LOOKS = {
    "plaster": Look("plaster", Label.WALL, (0.6, 0.57, 0.5)),
    "stone": Look("stone", Label.WALL, (0.33, 0.29, 0.24)),
    "brick": Look("brick", Label.WALL, (0.3, 0.13, 0.08)),
    "concrete": Look("concrete", Label.WALL, (0.4, 0.385, 0.36)),
}
PAINTS = (
    (0.35, 0.02, 0.02),
    (0.02, 0.05, 0.2),
    (0.02, 0.02, 0.02),
    (0.4, 0.4, 0.4),
    (0.03, 0.16, 0.08),
    (0.5, 0.3, 0.02),
)
SIGN_SETS = (
    ("limit",), ("yield",), ("priority",), ("nostop",), ("parking",), ("warning",), ("crossing",), ("mandatory",),
    ("priority", "street"),
    ("stop",), ("street",), ("ban",), ("warning", "limit"), ("direction",),
)  # fmt: skip


def house(kind: str, seed: str) -> Mesh:
    """A house of a kind; the seed decides all of it."""
    rng = generator(int(seed), "house", kind)
    return buildings.build_house(buildings.draw_house(rng, kind), rng)


MAKERS: dict[str, Callable[..., Mesh]] = {
    "tree": lambda kind, seed: plants.tree(kind, int(seed)),
    "bush": lambda seed: plants.bush(int(seed)),
    "scrub": lambda seed: plants.bush(int(seed), (0.11, 0.13, 0.04), 7500),
    "hedge": lambda size, seed: plants.hedge(int(seed), *HEDGE_SIZES[size]),
    "grass": lambda kind, seed: plants.grass_patch(int(seed), *{"lawn": (0.12, 0.045), "verge": (0.35, 0.1),
    "wild": (0.5, 0.28)}[kind]),
    "car": vehicles.car,
    "house": house,
    "bus": heavy.bus,
    "tram": heavy.tram,
    "truck": lambda seed: heavy.truck(((0.62, 0.62, 0.6), (0.45, 0.08, 0.03), (0.06, 0.12, 0.3),
    (0.55, 0.42, 0.1))[int(seed) % 4]),
    "caravan": heavy.caravan,
    "trailer": lambda seed: heavy.trailer(((0.05, 0.12, 0.25), (0.25, 0.27, 0.28), (0.08, 0.14, 0.07))[int(seed) % 3]),
    "person": lambda seed: people.walker(int(seed)),
    "bicycle": lambda seed: people.bicycle(PAINTS[int(seed) % 6]),
    "cyclist": lambda seed: people.bicycle(PAINTS[int(seed) % 6], int(seed)),
    "motorcycle": lambda seed: people.motorcycle(PAINTS[int(seed) % 6]),
    "biker": lambda seed: people.motorcycle(PAINTS[int(seed) % 6], int(seed)),
    "lamp": lambda kind: {"street": furniture.street_lamp, "tall": lambda: furniture.street_lamp(10.0, 2.2),
    "ball": furniture.ball_lamp}[kind](),
    "sign": lambda which, seed: signs.sign_post(SIGN_SETS[int(which)], int(seed)),
    "board": lambda kind, seed: signs.big_board(kind, int(seed)),
    "gantry": lambda span, seed: signs.gantry(float(span), int(seed)),
    "signal": lambda lit, arm: signs.traffic_light(int(lit), float(arm)),
    "delineator": furniture.delineator,
    "bollard": furniture.bollard,
    "utility": furniture.utility_pole,
    "mast": lambda arm: furniture.catenary_mast(float(arm)),
    "rail": barriers.guard_rail,
    "railing": barriers.railing,
    "picket": lambda: barriers.picket_fence(),
    "whitepicket": lambda: barriers.picket_fence(2.5, 1.0, (0.66, 0.66, 0.63)),
    "meshfence": barriers.mesh_fence,
    "boardfence": barriers.board_fence,
    "wall": lambda look, height: barriers.wall_piece(4.0, float(height), WALL_LOOKS[look]),
    "noisewall": barriers.noise_wall,
    "bin": lambda seed: furniture.rubbish_bin(((0.035, 0.05, 0.04), (0.02, 0.05, 0.16), (0.3, 0.22, 0.02),
    (0.09, 0.06, 0.04))[int(seed) % 4]),
    "cabinet": furniture.cabinet,
    "bench": furniture.bench,
    "shelter": furniture.shelter,
    "barrier": barriers.barrier,
    "bridge": lambda span: structures.bridge(float(span)),
    "tunnel": lambda length: structures.tunnel(float(length)),
}  # fmt: skip


@lru_cache(maxsize=400)
def make_model(name: str) -> Mesh:
    """The mesh of a model.

    Args:
        name: maker and its arguments, joined by colons.

    Raises:
        KeyError: for an unknown maker.
    """
    kind, *arguments = name.split(":")
    return MAKERS[kind](*arguments)
