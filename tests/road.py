"""A small network with the 30 road classes of article A and labelled pictures for it: nothing real is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 32, 64


def road_model(folder: Path, seed: int = 1) -> None:
    """A SavedModel with a card: 30 classes, decided enough that several of them win somewhere."""
    import keras
    import tensorflow as tf

    from unet_explorer.classes import load_class_table
    from unet_explorer.network.card import ModelCard, write_card
    from unet_explorer.pictures import InputSpec

    layers = keras.layers
    picture = keras.Input((HEIGHT, WIDTH, 3), name="picture")
    skip = layers.Conv2D(6, 3, padding="same", activation="relu", name="conv2d")(picture)
    x = layers.MaxPooling2D(name="max_pooling2d")(skip)
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d_1")(x)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", name="conv2d_transpose")(x)
    x = layers.Concatenate(name="concatenate")([skip, x])
    x = layers.Conv2D(30, 3, padding="same", name="conv2d_2")(x)
    x = layers.Activation("softmax", name="activation")(x)
    network = keras.Model(picture, x)
    random = np.random.default_rng(seed)
    for variable in network.weights:
        head = "conv2d_2" in variable.path
        values = random.normal(0, 0.4 if head else 0.3, tuple(variable.shape))
        if head and values.ndim == 1:
            values[[0, 6, 20, 25]] += (
                4  # Road, car, pole and sky, so that they are found where something is labelled so.
            )
        variable.assign(values.astype("float32"))
    module = tf.Module()
    module.held = [variable.value for variable in network.weights]
    spec = tf.TensorSpec((None, HEIGHT, WIDTH, 3), tf.float32, name="picture")
    infer = tf.function(lambda pictures: network(pictures, training=False), input_signature=[spec])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": infer})
    card = ModelCard(
        name=folder.name,
        input=InputSpec(HEIGHT, WIDTH, 3, 0.0, 1.0, "stretch"),
        class_table=load_class_table("kitti"),
        title="Thirty road classes",
        description="Random weights: it says nothing true.",
        data={"dataset": "none", "pictures": 0},
        scores={"validation": {"mean_iou": 0.0123, "pictures": 7}},
        licence="MIT",
    )
    write_card(card, folder)


def crossing() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A made-up picture of 48 x 96 pixels, and its label map: sky, road, two cars, a pole."""
    rows, columns = np.mgrid[0:48, 0:96]
    noise = np.random.default_rng(11).integers(0, 50, (48, 96, 3))
    pixels = np.stack([rows * 4, columns * 2, (rows * columns) % 200], -1) + noise
    labels = np.where(rows < 20, 25, 0).astype(np.uint8)
    labels[22:34, 10:30] = labels[24:30, 60:80] = 6
    labels[5:40, 45:48] = 20
    return pixels.clip(0, 255).astype(np.uint8), labels


def labelled_samples(folder: Path) -> None:
    """`crossing`, labelled, and `alley`, not labelled, with a manifest as the repository's samples have one."""
    pixels, labels = crossing()
    Image.fromarray(pixels).save(folder / "crossing.png")
    Image.fromarray(labels).save(folder / "crossing_label.png")
    Image.fromarray(pixels[:, ::-1]).save(folder / "alley.png")
    rows = [
        {"file": "crossing.png", "label": "crossing_label.png", "title": "Crossing", "look_for": "The pole.",
         "classes": ["Road", "Car", "Pole", "Sky"]},
        {"file": "alley.png", "title": "Alley", "look_for": "Nothing at all."},
    ]  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"pictures": rows, "class_table": "kitti"}))


def salt_card(folder: Path) -> None:
    """Say of the binary network in `folder` (24 x 40, gray) that it looks for salt."""
    from unet_explorer.classes import load_class_table
    from unet_explorer.network.card import ModelCard, write_card
    from unet_explorer.pictures import InputSpec

    spec = InputSpec(24, 40, 1, 0.0, 1.0, "stretch")
    write_card(ModelCard(name=folder.name, input=spec, class_table=load_class_table("salt")), folder)


def salt_picture() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A made-up picture in the size of TGS salt, gray (101, 101), and where in it there is salt (0 or 1)."""
    rows, columns = np.mgrid[0:101, 0:101]
    noise = np.random.default_rng(5).integers(0, 60, (101, 101))
    gray = (rows + columns // 2 + noise).clip(0, 255).astype(np.uint8)
    return gray, ((rows - 40) ** 2 + (columns - 70) ** 2 < 30**2).astype(np.uint8)


def salt_pictures(folder: Path) -> None:
    """`dome`, which is `salt_picture`, and `flat`, the same upside down, in the layout of TGS salt."""
    gray, salt = salt_picture()
    for part, values in (("images", gray), ("masks", salt * np.uint8(255))):
        (folder / part).mkdir(parents=True)
        Image.fromarray(values).save(folder / part / "dome.png")
        Image.fromarray(values[::-1]).save(folder / part / "flat.png")
