"""Devices and the errors of a pass, without the hardware and the memory they are about."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo_fixtures import Zoo
from unet_explorer.errors import ModelError
from unet_explorer.network import open_network
from unet_explorer.network.execution import prepare_device
from unet_explorer.pictures import Picture


def test_without_a_gpu_the_device_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert prepare_device() == "CPU"


def test_gpus_grow_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus, grown = [SimpleNamespace(name="a"), SimpleNamespace(name="b")], []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus if kind == "GPU" else [])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda gpu, on: grown.append((gpu.name, on)))
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"device_name": f"Card {gpu.name}"})
    assert prepare_device() == "GPU Card a"
    assert grown == [("a", True), ("b", True)]


def test_a_gpu_that_runs_already_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(gpu: object, on: bool) -> None:
        raise RuntimeError("Physical devices cannot be modified after being initialized")

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [SimpleNamespace(name="a")])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", too_late)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {})
    assert prepare_device() == "GPU"


def test_a_picture_too_small_for_an_unpadded_network_is_one_sentence(zoo: Zoo, street: Picture) -> None:
    """Feeding the network a size it cannot take, as a card of a network of free size may."""
    network = open_network(zoo("keras3_dynamic"))
    with pytest.raises(ModelError, match="cannot be computed on this picture") as caught:
        network.runner.run(
            {network.input.tensor: np.zeros((1, 7, 9, 1), np.float32)}, [network.table.tensors["mask", "activation"]]
        )
    assert "\n" not in str(caught.value)


def test_running_out_of_memory_is_one_sentence(zoo: Zoo, street: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    network = open_network(zoo("chain"))

    def exhausted(*given: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(type(network.runner), "_compile", lambda *given: exhausted)
    with pytest.raises(ModelError, match=r"not enough memory .* smaller picture"):
        network.feature_maps(street, ["one"])
