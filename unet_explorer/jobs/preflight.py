"""What can be found wrong with a wish before it is queued."""

from __future__ import annotations

from dataclasses import dataclass

from unet_explorer.jobs.states import TRAINER, Submission


@dataclass(frozen=True)
class Pictures:
    """How many pictures a job trains on and is judged by."""

    training: int
    validation: int


def check_recipe_and_data(submission: Submission) -> Pictures:
    """Compare the recipe with its network and its data, as the trainer does, without TensorFlow.

    Args:
        submission: a job for our own trainer.

    Raises:
        RecipeError: the recipe contradicts itself, its preset or its data.
        DatasetError: the data folder is not as its recipe says, or a part of it is empty or lacks what is held out.
    """
    from unet_explorer.training.mixing import open_source, training_samples
    from unet_explorer.training.preflight import check_pictures, check_recipe
    from unet_explorer.training.recipe import Recipe

    recipe = Recipe.from_dict(dict(submission.recipe))
    preset = recipe.build_preset()
    source = open_source(recipe.data, submission.root)
    check_recipe(recipe, preset, source.class_table)
    training = len(training_samples(source, recipe.data))
    for stage in recipe.stages():
        check_pictures(stage, training)
    return Pictures(training, len(source.split(recipe.data.validation)) if recipe.data.validation else 0)


def is_ours(submission: Submission) -> bool:
    """Whether the trainer is the application's own, whose recipes can be checked here."""
    return submission.trainer == TRAINER
