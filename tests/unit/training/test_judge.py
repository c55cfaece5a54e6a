import numpy as np
import pytest
from synthetic import HEIGHT, WIDTH, Synthetic, tiny_recipe

from unet_explorer.pictures import InputSpec
from unet_explorer.training.augment import View
from unet_explorer.training.engine import make_engine
from unet_explorer.training.judge import Judge
from unet_explorer.training.losses import build_loss
from unet_explorer.training.store import load_pictures

WHOLE = View(HEIGHT, WIDTH, 1.0, 1.0)


@pytest.fixture(scope="module")
def judged():
    source, recipe = Synthetic(count=8, validation=5), tiny_recipe()
    spec = InputSpec(HEIGHT, WIDTH, 3, 0.0, 255.0, "stretch")
    training, validation = (load_pictures(source, source.split(part), spec) for part in ("train", "validation"))
    engine = make_engine(recipe, recipe.build_preset(), build_loss(recipe.losses, training.shares, source.class_table))
    engine.use_weights(engine.weights())
    return Judge(training, validation, source.class_table, seed=0), engine


def test_pictures_are_kept_as_they_are_where_the_size_fits(judged):
    judge, _ = judged
    pixels = Synthetic().read(Synthetic().split("train")[2]).pixels
    np.testing.assert_array_equal(judge.training.images[2], pixels)
    assert judge.training.shares.sum() == pytest.approx(1)


def test_scores_do_not_depend_on_the_batch_size(judged):
    judge, engine = judged
    scores = [judge.scores(engine, WHOLE, batch) for batch in (1, 2, 5, 8)]
    for other in scores[1:]:
        assert other["val_mean_iou"] == scores[0]["val_mean_iou"]
        assert other["class_iou"] == scores[0]["class_iou"]
        assert other["val_loss"] == pytest.approx(scores[0]["val_loss"], rel=1e-4)


def test_a_loss_picture_by_picture_does_not_depend_on_the_batch_size(judged):
    judge, recipe = judged[0], tiny_recipe(losses=[{"name": "lovasz", "per_picture": True}])
    engine = make_engine(recipe, recipe.build_preset(), build_loss(recipe.losses, judge.training.shares, judge.table))
    losses = [judge.scores(engine, WHOLE, batch)["val_loss"] for batch in (1, 2, 4)]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-4)


def test_scores_are_those_of_the_predictions(judged):
    judge, engine = judged
    predicted = engine.predict(judge.validation.images)
    labels = judge.validation.labels
    ious = [((predicted == k) & (labels == k)).sum() / ((predicted == k) | (labels == k)).sum() for k in range(3)]
    scores = judge.scores(engine, WHOLE, 2)
    np.testing.assert_allclose(scores["class_iou"], ious, atol=1e-5)
    assert scores["val_accuracy"] == pytest.approx((predicted == labels).mean())


def test_recalibrated_statistics_of_the_first_layer_are_those_of_its_activations(judged):
    judge, engine = judged
    weights = engine.weights()
    measured = judge.statistics(engine, WHOLE, batch=4, batches=2)
    pictures = np.pad(judge.training.images / 255.0, [(0, 0), (1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (3, 3), axis=(1, 2))
    maps = np.einsum("nhwcij,ijcf->nhwf", windows, weights["conv2d/kernel"]) + weights["conv2d/bias"]
    maps = np.maximum(maps, 0)
    np.testing.assert_allclose(measured["batch_normalization/moving_mean"], maps.mean((0, 1, 2)), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(measured["batch_normalization/moving_variance"], maps.var((0, 1, 2)), rtol=2e-3)
    assert {path for path in weights if "moving_" in path} == set(measured)


def test_measuring_statistics_changes_no_weights(judged):
    judge, engine = judged
    before = judge.scores(engine, WHOLE, 4)
    judge.statistics(engine, WHOLE, batch=4, batches=2)
    assert judge.scores(engine, WHOLE, 4) == before


def test_previews_show_picture_label_and_prediction(judged):
    judge, engine = judged
    previews = judge.previews(engine, WHOLE)
    assert [preview.name for preview in previews] == ["008", "010", "012"]
    first = previews[0]
    np.testing.assert_array_equal(first.picture, judge.validation.images[0])
    np.testing.assert_array_equal(first.label, judge.table.to_rgb(judge.validation.labels[0]))
    np.testing.assert_array_equal(first.prediction, judge.table.to_rgb(engine.predict(judge.validation.images[:1])[0]))


def test_half_size_is_judged_on_resized_pictures(judged):
    judge, engine = judged
    half = View(HEIGHT // 2, WIDTH // 2, 0.5, 0.5)
    assert judge.previews(engine, half)[0].prediction.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert judge.scores(engine, half, 4) != judge.scores(engine, WHOLE, 4)
