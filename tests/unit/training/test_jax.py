"""The same tests under JAX, in a process of their own because Keras chooses its backend once."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).parent
# By name, so that one that was renamed or removed is missed: pytest fails where it does not find a test.
CHOSEN = {
    "test_run.py": (
        "test_a_tiny_network_learns_to_tell_colours_apart",
        "test_an_interrupted_and_resumed_run_ends_with_the_same_weights",
        "test_a_binary_network_reports_kaggles_salt_score_of_its_own_answers",
    ),
    "test_judge.py": (
        "test_scores_do_not_depend_on_the_batch_size",
        "test_a_loss_picture_by_picture_does_not_depend_on_the_batch_size",
        "test_scores_are_those_of_the_predictions",
        "test_recalibrated_statistics_of_the_first_layer_are_those_of_its_activations",
    ),
    "test_losses.py": (
        "test_cross_entropy_of_one_pixel_by_hand",
        "test_inverse_root_weights_by_hand",
        "test_binary_cross_entropy_is_that_of_keras",
        "test_dice_of_a_binary_mask_by_hand",
        "test_lovasz_follows_its_definition",
        "test_binary_lovasz_follows_its_definition",
        "test_binary_lovasz_makes_a_false_alarm_in_an_empty_picture_pay",
        "test_lovasz_hinge_by_hand",
        "test_pictures_that_fill_up_a_batch_do_not_lower_a_loss_picture_by_picture",
        "test_nothing_counted_is_finite",
    ),
    "test_scores.py": (
        "test_sparse_mean_iou_equals_keras_on_every_batch",
        "test_sparse_mean_iou_by_hand_with_void_and_weights",
        "test_sparse_mean_iou_comes_back_from_its_config",
        "test_sparse_mean_iou_follows_keras_own_training",
        "test_confusion_of_each_picture_by_hand",
        "test_a_binary_network_predicts_the_object_above_a_logit_of_zero",
    ),
    "../unet/test_transpose_conv.py": ("test_values_and_gradients_are_those_of_keras",),
}


def test_training_scores_and_losses_hold_under_jax():
    tests = [f"{(HERE / file).resolve()}::{name}" for file, names in CHOSEN.items() for name in names]
    words = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_what_jax_computes_wrongly_in_the_second_stage_is_refused_before_the_first(tmp_path):
    for part in ("images", "masks"):
        (tmp_path / part).mkdir()
        for number in range(45):
            cv2.imwrite(str(tmp_path / part / f"{number:02d}.png"), np.full((8, 8), 255 * (number % 2), np.uint8))
    words = ["train", "--recipe", "tgs-salt-hinge", "--root", str(tmp_path), "--run-dir", str(tmp_path / "run")]
    command = [sys.executable, "-m", "unet_explorer", *words, "--set", "precision=mixed_bfloat16"]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "UNET_EXPLORER_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert (done.returncode, done.stderr.splitlines()[-1][:40]) == (2, "error: mixed_bfloat16 gives wrong number")
    assert not (tmp_path / "run").exists()
