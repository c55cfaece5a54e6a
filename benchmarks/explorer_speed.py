"""From an opened model and picture to a layer's tiles: against article A's method, and against a bare forward pass.

Article A's notebook cuts a Keras model at the layer, calls `predict`, and for each channel draws a Matplotlib figure of
12 x 12 inches with a title and saves it as a PNG with a tight bounding box. The bare pass is a `tf.function` of that
Keras network up to the same tensor, on the same fitted picture.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Figure, compare, plain

REPOSITORY = Path(__file__).resolve().parent.parent
MODEL = REPOSITORY / "models" / "kitti-16"
LAYERS = ("conv2d_1", "conv2d_7", "conv2d_9")
MEMORY_BAR_GIB = 1.6
OPENING_BAR_S = 1.5

EXPLORE_EVERY_LAYER = """
import resource, sys
import numpy as np
from unet_explorer import open_network
from unet_explorer.pictures import Picture
from unet_explorer.rendering.tiles import make_tiles
network = open_network(sys.argv[1])
picture = Picture.from_pixels(np.random.default_rng(0).integers(0, 256, (375, 1242, 3), np.uint8), "noise")
for layer in network.layers:
    for view in layer.views:
        make_tiles(network.feature_maps(picture, [f"{layer.name}:{view}"])[f"{layer.name}:{view}"].values)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""

TIME_OPENING = """
import sys, time
import tensorflow
import unet_explorer.network.opening as opening
start = time.perf_counter()
opening.open_network(sys.argv[1])
print(time.perf_counter() - start)
"""


def measure() -> list[Figure]:
    """All figures of issue "open any SavedModel": speed, opening, memory."""
    return [*_speed(), _opening(), _memory()]


def _speed() -> list[Figure]:
    from unet_explorer import open_network
    from unet_explorer.pictures import Picture, fit_picture
    from unet_explorer.rendering.tiles import make_tiles

    network = open_network(MODEL)
    pixels = np.random.default_rng(0).integers(0, 256, (375, 1242, 3), np.uint8)
    picture = Picture.from_pixels(pixels, "noise")
    keras_model = _keras_twin()
    batch = fit_picture(picture, network.input_spec).batch

    def tiles(layer: str) -> object:
        return make_tiles(network.feature_maps(picture, [layer])[layer].values)

    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for layer in LAYERS:
            article = partial(_article, keras_model, layer, pixels, Path(folder))
            name = f"{layer}: article A's method / ours"
            figures.append(compare(name, partial(tiles, layer), article, at_least=50, pairs=3))
        for layer in LAYERS:
            bare = _bare(keras_model, layer, batch)
            name = f"{layer}: bare forward pass / ours (1.3 times its time is 0.77)"
            figures.append(compare(name, partial(tiles, layer), bare, at_least=1 / 1.3, pairs=15))
    return figures


def _keras_twin() -> Any:
    from unet_explorer.unet.builder import build_unet
    from unet_explorer.unet.presets import load_preset
    from unet_explorer.unet.weights import read_weights, set_weights

    model = build_unet(load_preset("kitti-16"))
    set_weights(model, read_weights(MODEL), str(MODEL))
    return model


def _article(model: Any, layer: str, pixels: np.ndarray[Any, Any], folder: Path) -> None:
    import keras
    import matplotlib as mpl
    import tensorflow as tf

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    part = keras.Model(model.input, model.get_layer(layer).output)
    fitted = tf.image.resize(pixels[None].astype(np.float32) / 255, (368, 1248))
    maps = part.predict(fitted, verbose=0)[0]
    for number in range(1, maps.shape[-1] + 1):
        figure, axes = plt.subplots(figsize=(12, 12))
        axes.imshow(maps[..., number - 1], cmap="gray")
        axes.set_title(f"Channel {number}")
        axes.axis("off")
        figure.savefig(folder / f"channel_{number}.png", bbox_inches="tight", pad_inches=0)
        plt.close(figure)


def _bare(model: Any, layer: str, batch: np.ndarray[Any, Any]) -> Any:
    import keras
    import tensorflow as tf

    part = keras.Model(model.input, model.get_layer(layer).output)
    forward = tf.function(lambda pictures: part(pictures, training=False))
    return lambda: forward(tf.constant(batch)).numpy()


def _opening() -> Figure:
    values = [_in_process(TIME_OPENING) for _ in range(5)]
    return plain("opening kitti-16, TensorFlow imported", values, at_most=OPENING_BAR_S)


def _memory() -> Figure:
    values = [_in_process(EXPLORE_EVERY_LAYER) for _ in range(3)]
    return plain("peak memory after every layer and view of one picture", values, at_most=MEMORY_BAR_GIB, unit="GiB")


def _in_process(program: str) -> float:
    """What a program prints; a process of its own, so that what others left in memory does not count."""
    run = subprocess.run(
        [sys.executable, "-c", program, str(MODEL)], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    return float(run.stdout.split()[-1])
