"""Keras' transpose convolution, with a gradient that a GPU computes fast under JAX.

JAX differentiates a transpose convolution into convolutions with dilated inputs, for which cuDNN has no fast kernel:
on an H200 the gradient of kitti-16's last one (8 x 368 x 1248, bfloat16) takes 104 ms, a whole forward pass 6 ms.
A transpose convolution is itself the gradient of a strided convolution, so its own gradients are a strided convolution
and that one's weight gradient, and both of those are fast.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import keras


def transpose_conv_class() -> type[keras.layers.Conv2DTranspose]:
    """The class to build with: Keras' own, except under JAX."""
    return _jax_class() if keras.backend.backend() == "jax" else keras.layers.Conv2DTranspose


@cache
def _jax_class() -> type[keras.layers.Conv2DTranspose]:
    upsample = _jax_function()

    class FastConv2DTranspose(keras.layers.Conv2DTranspose):  # type: ignore[misc]
        """The same values and the same gradients, to rounding."""

        def call(self, inputs: Any) -> Any:
            """(N, h, w, C) -> (N, 2h, 2w, filters)."""
            outputs = upsample(inputs, keras.ops.cast(self.kernel, inputs.dtype), self.strides)
            if self.use_bias:
                outputs = outputs + keras.ops.cast(self.bias, outputs.dtype)
            return outputs if self.activation is None else self.activation(outputs)

    return FastConv2DTranspose


def _jax_function() -> Any:
    """Transpose convolution, "same" padding: (inputs, kernel (kh, kw, out, in), strides) -> outputs."""
    import jax
    from jax import lax

    layout = ("NHWC", "HWIO", "NHWC")

    def down(large: Any, kernel: Any, strides: tuple[int, int]) -> Any:
        return lax.conv_general_dilated(large, kernel, strides, "SAME", dimension_numbers=layout)

    def up(small: Any, kernel: Any, strides: tuple[int, int]) -> Any:
        return lax.conv_transpose(small, kernel, strides, "SAME", dimension_numbers=layout, transpose_kernel=True)

    def backward(strides: tuple[int, int], saved: tuple[Any, Any], slope: Any) -> tuple[Any, Any]:
        small, kernel = saved
        _, of_kernel = jax.vjp(lambda k: down(slope, k, strides), kernel)
        return down(slope, kernel, strides), of_kernel(small)[0]

    fast = jax.custom_vjp(up, nondiff_argnums=(2,))
    fast.defvjp(lambda small, kernel, strides: (up(small, kernel, strides), (small, kernel)), backward)
    return fast
