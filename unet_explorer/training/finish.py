"""A run folder -> a model folder: SavedModel, card, recipe and curves. Needs TensorFlow, and no data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unet_explorer.classes import ClassTable
from unet_explorer.errors import TrainingError
from unet_explorer.network.card import ModelCard
from unet_explorer.training.recipe import load_recipe
from unet_explorer.training.run_folder import FIRST, RECIPE, RESULT, WEIGHTS
from unet_explorer.unet.builder import build_unet
from unet_explorer.unet.export import export_network
from unet_explorer.unet.presets import Preset, preset_from_dict
from unet_explorer.unet.weights import read_weights, set_weights

# What the weights learnt from a data set may be used for follows from its licence.
DATA_LICENCES = {
    "kitti": "CC BY-NC-SA 3.0 (trained on KITTI semantics, Alhaija et al. 2018)",
    "tgs-salt": "For study only (trained on the TGS salt contest's pictures, whose rules forbid other use)",
    "carla": "Trained on the Lyft/Udacity challenge's CARLA frames",
}
CURVES = "curves.json"


@dataclass(frozen=True)
class Texts:
    """What a person may add to a card: `scores` are merged over those of the run."""

    title: str = ""
    description: str = ""
    scores: Mapping[str, Any] | None = None


def export_run(run_dir: Path, out: Path, texts: Texts | None = None) -> Path:
    """Export the weights of a run folder.

    Args:
        run_dir: with recipe.json, result.json and weights.npz.
        out: model folder; its name becomes the model's.
        texts: for the card.

    Raises:
        TrainingError: the folder is not that of a run that finished or paused.
        ModelError: the weights do not fit, or the model folder cannot be written.
    """
    result = _read_result(run_dir)
    if (run_dir / FIRST / RESULT).is_file():
        result = _joined(_read_result(run_dir / FIRST), result)
    recipe = load_recipe(run_dir / RECIPE)
    preset = preset_from_dict(result["preset"])
    model = build_unet(preset)
    set_weights(model, read_weights(run_dir / WEIGHTS), str(run_dir / WEIGHTS))
    card = _card(out.name, preset, result, recipe.to_dict(), texts or Texts())
    curves = json.dumps({"history": result["history"]}, indent=1) + "\n"
    return export_network(model, out, card, {RECIPE: recipe.to_json(), CURVES: curves})


def _read_result(run_dir: Path) -> dict[str, Any]:
    path = run_dir / RESULT
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TrainingError(f"{run_dir} holds no finished run: train first, or resume it to its end.") from error
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror}): check the run folder.") from error
    except ValueError as error:
        raise TrainingError(f"{path} is damaged: resume the run to its end, which writes it anew.") from error
    return result


def _joined(first: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """A result whose curves and costs are those of both stages; epochs of the second count on."""
    before, after = first["progress"], result["progress"]
    passed = before["epochs"]
    later = [{**row, "epoch": row["epoch"] + passed} for row in result["history"]]
    costs = {name: round(before[name] + after[name], 1) for name in ("epochs", "steps", "seconds")}
    best = after["best_epoch"]
    progress = {**after, **costs, "best_epoch": None if best is None else best + passed}
    return {**result, "history": [*first["history"], *later], "progress": progress}


def _card(name: str, preset: Preset, result: dict[str, Any], recipe: dict[str, Any], texts: Texts) -> ModelCard:
    data = result["data"]
    return ModelCard(
        name=name,
        input=preset.input_spec,
        class_table=ClassTable.from_dict(result["class_table"]),
        title=texts.title or preset.title,
        description=texts.description or recipe["about"] or preset.notes,
        preset=preset.name,
        data=data,
        recipe={"name": recipe["name"], **result["progress"], "file": RECIPE, "curves": CURVES},
        scores={**_scores(result), **(texts.scores or {})},
        licence=DATA_LICENCES.get(data["name"], ""),
    )


def _scores(result: dict[str, Any]) -> dict[str, Any]:
    """Scores of the exported weights on the run's own validation part: the best epoch's or the last one's."""
    judged = [row for row in result["history"] if "val_mean_iou" in row]
    if not judged:
        return {}
    kept_best = result["data"].get("kept") == "best"
    wanted = result["progress"]["best_epoch"] if kept_best else judged[-1]["epoch"]
    row = next((row for row in judged if row["epoch"] == wanted), judged[-1])
    names = {"val_mean_iou": "mean_iou", "val_accuracy": "pixel_accuracy", "val_salt_score": "salt_score"}
    values = {shown: row[name] for name, shown in names.items() if name in row}
    part = result["data"]["validation"]
    return {part: {**values, "class_iou": row["class_iou"], "pictures": result["data"]["validation_pictures"]}}
