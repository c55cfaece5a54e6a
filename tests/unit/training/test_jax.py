"""The same tests under JAX, in a process of their own because Keras chooses its backend once."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).parent
CHOSEN = "interrupted or learns or binary or scores or recalibrated or hand or definition or values_and_gradients"


def test_training_scores_and_losses_hold_under_jax():
    files = [str(HERE / f"test_{name}.py") for name in ("run", "judge", "losses", "scores")]
    files.append(str(HERE.parent / "unet" / "test_transpose_conv.py"))
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-k", CHOSEN, *files]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert done.returncode == 0, done.stdout[-3000:]


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
