"""Makers of small SavedModels of every kind a user may bring: seeded, tiny, different in height, width and weights.

Each maker writes into the folder it is given and returns nothing; `MAKERS` lists those that open, `BAD` those that must
not. TensorFlow, Keras 3 and Keras 2 are imported where they are needed: collecting tests must stay quick.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HEIGHT, WIDTH = 24, 40

Maker = Callable[[Path], None]


def _seeded(network: Any) -> Any:
    """Other weights in every variable, moving averages included, so that no layer is an accidental identity."""
    random = np.random.default_rng(20150518)
    for variable in network.weights:
        shape, name = tuple(variable.shape), variable.name
        if "variance" in name or "gamma" in name:
            variable.assign(random.uniform(0.5, 1.5, shape).astype("float32"))
        elif "seed" not in name:
            # He's scale keeps units alive; offsets are small, so that none is always above or below zero.
            scale = (2 / np.prod(shape[:-1])) ** 0.5 if len(shape) > 1 else 0.1
            variable.assign(random.normal(0, scale, shape).astype("float32"))
    return network


def article_unet(
    keras: Any, size: tuple[int | None, int | None], classes: int, filters: tuple[int, ...] = (4, 6, 8)
) -> Any:
    """A U-Net in article A's block order and with its names; filters (16, 32, 64, 128, 256) make kitti-16."""
    layers = keras.layers
    count: dict[str, int] = {}

    def name(kind: str) -> dict[str, str]:
        count[kind] = count.get(kind, -1) + 1
        return {"name": f"{kind}_{count[kind]}" if count[kind] else kind}

    def block(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", **name("conv2d"))(x)
            x = layers.BatchNormalization(**name("batch_normalization"))(x)
        return x

    picture = keras.Input((*size, 3), name="picture")
    x, skips = picture, []
    for count_here in filters[:-1]:
        x = block(x, count_here)
        skips.append(x)
        x = layers.MaxPooling2D(**name("max_pooling2d"))(x)
        x = layers.Dropout(0.1, **name("dropout"))(x)
    x = block(x, filters[-1])
    for count_here, skip in zip(reversed(filters[:-1]), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(count_here, 3, strides=2, padding="same", **name("conv2d_transpose"))(x)
        x = layers.Concatenate(**name("concatenate"))([skip, x])
        x = layers.Dropout(0.1, **name("dropout"))(x)
        x = block(x, count_here)
    x = layers.Conv2D(classes, 3, padding="same", **name("conv2d"))(x)
    x = layers.Activation("softmax", **name("activation"))(x)
    return _seeded(keras.Model(picture, x, name="model"))


def keras3_unet(folder: Path) -> None:
    """`model.export` of Keras 3; batch norm written as Mul and AddV2; softmax; 5 classes."""
    import keras

    article_unet(keras, (HEIGHT, WIDTH), 5).export(folder, verbose=False)


def _binary(size: tuple[int | None, int | None], grow: Any) -> Any:
    import keras

    layers = keras.layers
    picture = keras.Input((*size, 1), name="gray")
    skip = layers.Conv2D(3, 3, padding="same", activation="relu", name="first")(picture)
    x = layers.MaxPooling2D(name="shrink")(skip)
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="deep")(x)
    x = layers.Concatenate(name="join")([grow(x), skip])
    x = layers.Conv2D(4, 3, padding="same", activation="swish", name="last")(x)
    x = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x)
    return _seeded(keras.Model(picture, x, name="binary"))


def keras3_binary(folder: Path) -> None:
    """One channel, no batch norm, bilinear upsampling, one sigmoid; what comes from below is joined first."""
    import keras

    _binary((HEIGHT, WIDTH), keras.layers.UpSampling2D(interpolation="bilinear", name="grow")).export(
        folder, verbose=False
    )


def keras3_dynamic(folder: Path) -> None:
    """The same for pictures of any size, with a transpose convolution."""
    import keras

    grow = keras.layers.Conv2DTranspose(5, 2, strides=2, name="grow")
    _binary((None, None), grow).export(folder, verbose=False)


def keras3_nested(folder: Path) -> None:
    """Blocks as models inside the model, in conv, batch norm, ReLU order; nearest upsampling; a 1x1 softmax head."""
    import keras

    layers = keras.layers

    def block(filters: int, name: str) -> Any:
        parts = [
            layers.Conv2D(filters, 3, padding="same", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Activation("relu", name="relu"),
        ]
        return keras.Sequential(parts, name=name)

    picture = keras.Input((HEIGHT, WIDTH, 3), name="picture")
    skip = block(4, "down")(picture)
    x = layers.AveragePooling2D(2, name="pool")(skip)
    x = block(6, "middle")(x)
    x = layers.UpSampling2D(name="up")(x)
    x = layers.Concatenate(name="concat")([skip, x])
    x = block(4, "back")(x)
    x = layers.Conv2D(3, 1, activation="softmax", name="classes")(x)
    _seeded(keras.Model(picture, x, name="nested")).export(folder, verbose=False)


def valid_crops(folder: Path) -> None:
    """Unpadded convolutions, skips cropped before they are joined, bare logits of 2 classes; as in the 2015 paper."""
    import keras

    layers = keras.layers
    picture = keras.Input((44, 60, 3), name="picture")
    x = layers.Conv2D(4, 3, activation="relu", name="enc_a")(picture)
    skip = layers.Conv2D(4, 3, activation="relu", name="enc_b")(x)
    x = layers.MaxPooling2D(name="pool")(skip)
    x = layers.Conv2D(8, 3, activation="relu", name="deep_a")(x)
    x = layers.Conv2D(8, 3, activation="relu", name="deep_b")(x)
    x = layers.Conv2DTranspose(4, 2, strides=2, name="up")(x)
    x = layers.Concatenate(name="join")([layers.Cropping2D(4, name="crop")(skip), x])
    x = layers.Conv2D(4, 3, activation="relu", name="dec")(x)
    x = layers.Conv2D(2, 1, name="logits")(x)
    _seeded(keras.Model(picture, x, name="paper")).export(folder, verbose=False)


def keras2_unet(folder: Path) -> None:
    """`model.save` of Keras 2 as in article A; fused batch norm; compiled, so that an optimizer is saved too."""
    import tf_keras

    network = article_unet(tf_keras, (HEIGHT, WIDTH), 5)
    network.compile("adam", "sparse_categorical_crossentropy")
    network.save(folder, save_format="tf")


def keras2_unfused(folder: Path) -> None:
    """Keras 2, any size: unfused batch norm before the activation; strided convolution; bilinear upsampling; a sum."""
    import tf_keras

    layers = tf_keras.layers
    picture = tf_keras.Input((None, None, 3), name="picture")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv_1")(picture)
    x = layers.BatchNormalization(fused=False, name="norm_1")(x)
    skip = layers.ReLU(name="relu_1")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv_2")(skip)
    x = layers.LeakyReLU(name="leaky_2")(x)
    x = layers.UpSampling2D(interpolation="bilinear", name="up_2")(x)
    x = layers.Add(name="sum_1")([skip, x])
    x = layers.Conv2D(3, 1, activation="softmax", name="classes_1")(x)
    _seeded(tf_keras.Model(picture, x, name="linknet")).save(folder, save_format="tf")


def _module(scoped: bool) -> Any:
    import tensorflow as tf

    random = np.random.default_rng(7)
    shapes = [(3, 3, 3, 4), (3, 3, 4, 6), (2, 2, 4, 6), (1, 1, 8, 3)]

    class Net(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__("net")
            self.kernels = [tf.Variable(random.normal(0, 0.3, shape).astype(np.float32)) for shape in shapes]
            self.bias = tf.Variable(np.array([0.1, -0.2, 0.3, 0.05], np.float32))

        @tf.function
        def scores(self, picture):  # type: ignore[no-untyped-def]
            def scope(name: str) -> Any:
                return tf.name_scope(name if scoped else "")

            with scope("encoder"):
                skip = tf.nn.relu(tf.nn.conv2d(picture, self.kernels[0], 1, "SAME") + self.bias)
                x = tf.nn.max_pool2d(skip, 2, 2, "SAME")
            with scope("bottom"):
                x = tf.nn.relu(tf.nn.conv2d(x, self.kernels[1], 1, "SAME"))
            with scope("decoder"):
                size = tf.shape(skip)
                x = tf.nn.conv2d_transpose(x, self.kernels[2], tf.stack([size[0], size[1], size[2], 4]), 2, "SAME")
                x = tf.concat([skip, x], -1)
            with scope("classes"):
                return tf.nn.conv2d(x, self.kernels[3], 1, "SAME")

    return Net()


def module(folder: Path) -> None:
    """A plain `tf.Module` without scopes or signatures; any size; bare logits of 3 classes."""
    import tensorflow as tf

    net = _module(scoped=False)
    net.scores.get_concrete_function(tf.TensorSpec((None, None, None, 3), tf.float32))
    tf.saved_model.save(net, str(folder))


def signatures(folder: Path) -> None:
    """A scoped `tf.Module` with several signatures, one of which takes two inputs; `predict` returns two maps."""
    import tensorflow as tf

    net = _module(scoped=True)
    picture = tf.TensorSpec((None, HEIGHT, WIDTH, 3), tf.float32, name="picture")
    label = tf.TensorSpec((None, HEIGHT, WIDTH), tf.float32, name="label")

    @tf.function(input_signature=[picture])
    def predict(picture):  # type: ignore[no-untyped-def]
        scores = net.scores(picture)
        return {"classes": tf.argmax(scores, -1), "probabilities": tf.nn.softmax(scores)}

    @tf.function(input_signature=[picture, label])
    def compare(picture, label):  # type: ignore[no-untyped-def]
        return {"error": tf.reduce_mean(net.scores(picture)[..., 0] - label)}

    @tf.function(input_signature=[picture])
    def scores(picture):  # type: ignore[no-untyped-def]
        return {"scores": net.scores(picture)}

    net.functions = [predict, compare, scores]
    tf.saved_model.save(net, str(folder), signatures={"compare": compare, "predict": predict, "scores": scores})


def chain(folder: Path) -> None:
    """No U: a chain of convolutions on whole-number pixels that it scales itself."""
    import keras

    layers = keras.layers
    picture = keras.Input((HEIGHT, WIDTH, 3), dtype="uint8", name="picture")
    x = layers.Rescaling(1 / 255, name="rescale")(picture)
    x = layers.Conv2D(4, 3, padding="same", activation="gelu", name="one")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="two")(x)
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="three")(x)
    _seeded(keras.Model(picture, x, name="chain")).export(folder, verbose=False)


def classifier(folder: Path) -> None:
    """No map at all: pooling down to one vector of 4 probabilities."""
    import keras

    layers = keras.layers
    picture = keras.Input((HEIGHT, WIDTH, 3), name="picture")
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv")(picture)
    x = layers.MaxPooling2D(name="pool")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(4, activation="softmax", name="dense")(x)
    _seeded(keras.Model(picture, x, name="classifier")).export(folder, verbose=False)


def broken_numbers(folder: Path) -> None:
    """Its output holds NaN and infinite values: the logarithm of what a ReLU leaves."""
    import tensorflow as tf

    net = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec((None, HEIGHT, WIDTH, 3), tf.float32, name="picture")])
    def serve(picture):  # type: ignore[no-untyped-def]
        with tf.name_scope("log"):
            return {"out": tf.math.log(picture - 0.5)}

    tf.saved_model.save(net, str(folder), signatures={"serving_default": serve})


MAKERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        *(keras3_unet, keras3_binary, keras3_dynamic, keras3_nested, valid_crops, keras2_unet, keras2_unfused),
        *(module, signatures, chain, classifier, broken_numbers),
    )
}


def save_function(folder: Path, function: Any, *specs: Any) -> None:
    """Save `function(scale, *inputs)` with one variable, `scale`, as its default signature."""
    import tensorflow as tf

    net = tf.Module()
    net.scale = tf.Variable(2.0)
    net.serve = tf.function(lambda *given: {"out": function(net.scale, *given)}, input_signature=list(specs))
    tf.saved_model.save(net, str(folder), signatures={"serving_default": net.serve})


def _picture_spec(name: str = "picture") -> Any:
    import tensorflow as tf

    return tf.TensorSpec((None, HEIGHT, WIDTH, 3), tf.float32, name=name)


def writes_file(folder: Path) -> None:
    """Writes `pwned` beside itself whenever it runs."""
    import tensorflow as tf

    target = str(folder.with_name("pwned"))

    def run(scale: Any, picture: Any) -> Any:
        with tf.control_dependencies([tf.io.write_file(target, "caught")]):
            return picture * scale

    save_function(folder, run, _picture_spec())


def reads_file(folder: Path) -> None:
    """Reads a file of the machine into its output, in a function of its library."""
    import tensorflow as tf

    read = tf.function(lambda: tf.cast(tf.strings.length(tf.io.read_file("/etc/hostname")), tf.float32))
    save_function(folder, lambda scale, picture: picture * scale + read(), _picture_spec())


def calls_python(folder: Path) -> None:
    """Calls back into Python."""
    import tensorflow as tf

    def run(scale: Any, picture: Any) -> Any:
        called = tf.numpy_function(lambda values: values, [picture], tf.float32)
        return tf.ensure_shape(called, (None, HEIGHT, WIDTH, 3)) * scale

    save_function(folder, run, _picture_spec())


def restores_elsewhere(folder: Path) -> None:
    """Restores a tensor from a file outside of the saver's functions."""
    import tensorflow as tf

    def run(scale: Any, picture: Any) -> Any:
        (value,) = tf.raw_ops.RestoreV2(prefix="/tmp/x", tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32])
        return picture * scale + value

    save_function(folder, run, _picture_spec())


def unknown_op(folder: Path) -> None:
    """Holds an op that TensorFlow does not have, as models made for a custom op library do."""
    module(folder)
    path = folder / "saved_model.pb"
    path.write_bytes(path.read_bytes().replace(b"MaxPool", b"MyxPool"))


def two_images(folder: Path) -> None:
    """Takes two pictures."""
    save_function(folder, lambda scale, a, b: a * scale + b, _picture_spec("left"), _picture_spec("right"))


def no_image(folder: Path) -> None:
    """Takes a vector."""
    import tensorflow as tf

    save_function(folder, lambda scale, row: row * scale, tf.TensorSpec((None, 10), tf.float32, name="row"))


def no_graph(folder: Path) -> None:
    """A folder with variables and no saved_model.pb."""
    module(folder)
    (folder / "saved_model.pb").unlink()


def damaged_graph(folder: Path) -> None:
    """saved_model.pb is cut off."""
    module(folder)
    path = folder / "saved_model.pb"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty_graph(folder: Path) -> None:
    """saved_model.pb is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_bytes(b"")


def no_variables(folder: Path) -> None:
    """The folder of variables was not copied."""
    module(folder)
    shutil.rmtree(folder / "variables")


def damaged_variables(folder: Path) -> None:
    """The weights are shorter than the index says."""
    module(folder)
    (path,) = (folder / "variables").glob("variables.data-*")
    path.write_bytes(path.read_bytes()[:100])


def damaged_index(folder: Path) -> None:
    """The index of the variables is noise."""
    module(folder)
    (folder / "variables" / "variables.index").write_bytes(bytes(range(256)))


BAD: dict[str, Maker] = {
    make.__name__: make
    for make in (
        *(writes_file, reads_file, calls_python, restores_elsewhere, unknown_op, two_images, no_image),
        *(no_graph, damaged_graph, empty_graph, no_variables, damaged_variables, damaged_index),
    )
}
