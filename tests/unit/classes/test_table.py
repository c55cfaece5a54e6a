"""Class tables: the known ones, ids and colours both ways, and what makes a table impossible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unet_explorer.classes import TABLE_NAMES, ClassEntry, ClassTable, load_class_table, numbered_class_table
from unet_explorer.classes.numbered import oklab
from unet_explorer.errors import ClassColourError, ClassTableError
from unet_explorer.pictures import open_picture

TINY = ClassTable("tiny", (ClassEntry(0, "Road", (128, 64, 128)), ClassEntry(1, "Car", (0, 0, 142), "vehicle")))


def test_the_kitti_table_is_that_of_article_a() -> None:
    table = load_class_table("kitti")
    assert len(table) == 30
    assert [table[class_id].name for class_id in (0, 4, 6, 20, 23, 29)] == [
        "Road",
        "Person",
        "Car",
        "Pole",
        "Vegetation",
        "None",
    ]
    assert table.by_name("tunnel").colour == (150, 120, 90)
    assert [entry.id for entry in table if entry.void] == [26, 27, 28, 29]


def test_the_carla_and_salt_tables() -> None:
    carla = load_class_table("carla")
    assert (len(carla), carla[7].name, carla[10].name, carla[12].name) == (13, "Road", "Car", "Traffic sign")
    assert load_class_table("salt").names == ("No salt", "Salt")


@pytest.mark.parametrize("name", TABLE_NAMES)
def test_ids_become_colours_and_back(name: str) -> None:
    table = load_class_table(name)
    ids = np.random.default_rng(2).integers(0, len(table), (31, 17), dtype=np.uint8)
    rgb = table.to_rgb(ids)
    assert rgb[3, 5].tolist() == list(table[int(ids[3, 5])].colour)
    np.testing.assert_array_equal(table.to_ids(rgb, "label.png"), ids)


def test_every_kitti_label_picture_is_known_to_the_table(kitti_root: Path) -> None:
    table = load_class_table("kitti")
    paths = sorted((kitti_root / "training" / "semantic_rgb").glob("*.png"))
    assert len(paths) >= 140
    for path in paths[::10]:
        label = open_picture(path)
        np.testing.assert_array_equal(table.to_rgb(table.to_ids(label.pixels, path.name)), label.pixels)


def test_ids_beyond_the_table_are_black() -> None:
    rgb = TINY.to_rgb(np.array([[0, 1, 2, 255]], np.uint8))
    assert rgb.tolist() == [[[128, 64, 128], [0, 0, 142], [0, 0, 0], [0, 0, 0]]]
    assert TINY.to_rgb(np.array([[-1, -2, -3]])).tolist() == [[[0, 0, 0]] * 3]


def test_an_unknown_colour_is_named_with_its_place() -> None:
    rgb = TINY.to_rgb(np.zeros((4, 5), np.uint8))
    rgb[2, 3] = (50, 120, 90)
    with pytest.raises(ClassColourError, match=r"label\.png has the colour \(50, 120, 90\) at row 2, column 3"):
        TINY.to_ids(rgb, "label.png")
    rgb[2, 3] = (255, 255, 255)
    with pytest.raises(ClassColourError, match=r"\(255, 255, 255\)"):
        TINY.to_ids(rgb, "label.png")


def test_every_other_colour_is_unknown() -> None:
    colours = {entry.colour for entry in load_class_table("kitti")}
    for entry in load_class_table("kitti"):
        for channel, bit in np.ndindex(3, 8):
            near = list(entry.colour)
            near[channel] ^= 1 << int(bit)
            if tuple(near) not in colours:
                with pytest.raises(ClassColourError):
                    load_class_table("kitti").to_ids(np.array([[near]], np.uint8), "label.png")
    # Red 2 and green 0 against red 1 and green 128, which a shift of one bit too few would confuse.
    table = ClassTable("t", (ClassEntry(0, "a", (2, 0, 0)),))
    with pytest.raises(ClassColourError, match=r"\(1, 128, 0\)"):
        table.to_ids(np.array([[[1, 128, 0]]], np.uint8), "label.png")


def test_names_are_found_in_any_case_and_close_ones_offered() -> None:
    assert TINY.by_name(" CAR ").id == 1
    with pytest.raises(ClassTableError, match=r"no class 'raod' in table 'tiny'; did you mean Road\?"):
        TINY.by_name("raod")
    with pytest.raises(ClassTableError, match=r"the classes are Road, Car\."):
        TINY.by_name("zzz")


def test_ids_out_of_range_name_the_range() -> None:
    assert TINY[1].name == "Car"
    for wrong in (-1, 2):
        with pytest.raises(ClassTableError, match="its ids are 0 to 1"):
            TINY[wrong]


def test_a_table_survives_json() -> None:
    for name in TABLE_NAMES:
        table = load_class_table(name)
        assert ClassTable.from_dict(table.to_dict()) == table


ROAD = {"id": 0, "name": "Road", "colour": [1, 2, 3]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"classes": [ROAD]}, "no 'name'"),
        ({"name": "t"}, "no 'classes'"),
        ({"name": "t", "classes": []}, "is empty"),
        ({"name": "t", "classes": [{"id": 0, "name": "Road"}]}, "no 'colour'"),
        ({"name": "t", "classes": [{**ROAD, "colour": [1, 2]}]}, "classes must look like"),
        ({"name": "t", "classes": [{**ROAD, "colour": [1.5, 2, 3]}]}, "classes must look like"),
        ({"name": "t", "classes": [{**ROAD, "colour": [1, 2, 256]}]}, "not within 0 to 255"),
        ({"name": "t", "classes": [{**ROAD, "id": True}]}, "classes must look like"),
        ({"name": "t", "classes": [{**ROAD, "id": 1}]}, "number the classes from 0"),
        ({"name": "t", "classes": [ROAD, {**ROAD, "name": "Car", "colour": [9, 9, 9]}]}, "number the classes from 0"),
        ({"name": "t", "classes": [{**ROAD, "name": " "}]}, "has no name"),
        ({"name": "t", "classes": [ROAD, {**ROAD, "id": 1, "name": "ROAD"}]}, "the name road occurs twice"),
        ({"name": "t", "classes": [ROAD, {**ROAD, "id": 1, "name": "Car"}]}, "the colour .* occurs twice"),
        ({"name": "t", "classes": "Road"}, "classes must look like"),
    ],
)
def test_impossible_tables_are_refused(data: dict[str, object], words: str) -> None:
    with pytest.raises(ClassTableError, match=words):
        ClassTable.from_dict(data, source="card.json")


def test_an_unknown_table_name_offers_close_ones() -> None:
    with pytest.raises(ClassTableError, match=r"did you mean kitti\?"):
        load_class_table("kiti")
    with pytest.raises(ClassTableError, match="use kitti, carla, salt"):
        load_class_table("zzz")


@pytest.mark.parametrize(("count", "distance"), [(2, 0.3), (13, 0.15), (30, 0.11), (256, 0.04)])
def test_numbered_colours_are_far_apart_to_the_eye(count: int, distance: float) -> None:
    lab = oklab(numbered_class_table(count).colours)
    gaps = np.linalg.norm(lab[:, None] - lab[None], axis=2)[~np.eye(count, dtype=bool)]
    # For comparison: "Car" and "Truck" of Cityscapes are 0.14 apart, "Truck" and "Caravan" 0.04.
    assert gaps.min() > distance


def test_numbered_tables_of_every_size_are_possible_and_agree() -> None:
    # Networks that are no segmentation, such as one for the 21,843 classes of ImageNet, have thousands.
    longest = numbered_class_table(21_843)
    assert len({entry.colour for entry in longest}) == 21_843
    assert numbered_class_table(4096).classes == longest.classes[:4096]
    assert numbered_class_table(7).classes == longest.classes[:7]
    assert numbered_class_table(1).names == ("Class 0",)
    for wrong in (0, 2**24 + 1):
        with pytest.raises(ClassTableError, match="1 to 16,777,216"):
            numbered_class_table(wrong)


def test_oklab_of_published_examples() -> None:
    # The sRGB primaries of Ottosson's article.
    rgb = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    expected = [[0.628, 0.225, 0.126], [0.866, -0.234, 0.179], [0.452, -0.032, -0.312]]
    np.testing.assert_allclose(oklab(rgb), expected, atol=6e-4)
