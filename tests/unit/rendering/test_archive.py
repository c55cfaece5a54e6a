"""The tree of files: named as in article A, and recoverable."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unet_explorer.classes import load_class_table, numbered_class_table
from unet_explorer.errors import UserError
from unet_explorer.pictures import Picture, open_label_levels, open_picture
from unet_explorer.rendering.archive import folder_name, write_feature_maps, write_prediction

VALUES = np.random.default_rng(6).standard_normal((5, 9, 3)).astype(np.float32)
VALUES[:, :, 1] = 0
KITTI = load_class_table("kitti")


def maps(name: str = "conv2d_1", values: np.ndarray = VALUES, view: str = "activation") -> Any:
    """What the archive reads of `FeatureMaps`, without opening a network."""
    layer = SimpleNamespace(name=name, default_view="activation")
    digests = {"picture_digest": "pp", "model_digest": "mm"}
    return SimpleNamespace(values=values, layer=layer, view=view, applied="", **digests)


def test_the_tree_of_article_a_with_exact_floats_and_provenance(tmp_path: Path) -> None:
    out = tmp_path / "new" / "feature_maps"
    assert write_feature_maps(out, maps(), {"model": "tiny"}, npz=True) == out / "conv2d_1"
    write_feature_maps(out, maps("activation"), {})
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [
        *[f"activation/channel_{k}.png" for k in (1, 2, 3)],
        "activation/provenance.json",
        "conv2d_1.npz",
        *[f"conv2d_1/channel_{k}.png" for k in (1, 2, 3)],
        "conv2d_1/provenance.json",
    ]
    with np.load(out / "conv2d_1.npz") as exact:
        np.testing.assert_array_equal(exact["values"], VALUES)
        assert exact["values"].dtype == np.float32


def test_values_come_back_from_the_png_and_its_provenance(tmp_path: Path) -> None:
    folder = write_feature_maps(tmp_path, maps(), {"picture": "street.png"})
    record = json.loads((folder / "provenance.json").read_text())
    assert (record["picture"], record["layer"], record["picture_digest"]) == ("street.png", "conv2d_1", "pp")
    for channel, row in enumerate(record["channels"]):
        with Image.open(folder / row["file"]) as image:
            assert (image.mode, image.size) == ("L", (9, 5))
            levels = np.asarray(image)
        values = row["low"] + levels / 255 * (row["high"] - row["low"])
        np.testing.assert_allclose(values, VALUES[:, :, channel], atol=(row["high"] - row["low"]) / 509)
        assert (row["channel"], row["file"]) == (channel, f"channel_{channel + 1}.png")
    assert [row["mark"] for row in record["channels"]] == ["", "zero", ""]


def test_names_of_layers_never_leave_the_folder_or_collide(tmp_path: Path) -> None:
    layers = ["block/conv", "block%2Fconv", "../../etc", "..", ".", "a:b", "a@activation"]
    folders = [write_feature_maps(tmp_path / "out", maps(layer), {}) for layer in layers]
    folders.append(write_feature_maps(tmp_path / "out", maps("a", view="batch_norm"), {}))
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert {path.parent for path in folders} == {tmp_path / "out"}
    assert len(set(folders)) == len(folders) == len(list((tmp_path / "out").iterdir()))
    assert folder_name("conv2d_1", "pre_activation") == "conv2d_1@pre_activation"


def test_odd_values_are_counted_in_the_provenance(tmp_path: Path) -> None:
    odd = VALUES.copy()
    odd[0, 0, 2] = np.nan
    folder = write_feature_maps(tmp_path, maps(values=odd), {})
    rows = json.loads((folder / "provenance.json").read_text())["channels"]
    assert [(row["mark"], row["not_finite"]) for row in rows] == [("", 0), ("zero", 0), ("nan", 1)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"file cannot be written to .*choose another folder"):
        write_feature_maps(tmp_path / "file", maps(), {})
    with pytest.raises(UserError, match=r"file cannot be written to .*choose another folder"):
        write_prediction(tmp_path / "file", PICTURE, IDS, KITTI)


def test_writing_again_replaces_and_leaves_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for run in (1, 2):
        folder = write_feature_maps(tmp_path, maps(), {"run": run})
    assert json.loads((folder / "provenance.json").read_text())["run"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conv2d_1", "notes.txt"]


PICTURE = Picture.from_pixels(np.random.default_rng(1).integers(0, 256, (3, 4, 3), dtype=np.uint8), "street")
IDS = np.array([[0, 0, 6, 6], [0, 20, 6, 255], [23, 23, 23, 29]], np.uint8)


def test_a_class_map_holds_ids_and_colours_in_one_file(tmp_path: Path) -> None:
    shares = write_prediction(tmp_path, PICTURE, IDS, KITTI, opacity=1)
    np.testing.assert_array_equal(open_label_levels(tmp_path / "class_map.png"), IDS)
    np.testing.assert_array_equal(open_picture(tmp_path / "class_map.png").pixels, KITTI.to_rgb(IDS))
    overlay = open_picture(tmp_path / "overlay.png").pixels
    np.testing.assert_array_equal(overlay[IDS < 30], KITTI.to_rgb(IDS)[IDS < 30])
    np.testing.assert_array_equal(overlay[IDS == 255], PICTURE.pixels[IDS == 255])
    assert {name: share for name, share in shares.items() if share} == pytest.approx(
        {"Road": 3 / 11, "Car": 3 / 11, "Pole": 1 / 11, "Vegetation": 3 / 11, "None": 1 / 11}
    )
    assert list(shares) == list(KITTI.names)


def test_half_an_overlay_is_half_of_each(tmp_path: Path) -> None:
    write_prediction(tmp_path, PICTURE, IDS, KITTI)
    overlay = open_picture(tmp_path / "overlay.png").pixels.astype(float)
    expected = (PICTURE.pixels.astype(float) + KITTI.to_rgb(IDS)) / 2
    np.testing.assert_allclose(overlay[IDS < 30], expected[IDS < 30], atol=0.51)


def test_more_classes_than_a_palette_holds_become_rgb(tmp_path: Path) -> None:
    table = numbered_class_table(300)
    ids = np.array([[0, 299, 255, 256]] * 3)
    write_prediction(tmp_path, PICTURE, ids, table)
    np.testing.assert_array_equal(open_picture(tmp_path / "class_map.png").pixels, table.to_rgb(ids))


def test_sizes_must_agree(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="differ in size"):
        write_prediction(tmp_path, PICTURE, IDS[:2], KITTI)
