"""The fast transpose convolution against Keras' own; `tests/unit/training/test_jax.py` runs this file under JAX."""

import keras
import numpy as np
import pytest

from unet_explorer.unet.transpose_conv import transpose_conv_class

ON_JAX = keras.backend.backend() == "jax"


@pytest.mark.skipif(ON_JAX, reason="what is built under TensorFlow")
def test_tensorflow_builds_with_keras_own_layer():
    assert transpose_conv_class() is keras.layers.Conv2DTranspose


@pytest.mark.skipif(not ON_JAX, reason="KERAS_BACKEND is not jax; test_jax.py runs it there")
@pytest.mark.parametrize("kernel", [2, 3])
@pytest.mark.parametrize("size", [(4, 6), (5, 3)])
def test_values_and_gradients_are_those_of_keras(kernel, size):
    import jax

    rng = np.random.default_rng(kernel)
    small = rng.normal(size=(2, *size, 3)).astype(np.float32)
    target = rng.normal(size=(2, 2 * size[0], 2 * size[1], 4)).astype(np.float32)
    layers = [
        made(4, kernel, strides=2, padding="same") for made in (transpose_conv_class(), keras.layers.Conv2DTranspose)
    ]
    for layer in layers:
        layer.build(small.shape)
        layer.kernel.assign(rng.permuted(np.linspace(-1, 1, layer.kernel.value.size)).reshape(layer.kernel.shape))
    layers[1].kernel.assign(layers[0].kernel.value)

    def loss(layer, kernel, inputs):
        outputs, _ = layer.stateless_call([kernel, layer.bias.value], [], inputs)
        return (outputs * target).sum() + (outputs**2).sum()

    results = [
        jax.value_and_grad(lambda k, x, layer=layer: loss(layer, k, x), argnums=(0, 1))(layer.kernel.value, small)
        for layer in layers
    ]
    assert float(results[0][0]) == pytest.approx(float(results[1][0]), rel=1e-5)
    for ours, theirs in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
