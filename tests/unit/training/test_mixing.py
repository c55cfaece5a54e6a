import numpy as np
import pytest
from PIL import Image
from synthetic import HEIGHT, WIDTH, tiny_recipe

from unet_explorer.classes import load_class_table
from unet_explorer.datasets.decoded import DecodedPictures
from unet_explorer.errors import DatasetError, RecipeError
from unet_explorer.training.loop import Control
from unet_explorer.training.mixing import extra_samples, open_source
from unet_explorer.training.recipe import Recipe, load_recipe
from unet_explorer.training.recipe_parts import Data
from unet_explorer.training.run import Request, recipe_digest, train


def make_scenes(root, names, shade):
    """Scenes of one gray shade whose pixels are all Car."""
    for folder in ("image", "label"):
        (root / folder).mkdir(parents=True)
    for name in names:
        Image.fromarray(np.full((HEIGHT, WIDTH, 3), shade, np.uint8)).save(root / "image" / f"{name}.png")
        Image.fromarray(np.full((HEIGHT, WIDTH), 6, np.uint8)).save(root / "label" / f"{name}.png")
    return root


@pytest.fixture
def folders(tmp_path):
    """Two sets with the same names, so that a mix-up of the two shows."""
    names = ["train_00000", "train_00001", "train_00002", "validation_00003"]
    return make_scenes(tmp_path / "dark", names, 20), make_scenes(tmp_path / "light", names, 220)


def mixed(light, **extra):
    return Data.from_dict({"name": "scenes", "extras": [{"name": "scenes", "root": str(light), **extra}]})


@pytest.mark.parametrize("reader", [None, "cached"])
def test_extras_are_read_from_their_own_folder_and_never_judge(folders, tmp_path, reader):
    dark, light = folders
    wrap = (lambda dataset: DecodedPictures(dataset, tmp_path / "cache")) if reader else None
    source = open_source(mixed(light, part="train", times=2), dark, wrap)
    assert [int(source.read(sample).pixels[0, 0, 0]) for sample in source.split("train")] == [20] * 3
    assert [int(source.read(sample).pixels[0, 0, 0]) for sample in extra_samples(source)] == [220] * 6
    assert [sample.image.parent.parent for sample in source.split("validation")] == [dark]


def test_a_run_learns_from_both_and_says_how_many(folders, tmp_path):
    dark, light = folders
    recipe = tiny_recipe(
        network={**tiny_recipe().network, "outputs": 30},
        data=mixed(light).to_dict(),
        phases=[{"epochs": 1, "batch": 7}],
        every={"log": 1, "preview": 0},
    )
    events = []
    train(
        Request(recipe, open_source(recipe.data, dark), tmp_path / "run", listeners=(events.append,), control=Control())
    )
    start = next(event.values for event in events if event.kind == "start")
    assert (start["training_pictures"], start["validation_pictures"], start["steps"]) == (7, 1, 1)


def test_without_extras_the_data_set_is_opened_as_it_always_was(folders):
    source = open_source(Data(name="scenes"), folders[0])
    assert extra_samples(source) == ()
    assert len(source.split("all")) == 4


def test_a_relative_root_lies_in_the_repository(folders, monkeypatch, tmp_path):
    dark, light = folders
    monkeypatch.setattr("unet_explorer.training.mixing.REPOSITORY", light.parent)
    monkeypatch.chdir(dark)
    assert len(extra_samples(open_source(mixed("light"), dark))) == 4


def test_other_classes_are_refused(folders, tmp_path):
    pairs = tmp_path / "pairs"
    for folder in ("images", "masks"):
        (pairs / folder).mkdir(parents=True)
    Image.new("L", (8, 8)).save(pairs / "images" / "a.png")
    Image.new("L", (8, 8)).save(pairs / "masks" / "a.png")
    with pytest.raises(DatasetError, match=r"adds tgs-salt, whose classes are not those of scenes"):
        open_source(
            Data.from_dict({"name": "scenes", "extras": [{"name": "tgs-salt", "root": str(pairs)}]}), folders[0]
        )


@pytest.mark.parametrize(
    ("extras", "sentence"),
    [
        ([{"name": "scenes"}], "The data extra lacks root; add it"),
        ([{"name": "scenes", "root": "a", "times": 0}], "times of the data extra is 0: give a whole number from 1"),
        ({"name": "scenes"}, "extras is .*: give a list of at least one data extra"),
    ],
)
def test_impossible_extras_are_refused(extras, sentence):
    with pytest.raises(RecipeError, match=sentence):
        Data.from_dict({"name": "kitti", "extras": extras})


def test_extras_decide_the_weights_and_a_recipe_without_keeps_its_digest():
    plain = load_recipe("kitti-16")
    more = plain.changed(['data.extras=[{"name": "scenes", "root": "sample_images"}]'])
    assert Recipe.from_dict(more.to_dict()) == more
    assert recipe_digest(more) != recipe_digest(plain)
    assert recipe_digest(more.changed(["data.extras=[]"])) == recipe_digest(plain)


def test_the_bundled_scenes_can_be_added_to_kitti(folders):
    data = Data.from_dict({"name": "scenes", "extras": [{"name": "scenes", "root": "sample_images"}]})
    source = open_source(data, folders[0])
    assert len(extra_samples(source)) == 12
    assert source.class_table.names == load_class_table("kitti").names
