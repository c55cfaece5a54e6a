"""The road's axis, its strips and the corners of side roads, by hand."""

import numpy as np
import pytest

from tools.scenes.labels import Label
from tools.scenes.mesh import Look, Mesh
from tools.scenes.street import ASPHALT, FAR, Axis, Corridor, SideRoad, kerb, land, pavement


def corridor(*openings: SideRoad) -> Corridor:
    side = (kerb(0.1), pavement(2.0, height=0.12), land(1.5, rough=0.0, height=0.2))
    return Corridor(Axis(), (-4.0, 3.0), {-1: side, 1: side}, ASPHALT, openings)


def test_a_straight_axis_maps_s_forward_and_t_to_the_right() -> None:
    np.testing.assert_allclose(Axis().place(12.0, 3.0, 0.5), [3.0, 12.0, 0.5])


def test_a_constant_bend_is_a_circle_to_the_right() -> None:
    axis = Axis(((-40, 0.02), (420, 0.02)))  # radius 50 m around (50, 0)
    quarter = 50 * np.pi / 2
    np.testing.assert_allclose(axis.place(quarter, 0.0), [50, 50, 0], atol=0.02)
    np.testing.assert_allclose(axis.place(quarter, 10.0), [50, 40, 0], atol=0.02)
    np.testing.assert_allclose(axis.heading(quarter), np.pi / 2, atol=1e-3)


def test_a_slope_lifts_the_road() -> None:
    np.testing.assert_allclose(Axis((), ((-40, 0.05), (420, 0.05))).place(20.0, 0.0)[2], 1.0)


def test_heights_follow_the_profile() -> None:
    road = corridor()
    assert road.height(10, 0) == 0
    assert road.height(10, 3.0 + 0.13 + 1.0) == pytest.approx(0.13)  # middle of a sidewalk that rises 0.12 to 0.14
    assert road.height(10, -(4.0 + 0.13 + 2.0 + 14)) == pytest.approx(0.2 + 1.5 * (1 - np.exp(-1)), abs=0.02)


def test_strips_are_found_by_kind() -> None:
    inner, outer = corridor().offset_of(-1, "sidewalk")
    assert (inner, outer) == (pytest.approx(4.13), pytest.approx(6.13))
    assert not corridor().has(1, "bay")
    with pytest.raises(KeyError):
        corridor().offset_of(1, "bay")


def test_the_kerb_swings_round_a_corner_and_opens_into_the_side_road() -> None:
    road = corridor(SideRoad(30.0, 1, half=3.0, radius=5.0))
    at = np.array([20.0, 38.0, 33.0 + 5 - 5 * np.sin(np.pi / 6), 33.001, 30.0])
    swing = 5 - 5 * np.cos(np.pi / 6)
    np.testing.assert_allclose(road.boundary(1, 0.0, at), [3, 3, 3 + swing, 3 + 5, FAR], atol=0.15)
    np.testing.assert_allclose(road.boundary(-1, 0.0, at), 4.0)
    np.testing.assert_allclose(road.boundary(1, 2.0, np.array([34.0])), FAR)  # still inside the sidewalk's opening
    assert road.blocked(31.0, 1)
    assert not road.blocked(31.0, -1)
    assert not road.blocked(34.0, 1)


def test_the_ground_holds_road_sidewalk_and_terrain() -> None:
    mesh = Mesh()
    corridor(SideRoad(30.0, 1)).build(mesh)
    assert {part.look.label for part in mesh.parts} == {Label.ROAD, Label.SIDEWALK, Label.TERRAIN}
    assert all(np.isfinite(part.points).all() for part in mesh.parts)


def test_lines_lie_on_the_road_where_asked() -> None:
    mesh = Mesh()
    corridor().line(mesh, 1.0, 5.0, 8.0, 0.2, Look("lane", Label.ROAD))
    points = mesh.parts[0].points
    np.testing.assert_allclose([points[:, 0].min(), points[:, 0].max()], [0.9, 1.1])
    np.testing.assert_allclose([points[:, 1].min(), points[:, 1].max()], [5.0, 8.0])
