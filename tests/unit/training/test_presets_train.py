"""Every recipe trains for real, on pictures in the layout of its data; only sizes, depth and lengths are cut."""

import numpy as np
import pytest
from PIL import Image

from unet_explorer.classes import load_class_table
from unet_explorer.datasets import open_dataset
from unet_explorer.training.recipe import load_recipe, recipe_names
from unet_explorer.training.run import Request, train

COUNT = 10


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """A few pictures in the layouts of KITTI, CARLA, TGS salt and the scenes."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(3)
    return {
        "kitti": write_kitti(folder / "kitti", rng),
        "carla": write_carla(folder / "carla", rng),
        "tgs-salt": write_salt(folder / "salt", rng),
        "scenes": write_scenes(folder / "scenes", rng),
    }


def save(array, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def write_kitti(root, rng):
    table = load_class_table("kitti")
    for name in [*(f"{number:06d}_10" for number in range(200))][::10]:
        ids = np.repeat(np.repeat(rng.integers(0, 30, (5, 8)), 8, 0), 8, 1).astype(np.uint8)
        save(rng.integers(0, 256, (40, 64, 3), dtype=np.uint8), root / "training/image_2" / f"{name}.png")
        save(table.to_rgb(ids), root / "training/semantic_rgb" / f"{name}.png")
    return root


def write_carla(root, rng):
    for number in range(COUNT):
        ids = np.zeros((60, 80, 3), np.uint8)
        ids[..., 0] = np.repeat(np.repeat(rng.integers(0, 13, (6, 8)), 10, 0), 10, 1)
        save(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), root / "dataA/CameraRGB" / f"F{number}.png")
        save(ids, root / "dataA/CameraSeg" / f"F{number}.png")
    return root


def write_salt(root, rng):
    for number in range(COUNT):
        mask = np.zeros((101, 101), np.uint8)
        mask[: 10 * (number % 5), 20:] = 255
        save(rng.integers(0, 256, (101, 101), dtype=np.uint8), root / "images" / f"s{number}.png")
        save(mask, root / "masks" / f"s{number}.png")
    return root


def write_scenes(root, rng):
    table = load_class_table("kitti")
    for number in range(COUNT):
        name = f"{'validation_' if number > 6 else ''}street_{number}"
        ids = np.repeat(np.repeat(rng.integers(0, 30, (4, 6)), 10, 0), 10, 1).astype(np.uint8)
        save(rng.integers(0, 256, (40, 60, 3), dtype=np.uint8), root / "image" / f"{name}.webp")
        save(table.to_rgb(ids), root / "label" / f"{name}.png")
    return root


def cut(recipe):
    """The recipe with a network of two filters and two stages on small pictures: an epoch a phase, begun at random."""
    size = [60, 76] if recipe.preset == "paper-valid" else [32, 48]
    changes = [f"network.height={size[0]}", f"network.width={size[1]}", "network.filters=2", "network.depth=2"]
    for number in range(len(recipe.phases)):
        changes += [
            f"phases.{number}.{field}" for field in ("epochs=1", "steps=1", "batch=2", "height=null", "width=null")
        ]
    return recipe.changed([*changes, "every.preview=0", "begin_with=null", "blend=1"])


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_trains_on_its_data(name, roots, tmp_path):
    recipe = cut(load_recipe(name))
    source = open_dataset(recipe.data.name, roots[recipe.data.name])
    outcome = train(Request(recipe, source, tmp_path))
    assert outcome.status == "finished"
    assert all(np.isfinite(value).all() for value in outcome.weights.values())
    assert len(outcome.progress.history) == len(recipe.phases)
    validated = "val_mean_iou" in outcome.progress.history[-1]
    assert validated is (recipe.data.validation is not None)
