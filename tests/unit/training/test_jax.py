"""The same tests under JAX, in a process of their own because Keras chooses its backend once."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CHOSEN = "interrupted or learns or binary or scores or recalibrated or hand or definition or values_and_gradients"


def test_training_scores_and_losses_hold_under_jax():
    files = [str(HERE / f"test_{name}.py") for name in ("run", "judge", "losses", "scores")]
    files.append(str(HERE.parent / "unet" / "test_transpose_conv.py"))
    words = [sys.executable, "-m", "pytest", "-q", "-x", "-k", CHOSEN, *files]
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, cwd=HERE.parents[2])
    assert done.returncode == 0, done.stdout[-3000:]
