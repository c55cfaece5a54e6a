"""Every kind of SavedModel opens, lists its layers, and computes what the SavedModel itself computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo import MAKERS
from tests.zoo_fixtures import OpenZoo, Zoo
from unet_explorer.network import KINDS, VIEWS, Network
from unet_explorer.pictures import Picture, fit_picture


def every_view(network: Network) -> list[str]:
    return [f"{layer.name}:{view}" for layer in network.layers for view in layer.views]


def returned_by_model(folder: Any, network: Network, picture: Picture) -> np.ndarray:
    """The output map as TensorFlow's own loader gives it, with none of our graph work."""
    model = tf.saved_model.load(str(folder))
    batch = fit_picture(picture, network.input_spec).batch
    batch = tf.constant(np.rint(batch) if network.input.dtype == np.uint8 else batch, network.input.dtype)
    if not model.signatures:
        return model.scores(batch).numpy()[0]
    outputs = model.signatures[network.signature](batch)
    largest = max(outputs.values(), key=lambda value: (value.dtype.is_floating, int(tf.size(value))))
    return largest.numpy()[0]


@pytest.mark.parametrize("name", MAKERS)
def test_output_is_what_the_model_returns(name: str, zoo: Zoo, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    maps = network.feature_maps(street, [network.output.name])[network.output.name]
    expected = returned_by_model(zoo(name), network, street)
    np.testing.assert_allclose(maps.values.reshape(expected.shape), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", MAKERS)
def test_every_layer_has_the_shape_it_says(name: str, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    assert len({layer.name for layer in network.layers}) == len(network.layers)
    for asked, maps in network.feature_maps(street, every_view(network)).items():
        layer = maps.layer
        assert asked == f"{layer.name}:{maps.view}"
        assert maps.values.dtype == np.float32
        assert layer.kind in KINDS
        assert set(layer.views) <= set(VIEWS)
        assert maps.values.shape[2] == layer.channels
        if layer.height is not None:
            assert maps.values.shape[:2] == (layer.height, layer.width)


@pytest.mark.parametrize("name", MAKERS)
def test_one_pass_gives_what_single_passes_give(name: str, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    together = network.feature_maps(street, every_view(network))
    for asked in together:
        alone = network.feature_maps(street, [asked])[asked].values
        np.testing.assert_allclose(alone, together[asked].values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MAKERS)
def test_input_layer_is_the_fitted_picture(name: str, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    first = network.layers[0]
    assert (first.kind, first.inputs, first.stage) == ("input", (), "encoder 1")
    values = network.feature_maps(street, [first.name])[first.name].values
    fitted = fit_picture(street, network.input_spec).batch[0]
    np.testing.assert_array_equal(values, np.rint(fitted) if network.input.dtype == np.uint8 else fitted)


@pytest.mark.parametrize("name", MAKERS)
def test_layers_come_after_what_they_read(name: str, open_zoo: OpenZoo) -> None:
    seen: set[str] = set()
    for layer in open_zoo(name).layers:
        assert set(layer.inputs) <= seen
        seen.add(layer.name)


@pytest.mark.parametrize("name", sorted(set(MAKERS) - {"module", "signatures", "broken_numbers"}))
def test_parameters_are_those_of_the_variables(name: str, zoo: Zoo, open_zoo: OpenZoo) -> None:
    """All variables but those of optimizers and random seeds, which are no part of what is computed."""
    index = str(zoo(name) / "variables" / "variables")
    shapes = {
        key: shape
        for key, shape in tf.train.list_variables(index)
        if key.startswith(("_all_variables/", "variables/", "layer_with_weights")) and "optimizer" not in key.lower()
    }
    reader = tf.train.load_checkpoint(index)
    count = {
        key: int(np.prod(shape)) for key, shape in shapes.items() if reader.get_variable_to_dtype_map()[key].is_floating
    }
    counted = {key: size for key, size in count.items() if not key.startswith("_all_variables/")} or count
    assert open_zoo(name).parameters == sum(counted.values())
