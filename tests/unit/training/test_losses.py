"""Each loss against a worked example, and against NumPy written from its definition."""

import keras
import numpy as np
import pytest
from keras import ops

from unet_explorer.classes import numbered_class_table
from unet_explorer.errors import ClassTableError, RecipeError
from unet_explorer.training.losses import build_loss, class_weights
from unet_explorer.training.recipe import Loss

SHARES = np.array([0.64, 0.32, 0.04])
TABLE = numbered_class_table(3)
VOID = 255


def loss_of(labels, logits, *terms, shares=SHARES):
    total = build_loss(terms, shares, numbered_class_table(len(shares)))
    return float(total(ops.convert_to_tensor(np.asarray(labels, np.int32)), ops.convert_to_tensor(np.float32(logits))))


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.fixture
def case():
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 3, (2, 4, 6))
    labels[0, :, 0] = VOID
    return labels, rng.normal(0, 2, (2, 4, 6, 3)).astype(np.float32)


def test_cross_entropy_of_one_pixel_by_hand():
    # softmax(0, ln 3) = (1/4, 3/4)
    assert loss_of([[[1]]], [[[[0, np.log(3)]]]], Loss(), shares=np.array([0.5, 0.5])) == pytest.approx(-np.log(0.75))


def test_cross_entropy_is_the_mean_over_counted_pixels(case):
    labels, logits = case
    counted = labels != VOID
    p = np.take_along_axis(softmax(logits), np.where(counted, labels, 0)[..., None], -1)[..., 0]
    assert loss_of(labels, logits, Loss()) == pytest.approx(-np.log(p[counted]).mean(), rel=1e-5)


def test_label_smoothing_is_cross_entropy_with_softened_labels(case):
    labels, logits = case
    counted = labels != VOID
    soft = 0.7 * np.eye(3)[np.where(counted, labels, 0)] + 0.3 / 3
    expected = -(soft * np.log(softmax(logits))).sum(-1)[counted].mean()
    assert loss_of(labels, logits, Loss(label_smoothing=0.3)) == pytest.approx(expected, rel=1e-5)


def test_inverse_root_weights_by_hand():
    # 1/0.8, 1/0.5657, 1/0.2 scaled by sum(share * weight) = 0.8 + 0.5657 + 0.2
    weights = class_weights(Loss(class_power=0.5), SHARES, TABLE)
    np.testing.assert_allclose(weights, np.array([1.25, 1.76777, 5.0]) / 1.5656854, rtol=1e-5)
    assert (weights * SHARES).sum() == pytest.approx(1)


def test_class_weights_are_limited_and_named_ones_multiply():
    limited = class_weights(Loss(class_power=1.0, class_limit=2.0), SHARES, TABLE)
    assert limited[2] / limited[1] == pytest.approx(2.0)
    named = class_weights(Loss(class_weights={TABLE[1].name: 3.0}), SHARES, TABLE)
    assert named[1] / named[0] == pytest.approx(3.0)
    with pytest.raises(ClassTableError):
        class_weights(Loss(class_weights={"nowhere": 3.0}), SHARES, TABLE)


def test_weights_of_nothing_but_absent_classes_are_refused():
    only_absent = Loss(class_weights={TABLE[0].name: 0, TABLE[1].name: 0})
    with pytest.raises(RecipeError, match="gives every class of the training pictures the weight 0"):
        class_weights(only_absent, np.array([0.5, 0.5, 0.0]), TABLE)
    assert np.isfinite(class_weights(only_absent, SHARES, TABLE)).all()


def test_an_absent_class_has_a_finite_weight():
    assert np.isfinite(class_weights(Loss(class_power=1.0), np.array([0.5, 0.5, 0.0]), TABLE)).all()


def test_weighted_cross_entropy_weighs_each_pixel_by_its_class(case):
    labels, logits = case
    counted = labels != VOID
    known = np.where(counted, labels, 0)
    p = np.take_along_axis(softmax(logits), known[..., None], -1)[..., 0]
    weights = class_weights(Loss(class_power=0.5), SHARES, TABLE)[known]
    expected = (-np.log(p) * weights)[counted].sum() / counted.sum()
    assert loss_of(labels, logits, Loss(class_power=0.5)) == pytest.approx(expected, rel=1e-5)


def test_focal_fades_sure_pixels(case):
    labels, logits = case
    counted = labels != VOID
    p = np.take_along_axis(softmax(logits), np.where(counted, labels, 0)[..., None], -1)[..., 0]
    expected = (-((1 - p) ** 2) * np.log(p))[counted].mean()
    assert loss_of(labels, logits, Loss("focal")) == pytest.approx(expected, rel=1e-4)
    assert loss_of(labels, logits, Loss("focal", gamma=0.0)) == pytest.approx(loss_of(labels, logits, Loss()), rel=1e-5)


def test_binary_cross_entropy_is_that_of_keras(case):
    labels = (case[0] % 2).astype(np.int32)
    logits = case[1][..., :1]
    expected = keras.losses.BinaryCrossentropy(from_logits=True)(labels[..., None].astype("float32"), logits)
    two = np.array([0.5, 0.5])
    assert loss_of(labels, logits, Loss("binary-cross-entropy"), shares=two) == pytest.approx(float(expected), rel=1e-5)


def test_dice_of_a_binary_mask_by_hand():
    # p = sigmoid(+-ln 3) = 3/4, 1/4; labels 1, 0: both = 3/4, sizes = 1 + 1: 1 - (2 * 3/4 + 1) / (2 + 1) = 1/6
    logits = np.log(3) * np.array([[[[1.0], [-1.0]]]])
    assert loss_of([[[1, 0]]], logits, Loss("dice"), shares=np.array([0.5, 0.5])) == pytest.approx(1 / 6)


def test_dice_averages_over_the_classes_that_occur():
    labels = np.zeros((1, 2, 3), np.int32)
    labels[0, 0] = 1
    sure = 40.0 * np.eye(3)[labels]
    assert loss_of(labels, sure, Loss("dice")) == pytest.approx(0, abs=1e-5)
    assert loss_of(labels, sure[..., [2, 1, 0]], Loss("dice")) == pytest.approx(0.5 * (1 - 1 / 4), abs=1e-4)


def lovasz_by_definition(labels, p):
    """Berman et al., algorithm 1, class after class in plain NumPy."""
    losses = []
    for number in range(p.shape[-1]):
        counted = labels != VOID
        true, chance = (labels == number)[counted].astype(float), p[..., number][counted]
        if not true.sum():
            continue
        errors = np.abs(true - chance)
        order = np.argsort(-errors)
        true = true[order]
        jaccard = 1 - (true.sum() - true.cumsum()) / (true.sum() + (1 - true).cumsum())
        losses.append((errors[order] * np.diff(jaccard, prepend=0)).sum())
    return np.mean(losses)


def test_lovasz_follows_its_definition(case):
    labels, logits = case
    expected = lovasz_by_definition(labels, softmax(logits))
    assert loss_of(labels, logits, Loss("lovasz")) == pytest.approx(expected, rel=1e-5)


def test_lovasz_of_sure_predictions_is_one_minus_mean_iou():
    labels = np.array([[[0, 0, 1, 1, 1, 2]]])
    predicted = np.array([[[0, 1, 1, 1, 0, 2]]])
    # IoU: 1/3, 2/4, 1/1
    expected = 1 - np.mean([1 / 3, 2 / 4, 1])
    assert loss_of(labels, 60.0 * np.eye(3)[predicted], Loss("lovasz")) == pytest.approx(expected, abs=1e-5)


def test_lovasz_with_a_stride_looks_at_every_nth_row_and_column(case):
    labels, logits = case
    expected = lovasz_by_definition(labels[:, ::2, ::2], softmax(logits)[:, ::2, ::2])
    assert loss_of(labels, logits, Loss("lovasz", stride=2)) == pytest.approx(expected, rel=1e-5)


def test_lovasz_per_picture_is_the_mean_over_the_pictures(case):
    labels, logits = case
    labels[1] = np.where(labels[1] == 2, 0, labels[1])
    expected = np.mean([lovasz_by_definition(*pair) for pair in zip(labels, softmax(logits), strict=True)])
    assert expected != pytest.approx(lovasz_by_definition(labels, softmax(logits)), rel=1e-2)
    assert loss_of(labels, logits, Loss("lovasz", per_picture=True)) == pytest.approx(expected, rel=1e-5)


BINARY = np.array([0.5, 0.5])


def hinge_by_definition(labels, logits):
    """The Lovasz extension of 1 - IoU as its definition has it: an integral over the level sets of the hinge errors.

    Each slab between two neighbouring errors weighs the Jaccard distance that the pixels above it make when they are
    all mispredicted: nothing of Berman's sorted gradient is used.
    """
    true, values = labels[labels != VOID] == 1, logits[labels != VOID].astype(float)
    errors = np.maximum(1 - np.where(true, values, -values), 0)
    total, below = 0.0, 0.0
    for level in np.unique(errors[errors > 0]):
        wrong = errors >= level
        predicted = true ^ wrong
        total += (level - below) * (1 - (true & predicted).sum() / (true | predicted).sum())
        below = level
    return total


@pytest.fixture
def binary_case(case):
    labels, logits = case
    logits[1] *= 3  # So that the two pictures do not score alike.
    return np.where(labels == VOID, VOID, labels % 2), logits[..., :1]


def test_lovasz_hinge_by_hand():
    # Hinge errors 0.5 and 3 of the object, 0 and 1.5 of the rest; both, of 2: slabs of 0.5, 1 and 1.5.
    labels, logits = [[[1, 1, 0, 0]]], np.array([[[[0.5], [-2.0], [-4.0], [0.5]]]])
    # Wrong above 0: IoU 0. Above 0.5: the object's second and one of the rest, IoU 1/3. Above 1.5: IoU 1/2.
    expected = 0.5 * 1 + 1 * (1 - 1 / 3) + 1.5 * (1 - 1 / 2)
    assert loss_of(labels, logits, Loss("lovasz-hinge"), shares=BINARY) == pytest.approx(expected)


def test_lovasz_hinge_is_the_integral_over_its_level_sets(binary_case):
    labels, logits = binary_case
    together = loss_of(labels, logits, Loss("lovasz-hinge"), shares=BINARY)
    assert together == pytest.approx(hinge_by_definition(labels, logits[..., 0]), rel=1e-5)
    each = [hinge_by_definition(*pair) for pair in zip(labels, logits[..., 0], strict=True)]
    assert np.mean(each) != pytest.approx(together, rel=1e-2)
    apart = loss_of(labels, logits, Loss("lovasz-hinge", per_picture=True), shares=BINARY)
    assert apart == pytest.approx(np.mean(each), rel=1e-5)


def test_binary_lovasz_follows_its_definition(binary_case):
    labels, logits = binary_case
    chance = 1 / (1 + np.exp(-logits))
    both = np.concatenate([np.zeros_like(chance), chance], axis=-1)
    # The rest is called 7, so that the definition sees no class 0, and passes it over.
    expected = lovasz_by_definition(np.where(labels == 0, 7, labels), both)
    assert loss_of(labels, logits, Loss("lovasz"), shares=BINARY) == pytest.approx(expected, rel=1e-5)


def test_binary_lovasz_makes_a_false_alarm_in_an_empty_picture_pay():
    labels = [[[1, 1, 0]], [[0, 0, 0]]]
    # ln 3 and its negative are probabilities 3/4 and 1/4, ln 9 is 9/10. The first picture's errors are 1/4 throughout.
    quiet = np.log([[[[3], [3], [1 / 3]]], [[[1 / 3], [1 / 3], [1 / 3]]]])
    alarmed = np.log([[[[3], [3], [1 / 3]]], [[[1 / 3], [9], [3]]]])
    term = Loss("lovasz", per_picture=True)
    assert loss_of(labels, quiet, term, shares=BINARY) == pytest.approx(np.mean([1 / 4, 1 / 4]))
    assert loss_of(labels, alarmed, term, shares=BINARY) == pytest.approx(np.mean([1 / 4, 9 / 10]))


@pytest.mark.parametrize("name", ["lovasz", "lovasz-hinge"])
def test_pictures_that_fill_up_a_batch_do_not_lower_a_loss_picture_by_picture(name, binary_case):
    labels, logits = binary_case
    filled = np.concatenate([labels, np.full_like(labels, VOID)]), np.concatenate([logits, logits])
    term = Loss(name, per_picture=True)
    alone = loss_of(labels, logits, term, shares=BINARY)
    assert alone > 0
    assert loss_of(*filled, term, shares=BINARY) == pytest.approx(alone, rel=1e-6)


def test_lovasz_hinge_of_a_picture_without_the_object_looks_at_its_highest_logit():
    logits = np.array([[[[-3.0], [0.5], [-1.5]]], [[[-3.0], [-2.5], [-1.5]]]])
    loss = loss_of(np.zeros((2, 1, 3)), logits, Loss("lovasz-hinge", per_picture=True), shares=BINARY)
    assert loss == pytest.approx(np.mean([1.5, 0.0]))


def test_terms_add_up_with_their_weights(case):
    labels, logits = case
    parts = [loss_of(labels, logits, Loss(name)) for name in ("cross-entropy", "lovasz", "dice")]
    terms = (Loss(weight=2.0), Loss("lovasz", weight=0.5), Loss("dice", weight=0.0))
    assert loss_of(labels, logits, *terms) == pytest.approx(2 * parts[0] + 0.5 * parts[1], rel=1e-5)


@pytest.mark.parametrize("name", ["cross-entropy", "focal", "dice", "lovasz"])
def test_void_pixels_do_not_matter(name, case):
    labels, logits = case
    other = logits.copy()
    other[labels == VOID] = -5.0
    assert loss_of(labels, logits, Loss(name)) == pytest.approx(loss_of(labels, other, Loss(name)), rel=1e-5)


def test_void_pixels_do_not_matter_to_the_hinge(binary_case):
    labels, logits = binary_case
    other = logits.copy()
    other[labels == VOID] = 50.0
    term = Loss("lovasz-hinge", per_picture=True)
    assert loss_of(labels, logits, term, shares=BINARY) == loss_of(labels, other, term, shares=BINARY)


@pytest.mark.parametrize("name", ["cross-entropy", "focal", "dice", "lovasz", "binary-cross-entropy", "lovasz-hinge"])
def test_nothing_counted_is_finite(name):
    classes = 1 if name in ("binary-cross-entropy", "lovasz-hinge") else 3
    labels = np.full((1, 2, 3), VOID)
    shares = np.array([0.5, 0.5]) if classes == 1 else SHARES
    assert np.isfinite(loss_of(labels, np.ones((1, 2, 3, classes)), Loss(name), shares=shares))


def test_smaller_logits_are_compared_with_the_middle_of_the_labels():
    labels = np.full((1, 4, 6), 2)
    labels[0, 1:3, 2:4] = 1
    sure = np.broadcast_to([0.0, 50.0, 0.0], (1, 2, 2, 3))
    assert loss_of(labels, sure, Loss()) == pytest.approx(0, abs=1e-6)
