"""Validation: scores on whole pictures, previews, and batch-norm statistics measured anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.metrics import intersection_over_union, mean_iou, salt_scores
from unet_explorer.training.augment import View, move
from unet_explorer.training.engine import Arrays, Engine
from unet_explorer.training.store import VOID, Pictures

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Preview:
    """A picture, its label map and what the network says: uint8 (h, w, 3) each, the latter two in class colours."""

    name: str
    picture: NDArray[np.uint8]
    label: NDArray[np.uint8]
    prediction: NDArray[np.uint8]


@dataclass(frozen=True)
class Judge:
    """Scores a network during training.

    Attributes:
        training: pictures that batch norm's statistics are measured on.
        validation: pictures that scores are measured on; None where there are none.
        table: class colours.
        seed: of the choice of calibration pictures.
        preview_count: pictures of a preview.
    """

    training: Pictures
    validation: Pictures | None
    table: ClassTable
    seed: int
    preview_count: int = 3
    _resized: dict[View, Pictures] = field(default_factory=dict)

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything to validate on."""
        return self.validation is not None

    def scores(self, engine: Engine, view: View, batch: int) -> dict[str, Any]:
        """Validate: "val_loss", "val_mean_iou", "val_accuracy", "class_iou", and "val_salt_score" where binary.

        Args:
            engine: set to the weights to judge.
            view: size of whole pictures.
            batch: pictures of a batch.
        """
        if self.validation is None:
            return {}
        pictures = self._at(view)
        # Everything is queued before anything is read, so that the device never waits.
        waiting = [(count, *engine.validate(engine.put(made))) for count, made in _batches(pictures, batch)]
        counts = np.array([count for count, _, _ in waiting])
        losses = np.array([float(loss) for _, loss, _ in waiting])
        confusions = np.concatenate([np.rint(np.asarray(c)).astype(np.int64)[:count] for count, _, c in waiting])
        confusion = confusions.sum(axis=0)
        scores = {
            "val_loss": float((losses * counts).sum() / counts.sum()),
            "val_mean_iou": mean_iou(confusion),
            "val_accuracy": float(np.trace(confusion) / max(1, confusion.sum())),
            "class_iou": [round(float(value), 5) for value in intersection_over_union(confusion)],
        }
        if confusion.shape == (2, 2):
            scores["val_salt_score"] = float(salt_scores(confusions).mean())
        return scores

    def statistics(self, engine: Engine, view: View, batch: int, batches: int) -> Arrays:
        """Batch norm's means and variances over training pictures, without dropout or augmentation.

        Args:
            engine: set to the weights to measure.
            view: size of whole pictures.
            batch: pictures of a batch.
            batches: how many; each picture is used at most once.
        """
        order = np.random.default_rng(self.seed).permutation(len(self.training))
        batch = min(batch, len(order))
        sums: Arrays = {}
        used = min(batches, len(order) // batch)
        for number in range(used):
            chosen = order[number * batch : (number + 1) * batch]
            made = [_whole(self.training, int(index), view) for index in chosen]
            pair = np.stack([image for image, _ in made]), np.stack([label for _, label in made])
            _add_moments(sums, engine.batch_statistics(engine.put(pair)))
        return _statistics(sums, used)

    def previews(self, engine: Engine, view: View) -> list[Preview]:
        """A few pictures, always the same, as the network sees them now."""
        pictures = self.validation if self.validation is not None else self.training
        chosen = np.linspace(0, len(pictures) - 1, min(self.preview_count, len(pictures))).astype(int)
        made = [_whole(pictures, int(index), view) for index in chosen]
        predicted = engine.predict(np.stack([image for image, _ in made]))
        return [
            self._preview(pictures.names[index], image, label, ids)
            for index, (image, label), ids in zip(chosen, made, predicted, strict=True)
        ]

    def _preview(
        self, name: str, image: NDArray[np.uint8], label: NDArray[np.uint8], ids: NDArray[np.uint8]
    ) -> Preview:
        # Unpadded convolutions see less than they are shown: the picture and the labels are cut to what they saw.
        top, left = ((have - want) // 2 for have, want in zip(label.shape, ids.shape, strict=True))
        seen = np.s_[top : top + ids.shape[0], left : left + ids.shape[1]]
        return Preview(name, _as_rgb(image[seen]), self.table.to_rgb(label[seen]), self.table.to_rgb(ids))

    def _at(self, view: View) -> Pictures:
        """The validation pictures at a size; resized once."""
        if self.validation is None:
            raise ValueError("there are no validation pictures")
        if self.validation.images.shape[1:3] == (view.height, view.width):
            return self.validation
        if view not in self._resized:
            made = [_whole(self.validation, index, view) for index in range(len(self.validation))]
            images, labels = np.stack([image for image, _ in made]), np.stack([label for _, label in made])
            self._resized.clear()
            self._resized[view] = Pictures(self.validation.names, images, labels, self.validation.counts)
        return self._resized[view]


def _batches(pictures: Pictures, batch: int) -> Iterator[tuple[int, Batch]]:
    """Batches of one size, so that nothing is compiled twice; the last is filled with pictures that count nowhere."""
    for start in range(0, len(pictures), batch):
        images, labels = pictures.images[start : start + batch], pictures.labels[start : start + batch]
        count = len(images)
        if count < batch:
            missing = [(0, batch - count)]
            images = np.pad(images, missing + [(0, 0)] * 3)
            labels = np.pad(labels, missing + [(0, 0)] * 2, constant_values=VOID)
        yield count, (images, labels)


def _whole(pictures: Pictures, index: int, view: View) -> Batch:
    """A whole picture resized to a view."""
    step_y, step_x = 1 / view.scale_y, 1 / view.scale_x
    matrix = np.array([[step_x, 0, (step_x - 1) / 2], [0, step_y, (step_y - 1) / 2]])
    return move(pictures.images[index], pictures.labels[index], view, matrix)


def _as_rgb(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def _add_moments(sums: Arrays, statistics: Arrays) -> None:
    """Add means and mean squares, which average correctly over batches (variances do not)."""
    for path, value in statistics.items():
        layer, _, kind = path.rpartition("/")
        if kind == "moving_mean":
            mean = value.astype(np.float64)
            square = statistics[f"{layer}/moving_variance"].astype(np.float64) + mean**2
            sums[layer] = sums.get(layer, 0) + np.stack([mean, square])


def _statistics(sums: Arrays, count: int) -> Arrays:
    result: Arrays = {}
    for layer, (mean_sum, square_sum) in sums.items():
        mean = mean_sum / count
        result[f"{layer}/moving_mean"] = mean.astype(np.float32)
        result[f"{layer}/moving_variance"] = np.maximum(square_sum / count - mean**2, 0).astype(np.float32)
    return result
