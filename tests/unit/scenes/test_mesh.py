"""Shapes against hand-computed sizes, and random streams."""

import numpy as np

from tools.scenes.labels import Label
from tools.scenes.mesh import Look, Mesh, generator, yaw_matrix

PLAIN = Look("concrete", Label.WALL)


def area_vectors(mesh: Mesh) -> np.ndarray:
    """Sum over quads of half the cross product of the diagonals, dotted with the position: six times the volume."""
    total = 0.0
    for part in mesh.parts:
        for face in part.faces:
            corners = part.points[face]
            for k in range(1, len(face) - 1):
                total += float(np.dot(corners[0], np.cross(corners[k], corners[k + 1])))
    return np.array(total / 6)


def test_a_box_encloses_its_volume_with_normals_outward() -> None:
    box = Mesh().box((1, 2, 3), (2, 4, 6), PLAIN)
    assert box.face_count == 6
    np.testing.assert_allclose(area_vectors(box), 1 * 2 * 3)


def test_a_ball_encloses_nearly_the_volume_of_a_ball() -> None:
    ball = Mesh().ellipsoid((5, 0, 0), (1, 2, 3), PLAIN, 60, 60)
    np.testing.assert_allclose(abs(area_vectors(ball)), 4 / 3 * np.pi * 6, rtol=0.02)


def test_a_tube_has_its_radius_around_its_line() -> None:
    tube = Mesh().tube([(0, 0, 0), (0, 0, 2)], [0.5, 0.25], PLAIN, 12)
    points = tube.parts[0].points.reshape(2, 12, 3)
    np.testing.assert_allclose(np.linalg.norm(points[0, :, :2], axis=1), 0.5)
    np.testing.assert_allclose(np.linalg.norm(points[1, :, :2], axis=1), 0.25)
    np.testing.assert_allclose(points[..., 2], [[0] * 12, [2] * 12])


def test_put_scales_turns_and_moves() -> None:
    dot = Mesh().add([(1, 0, 0), (2, 0, 0), (1, 1, 0)], [[0, 1, 2]], PLAIN)
    copy = Mesh().put(dot, (10, 20, 30), np.pi / 2, 2.0)
    np.testing.assert_allclose(copy.parts[0].points, [(10, 22, 30), (10, 24, 30), (8, 22, 30)], atol=1e-12)
    np.testing.assert_allclose(yaw_matrix(np.pi / 2) @ [1, 0, 0], [0, 1, 0], atol=1e-12)


def test_the_digest_sees_points_classes_and_tints() -> None:
    def triangle(x: float, look: Look, tints: np.ndarray | None = None) -> str:
        return Mesh().add([(x, 0, 0), (2, 0, 0), (1, 1, 0)], [[0, 1, 2]], look, None, tints).digest()

    same = triangle(1, PLAIN)
    assert same == triangle(1, PLAIN)
    others = [triangle(1.1, PLAIN), triangle(1, Look("concrete", Label.POLE)), triangle(1, PLAIN, np.ones((1, 3)))]
    assert len({same, *others}) == 4


def test_random_streams_depend_on_seed_and_purpose_only() -> None:
    first = generator(3, "tree").uniform(size=4)
    generator(3, "house").uniform(size=100)
    np.testing.assert_array_equal(generator(3, "tree").uniform(size=4), first)
    assert not np.allclose(generator(4, "tree").uniform(size=4), first)
    assert not np.allclose(generator(3, "bush").uniform(size=4), first)
