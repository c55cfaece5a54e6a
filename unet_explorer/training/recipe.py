"""A recipe: everything that decides how a network is trained, as one validated JSON file."""

# ruff: noqa: RUF009 - the functions of `fields` make dataclass fields, as `dataclasses.field` does.

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from unet_explorer.errors import PresetError, RecipeError, close_names
from unet_explorer.network.card import CARD_NAME
from unet_explorer.settings import REPOSITORY
from unet_explorer.training.assignments import assign
from unet_explorer.training.fields import (
    Part,
    choice,
    mapping,
    number,
    optional_part,
    part,
    parts,
    text,
    whole,
    words,
)
from unet_explorer.training.recipe_parts import (
    MONITORS,
    Augmentation,
    Average,
    Data,
    EarlyStopping,
    Every,
    Loss,
    Optimizer,
    Phase,
    Plateau,
    Sampling,
    Schedule,
)
from unet_explorer.training.run_folder import RECIPE
from unet_explorer.unet.presets import Preset, load_preset

__all__ = [
    "MONITORS", "Augmentation", "Average", "Data", "EarlyStopping", "Every", "Loss", "Optimizer", "Phase", "Plateau",
    "Recipe", "Sampling", "Schedule", "load_recipe", "parse_recipe", "recipe_names",
]  # fmt: skip

# What ships; `begin_with` names it by this folder whatever `models_dir` says, as `data.extras` do the scenes.
MODELS = REPOSITORY / "models"
# Keras seeds NumPy's generator, which takes 32 bits.
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Recipe(Part):
    """How a network is trained.

    Attributes:
        name: of the recipe.
        preset: network preset.
        data: pictures.
        phases: one after the other.
        losses: summed.
        begin_with: what this one begins with: the network of a shipped recipe, trained first on the same data, or a
            shipped network, such as "models/kitti-16"; None begins with random weights.
        network: changes of preset fields, such as {"norm_momentum": 0.9, "dropout": 0.2}.
        optimizer: how weights follow gradients.
        schedule: of the learning rate.
        augmentation: random changes of the pictures.
        sampling: which pictures are shown.
        average: None exports the weights as trained.
        blend: share of the trained weights in those that are validated and exported; the rest are the weights the
            run began with, which keeps more of what those knew (WiSE-FT; Wortsman et al. 2022).
        plateau: None never lowers the learning rate by itself.
        early_stopping: None trains to the end.
        keep: "last" weights, or the "best" by `monitor`.
        monitor: what "best" means.
        void: classes that no loss counts, by name.
        precision: Keras dtype policy of all but the head.
        every: how often to log, validate, save and preview.
        max_seconds: pause with a checkpoint after this many seconds of a run; None never.
        seed: of everything random.
        about: what the recipe is for, in a sentence.
    """

    what: ClassVar[str] = "recipe"
    name: str = text()
    preset: str = text()
    data: Data = part(Data, required=True)
    phases: tuple[Phase, ...] = parts(Phase)
    losses: tuple[Loss, ...] = parts(Loss)
    begin_with: str | None = text(None, optional=True)
    network: Mapping[str, Any] = mapping()
    optimizer: Optimizer = part(Optimizer)
    schedule: Schedule = part(Schedule)
    augmentation: Augmentation = part(Augmentation)
    sampling: Sampling = part(Sampling)
    average: Average | None = optional_part(Average)
    blend: float = number(1.0, high=1)
    plateau: Plateau | None = optional_part(Plateau)
    early_stopping: EarlyStopping | None = optional_part(EarlyStopping)
    keep: str = choice("last", "last", "best")
    monitor: str = choice("val_mean_iou", *MONITORS)
    void: tuple[str, ...] = words()
    precision: str = choice("float32", "float32", "mixed_bfloat16")
    every: Every = part(Every)
    max_seconds: float | None = number(None, low=1, optional=True)
    seed: int = whole(0, low=0, high=LARGEST_SEED)
    about: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.losses or not self.phases:
            raise RecipeError(f"Recipe {self.name!r} needs at least one loss and one phase.")
        if not any(loss.weight for loss in self.losses):
            raise RecipeError(f"All losses of recipe {self.name!r} have weight 0: give one a weight.")
        if self.data.validation is None:
            self._check_needs_no_validation()

    @property
    def epochs(self) -> int:
        """Epochs of all phases."""
        return sum(phase.epochs for phase in self.phases)

    def build_preset(self) -> Preset:
        """The preset with the recipe's changes.

        Raises:
            RecipeError: unknown preset, or changes that cannot be built.
        """
        try:
            return load_preset(self.preset).changed(self.network)
        except PresetError as error:
            raise RecipeError(f"Recipe {self.name!r}: {error}") from error

    def first_stage(self) -> Recipe:
        """The recipe of `begin_with`, on this one's data.

        Raises:
            RecipeError: there is none of that name; close names are offered.
        """
        return replace(load_recipe(self._known_beginning(recipe_names(), "recipe")), data=self.data)

    def initial_network(self) -> Path | None:
        """The folder of the shipped network that `begin_with` names; None where it names a recipe or nothing.

        Raises:
            RecipeError: there is none of that name; close names are offered.
        """
        if not (self.begin_with or "").startswith(f"{MODELS.name}/"):
            return None
        names = [f"{MODELS.name}/{card.parent.name}" for card in sorted(MODELS.glob(f"*/{CARD_NAME}"))]
        return MODELS.parent / self._known_beginning(names, "network")

    def _known_beginning(self, names: Sequence[str], what: str) -> str:
        name = self.begin_with or ""
        if name not in names:
            hint = close_names(name, names) or f"; known are {', '.join(names)}."
            raise RecipeError(f"begin_with of recipe {self.name!r} is {name!r}, no shipped {what}{hint}")
        return name

    def stages(self) -> tuple[Recipe, ...]:
        """The recipes trained one after the other: the one it begins with, if any, and itself.

        Raises:
            RecipeError: there is none of the name in `begin_with`; close names are offered.
        """
        alone = self.begin_with is None or self.initial_network() is not None
        return (self,) if alone else (self.first_stage(), self)

    def steps(self, pictures: int) -> int:
        """Steps over so many training pictures, without those of the recipe it begins with."""
        return sum(phase.epochs * phase.steps_an_epoch(pictures) for phase in self.phases)

    def with_epochs(self, epochs: int) -> Recipe:
        """The recipe with so many epochs in all, shared among the phases as before (each keeps at least one)."""
        if epochs < len(self.phases):
            count = "1 phase" if len(self.phases) == 1 else f"{len(self.phases)} phases"
            raise RecipeError(f"Recipe {self.name!r} has {count}: give it at least as many epochs.")
        shares = _shared_out(epochs, [phase.epochs for phase in self.phases])
        phases = zip(self.phases, shares, strict=True)
        return replace(self, phases=tuple(replace(phase, epochs=share) for phase, share in phases))

    def changed(self, assignments: Sequence[str]) -> Recipe:
        """The recipe with fields replaced.

        Args:
            assignments: such as "optimizer.learning_rate=0.002", "phases.0.epochs=5", "network.dropout.block=0.2" or
                "average=null".

        Raises:
            RecipeError: an unknown key (close ones are offered) or an impossible value.
        """
        values = self.to_dict()
        for assignment in assignments:
            assign(values, assignment)
        return Recipe.from_dict(values)

    def to_json(self) -> str:
        """The recipe's file."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def _check_needs_no_validation(self) -> None:
        users = {"plateau": self.plateau, "early_stopping": self.early_stopping}
        monitors = {name: user.monitor for name, user in users.items() if user is not None}
        if self.keep == "best":
            monitors["keep"] = self.monitor
        for name, monitor in monitors.items():
            if monitor.startswith("val_"):
                raise RecipeError(
                    f"{name} of recipe {self.name!r} watches {monitor}, but data.validation is null: "
                    "name a part to validate on, or watch loss."
                )


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that ship with the package, sorted."""
    files = resources.files(__package__).joinpath("recipes").iterdir()
    return tuple(sorted(entry.name.removesuffix(".json") for entry in files if entry.name.endswith(".json")))


def load_recipe(source: str | Path) -> Recipe:
    """A recipe by its name, or from a JSON file.

    Raises:
        RecipeError: no such recipe (close names are offered), or a file that is not a recipe.
    """
    if str(source) in recipe_names():
        content = resources.files(__package__).joinpath("recipes", f"{source}.json").read_text(encoding="utf-8")
        return parse_recipe(content, str(source))
    path = Path(source)
    if (path / RECIPE).is_file():
        raise RecipeError(f"{path} is a folder: give the recipe in it, {path / RECIPE}.")
    if path.suffix != ".json" and not path.exists():
        hint = close_names(str(source), recipe_names()) or f"; known are {', '.join(recipe_names())}."
        raise RecipeError(f"There is no recipe {str(source)!r}{hint}")
    try:
        return parse_recipe(path.read_text(encoding="utf-8"), path.stem, str(path))
    except OSError as error:
        raise RecipeError(f"The recipe {path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"The recipe {path} is not a text file.") from error


def parse_recipe(content: str, name: str, source: str = "") -> Recipe:
    """A recipe from the text of its file; `name` where the file gives none, `source` to tell where it lies."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"Recipe {source or name!r} is not valid JSON: {error}.") from error
    return Recipe.from_dict({"name": name, **values} if isinstance(values, dict) else values)


def _shared_out(count: int, lengths: Sequence[int]) -> list[int]:
    """Share `count` in proportion to lengths, by the largest remainder; each gets at least one.

    Args:
        count: at least as many as there are lengths.
        lengths: each from 1.

    Example:
        >>> _shared_out(6, [1, 1, 1, 1]), _shared_out(40, [300, 100]), _shared_out(5, [1, 100, 1])
        ([2, 2, 1, 1], [30, 10], [1, 3, 1])
    """
    total = sum(lengths)
    shares = [max(1, count * length // total) for length in lengths]

    def lacking(place: int) -> int:
        return count * lengths[place] - shares[place] * total

    while sum(shares) < count:
        shares[max(range(len(shares)), key=lacking)] += 1
    while sum(shares) > count:
        shares[min((place for place, share in enumerate(shares) if share > 1), key=lacking)] -= 1
    return shares
