"""`train`, `recipes`, `export` and `weights`: from a recipe to a model folder."""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from unet_explorer.cli.quiet import without_chatter
from unet_explorer.errors import RecipeError
from unet_explorer.training.run_folder import RECIPE

if TYPE_CHECKING:
    from unet_explorer.training.loop import Control
    from unet_explorer.training.recipe import Recipe

PAUSED = 3
NOT_FINITE = 4


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this group's commands."""
    _register_train(subparsers)
    recipes = subparsers.add_parser("recipes", help="list or show the recipes that ship with the package")
    recipes.add_argument("action", choices=("list", "show"))
    recipes.add_argument("name", nargs="?", help="recipe to show: a name or a JSON file")
    recipes.add_argument("--json", action="store_true", help="print JSON")
    recipes.set_defaults(run=_recipes)
    export = subparsers.add_parser("export", help="make a model folder of a training run (needs TensorFlow)")
    export.add_argument("--run-dir", type=Path, required=True, help="folder of the run")
    export.add_argument("--out", type=Path, required=True, help="model folder to write")
    export.add_argument("--title", default="", help="one line for the model card")
    export.add_argument("--description", default="", help="a few sentences for the model card")
    export.add_argument("--scores", type=Path, help="JSON file with scores for the model card")
    export.set_defaults(run=_export)
    weights = subparsers.add_parser("weights", help="write a SavedModel's weights as one .npz file (needs TensorFlow)")
    weights.add_argument("model", type=Path, help="SavedModel folder")
    weights.add_argument("out", type=Path, help=".npz file to write")
    weights.set_defaults(run=_weights)


def _register_train(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = subparsers.add_parser(
        "train",
        help="train a network by a recipe",
        description="Exit codes: 0 finished, 2 bad input, 3 paused with a checkpoint, 4 loss not finite.",
    )
    train.add_argument("--preset", help="network preset; its own recipe is used unless --recipe says another")
    train.add_argument("--recipe", help="name of a recipe, or a JSON file")
    train.add_argument("--data", help="data set, as `data check` knows it; the recipe's unless given")
    train.add_argument("--root", type=Path, required=True, help="folder of the data set")
    train.add_argument("--out", type=Path, help="model folder to write at the end")
    train.add_argument("--run-dir", type=Path, help="folder for checkpoints and logs (default: runs/NAME)")
    train.add_argument("--epochs", type=int, help="epochs in all, shared among the recipe's phases")
    train.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="change a field")
    train.add_argument("--init", type=Path, help="begin with these weights: a SavedModel, .npz or checkpoint")
    train.add_argument("--max-seconds", type=float, help="pause with a checkpoint after so many seconds")
    train.add_argument(
        "--resume", action="store_true", help="go on from the newest checkpoint in the run folder, by the recipe there"
    )
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    from unet_explorer.datasets.decoded import DecodedPictures
    from unet_explorer.training.mixing import open_source
    from unet_explorer.training.preflight import check_recipe
    from unet_explorer.training.recipe import load_recipe

    _choose_backend()
    recipe = _adjusted(load_recipe(_recipe_name(options)), options)
    seconds = _seconds(options, recipe)
    run_dir = _run_dir(options) or _named_run_dir(recipe.name)
    _check_out(options.out)
    source = open_source(recipe.data, options.root, DecodedPictures)
    # Training checks this again; here a mistake does not cost the seconds that TensorFlow takes to load.
    check_recipe(recipe, recipe.build_preset(), source.class_table)
    with without_chatter():
        from unet_explorer.training.listeners import print_progress
        from unet_explorer.training.loop import Control, NonFiniteLossError
        from unet_explorer.training.run import Request
        from unet_explorer.training.stages import train_in_stages

    control = Control(seconds)
    _pause_on_signals(control)
    listeners = (print_progress(sys.stdout),)
    request = Request(recipe, source, run_dir, options.out, options.resume, options.init, listeners, control)
    try:
        outcome = train_in_stages(request)
    except NonFiniteLossError as error:
        print(f"error: {error}", file=sys.stderr)
        return NOT_FINITE
    if outcome.status != "paused":
        return 0
    out = ["--out", str(options.out)] if options.out else []
    again = ["train", "--resume", "--root", str(options.root), "--run-dir", str(run_dir), *out]
    print(f"Go on with: python -m unet_explorer {shlex.join(again)}")
    return PAUSED


def _run_dir(options: argparse.Namespace) -> Path | None:
    """The run folder, as far as it does not depend on the recipe."""
    run_dir: Path | None = options.run_dir
    return Path("runs") / options.out.name if run_dir is None and options.out else run_dir


def _named_run_dir(name: str) -> Path:
    if Path(name).name != name or name == "..":
        raise RecipeError(f"The recipe's name {name!r} is none for a folder in runs: say --run-dir.")
    return Path("runs") / name


def _recipe_name(options: argparse.Namespace) -> str:
    if options.preset:
        _check_preset(options.preset)
    if options.recipe or options.preset:
        return str(options.recipe or options.preset)
    run_dir = _run_dir(options)
    if options.resume and run_dir:
        if not (run_dir / RECIPE).is_file():
            raise RecipeError(f"{run_dir} holds no run to go on with: give the --run-dir of one.")
        return str(run_dir / RECIPE)
    raise RecipeError(
        "Say what to train: --preset NAME or --recipe NAME_OR_FILE; with --resume, --run-dir of a run is enough."
    )


def _check_preset(name: str) -> None:
    """Found here, where it is still known as a preset: the recipe of its name is looked for next."""
    from unet_explorer.training.recipe import recipe_names
    from unet_explorer.unet.presets import load_preset, preset_names

    if name in recipe_names() and name not in preset_names():
        raise RecipeError(f"There is no preset {name!r}, but a recipe of that name: give it with --recipe.")
    load_preset(name)


def _adjusted(recipe: Recipe, options: argparse.Namespace) -> Recipe:
    if options.preset:
        recipe = recipe.changed([f"preset={json.dumps(options.preset)}"])
    if options.data:
        recipe = recipe.changed([f"data.name={json.dumps(options.data)}"])
    recipe = recipe.changed(options.changes)
    return recipe if options.epochs is None else recipe.with_epochs(options.epochs)


def _seconds(options: argparse.Namespace, recipe: Recipe) -> float | None:
    seconds: float | None = options.max_seconds
    if seconds is None:
        return recipe.max_seconds
    if not math.isfinite(seconds) or seconds < 0:
        raise RecipeError(f"--max-seconds is {seconds:g}: give a number of seconds from 0.")
    return seconds


def _check_out(out: Path | None) -> None:
    """Found now rather than after hours: a model folder that is somebody else's, or where nothing can be written."""
    if out is None:
        return
    try:
        if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "saved_model.pb").exists())):
            raise RecipeError(f"{out} exists and is not a model folder: choose another --out.")
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=".", dir=out.parent).cleanup()
    except OSError as error:
        raise RecipeError(f"The model folder {out} cannot be made ({error.strerror}): choose another --out.") from error


def _choose_backend() -> None:
    """TensorFlow where it is installed, else JAX, unless KERAS_BACKEND says."""
    installed = [name for name in ("tensorflow", "jax") if importlib.util.find_spec(name)]
    if not installed:
        raise RecipeError("Training needs TensorFlow or JAX: install one of them.")
    # Keras takes an empty value for none.
    chosen = os.environ.get("KERAS_BACKEND") or installed[0]
    os.environ["KERAS_BACKEND"] = chosen
    if chosen not in installed:
        raise RecipeError(f"KERAS_BACKEND is {chosen!r}: set it to {' or '.join(installed)}, or leave it unset.")


def _pause_on_signals(control: Control) -> None:
    def pause(number: int, frame: FrameType | None) -> None:
        if control.stop.is_set():
            raise KeyboardInterrupt
        control.stop.set()

    signal.signal(signal.SIGTERM, pause)
    signal.signal(signal.SIGINT, pause)


def _recipes(options: argparse.Namespace) -> int:
    from unet_explorer.training.recipe import load_recipe, recipe_names

    if options.action == "show":
        if not options.name:
            raise RecipeError(f"Say which recipe to show: {', '.join(recipe_names())}.")
        print(load_recipe(options.name).to_json(), end="")
        return 0
    recipes = [load_recipe(name) for name in recipe_names()]
    if options.json:
        rows = [{"name": r.name, "preset": r.preset, "data": r.data.name, "epochs": r.epochs} for r in recipes]
        print(json.dumps(rows, indent=1))
        return 0
    for recipe in recipes:
        print(f"{recipe.name:18} {recipe.preset:12} {recipe.data.name:9} {recipe.epochs:5} epochs  {recipe.about}")
    return 0


def _export(options: argparse.Namespace) -> int:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with without_chatter():
        from unet_explorer.training.finish import Texts, export_run

    texts = Texts(options.title, options.description, _read_scores(options.scores))
    print(f"Exported {export_run(options.run_dir, options.out, texts)}")
    return 0


def _read_scores(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"The scores {path} cannot be read ({error.strerror}): give a JSON file.") from error
    except ValueError as error:
        raise RecipeError(f"The scores {path} are not valid JSON: give a JSON file.") from error
    if not isinstance(scores, dict):
        raise RecipeError(f'The scores {path} are not a JSON object: write {{"part": {{"mean_iou": ...}}}}.')
    return scores


def _weights(options: argparse.Namespace) -> int:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with without_chatter():
        from unet_explorer.unet.weights import read_weights, save_weights

    weights = read_weights(options.model)
    try:
        save_weights(weights, options.out)
    except OSError as error:
        raise RecipeError(f"{options.out} cannot be written ({error.strerror}).") from error
    print(f"Wrote {options.out}")
    return 0
