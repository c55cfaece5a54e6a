"""A checkpoint of a run, finished or not, as a model folder to look into. Needs TensorFlow.

python -m unet_explorer.training.snapshot --run-dir RUN --checkpoint 000012 --root DATA --out MODEL_DIR
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from unet_explorer.errors import UserError


def export_checkpoint(run_dir: Path, checkpoint: str, root: Path, out: Path) -> Path:
    """Export the weights of one checkpoint: their moving average where the recipe keeps one.

    Args:
        run_dir: folder of the run.
        checkpoint: name of the checkpoint's folder, such as "000012" or "000012-000030".
        root: folder of the recipe's data set, for its classes.
        out: model folder; its name becomes the model's.

    Raises:
        UserError: the checkpoint is gone or damaged, or the model folder cannot be written.
    """
    from unet_explorer.datasets import open_dataset
    from unet_explorer.training.checkpoints import load_checkpoint
    from unet_explorer.training.finish import Texts, export_run
    from unet_explorer.training.recipe import load_recipe
    from unet_explorer.training.run_folder import CHECKPOINTS, RECIPE, RESULT, WEIGHTS
    from unet_explorer.unet.weights import save_weights

    found = load_checkpoint(run_dir / CHECKPOINTS / checkpoint)
    progress, recipe = found.progress, load_recipe(run_dir / RECIPE)
    source = open_dataset(recipe.data.name, root)
    judged = len(source.split(recipe.data.validation)) if recipe.data.validation else 0
    result = {
        "status": "running",
        "preset": recipe.build_preset().to_dict(),
        "class_table": source.class_table.to_dict(),
        "data": {**recipe.data.to_dict(), "kept": "last", "validation_pictures": judged},
        "progress": {
            "epochs": progress.epoch,
            "steps": progress.total_steps,
            "seconds": round(progress.seconds, 1),
            "best": progress.best,
            "best_epoch": progress.best_epoch,
        },
        "history": progress.history,
    }
    with tempfile.TemporaryDirectory() as folder:
        as_run = Path(folder)
        (as_run / RECIPE).write_text(recipe.to_json(), encoding="utf-8")
        (as_run / RESULT).write_text(json.dumps(result), encoding="utf-8")
        save_weights(dict(found.arrays["weights"]) | dict(found.arrays.get("average", {})), as_run / WEIGHTS)
        about = f"A checkpoint of {recipe.name} after step {progress.total_steps}, not the finished network."
        return export_run(as_run, out, Texts(f"{recipe.name}, epoch {progress.epoch}", about))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a process; exit code 2 with one sentence for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m unet_explorer.training.snapshot", description="Export a checkpoint."
    )
    parser.add_argument("--run-dir", type=Path, required=True, help="folder of the run")
    parser.add_argument("--checkpoint", required=True, help="name of the checkpoint's folder")
    parser.add_argument("--root", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    options = parser.parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    try:
        export_checkpoint(options.run_dir, options.checkpoint, options.root, options.out)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
