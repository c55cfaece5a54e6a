"""Feature maps, probabilities, edits, gradients and kernels, against what can be worked out without them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from tests.zoo_fixtures import OpenZoo, Zoo
from unet_explorer.errors import LayerError
from unet_explorer.network import Network, Target, execution, open_network
from unet_explorer.pictures import Picture, fit_picture

U_NETS = [
    "keras3_unet",
    "keras3_binary",
    "keras3_dynamic",
    "keras3_nested",
    "valid_crops",
    "keras2_unet",
    "keras2_unfused",
]


def maps_of(network: Network, picture: Picture, name: str) -> NDArray[np.float32]:
    return network.feature_maps(picture, [name])[name].values


def test_views_of_one_convolution_follow_from_each_other(open_zoo: OpenZoo, street: Picture) -> None:
    """keras2_unet: convolution, ReLU, batch norm; the layer after it reads the batch norm."""
    names = ["conv2d_1:pre_activation", "conv2d_1", "conv2d_1:batch_norm", "batch_normalization_1"]
    before, active, normed, norm = (
        maps.values for maps in open_zoo("keras2_unet").feature_maps(street, names).values()
    )
    np.testing.assert_allclose(active, np.maximum(before, 0), atol=1e-6)
    np.testing.assert_allclose(normed, norm, atol=1e-6)
    for channel in range(4):  # a batch norm is one straight line a channel
        line = np.stack([active[..., channel].ravel(), np.ones(active[..., channel].size)], 1)
        fitted = line @ np.linalg.lstsq(line, norm[..., channel].ravel())[0]
        np.testing.assert_allclose(norm[..., channel].ravel(), fitted, atol=1e-4)


def test_concat_is_the_encoder_beside_what_comes_from_below(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_binary")
    for source in network.layer("join").sources:
        part = maps_of(network, street, "join")[..., source.first : source.last + 1]
        np.testing.assert_array_equal(part, maps_of(network, street, source.layer))


def test_maps_are_read_only_and_say_where_they_are_from(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_unet")
    maps = network.feature_maps(street, ["conv2d_3:pre_activation"])["conv2d_3:pre_activation"]
    assert (maps.layer.name, maps.view) == ("conv2d_3", "pre_activation")
    assert (maps.picture_digest, maps.model_digest) == (street.digest, network.digest)
    assert not maps.values.flags.writeable
    assert maps.not_finite == 0


def test_asking_for_nothing(open_zoo: OpenZoo, street: Picture) -> None:
    assert open_zoo("keras3_unet").feature_maps(street, []) == {}


def test_not_finite_values_are_counted(open_zoo: OpenZoo, street: Picture) -> None:
    """log(x - 0.5) is NaN below one half: about half of the ramps, and -inf on it."""
    network = open_zoo("broken_numbers")
    values = fit_picture(street, network.input_spec).batch
    assert network.feature_maps(street, ["log"])["log"].not_finite == np.count_nonzero(values <= 0.5) > 0


def test_kernels_are_the_variables(open_zoo: OpenZoo) -> None:
    """The module draws its kernels from a known seed; its transpose convolution is stored outputs first."""
    random = np.random.default_rng(7)
    first, second, transposed, last = (
        random.normal(0, 0.3, shape).astype(np.float32)
        for shape in [(3, 3, 3, 4), (3, 3, 4, 6), (2, 2, 4, 6), (1, 1, 8, 3)]
    )
    network = open_zoo("module")
    for name, expected in [("conv2d", first), ("conv2d_1", second), ("conv2d_2", last)]:
        np.testing.assert_array_equal(network.kernel(name), expected)
    np.testing.assert_array_equal(network.kernel("conv2d_transpose"), transposed.transpose(0, 1, 3, 2))
    assert network.kernel("max_pool2d") is None


def test_kernel_times_patch_is_the_activation_before_relu(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("module")
    kernel, picture = network.kernel("conv2d"), maps_of(network, street, "picture")
    assert kernel is not None
    values = maps_of(network, street, "conv2d:pre_activation")
    for y, x in [(3, 5), (20, 31)]:
        patch = picture[y - 1 : y + 2, x - 1 : x + 2]
        expected = np.einsum("hwi,hwio->o", patch, kernel) + np.array([0.1, -0.2, 0.3, 0.05])
        np.testing.assert_allclose(values[y, x], expected, atol=1e-5)


@pytest.mark.parametrize("name", U_NETS)
def test_probabilities_are_probabilities(name: str, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    maps = network.probabilities(street)
    assert maps.values.dtype == np.float32
    assert maps.values.min() >= 0
    assert maps.values.max() <= 1
    if network.output.channels > 1:
        np.testing.assert_allclose(maps.values.sum(-1), 1, atol=1e-5)
        np.testing.assert_array_equal(network.class_map(street), maps.values.argmax(-1))


def test_bare_logits_get_a_softmax_and_say_so(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("valid_crops")
    maps = network.probabilities(street)
    assert (maps.applied, network.output.ends_in) == ("softmax", "logits")
    expected = tf.nn.softmax(maps_of(network, street, "logits")).numpy()
    np.testing.assert_allclose(maps.values, expected, atol=1e-6)


def test_nothing_is_applied_twice(open_zoo: OpenZoo, street: Picture) -> None:
    for name in ("keras3_unet", "keras3_binary", "keras2_unet"):
        network = open_zoo(name)
        maps = network.probabilities(street)
        assert maps.applied == ""
        np.testing.assert_array_equal(maps.values, maps_of(network, street, network.output.name))


def test_threshold_of_a_binary_network(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_binary")
    values = network.probabilities(street).values[..., 0]
    threshold = float(np.median(values))
    np.testing.assert_array_equal(network.class_map(street, threshold), values >= threshold)
    assert 0 < network.class_map(street, threshold).sum() < values.size


def test_a_classifier_has_no_maps_of_classes(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("classifier")
    assert maps_of(network, street, "dense").shape == (1, 1, 4)
    with pytest.raises(LayerError, match="does not end in maps"):
        network.probabilities(street)


@pytest.mark.parametrize("name", U_NETS)
def test_an_edit_by_ones_changes_exactly_nothing(name: str, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    wanted = [network.output.name, network.output.logits]
    before = network.feature_maps(street, wanted)
    for layer in network.layers:
        for change in (np.ones(layer.channels), lambda maps: maps * 1):
            after = network.edit(street, layer.name, change, wanted)
            for key in wanted:
                np.testing.assert_array_equal(after[key].values, before[key].values)


def test_muting_one_channel_takes_its_share_from_the_logits(open_zoo: OpenZoo, street: Picture) -> None:
    """`last` is read by a 1x1 convolution alone, so each of its channels adds its values times one weight."""
    network = open_zoo("keras3_binary")
    names = ["last", "mask:pre_activation"]
    before = network.feature_maps(street, names)
    mask = np.array([1, 1, 0, 1])
    after = network.edit(street, "last", mask, names)
    kernel = network.kernel("mask")
    assert kernel is not None
    muted = before["last"].values[..., 2:3] * kernel[0, 0, 2]
    np.testing.assert_allclose(after["last"].values, before["last"].values * mask, atol=1e-6)
    expected = before["mask:pre_activation"].values - muted
    np.testing.assert_allclose(after["mask:pre_activation"].values, expected, atol=1e-5)
    assert np.abs(muted).max() > 0.01


def test_muting_the_skip_leaves_what_comes_from_below(open_zoo: OpenZoo, street: Picture) -> None:
    """Editing the concat's first half by function equals editing it by mask, and differs from the untouched network."""
    network = open_zoo("keras2_unet")

    def mute(maps: NDArray[np.float32]) -> NDArray[np.float32]:
        maps[..., :4] = 0
        return maps

    mask = np.ones(8)
    mask[:4] = 0
    by_function = network.edit(street, "concatenate_1", mute, ["activation"])["activation"].values
    by_mask = network.edit(street, "concatenate_1", mask, ["activation"])["activation"].values
    np.testing.assert_array_equal(by_function, by_mask)
    assert np.abs(by_mask - maps_of(network, street, "activation")).max() > 1e-3


def test_any_number_of_masks_is_compiled_once(zoo: Zoo, street: Picture) -> None:
    network = open_network(zoo("keras3_unet"))
    assert isinstance(network.runner, execution.Executor)
    for channel in range(4):
        mask = np.ones(4)
        mask[channel] = 0
        network.edit(street, "conv2d_1", mask, ["activation"])
    (part,) = network.runner.compiled
    kinds = [op.type for op in part.graph.get_operations()]
    assert kinds.count("Conv2D") == 11


@pytest.mark.parametrize("name", U_NETS)
def test_masks_and_functions_agree(name: str, open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo(name)
    wanted = [network.output.name, network.layers[2].name]
    for layer in network.layers[:-1]:
        mask = np.linspace(0, 1.5, layer.channels, dtype=np.float32)
        by_mask = network.edit(street, layer.name, mask, [*wanted, layer.name])
        by_function = network.edit(street, layer.name, lambda maps, mask=mask: maps * mask, [*wanted, layer.name])
        for key, maps in by_mask.items():
            np.testing.assert_allclose(maps.values, by_function[key].values, rtol=1e-4, atol=1e-5)


def test_an_edit_leaves_the_layers_before_it(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_unet")
    before = maps_of(network, street, "conv2d_1")
    after = network.edit(street, "conv2d_5", np.zeros(8), ["conv2d_1", "conv2d_5"])
    np.testing.assert_array_equal(after["conv2d_1"].values, before)
    assert not after["conv2d_5"].values.any()


def test_editing_the_picture_is_another_picture(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_unet")
    shown = network.edit(street, "picture", lambda maps: maps[::-1], ["activation"])["activation"].values
    spec = network.input_spec
    flipped = fit_picture(street, spec).batch[:, ::-1]
    model = tf.saved_model.load(str(network.path))
    np.testing.assert_allclose(
        shown, model.signatures["serving_default"](tf.constant(flipped))["output_0"].numpy()[0], atol=1e-5
    )


@pytest.mark.parametrize("change", [np.ones(5), np.ones((3, 3, 1)), lambda maps: maps[1:]])
def test_an_edit_of_another_shape_is_refused(change: object, open_zoo: OpenZoo, street: Picture) -> None:
    with pytest.raises(LayerError, match="conv2d_5"):
        open_zoo("keras3_unet").edit(street, "conv2d_5", change, ["activation"])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["keras3_unet", "keras2_unet", "valid_crops"])
def test_gradient_of_the_picture_equals_a_gradient_tape(
    name: str, zoo: Zoo, open_zoo: OpenZoo, street: Picture
) -> None:
    network = open_zoo(name)
    height, width = maps_of(network, street, network.output.name).shape[:2]
    mask = np.linspace(-1, 1, height * width).reshape(height, width)
    found = network.gradient(street, Target(network.output.name, channel=1, mask=mask), network.layers[0].name)
    model = tf.saved_model.load(str(zoo(name)))
    batch = tf.constant(fit_picture(street, network.input_spec).batch)
    with tf.GradientTape() as tape:
        tape.watch(batch)
        (output,) = model.signatures["serving_default"](batch).values()
        total = tf.reduce_sum(output[0, ..., 1] * mask.astype(np.float32))
    np.testing.assert_allclose(found.values, tape.gradient(total, batch).numpy()[0], rtol=1e-3, atol=1e-6)
    assert found.view == "gradient"


@pytest.mark.parametrize("wrt", ["deep", "join", "first:pre_activation", "gray", "last:pre_activation"])
def test_gradient_predicts_small_edits(wrt: str, open_zoo: OpenZoo, street: Picture) -> None:
    """Finite differences along the gradient itself: the change must be its squared length."""
    network = open_zoo("keras3_binary")
    target = "mask:pre_activation"
    gradient = network.gradient(street, Target(target, channel=0), wrt).values.astype(np.float64)
    length = float((gradient**2).sum())
    step = 0.02 / length**0.5

    def total(sign: int) -> float:
        moved = network.edit(street, wrt, lambda maps: maps + sign * step * gradient, [target])[target].values
        return float(moved.astype(np.float64).sum())

    assert (total(1) - total(-1)) / (2 * step) == pytest.approx(length, rel=0.02)


def test_gradient_against_the_flow_is_refused(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_unet")
    with pytest.raises(LayerError, match="does not depend"):
        network.gradient(street, Target("conv2d"), "conv2d_5")
    with pytest.raises(LayerError, match="no channel 4: its channels are 0 to 3"):
        network.gradient(street, Target("conv2d", channel=4), "picture")
    with pytest.raises(LayerError, match="mask"):
        network.gradient(street, Target("conv2d", mask=np.ones((2, 2))), "picture")


def test_unknown_names_offer_close_ones(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras3_unet")
    with pytest.raises(LayerError, match=r"no layer 'conv2d_l'; did you mean conv2d_\d"):
        network.feature_maps(street, ["conv2d_l"])
    with pytest.raises(LayerError, match="has no view 'relu': it has pre_activation, activation, batch_norm"):
        network.feature_maps(street, ["conv2d_1:relu"])


def test_maps_of_unpadded_networks_lie_where_they_were_computed(open_zoo: OpenZoo) -> None:
    """Two unpadded 3x3 convolutions lose 2 pixels on each side; pooling halves; the crop of 4 takes 4 more.

    A 3x3 convolution spreads a bright dot at pixel (20, 33) over the 3x3 pixels around it, and nowhere else.
    """
    pixels = np.zeros((44, 60, 3), np.uint8)
    dark = Picture.from_pixels(pixels, "dark")
    pixels[20, 33] = 255
    dot = Picture.from_pixels(pixels, "dot")
    network = open_zoo("valid_crops")
    for name, top, left, height, width in [
        ("enc_b", 2, 2, 40, 56),
        ("crop", 6, 6, 32, 48),
        ("deep_b", 6, 6, 32, 48),
        ("up", 6, 6, 32, 48),
        ("logits", 7, 7, 30, 46),
    ]:
        maps = network.feature_maps(dot, [name])[name]
        assert maps.placement.extent() == (top, left, height, width)
    first = network.feature_maps(dot, ["enc_a:pre_activation"])["enc_a:pre_activation"]
    changed = np.abs(first.values - maps_of(network, dark, "enc_a:pre_activation")).sum(-1) > 1e-6
    rows, columns = np.nonzero(first.placement.restore(changed))
    assert (set(rows), set(columns)) == ({19, 20, 21}, {32, 33, 34})
    whole, cropped = (network.feature_maps(dot, [name])[name] for name in ("enc_b", "crop"))
    restored = cropped.placement.restore(cropped.values)
    assert np.isnan(restored[:6]).all()
    np.testing.assert_array_equal(restored[6:38, 6:54], whole.placement.restore(whole.values)[6:38, 6:54])


def test_free_sizes_are_padded_and_restored(open_zoo: OpenZoo, street: Picture) -> None:
    """37 x 53 pixels become 38 x 54, the next multiple of two."""
    network = open_zoo("keras3_dynamic")
    spec = network.input_spec
    assert (spec.height, spec.width, spec.multiple, spec.fit) == (None, None, 2, "pad")
    maps = network.feature_maps(street, ["first", "deep"])
    assert maps["first"].values.shape == (38, 54, 3)
    assert maps["deep"].values.shape == (19, 27, 5)
    restored = maps["deep"].placement.restore(maps["deep"].values)
    assert restored.shape == (37, 53, 5)
    np.testing.assert_array_equal(restored[36, 52], maps["deep"].values[18, 26])
    other = Picture.from_pixels(street.pixels[:21, :30], "part")
    assert maps_of(network, other, "first").shape == (22, 30, 3)


def test_many_threads_get_the_same_results(open_zoo: OpenZoo, zoo: Zoo, street: Picture) -> None:
    """A freshly opened network, so that compiling and evicting happen under fire too."""
    network = open_network(zoo("keras3_unet"))
    names = [f"{layer.name}:{view}" for layer in network.layers for view in layer.views]
    expected = {name: maps_of(open_zoo("keras3_unet"), street, name) for name in names}

    def ask(seed: int) -> int:
        wanted = np.random.default_rng(seed).choice(names, 3, replace=False).tolist()
        found = network.feature_maps(street, wanted)
        kernel = network.kernel("conv2d_3")
        assert kernel is not None
        assert kernel.shape == (3, 3, 6, 6)
        for name in wanted:
            np.testing.assert_allclose(found[name].values, expected[name], rtol=1e-4, atol=1e-5)
        return len(found)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(48))) == [3] * 48


def test_networks_may_be_opened_at_the_same_time(zoo: Zoo, open_zoo: OpenZoo, street: Picture) -> None:
    names = ["keras3_unet", "keras2_unet", "valid_crops", "module"] * 3
    folders = [zoo(name) for name in names]
    expected = [maps_of(open_zoo(name), street, open_zoo(name).output.name) for name in names]
    with ThreadPoolExecutor(6) as pool:
        for network, values in zip(pool.map(open_network, folders), expected, strict=True):
            np.testing.assert_array_equal(maps_of(network, street, network.output.name), values)


def test_threads_asking_alike_get_equal_bits(open_zoo: OpenZoo, street: Picture) -> None:
    network = open_zoo("keras2_unet")
    expected = maps_of(network, street, "activation")
    with ThreadPoolExecutor(12) as pool:
        for found in pool.map(lambda _: maps_of(network, street, "activation"), range(48)):
            np.testing.assert_array_equal(found, expected)


def test_compiled_parts_are_bounded_and_reused(zoo: Zoo, street: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "COMPILED_LIMIT", 3)
    network = open_network(zoo("keras3_unet"))
    runner = network.runner
    assert isinstance(runner, execution.Executor)
    for layer in network.layers[:8]:
        network.feature_maps(street, [layer.name])
        assert len(runner.compiled) <= 3
    before = runner.compiled
    network.feature_maps(street, [network.layers[7].name])
    assert runner.compiled == before


def test_a_shallow_layer_does_not_run_the_network(zoo: Zoo, street: Picture) -> None:
    network = open_network(zoo("keras3_unet"))
    runner = network.runner
    assert isinstance(runner, execution.Executor)
    network.feature_maps(street, ["conv2d"])
    (part,) = runner.compiled
    kinds = [op.type for op in part.graph.get_operations()]
    assert kinds.count("Conv2D") == 1
    assert "MaxPool" not in kinds
