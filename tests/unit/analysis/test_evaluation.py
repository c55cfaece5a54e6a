import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.unit.datasets.builders import street, write_png
from unet_explorer import open_network
from unet_explorer.analysis.evaluation import THRESHOLDS, evaluate
from unet_explorer.classes import ClassTable, load_class_table, numbered_class_table
from unet_explorer.datasets import Dataset, open_dataset
from unet_explorer.errors import DatasetError, PictureError
from unet_explorer.metrics import threshold_curve
from unet_explorer.network import ModelCard
from unet_explorer.pictures import InputSpec, Picture, fit_picture
from unet_explorer.unet.builder import build_unet
from unet_explorer.unet.export import export_network
from unet_explorer.unet.presets import load_preset

HEIGHT, WIDTH = 32, 48


def folder_of(root: Path, table: ClassTable, pairs: list[tuple[np.ndarray, np.ndarray]]) -> Dataset:
    for number, (pixels, labels) in enumerate(pairs):
        write_png(root / f"images/{number}.png", pixels)
        write_png(root / f"masks/{number}.png", labels)
    (root / "classes.json").write_text(json.dumps(table.to_dict()))
    return open_dataset("folder", root)


def salt_of(root: Path, masks: list[np.ndarray]) -> Dataset:
    for number, mask in enumerate(masks):
        write_png(root / f"images/{number}.png", street(number, *mask.shape))
        write_png(root / f"masks/{number}.png", mask.astype(np.uint8) * 255)
    return open_dataset("tgs-salt", root)


def stand_in(table: ClassTable, answer: Callable[[Picture], np.ndarray], card: object = None) -> Any:
    """A network whose probabilities are told by a function; its maps cover the whole picture."""

    def probabilities(picture: Picture) -> SimpleNamespace:
        values = answer(picture)
        spec = InputSpec(values.shape[0], values.shape[1], 3, 0.0, 1.0, "stretch")
        return SimpleNamespace(values=values, placement=fit_picture(picture, spec).placement)

    return SimpleNamespace(name="stand-in", class_table=table, card=card, probabilities=probabilities)


def one_hot(ids: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[ids]


def test_scores_of_a_hand_counted_case(tmp_path: Path) -> None:
    labels = np.array([[0, 0, 1], [1, 1, 2]], np.uint8)
    answer = np.array([[0, 1, 1], [1, 0, 0]])
    dataset = folder_of(tmp_path, numbered_class_table(4), [(street(1, 2, 3), labels), (street(2, 2, 3), labels)])

    result = evaluate(stand_in(dataset.class_table, lambda _: one_hot(answer, 4)), dataset, dataset.samples)

    # Each picture: 0 -> 0, 0 -> 1, 1 -> 1 twice, 1 -> 0, 2 -> 0.
    assert result.confusion.tolist() == [[2, 2, 0, 0], [2, 4, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(result.class_iou, [2 / 8, 4 / 8, 0, np.nan])
    assert result.mean_iou == pytest.approx((0.25 + 0.5 + 0) / 3)
    assert result.pixel_accuracy == pytest.approx(6 / 12)
    assert result.pictures == 2
    assert result.curve is None
    assert result.salt_score is None


def test_void_of_a_class_table_is_a_remark_that_changes_no_score(tmp_path: Path) -> None:
    labels = np.array([[0, 0, 1], [1, 2, 2]], np.uint8)
    plain = numbered_class_table(3)
    marked = ClassTable(plain.name, (*plain.classes[:2], replace(plain.classes[2], void=True)))
    results = []

    for name, table in (("plain", plain), ("marked", marked)):
        dataset = folder_of(tmp_path / name, table, [(street(1, 2, 3), labels)])
        network = stand_in(table, lambda _: one_hot(np.where(labels == 2, 0, labels), 3))
        results.append(evaluate(network, dataset, dataset.samples))

    assert dataset.class_table[2].void
    assert [result.confusion.tolist() for result in results] == [[[2, 0, 0], [0, 2, 0], [2, 0, 0]]] * 2
    assert [result.mean_iou for result in results] == [pytest.approx((2 / 4 + 1 + 0) / 3)] * 2
    assert [result.pixel_accuracy for result in results] == [pytest.approx(4 / 6)] * 2


def test_a_network_smaller_than_the_pictures_is_judged_at_its_own_size(tmp_path: Path) -> None:
    labels = np.zeros((4, 6), np.uint8)
    labels[1, 1], labels[1, 4], labels[3, 4] = 1, 1, 2
    dataset = folder_of(tmp_path, numbered_class_table(3), [(street(1, 4, 6), labels)])

    # 2 x 2 output pixels: their centres are those of rows 1, 3 and columns 1, 4 (nearest, half-pixel centres).
    result = evaluate(
        stand_in(dataset.class_table, lambda _: one_hot(np.array([[1, 1], [0, 2]]), 3)), dataset, dataset.samples
    )

    assert result.mean_iou == 1.0
    assert result.confusion.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 1]]


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(3)
    preset = load_preset("kitti-16").changed({"height": HEIGHT, "width": WIDTH, "filters": 4, "outputs": 5, "depth": 3})
    spec = InputSpec(HEIGHT, WIDTH, 3, 0.0, 1.0, "stretch")
    card = ModelCard(name="tiny", input=spec, class_table=numbered_class_table(5))
    return export_network(build_unet(preset), tmp_path_factory.mktemp("models") / "tiny", card)


def test_the_mean_iou_of_a_real_network_is_that_of_keras(tiny_model: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(8)
    pairs = [(street(n, HEIGHT, WIDTH), generator.integers(0, 5, (HEIGHT, WIDTH), dtype=np.uint8)) for n in range(4)]
    pairs[0][1][:] = 2  # One picture of a single class.
    dataset = folder_of(tmp_path, numbered_class_table(5), pairs)
    infer = tf.saved_model.load(str(tiny_model)).signatures["serving_default"]
    metric = keras.metrics.MeanIoU(num_classes=5)
    for pixels, labels in pairs:
        (values,) = infer(input=tf.constant(pixels[None] / np.float32(255))).values()
        metric.update_state(labels, values.numpy()[0].argmax(-1))

    result = evaluate(open_network(tiny_model), dataset, dataset.samples)

    assert result.mean_iou == pytest.approx(float(metric.result()), abs=1e-7)


def test_pictures_of_other_sizes_are_resized_as_tensorflow_resizes_them(tiny_model: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(9)
    smooth = np.kron(street(5, 5, 9), np.ones((10, 10, 1), np.uint8))
    labels = np.kron(generator.integers(0, 5, (5, 9), dtype=np.uint8), np.ones((10, 10), np.uint8))
    dataset = folder_of(tmp_path, numbered_class_table(5), [(smooth, labels)])
    infer = tf.saved_model.load(str(tiny_model)).signatures["serving_default"]
    resized = tf.image.resize(smooth[None].astype(np.float32) / 255, (HEIGHT, WIDTH), "bilinear")
    truth = tf.image.resize(labels[None, ..., None], (HEIGHT, WIDTH), "nearest")[0, ..., 0].numpy()
    (values,) = infer(input=resized).values()
    predicted = values.numpy()[0].argmax(-1)

    result = evaluate(open_network(tiny_model), dataset, dataset.samples)

    assert result.confusion.sum(axis=1).tolist() == np.bincount(truth.ravel(), minlength=5).tolist()
    # OpenCV and TensorFlow round differently in the last bit: a pixel or two on the edge between two classes may turn.
    expected = np.bincount(truth.ravel() * 5 + predicted.ravel(), minlength=25).reshape(5, 5)
    assert np.abs(result.confusion - expected).sum() <= 4


def test_the_threshold_curve_is_that_of_all_pixels_together(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    masks = [generator.random((6, 7)) < share for share in (0.2, 0.5, 0.0)]
    answers = {n: generator.random((6, 7)).astype(np.float32) for n in range(3)}
    answers[1][2, 3] = np.nan
    dataset = salt_of(tmp_path, masks)

    result = evaluate(
        stand_in(dataset.class_table, lambda p: answers[int(Path(p.name).stem)][..., None]), dataset, dataset.samples
    )

    everything = np.concatenate([answers[n].ravel() for n in range(3)]), np.concatenate([m.ravel() for m in masks])
    expected = threshold_curve(*everything, THRESHOLDS)
    assert result.curve is not None
    for score in ("iou", "precision", "recall"):
        np.testing.assert_allclose(getattr(result.curve, score), getattr(expected, score))
    assert result.curve.best == expected.best
    # At 0.5, the curve and the confusion matrix are the same thing.
    assert result.class_iou[1] == pytest.approx(result.curve.iou[49])
    assert result.confusion.sum() == 3 * 42


def kaggle_score(masks: list[np.ndarray], predictions: list[np.ndarray]) -> float:
    """Picture after picture, threshold after threshold, as the contest's page words it."""
    precisions = []
    for mask, predicted in zip(masks, predictions, strict=True):
        for percent in range(50, 100, 5):
            if not mask.any():
                precisions.append(float(not predicted.any()))
            else:
                overlap = np.count_nonzero(mask & predicted) / np.count_nonzero(mask | predicted)
                precisions.append(float(overlap > percent / 100))
    return float(np.mean(precisions))


def test_the_salt_score_is_kaggles_in_the_pictures_own_pixels(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    masks = [generator.random((10, 10)) < share for share in (0.3, 0.7, 0.0, 0.0)]
    answers = [np.where(mask, 0.7, 0.2) + generator.uniform(-0.25, 0.25, mask.shape) for mask in masks]
    answers[3][:] = 0.1
    dataset = salt_of(tmp_path, masks)
    # The network's maps are three times as large as the pictures.
    large = [np.kron(answer, np.ones((3, 3)))[..., None].astype(np.float32) for answer in answers]

    result = evaluate(stand_in(dataset.class_table, lambda p: large[int(Path(p.name).stem)]), dataset, dataset.samples)

    assert result.salt_scores is not None
    for place in (9, 49, 59, 89):
        predictions = [answer.astype(np.float32) >= np.float32(THRESHOLDS[place]) for answer in answers]
        assert result.salt_scores[place] == pytest.approx(kaggle_score(masks, predictions))
    assert result.salt_score == result.salt_scores[49]


def test_all_empty_answers_score_the_share_of_empty_masks(salt_root: Path) -> None:
    dataset = open_dataset("tgs-salt", salt_root)
    samples = dataset.samples[:200]
    empty = sum(not dataset.read_label(sample.label).any() for sample in samples if sample.label)

    nothing = stand_in(dataset.class_table, lambda _: np.zeros((128, 128, 1), np.float32))

    assert evaluate(nothing, dataset, samples).salt_score == pytest.approx(empty / 200)


def test_perfect_and_constant_answers_on_real_roads(kitti_root: Path) -> None:
    dataset = open_dataset("kitti", kitti_root)
    samples = dataset.samples[:3]
    labels = {sample.image.name: dataset.read_label(sample.label) for sample in samples if sample.label}

    perfect = evaluate(stand_in(dataset.class_table, lambda p: one_hot(labels[p.name], 30)), dataset, samples)
    road = evaluate(
        stand_in(dataset.class_table, lambda p: one_hot(np.zeros_like(labels[p.name]), 30)), dataset, samples
    )

    assert (perfect.mean_iou, perfect.pixel_accuracy) == (1.0, 1.0)
    share = sum(int((ids == 0).sum()) for ids in labels.values()) / sum(ids.size for ids in labels.values())
    assert road.pixel_accuracy == pytest.approx(share)


def test_margins_that_the_maps_do_not_show_are_left_out(tmp_path: Path) -> None:
    dataset = folder_of(tmp_path, numbered_class_table(2), [(street(1, 4, 4), np.ones((4, 4), np.uint8))])
    network = stand_in(dataset.class_table, lambda _: one_hot(np.ones((8, 4), int), 2))

    def letterboxed(picture: Picture) -> SimpleNamespace:
        spec = InputSpec(8, 4, 3, 0.0, 1.0, "letterbox")
        return SimpleNamespace(values=one_hot(np.ones((8, 4), int), 2), placement=fit_picture(picture, spec).placement)

    network.probabilities = letterboxed

    assert evaluate(network, dataset, dataset.samples).confusion.tolist() == [[0, 0], [0, 16]]


def test_progress_counts_up_and_two_pictures_are_in_work_at_once(tmp_path: Path) -> None:
    pairs = [(street(n, 2, 2), np.zeros((2, 2), np.uint8)) for n in range(6)]
    dataset = folder_of(tmp_path, numbered_class_table(2), pairs)
    together = threading.Barrier(2, timeout=20)

    def meet(_: Picture) -> np.ndarray:
        together.wait()  # Breaks unless a second thread comes here while the first one waits.
        return one_hot(np.zeros((2, 2), int), 2)

    calls: list[tuple[int, int]] = []
    evaluate(stand_in(dataset.class_table, meet), dataset, dataset.samples, lambda *call: calls.append(call))

    assert calls == [(n, 6) for n in range(1, 7)]


def test_an_interruption_ends_it_without_showing_the_rest(tmp_path: Path) -> None:
    pairs = [(street(n, 2, 2), np.zeros((2, 2), np.uint8)) for n in range(40)]
    dataset = folder_of(tmp_path, numbered_class_table(2), pairs)
    shown: list[str] = []
    gate = threading.Event()

    def note(picture: Picture) -> np.ndarray:
        shown.append(picture.name)
        if len(shown) > 3:
            gate.wait(20)
        return one_hot(np.zeros((2, 2), int), 2)

    def interrupt(done: int, total: int) -> None:
        gate.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(stand_in(dataset.class_table, note), dataset, dataset.samples, interrupt)

    assert len(shown) < 40


def test_networks_of_other_classes_are_refused(tmp_path: Path) -> None:
    dataset = folder_of(tmp_path, numbered_class_table(30), [(street(1), np.zeros((6, 8), np.uint8))])
    kitti = load_class_table("kitti")
    card = SimpleNamespace(class_table=kitti)

    with pytest.raises(DatasetError, match="stand-in tells 13 classes apart and folder has 30"):
        evaluate(stand_in(load_class_table("carla"), one_hot, None), dataset, dataset.samples)
    with pytest.raises(DatasetError, match=r"name their classes differently \(such as 'Road' and 'Class 0'"):
        evaluate(stand_in(kitti, one_hot, card), dataset, dataset.samples)


def test_nothing_to_show_and_broken_pairs_are_told(tmp_path: Path) -> None:
    dataset = folder_of(tmp_path, numbered_class_table(2), [(street(1), np.zeros((6, 8), np.uint8))])
    network = stand_in(dataset.class_table, lambda _: one_hot(np.zeros((2, 2), int), 2))

    with pytest.raises(DatasetError, match="no pictures of folder to evaluate stand-in on"):
        evaluate(network, dataset, ())
    dataset.samples[0].image.write_bytes(b"")
    with pytest.raises(PictureError, match="is empty"):
        evaluate(network, dataset, dataset.samples)


def test_the_report_is_json_with_null_for_what_is_not_defined(tmp_path: Path) -> None:
    dataset = salt_of(tmp_path, [np.zeros((4, 5), bool)])

    report = evaluate(
        stand_in(dataset.class_table, lambda _: np.zeros((4, 5, 1), np.float32)), dataset, dataset.samples
    ).to_dict()

    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["class_iou"] == report["class_dice"] == {"No salt": 1.0, "Salt": None}
    assert report["class_pixels"] == {"No salt": 20, "Salt": 0}
    assert (report["mean_iou"], report["pictures"]) == (1.0, 1)
    assert report["threshold_curve"]["best_threshold"] is None
    assert report["salt_score"]["threshold_0.5"] == 1.0
