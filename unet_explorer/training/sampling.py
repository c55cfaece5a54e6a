"""Which picture comes next, and which of its pixels must be seen: in turn, or chosen so that rare classes appear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unet_explorer.training.augment import Piece, find_pieces, paste
from unet_explorer.training.recipe import Sampling
from unet_explorer.training.store import Pictures

# Streams of random numbers that must not repeat each other.
ORDER, CHOICE, CHANGE = 1, 2, 3


@dataclass(frozen=True)
class Sampler:
    """Chooses pictures; everything drawn depends on the seed, the epoch and the position in it alone.

    Attributes:
        pictures: to choose from.
        how: shares and powers.
        paste_ids: classes whose objects are copied.
        seed: of the recipe.
    """

    pictures: Pictures
    how: Sampling
    paste_ids: tuple[int, ...]
    seed: int

    def choose(self, epoch: int, index: int) -> tuple[int, tuple[int, int] | None]:
        """The picture at a position of an epoch, and a pixel (y, x) of it that must be seen, if any."""
        rng = np.random.default_rng([self.seed, CHOICE, epoch, index])
        if rng.random() >= self.how.rare_share:
            rounds, position = divmod(index, len(self.pictures))
            return int(self._order(epoch, rounds)[position]), None
        wanted = int(rng.choice(len(self._chances), p=self._chances))
        picture = int(rng.choice(np.flatnonzero(self.pictures.counts[:, wanted])))
        pixels = np.flatnonzero(self.pictures.labels[picture] == wanted)
        y, x = divmod(int(rng.choice(pixels)), self.pictures.labels.shape[2])
        return picture, (y, x)

    def pasted(self, picture: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A picture and its label map, perhaps with objects of others; copies where anything was changed."""
        image, label = self.pictures.images[picture], self.pictures.labels[picture]
        if not self.pieces or rng.random() >= self.how.paste:
            return image, label
        image, label = image.copy(), label.copy()
        for _ in range(int(rng.integers(1, self.how.paste_most + 1))):
            wanted = int(rng.choice(len(self._paste_chances), p=self._paste_chances))
            fitting = self._pieces_by_class[wanted]
            paste(image, label, self.pieces[fitting[int(rng.integers(len(fitting)))]], rng)
        return image, label

    def prepare(self) -> None:
        """Compute what is kept, before several threads ask for it at once."""
        if self.how.rare_share:
            _ = self._chances
        if self.pieces:
            _ = self._paste_chances

    @cached_property
    def pieces(self) -> list[Piece]:
        """Objects that can be copied, from all pictures."""
        if not self.how.paste:
            return []
        pairs = zip(self.pictures.images, self.pictures.labels, strict=True)
        return [
            piece for image, label in pairs for piece in find_pieces(image, label, self.paste_ids, self.how.paste_least)
        ]

    def _order(self, epoch: int, rounds: int) -> NDArray[np.int64]:
        return np.random.default_rng([self.seed, ORDER, epoch, rounds]).permutation(len(self.pictures))

    @cached_property
    def _chances(self) -> NDArray[np.float64]:
        return _rarity(self.pictures.shares, self.how.power)

    @cached_property
    def _pieces_by_class(self) -> list[list[int]]:
        classes = self.pictures.counts.shape[1]
        return [
            [number for number, piece in enumerate(self.pieces) if wanted in piece.classes and wanted in self.paste_ids]
            for wanted in range(classes)
        ]

    @cached_property
    def _paste_chances(self) -> NDArray[np.float64]:
        available = np.array([bool(pieces) for pieces in self._pieces_by_class])
        return _rarity(np.where(available, self.pictures.shares, 0), self.how.power)


def _rarity(shares: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """Chances proportional to share ** -power, 0 for classes that do not occur."""
    weights = np.where(shares > 0, np.maximum(shares, 1e-12) ** -power, 0)
    chances: NDArray[np.float64] = weights / weights.sum()
    return chances
