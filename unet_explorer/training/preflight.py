"""Everything about a recipe that can be found wrong before the first step."""

from __future__ import annotations

import json
from collections.abc import Iterable

from unet_explorer.classes import ClassTable
from unet_explorer.errors import ClassTableError, RecipeError
from unet_explorer.training.augment import View
from unet_explorer.training.recipe import Loss, Phase, Recipe, load_recipe
from unet_explorer.training.run_folder import RECIPE
from unet_explorer.unet.presets import Preset

# For each loss of one kind of head, what does the same for the other kind.
FOR_SIGMOID = {"binary-cross-entropy": "cross-entropy", "lovasz-hinge": "lovasz"}
FOR_SOFTMAX = {"cross-entropy": "binary-cross-entropy"}
# Fields of a preset that decide which weights there are, and of what shape.
SHAPING = ("channels", "outputs", "filters", "depth", "block", "conv_kernel", "up_kernel", "head_kernel", "padding")
LOVASZ = ("lovasz", "lovasz-hinge")


def check_recipe(recipe: Recipe, preset: Preset, table: ClassTable) -> None:
    """Compare a recipe with its network and its classes.

    Raises:
        RecipeError: they contradict each other.
    """
    _check_classes(recipe, preset, table)
    _check_dropout(preset)
    _check_losses(recipe, preset)
    _check_monitors(recipe, preset)
    if recipe.begin_with is not None:
        _check_beginning(recipe, preset)
    if recipe.optimizer.weight_decay and recipe.optimizer.name == "adam":
        raise RecipeError('optimizer.weight_decay does nothing with "adam": use "adamw", or set it to 0.')
    for number, phase in enumerate(recipe.phases):
        _check_phase(f"phases.{number}", phase, recipe, preset)


def check_pictures(recipe: Recipe, count: int) -> None:
    """Compare a recipe with the number of training pictures.

    Raises:
        RecipeError: a batch of more pictures than there are.
    """
    for number, phase in enumerate(recipe.phases):
        # Also where `steps` would let a batch show pictures twice: nobody means that, and memory has no end of it.
        if phase.batch > count:
            raise RecipeError(
                f"phases.{number}.batch is {phase.batch}, but there are only {count} training pictures: "
                f"use a batch of at most {count}."
            )


def view_of(phase: Phase, preset: Preset) -> View:
    """What the network sees in a phase."""
    full_height, full_width = _size(preset)
    height, width = phase.height or full_height, phase.width or full_width
    if phase.scale is None:
        return View(height, width, height / full_height, width / full_width)
    return View(height, width, phase.scale, phase.scale)


def whole_view(phase: Phase, preset: Preset) -> View:
    """What the network sees when it is judged in a phase: whole pictures at the scale it is trained at."""
    full_height, full_width = _size(preset)
    if phase.scale is None or preset.padding == "valid":
        return view_of(phase, preset)
    multiple = preset.multiple
    height, width = (max(1, round(side * phase.scale / multiple)) * multiple for side in (full_height, full_width))
    return View(height, width, height / full_height, width / full_width)


def class_ids(names: Iterable[str], table: ClassTable, field: str) -> tuple[int, ...]:
    """Ids of classes by name.

    Raises:
        RecipeError: no such class; close names are offered.
    """
    try:
        return tuple(table.by_name(name).id for name in names)
    except ClassTableError as error:
        raise RecipeError(f"{field} of the recipe: {error}") from error


def _check_classes(recipe: Recipe, preset: Preset, table: ClassTable) -> None:
    wanted = 2 if preset.binary else preset.outputs
    if len(table) != wanted:
        kind = "a sigmoid head tells 2 classes apart" if preset.binary else f"the head has {preset.outputs} outputs"
        raise RecipeError(
            f"Recipe {recipe.name!r}: {kind}, but the data {recipe.data.name!r} has {len(table)} classes; "
            f"set network.outputs to {len(table)} and network.head to softmax, or use other data."
        )
    void = set(class_ids(recipe.void, table, "void"))
    if len(void) == len(table):
        raise RecipeError("void of the recipe names every class: leave one that counts.")
    class_ids(recipe.sampling.paste_classes, table, "sampling.paste_classes")
    for number, loss in enumerate(recipe.losses):
        _check_class_weights(f"losses.{number}.class_weights", loss, void, table)
    if recipe.sampling.paste and not recipe.sampling.paste_classes:
        raise RecipeError("sampling.paste is above 0 but sampling.paste_classes is empty: name classes to copy.")


def _check_class_weights(where: str, loss: Loss, void: set[int], table: ClassTable) -> None:
    ids = class_ids(loss.class_weights, table, where)
    for name, weight in loss.class_weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
            raise RecipeError(f"{where} gives {name} {weight!r}: give a number from 0.")
    weightless = {number for number, weight in zip(ids, loss.class_weights.values(), strict=True) if not weight}
    if len(weightless | void) == len(table):
        raise RecipeError(f"{where} gives every class that counts the weight 0: give one a weight above 0.")


def _check_dropout(preset: Preset) -> None:
    if preset.dropout.block and "dropout" not in preset.block:
        block = json.dumps([*preset.block, "dropout"])
        raise RecipeError(
            f"network.dropout.block is {preset.dropout.block:g}, but a block of preset {preset.name!r} has no dropout: "
            f"set network.block={block} too, or leave it at 0."
        )


def _check_losses(recipe: Recipe, preset: Preset) -> None:
    wrong = FOR_SOFTMAX if preset.binary else FOR_SIGMOID
    for loss in recipe.losses:
        if loss.name in wrong:
            raise RecipeError(
                f"Recipe {recipe.name!r} uses the loss {loss.name!r} with a {preset.head} head: "
                f"use {wrong[loss.name]!r}."
            )
        _check_loss_fields(loss)


def _check_loss_fields(loss: Loss) -> None:
    weighted = loss.name in ("cross-entropy", "focal")
    if (loss.class_power or loss.class_weights) and not weighted:
        raise RecipeError(f"The loss {loss.name!r} takes no class weights: they belong to cross-entropy and focal.")
    if loss.label_smoothing and not loss.name.endswith("cross-entropy"):
        raise RecipeError(f"The loss {loss.name!r} takes no label_smoothing: it belongs to the cross-entropies.")
    for field, given in (("stride", loss.stride > 1), ("per_picture", loss.per_picture)):
        if given and loss.name not in LOVASZ:
            raise RecipeError(f"The loss {loss.name!r} takes no {field}: it belongs to {' and '.join(LOVASZ)}.")


def _check_beginning(recipe: Recipe, preset: Preset) -> None:
    network = recipe.initial_network()
    first = load_recipe(network / RECIPE) if network else recipe.first_stage()
    if first.begin_with is not None and not network:
        raise RecipeError(f"{first.name} begins with {first.begin_with} itself: begin with that, or with none.")
    begun = first.build_preset()
    for field in SHAPING:
        if getattr(begun, field) != getattr(preset, field):
            raise RecipeError(
                f"Recipe {recipe.name!r} begins with {recipe.begin_with}, whose network has {field} "
                f"{getattr(begun, field)!r} and not {getattr(preset, field)!r}: make them alike under network, or set "
                "begin_with to null."
            )


def _check_monitors(recipe: Recipe, preset: Preset) -> None:
    users = {"monitor": recipe.monitor if recipe.keep == "best" else ""}
    if recipe.plateau:
        users["plateau"] = recipe.plateau.monitor
    if recipe.early_stopping:
        users["early_stopping"] = recipe.early_stopping.monitor
    for name, monitor in users.items():
        if monitor == "val_salt_score" and not preset.binary:
            raise RecipeError(f"{name} watches val_salt_score, which only binary networks have; use val_mean_iou.")


def _check_phase(where: str, phase: Phase, recipe: Recipe, preset: Preset) -> None:
    full_height, full_width = _size(preset)
    view = view_of(phase, preset)
    if preset.padding == "valid" and (view.height, view.width) != (full_height, full_width):
        raise RecipeError(
            f"{where} wants {view.height}x{view.width}, but {preset.name} crops its skips for "
            f"{full_height}x{full_width} only: leave height and width out."
        )
    for name, side in (("height", view.height), ("width", view.width)):
        if preset.padding == "same" and side % preset.multiple:
            near = max(1, round(side / preset.multiple)) * preset.multiple
            raise RecipeError(f"{where}.{name} is {side}, which is not a multiple of {preset.multiple}: use {near}.")
    if phase.scale is not None:
        _check_window(where, phase.scale, view, preset)


def _check_window(where: str, scale: float, view: View, preset: Preset) -> None:
    height, width = (int(side * scale) for side in _size(preset))
    if view.height > height or view.width > width:
        remedy = "use a smaller window, or a larger scale" if preset.padding == "same" else "use a scale of at least 1"
        raise RecipeError(f"{where} cuts {view.height}x{view.width} out of pictures of {height}x{width}: {remedy}.")


def _size(preset: Preset) -> tuple[int, int]:
    if preset.height is None or preset.width is None:
        raise RecipeError(f"Preset {preset.name!r} has no size: set network.height and network.width.")
    return preset.height, preset.width
