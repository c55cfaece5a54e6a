"""What each recipe is about, in two lines, in the order a newcomer should meet them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from unet_explorer.training.recipe import load_recipe, recipe_names


@dataclass(frozen=True)
class Story:
    """One recipe as the page offers it."""

    recipe: str
    title: str
    story: str


@cache
def stories() -> tuple[Story, ...]:
    """All recipes that ship, those with a written story first, in its file's order."""
    written = [Story(**row) for row in json.loads(Path(__file__).with_name("stories.json").read_text("utf-8"))]
    told = {story.recipe for story in written}
    others = [Story(name, name, load_recipe(name).about) for name in recipe_names() if name not in told]
    return tuple(story for story in (*written, *others) if story.recipe in recipe_names())
