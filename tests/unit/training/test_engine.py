"""What the recipe says of the optimizer, as Keras takes it."""

import keras
import numpy as np
import pytest

from unet_explorer.training.engine import make_optimizer
from unet_explorer.training.recipe import Optimizer


def stepped(how):
    """Weights 1, 2 after one step along the gradient 3, 4."""
    optimizer, weights = make_optimizer(how), keras.Variable(np.array([1, 2], np.float32))
    optimizer.build([weights])
    optimizer.apply([np.array([3, 4], np.float32)], [weights])
    return weights.numpy()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"learning_rate": 1, "momentum": 0}, [1 - 3, 2 - 4]),
        ({"learning_rate": 1, "momentum": 0, "clip_norm": 1}, [1 - 0.6, 2 - 0.8]),
        # Decay comes first: the weights shrink by learning rate times decay.
        ({"learning_rate": 0.5, "momentum": 0, "weight_decay": 1}, [0.5 - 1.5, 1 - 2]),
    ],
)
def test_whole_numbers_of_a_recipe_do_what_they_say(fields, expected):
    np.testing.assert_allclose(stepped(Optimizer("sgd", **fields)), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adam_takes_whole_numbers_too(name):
    # Its first step is the learning rate long, whatever the gradient.
    how = Optimizer(name, learning_rate=1, clip_norm=1, weight_decay=0)
    np.testing.assert_allclose(stepped(how), [0, 1], atol=1e-4)
