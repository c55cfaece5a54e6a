import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from unet_explorer.metrics import confusion_matrix, mean_iou
from unet_explorer.training.scores import SparseMeanIoU, confusion_of_each
from unet_explorer.unet.builder import build_unet
from unet_explorer.unet.presets import load_preset


def batches(seed, classes, count=4):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        # Few classes in each batch, so that some are absent from labels, predictions or both.
        some = rng.choice(classes, rng.integers(1, classes + 1), replace=False)
        yield some[rng.integers(0, len(some), (2, 5, 7))], rng.random((2, 5, 7, classes), dtype=np.float32) ** 3


@pytest.mark.filterwarnings("ignore:.*requested in.*is not available:UserWarning")
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), classes=st.integers(2, 6))
def test_sparse_mean_iou_equals_keras_on_every_batch(seed, classes):
    ours = SparseMeanIoU(classes)
    theirs = keras.metrics.MeanIoU(classes, sparse_y_pred=False)
    for labels, scores in batches(seed, classes):
        ours.update_state(labels, scores)
        theirs.update_state(labels, scores)
        assert float(ours.result()) == pytest.approx(float(theirs.result()), abs=1e-6)


def test_sparse_mean_iou_by_hand_with_void_and_weights():
    metric = SparseMeanIoU(3)
    labels = np.array([[[0, 0, 1, 1, 255]]])
    scores = np.eye(3, dtype=np.float32)[np.array([[[0, 1, 1, 1, 2]]])]
    metric.update_state(labels, scores)
    # class 0: 1/2, class 1: 2/3, class 2 absent (its only prediction is on a void pixel)
    assert float(metric.result()) == pytest.approx((1 / 2 + 2 / 3) / 2)
    metric.reset_state()
    metric.update_state(labels, scores, sample_weight=np.array([[[1, 0, 1, 1, 1]]]))
    assert float(metric.result()) == pytest.approx(1.0)


def test_sparse_mean_iou_comes_back_from_its_config():
    config = keras.metrics.serialize(SparseMeanIoU(4, ignore=9, name="score"))
    made = keras.metrics.deserialize(config)
    assert (made.classes, made.ignore, made.name) == (4, 9, "score")


def test_sparse_mean_iou_follows_keras_own_training():
    """As docs/training.md has it, in a loop of one's own."""
    preset = load_preset("kitti-16").changed({"height": 8, "width": 16, "filters": 2, "depth": 2, "outputs": 3})
    model = build_unet(preset)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[SparseMeanIoU(3)])
    rng = np.random.default_rng(4)
    pictures, labels = rng.random((6, 8, 16, 3), np.float32), rng.integers(0, 3, (6, 8, 16))
    history = model.fit(pictures, labels, batch_size=4, verbose=0).history
    assert 0 < history["mean_iou"][0] < 1
    predicted = model.predict(pictures, verbose=0).argmax(axis=-1)
    score = model.evaluate(pictures, labels, batch_size=4, verbose=0, return_dict=True)["mean_iou"]
    assert score == pytest.approx(mean_iou(confusion_matrix(labels, predicted, 3)))


def test_confusion_of_each_picture_by_hand():
    labels = np.array([[[0, 1, 1]], [[2, 255, 0]]], np.int32)
    logits = np.eye(3, dtype=np.float32)[np.array([[[0, 1, 0]], [[2, 2, 2]]])]
    confusions = np.asarray(ops.convert_to_numpy(confusion_of_each(ops.convert_to_tensor(labels), logits)))
    assert confusions.tolist() == [[[1, 0, 0], [1, 1, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 0], [0, 0, 1]]]


def test_a_binary_network_predicts_the_object_above_a_logit_of_zero():
    labels = np.array([[[1, 1, 0, 0]]], np.int32)
    logits = np.array([[[[2.0], [-1.0], [0.5], [0.0]]]], np.float32)
    confusions = np.asarray(ops.convert_to_numpy(confusion_of_each(ops.convert_to_tensor(labels), logits)))
    assert confusions.tolist() == [[[1, 1], [1, 1]]]
