"""A small data set made on the spot: coloured rectangles on a ground, asymmetric in every direction."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from unet_explorer.classes import ClassTable, numbered_class_table
from unet_explorer.datasets.dataset import Sample
from unet_explorer.pictures import Picture
from unet_explorer.training.recipe import Recipe

HEIGHT, WIDTH = 32, 48


def make_pair(seed, classes=3):
    """A picture whose colour tells the class, with noise, and its label map."""
    rng = np.random.default_rng(seed)
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number in range(1, classes):
        top, left = rng.integers(0, HEIGHT - 12), rng.integers(0, WIDTH - 18)
        label[top : top + 9 + number, left : left + 14 + number] = number
    colours = np.array([[40, 90, 60], [220, 60, 40], [50, 70, 230], [230, 220, 90]])[:classes]
    pixels = np.clip(colours[label] + rng.normal(0, 12, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
    return pixels, label


@dataclass
class Synthetic:
    """Training pictures 0 to `count` - 1, validation pictures after them."""

    count: int = 8
    classes: int = 3
    validation: int = 3
    pairs: dict = field(default_factory=dict)
    name: str = "synthetic"

    @property
    def class_table(self) -> ClassTable:
        return numbered_class_table(self.classes)

    def split(self, part):
        first, last = {"train": (0, self.count), "validation": (self.count, self.count + self.validation)}[part]
        names = [f"{number:03d}" for number in range(first, last)]
        return tuple(Sample(name, Path(f"{name}.png"), Path(f"{name}_label.png"), name) for name in names)

    def read(self, sample):
        pixels, label = self.pairs.get(sample.name) or make_pair(int(sample.name), self.classes)
        return Picture(pixels=pixels, name=sample.name, digest=sample.name, label_map=label, notices=())


def tiny_recipe(**changes):
    """Two filters, two stages, three classes."""
    values = {
        "name": "tiny",
        "preset": "kitti-16",
        "network": {
            "height": HEIGHT, "width": WIDTH, "filters": 2, "depth": 2, "outputs": 3,
            "norm_momentum": 0.8, "dropout": 0.1,
        },
        "data": {"name": "folder"},
        "phases": [{"epochs": 3, "batch": 4}],
        "optimizer": {"learning_rate": 0.01},
        "losses": [{"name": "cross-entropy"}],
        "every": {"log": 1, "preview": 0},
    }  # fmt: skip
    return Recipe.from_dict({**values, **changes})


def binary_recipe(**changes):
    """The same for one class."""
    network = {**tiny_recipe().network, "outputs": 1, "head": "sigmoid"}
    return tiny_recipe(**{"network": network, "losses": [{"name": "binary-cross-entropy"}], **changes})
