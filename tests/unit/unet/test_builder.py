import keras
import numpy as np
import pytest

from unet_explorer.errors import PresetError
from unet_explorer.unet.builder import build_unet, logits_layer, to_logits
from unet_explorer.unet.presets import load_preset, preset_names

PARAMETERS = {
    # name: (all, trainable). A and E are published; the paper's is that of its common reimplementations.
    "kitti-16": (2_168_926, 2_165_982),
    "classic-64": (31_055_297, 31_043_521),
    "paper-valid": (31_030_658, 31_030_658),
    "dropout-16": (2_158_417, 2_158_417),
    "tgs-salt": (2_164_305, 2_161_361),
    "carla-dice": (7_772_269, 7_766_381),
}


def count_by_hand(preset):
    """Parameters from the arithmetic of convolutions alone: (kernel² in + 1) out, and 4 a channel for batch norm."""
    norm = 4 if "norm" in preset.block else 0
    widths = [preset.filters * 2**stage for stage in range(preset.depth)]
    total = 0

    def stage(channels, width):
        first = (preset.conv_kernel**2 * channels + 1) * width
        second = (preset.conv_kernel**2 * width + 1) * width
        return first + second + 2 * norm * width

    channels = preset.channels
    for width in widths:
        total += stage(channels, width)
        channels = width
    for width in reversed(widths[:-1]):
        total += (preset.up_kernel**2 * channels + 1) * width + stage(2 * width, width)
        channels = width
    return total + (preset.head_kernel**2 * channels + 1) * preset.outputs


@pytest.mark.parametrize("name", preset_names())
def test_parameters_are_the_known_ones(name):
    preset = load_preset(name)
    model = build_unet(preset)
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    assert (model.count_params(), trainable) == PARAMETERS[name]
    assert model.count_params() == count_by_hand(preset)


def test_kitti_layers_have_the_names_and_shapes_the_article_shows():
    model = build_unet(load_preset("kitti-16"))
    shown = {
        "conv2d_1": (368, 1248, 16),
        "conv2d_3": (184, 624, 32),
        "conv2d_5": (92, 312, 64),
        "conv2d_7": (46, 156, 128),
        "conv2d_9": (23, 78, 256),
        "conv2d_11": (46, 156, 128),
        "conv2d_13": (92, 312, 64),
        "conv2d_15": (184, 624, 32),
        "conv2d_17": (368, 1248, 16),
        "conv2d_transpose_3": (368, 1248, 16),
        "concatenate_3": (368, 1248, 32),
        "conv2d_18": (368, 1248, 30),
        "activation": (368, 1248, 30),
    }
    assert {name: model.get_layer(name).output.shape[1:] for name in shown} == shown
    assert model.layers[-1].name == "activation"


def test_kitti_block_is_conv_relu_norm_and_the_skip_comes_first():
    model = build_unet(load_preset("kitti-16"))
    names = [layer.name for layer in model.layers]
    assert names[:5] == ["input", "conv2d", "batch_normalization", "conv2d_1", "batch_normalization_1"]
    assert model.get_layer("conv2d").activation is keras.activations.relu
    joined = model.get_layer("concatenate_3").input
    assert [tensor._keras_history.operation.name for tensor in joined] == [
        "batch_normalization_1",
        "conv2d_transpose_3",
    ]


def test_the_paper_maps_572_to_388_through_its_crops():
    model = build_unet(load_preset("paper-valid"))
    assert model.output_shape == (None, 388, 388, 2)
    assert [model.get_layer(f"conv2d_{k}").output.shape[1] for k in (1, 3, 5, 7, 9)] == [568, 280, 136, 64, 28]
    assert model.get_layer("cropping2d").cropping == ((4, 4), (4, 4))
    assert model.get_layer("cropping2d_3").cropping == ((88, 88), (88, 88))


def test_an_unpadded_network_that_shrinks_to_nothing_is_refused():
    with pytest.raises(PresetError, match="shrinks a 60x60 picture to nothing"):
        build_unet(load_preset("paper-valid").changed({"height": 60, "width": 60}))


def test_an_unpadded_network_needs_a_size():
    with pytest.raises(PresetError, match="needs a fixed height and width"):
        build_unet(load_preset("paper-valid").any_size())


def small(**changes):
    return load_preset("kitti-16").changed({"height": 32, "width": 48, "filters": 2, "outputs": 3, **changes})


def test_logits_share_weights_with_the_network_and_softmax_of_them_is_its_output():
    keras.utils.set_random_seed(3)
    model = build_unet(small())
    pictures = np.random.default_rng(0).random((2, 32, 48, 3), dtype=np.float32)
    logits = np.asarray(to_logits(model)(pictures))
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(np.asarray(model(pictures)), powers / powers.sum(-1, keepdims=True), atol=1e-6)
    assert logits_layer(model) == "conv2d_18"


def test_any_size_gives_the_same_values_as_the_fixed_size():
    keras.utils.set_random_seed(3)
    fixed, free = build_unet(small()), build_unet(small().any_size())
    free.set_weights(fixed.get_weights())
    pictures = np.random.default_rng(0).random((1, 32, 48, 3), dtype=np.float32)
    np.testing.assert_array_equal(np.asarray(fixed(pictures)), np.asarray(free(pictures)))
    assert free(np.zeros((1, 64, 16, 3), np.float32)).shape == (1, 64, 16, 3)


def test_the_head_stays_float32_in_mixed_precision():
    model = build_unet(small(), "mixed_bfloat16")
    assert model.get_layer("conv2d_17").compute_dtype == "bfloat16"
    assert model.get_layer("conv2d_18").compute_dtype == "float32"
    assert model.get_layer("conv2d_17").kernel.dtype == "float32"
