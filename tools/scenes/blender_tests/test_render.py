"""What needs Blender's `bpy`: run by `make scenes-test` in the environment of requirements-scenes.txt, never in CI.

A tiny street is rendered for real; its label map is compared with what the geometry says must be where.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tools.scenes.labels import Label
from tools.scenes.mesh import Look, Mesh
from tools.scenes.output import make_scene, picture_name
from tools.scenes.samples import MINI_SIZE, SAMPLE_SIZE, SHOTS, Shot, mini_scene, sample_scene
from tools.scenes.scene import Camera, Placed, Scene
from tools.scenes.stage import KITTI_CENTRE_Y, KITTI_FOCAL, KITTI_WIDTH, Passes, render

SIZE = (38, 124)
SHIPPED = Path(__file__).parents[3] / "sample_images"


@pytest.fixture(scope="module")
def simple() -> Passes:
    """A plane of road and one red box 2 m wide and high, 10 m ahead, 1 m to the right."""
    scene = Scene("test", 1, camera=Camera(lateral=0.0))
    scene.ground.quad([(-50, -5, 0), (50, -5, 0), (50, 500, 0), (-50, 500, 0)], Look("asphalt", Label.ROAD))
    scene.models["box"] = Mesh().box((-1, 0, 0), (1, 2, 2), Look("paint", Label.CAR, (0.6, 0.02, 0.02)))
    scene.placed.append(Placed("box", (1.0, 10.0, 0.0), instance=7))
    return render(scene, SIZE, 8)


def test_the_box_is_where_the_pinhole_puts_it(simple: Passes) -> None:
    scale = SIZE[1] / KITTI_WIDTH
    focal, middle = KITTI_FOCAL * scale, SIZE[1] / 2
    horizon = KITTI_CENTRE_Y * scale
    rows, columns = np.nonzero(simple.labels == Label.CAR)
    left, right = middle + focal * 0.0 / 10, middle + focal * 2.0 / 10
    top, bottom = horizon - focal * (2 - 1.65) / 10, horizon + focal * 1.65 / 10
    assert columns.min() == pytest.approx(left, abs=1)
    assert columns.max() + 1 == pytest.approx(right, abs=1)
    assert rows.min() == pytest.approx(top, abs=1)
    assert rows.max() + 1 == pytest.approx(bottom, abs=1)


def test_instances_depth_and_labels_are_of_the_same_pixels(simple: Passes) -> None:
    car = simple.labels == Label.CAR
    np.testing.assert_array_equal(simple.instances == 7, car)
    assert np.median(simple.depth[car]) == pytest.approx(10.0, abs=0.01)
    np.testing.assert_array_equal(np.isinf(simple.depth), simple.labels == Label.SKY)
    assert set(np.unique(simple.labels)) == {Label.ROAD, Label.CAR, Label.SKY}


def test_the_light_shows_the_same_box(simple: Passes) -> None:
    red = simple.light[..., 0] > 2.5 * simple.light[..., 2]
    car = simple.labels == Label.CAR
    assert (red & car).sum() / (red | car).sum() > 0.85


def test_the_same_seed_gives_the_same_label_map() -> None:
    first, second = (render(make_scene("rural", 3), SIZE, 1, labels_only=True) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.instances, second.instances)
    np.testing.assert_array_equal(first.depth, second.depth)
    other = render(make_scene("rural", 4), SIZE, 1, labels_only=True)
    assert (other.labels != first.labels).mean() > 0.05


@pytest.mark.parametrize("shot", SHOTS, ids=[shot.name for shot in SHOTS])
def test_the_shipped_samples_are_what_their_seeds_give(shot: Shot) -> None:
    made = render(sample_scene(shot), SAMPLE_SIZE, 1, labels_only=True).labels
    np.testing.assert_array_equal(made, np.asarray(Image.open(SHIPPED / f"{shot.name}_label.png")))


@pytest.mark.parametrize("index", range(0, 48, 5))
def test_the_shipped_training_set_is_what_its_seeds_give(index: int) -> None:
    made = render(mini_scene(index), MINI_SIZE, 1, labels_only=True).labels
    shipped = Image.open(SHIPPED / "training" / "label" / f"{picture_name(index)}.png")
    np.testing.assert_array_equal(made, np.asarray(shipped))
