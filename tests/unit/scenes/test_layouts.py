"""Whole scenes before rendering: reproducible, plausible, nothing inside anything else."""

from functools import cache

import numpy as np
import pytest

from tools.scenes.labels import Label
from tools.scenes.output import make_scene
from tools.scenes.scene import Scene
from tools.scenes.themes import SHARES, THEMES, draw_theme
from tools.scenes.vehicles import BODIES

EXPECTED = {
    "avenue": {Label.ROAD, Label.SIDEWALK, Label.TRAFFIC_LIGHT, Label.VEGETATION},
    "crossing": {Label.PERSON, Label.TRAFFIC_LIGHT, Label.RIDER, Label.BUILDING},
    "estate": {Label.PARKING, Label.BUILDING, Label.STATIC, Label.VEGETATION},
    "forest": {Label.VEGETATION, Label.TERRAIN, Label.POLE},
    "highway": {Label.GUARD_RAIL, Label.BRIDGE, Label.TRUCK, Label.TRAFFIC_SIGN},
    "industrial": {Label.TRUCK, Label.GROUND, Label.BUILDING, Label.FENCE},
    "market": {Label.PERSON, Label.BICYCLE, Label.BUILDING},
    "residential": {Label.BUILDING, Label.SIDEWALK, Label.TERRAIN},
    "rural": {Label.TERRAIN, Label.POLE, Label.TRAFFIC_SIGN},
    "terrace": {Label.PARKING, Label.BUILDING, Label.CAR},
    "tram": {Label.RAIL_TRACK, Label.ON_RAILS, Label.STATIC},
    "tunnel": {Label.TUNNEL, Label.WALL, Label.ROAD},
}


@cache
def scene(theme: str, seed: int = 11) -> Scene:
    return make_scene(theme, seed)


def labels_of(built: Scene) -> set[Label]:
    used = {placed.model for placed in built.placed}
    meshes = [built.ground, *(built.models[name] for name in used)]
    return {part.look.label for mesh in meshes for part in mesh.parts}


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_every_theme_shows_its_classes_and_nothing_unnamed(theme: str) -> None:
    found = labels_of(scene(theme))
    assert EXPECTED[theme] <= found
    assert Label.NONE not in found
    assert Label.SKY not in found


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_geometry_is_finite_and_faces_point_into_their_points(theme: str) -> None:
    built = scene(theme)
    for mesh in [built.ground, *built.models.values()]:
        for part in mesh.parts:
            assert np.isfinite(part.points).all()
            assert part.faces.min() >= 0
            assert part.faces.max() < len(part.points)
            assert len(part.texture) == len(part.points)
            assert part.tints is None or len(part.tints) == len(part.faces)


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_cars_do_not_stand_in_one_another_or_in_the_camera(theme: str) -> None:
    built = scene(theme)
    cars = [placed for placed in built.placed if placed.model.startswith("car:")]
    assert len(cars) >= 2
    middles = np.array([placed.position[:2] for placed in cars])
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=-1) + np.eye(len(cars)) * 99
    assert apart.min() > min(body.width for body in BODIES.values())
    assert np.linalg.norm(middles - [built.camera.lateral, 0], axis=1).min() > 3


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_posts_fill_what_is_free_and_move_nothing(theme: str) -> None:
    bare = make_scene(theme, 11, posts=False)
    before, after = bare.placed, scene(theme).placed
    assert after[: len(before)] == before
    added = after[len(before) :]
    assert len(added) >= 3
    assert {placed.model.split(":")[0] for placed in added} <= {"sign", "signal", "lamp", "delineator", "utility"}
    assert (scene(theme).sky, scene(theme).camera) == (bare.sky, bare.camera)
    cars = np.array([placed.position[:2] for placed in before if placed.model.startswith("car:")])
    feet = np.array([placed.position[:2] for placed in added])
    assert np.linalg.norm(cars[:, None] - feet[None], axis=-1).min() > 0.9


def test_the_same_seed_gives_the_same_scene_and_another_seed_another() -> None:
    assert make_scene("rural", 5).digest() == make_scene("rural", 5).digest() != make_scene("rural", 6).digest()


def test_instances_are_numbered_from_one_without_gaps() -> None:
    numbers = [placed.instance for placed in scene("crossing").placed if placed.instance]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 10


def test_weather_is_what_was_asked_for() -> None:
    assert make_scene("rural", 5, "rain").sky.wet == 1.0
    assert make_scene("rural", 5, "low").sky.elevation < 16


def test_themes_are_drawn_with_their_shares() -> None:
    assert set(SHARES) == set(THEMES)
    drawn = [draw_theme(seed) for seed in range(4000)]
    total = sum(SHARES.values())
    for theme, share in SHARES.items():
        assert drawn.count(theme) / 4000 == pytest.approx(share / total, abs=0.025)


def test_an_unknown_theme_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no theme 'moon': choose from avenue, crossing"):
        make_scene("moon", 1)
