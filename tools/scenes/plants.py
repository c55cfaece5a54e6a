"""Trees, bushes, hedges and grass: branching wood, and thousands of single leaves as folded rhombs (no alpha cards)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Colour, Look, Mesh, Points, generator

BARK = Look("bark", Label.VEGETATION, (0.16, 0.12, 0.09), smooth=True)
BIRCH_BARK = Look("bark", Label.VEGETATION, (0.62, 0.6, 0.55), smooth=True)
LEAF = Look("leaf", Label.VEGETATION)
INNER = Look("soil", Label.VEGETATION, (0.012, 0.018, 0.008))
BLADE = Look("leaf", Label.TERRAIN)


@dataclass(frozen=True)
class Species:
    """How a tree grows.

    Attributes:
        height: of the top, metres.
        clear: height of the bare trunk, metres.
        spread: crown radius, metres.
        trunk: radius at the foot, metres.
        leaves: how many.
        leaf: length of one, metres.
        clump: radius of the leaf cloud around a twig, metres.
        shape: "round", "column", "cone" or "open".
        tint: mean leaf colour, linear RGB.
    """

    height: float
    clear: float
    spread: float
    trunk: float
    leaves: int
    leaf: float
    clump: float
    shape: str
    tint: Colour
    bark: Look = BARK


SPECIES = {
    "lime": Species(10.5, 2.6, 3.6, 0.17, 44000, 0.125, 0.55, "round", (0.1, 0.165, 0.03)),
    "maple": Species(8.5, 2.3, 3.1, 0.13, 38000, 0.13, 0.5, "round", (0.125, 0.18, 0.032)),
    "oak": Species(13.0, 2.8, 5.2, 0.28, 56000, 0.16, 0.75, "round", (0.085, 0.14, 0.028)),
    "plane": Species(12.0, 3.4, 4.6, 0.22, 46000, 0.165, 0.7, "open", (0.14, 0.19, 0.04)),
    "birch": Species(11.0, 2.2, 2.5, 0.11, 30000, 0.095, 0.5, "open", (0.15, 0.2, 0.045), BIRCH_BARK),
    "poplar": Species(15.0, 1.2, 1.7, 0.2, 38000, 0.125, 0.5, "column", (0.095, 0.15, 0.03)),
    "spruce": Species(14.0, 0.6, 2.9, 0.2, 60000, 0.13, 0.34, "cone", (0.04, 0.075, 0.03)),
    "young": Species(5.0, 1.7, 1.5, 0.05, 13000, 0.1, 0.36, "round", (0.12, 0.19, 0.035)),
}


def crown_radius(shape: str, share: float) -> float:
    """Relative crown radius at a relative crown height in [0, 1]."""
    if shape == "cone":
        return max(0.06, 1.0 - share)
    if shape == "column":
        return float(np.sqrt(max(0.03, np.sin(np.pi * min(0.98, 0.12 + 0.86 * share)))))
    return float(np.sqrt(max(0.02, 1.0 - (2.0 * max(share, 0.02) ** 0.8 - 0.85) ** 2 / 1.33)))


def bent_line(
    start: Points, end: Points, sag: float, rng: np.random.Generator, count: int = 5, wobble: float = 0.035
) -> Points:
    """A wavering line between two points; positive `sag` makes it climb late, as branches do."""
    share = np.linspace(0, 1, count)[:, None]
    line = start + (end - start) * share
    line[:, 2] -= sag * np.sin(np.pi * share[:, 0])
    shake = rng.normal(0, wobble * np.linalg.norm(end - start), (count, 3))
    shake[0] = shake[-1] = 0
    return line + shake


def tree(kind: str, seed: int) -> Mesh:
    """A tree of one species; the same kind and seed always grow the same tree.

    Returns:
        Mesh with its foot at the origin.
    """
    species, rng = SPECIES[kind], generator(seed, "tree", kind)
    mesh = Mesh()
    lean = rng.normal(0, 0.025, 2) * species.height
    top = np.array([lean[0], lean[1], species.height * 0.96])
    trunk = bent_line(np.zeros(3), top, 0.0, rng, 9, 0.007)
    trunk[0] = 0
    heights = trunk[:, 2] / species.height
    mesh.tube(
        trunk,
        species.trunk * (1 - heights) ** 0.8 + 0.012 + species.trunk * 0.5 * np.exp(-heights * 40),
        species.bark,
        9,
    )
    twigs = grow_branches(mesh, trunk, species, rng)
    scatter_leaves(mesh, twigs, species, rng)
    return mesh


def grow_branches(mesh: Mesh, trunk: Points, species: Species, rng: np.random.Generator) -> Points:
    """Add two orders of branches and return (n, 3) places where leaves grow."""
    places: list[Points] = []
    count = {"cone": 46, "column": 40}.get(species.shape, 24)
    for k in range(count):
        share = (k + rng.uniform(0.1, 0.9)) / count
        height = species.clear + (species.height - species.clear) * share
        reach = species.spread * crown_radius(species.shape, share) * rng.uniform(0.72, 1.08)
        angle = k * 2.399963 + rng.normal(0, 0.25)
        lift = {"cone": -0.18, "column": 1.3}.get(species.shape, 0.35 + 0.5 * share)
        foot = max(species.clear * 0.8, height - reach * max(lift, 0.0))
        start = np.array([np.interp(foot, trunk[:, 2], trunk[:, axis]) for axis in range(3)])
        end = np.array(
            [start[0] + reach * np.cos(angle), start[1] + reach * np.sin(angle), height + min(lift, 0) * reach]
        )
        line = bent_line(start, end, 0.12 * reach, rng)
        thick = species.trunk * 0.36 * (1 - 0.65 * share)
        mesh.tube(line, np.linspace(thick, 0.012, len(line)), species.bark, 5)
        places.append(line[2:])
        places.append(grow_twigs(mesh, line, species, rng, reach))
    return np.concatenate(places)


def grow_twigs(mesh: Mesh, branch: Points, species: Species, rng: np.random.Generator, reach: float) -> Points:
    """Add twigs to one branch; returns (n, 3) points along them."""
    places: list[Points] = []
    for _ in range(6 if species.shape != "cone" else 5):
        share = rng.uniform(0.3, 1.0)
        start = branch[0] + (branch[-1] - branch[0]) * share
        length = reach * rng.uniform(0.18, 0.42) + 0.25
        direction = rng.normal(0, 1, 3) * [1, 1, 0.55] + (branch[-1] - branch[0]) / max(reach, 0.3) * 0.7
        end = start + direction / np.linalg.norm(direction) * length
        line = bent_line(start, end, 0.03, rng, 4)
        mesh.tube(line, [0.02, 0.015, 0.01, 0.006], species.bark, 4)
        places.append(line[1:])
    return np.concatenate(places)


def scatter_leaves(mesh: Mesh, places: Points, species: Species, rng: np.random.Generator) -> None:
    """Hang the leaves in clouds around the places, larger clumps than gaps, so that the sky shows through."""
    weight = rng.gamma(1.6, 1.0, len(places))
    chosen = rng.choice(len(places), species.leaves, p=weight / weight.sum())
    offset = rng.normal(0, 1, (species.leaves, 3))
    offset *= (species.clump * rng.uniform(0, 1, species.leaves) ** 0.5 / np.linalg.norm(offset, axis=1))[:, None]
    offset[:, 2] *= 0.7
    centres = places[chosen] + offset
    middle = np.array([0, 0, species.clear + 0.45 * (species.height - species.clear)])
    outward = centres - middle
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    tone = rng.normal(1, 0.1, len(places))[chosen]  # one clump, one tone: it reads as a branch
    tints = leaf_tints(species.tint, species.leaves, rng) * tone[:, None]
    add_leaves(mesh, centres, outward, species.leaf, tints, rng, LEAF)


def leaf_tints(mean: Colour, count: int, rng: np.random.Generator) -> Points:
    """(count, 3) leaf colours around a mean, some yellower, some darker."""
    value = rng.normal(1, 0.2, (count, 1)).clip(0.45, 1.7)
    yellow = rng.normal(0, 0.13, count)
    tints = np.asarray(mean) * value
    tints[:, 0] *= np.exp(yellow)
    return tints.clip(0.004, 0.9)


def add_leaves(
    mesh: Mesh, centres: Points, outward: Points, size: float, tints: Points, rng: np.random.Generator, look: Look
) -> None:
    """Add one folded rhomb a leaf, facing roughly outward and up."""
    count = len(centres)
    normal = outward * 0.55 + rng.normal(0, 0.6, (count, 3)) + [0, 0, 0.35]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along = np.cross(normal, rng.normal(0, 1, (count, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(normal, along)
    half = (size * rng.uniform(0.6, 1.25, (count, 1))) / 2
    points = np.stack(
        [centres - along * half, centres + across * half * 0.62 + normal * half * 0.22, centres + along * half,
         centres - across * half * 0.62 + normal * half * 0.22], axis=1,
    )  # fmt: skip
    mesh.add(points, np.arange(count * 4).reshape(count, 4), look, None, tints)


def bush(seed: int, tint: Colour = (0.07, 0.12, 0.025), leaves: int = 11000) -> Mesh:
    """A round bush about 1.6 m high and 2 m wide."""
    rng, mesh = generator(seed, "bush"), Mesh()
    lobes = rng.normal(0, 1, (11, 3)) * [0.5, 0.5, 0.0] + [0, 0, 0.3]
    lobes[:, 2] += rng.uniform(0.0, 0.75, 11) * np.exp(-(lobes[:, 0] ** 2 + lobes[:, 1] ** 2))
    for lobe in lobes[:6]:
        mesh.tube(bent_line(np.array([0, 0, 0.0]), lobe, 0.05, rng, 4), [0.03, 0.02, 0.015, 0.006], BARK, 4)
    pick = rng.integers(0, len(lobes), leaves)
    direction = rng.normal(0, 1, (leaves, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    centres = lobes[pick] + direction * (rng.uniform(0.25, 1, (leaves, 1)) ** 0.5 * 0.48)
    centres[:, 2] = np.abs(centres[:, 2] - 0.03) + 0.03
    tone = rng.normal(1, 0.13, len(lobes))[pick][:, None]
    add_leaves(mesh, centres, direction, 0.075, leaf_tints(tint, leaves, rng) * tone, rng, LEAF)
    return mesh


def hedge(seed: int, length: float = 4.0, height: float = 1.5, width: float = 0.7) -> Mesh:
    """A clipped hedge along y, centred on the origin: leaves on a dark core."""
    rng, mesh = generator(seed, "hedge", length, height), Mesh()
    core = width / 2 - 0.1
    mesh.box((-core, -length / 2, 0), (core, length / 2, height - 0.1), INNER)
    count = int(900 * (2 * height * length + width * length + 2 * height * width))
    area = np.array([height * length, height * length, width * length, height * width, height * width])
    side = rng.choice(5, count, p=area / area.sum())
    u, v = rng.uniform(-0.5, 0.5, count), rng.uniform(0, 1, count)
    depth = width / 2 + rng.normal(0, 0.035, count) + 0.03 * np.sin(u * length * 2.3) * np.sin(v * 5)
    centres, outward = np.zeros((count, 3)), np.zeros((count, 3))
    for k, sign in ((0, -1.0), (1, 1.0)):
        here = side == k
        centres[here] = np.stack([sign * depth, u * length, v * height], 1)[here]
        outward[here, 0] = sign
    top = side == 2
    centres[top] = np.stack([(v - 0.5) * width, u * length, height + rng.normal(0, 0.035, count)], 1)[top]
    outward[top, 2] = 1
    for k, sign in ((3, -1.0), (4, 1.0)):
        here = side == k
        centres[here] = np.stack([u * width, sign * (length / 2 + rng.normal(0, 0.03, count)), v * height], 1)[here]
        outward[here, 1] = sign
    centres[:, 2] = np.maximum(centres[:, 2], 0.03)
    add_leaves(mesh, centres, outward, 0.06, leaf_tints((0.08, 0.135, 0.028), count, rng), rng, LEAF)
    return mesh


def grass_patch(seed: int, dry: float = 0.2, height: float = 0.1, blades: int = 900) -> Mesh:
    """Blades on one square metre around the origin; `dry` in [0, 1] turns some to straw."""
    rng, mesh = generator(seed, "grass"), Mesh()
    clumps = rng.uniform(-0.55, 0.55, (26, 2))
    feet = np.concatenate(
        [clumps[rng.integers(0, 26, blades)] + rng.normal(0, 0.09, (blades, 2)), np.zeros((blades, 1))], 1
    )
    tall = height * rng.gamma(3.0, 0.33, (blades, 1)).clip(0.3, 2.4)
    lean = rng.normal(0, 0.5, (blades, 2)) * tall
    tips = feet + np.concatenate([lean, tall], 1)
    side = rng.normal(0, 1, (blades, 2))
    side = np.concatenate([side / np.linalg.norm(side, axis=1, keepdims=True) * 0.006, np.zeros((blades, 1))], 1)
    points = np.stack([feet - side, feet + side, tips], 1)
    straw = (rng.uniform(0, 1, (blades, 1)) < dry) * rng.uniform(0.5, 1, (blades, 1))
    tints = leaf_tints((0.1, 0.155, 0.03), blades, rng) * (1 - straw) + np.array([0.33, 0.25, 0.1]) * straw
    mesh.add(points, np.arange(blades * 3).reshape(blades, 3), BLADE, None, tints)
    return mesh
