"""Batches of training pictures, prepared ahead by threads, always in the same order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from unet_explorer.training.augment import View, augment, use_one_thread
from unet_explorer.training.recipe import Augmentation
from unet_explorer.training.sampling import CHANGE, Sampler

Prepared = TypeVar("Prepared")
Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Position:
    """A step of the run: epoch and step count from 0; `view` and `batch` are those of its phase."""

    epoch: int
    step: int
    batch: int
    view: View


@dataclass(frozen=True)
class Preparer:
    """Makes the batch of any position, from nothing but the position and the seed."""

    sampler: Sampler
    how: Augmentation

    def __call__(self, position: Position) -> Batch:
        """Images (N, h, w, C) uint8 and label maps (N, h, w) uint8."""
        view = position.view
        channels = self.sampler.pictures.images.shape[3]
        images = np.empty((position.batch, view.height, view.width, channels), np.uint8)
        labels = np.empty((position.batch, view.height, view.width), np.uint8)
        for row in range(position.batch):
            images[row], labels[row] = self.one(position, row)
        return images, labels

    def one(self, position: Position, row: int) -> Batch:
        """One picture of a batch."""
        index = position.step * position.batch + row
        rng = np.random.default_rng([self.sampler.seed, CHANGE, position.epoch, index])
        picture, anchor = self.sampler.choose(position.epoch, index)
        image, label = self.sampler.pasted(picture, rng)
        return augment(image, label, position.view, self.how, rng, anchor)


def stream(
    positions: Iterable[Position], prepare: Callable[[Position], Prepared], workers: int
) -> Generator[tuple[Position, Prepared], None, None]:
    """Prepare batches ahead of their use.

    Args:
        positions: steps in order.
        prepare: makes the batch of a position; called from several threads.
        workers: threads.

    Yields:
        Each position with its batch, in order.
    """
    use_one_thread()
    waiting: deque[tuple[Position, Future[Prepared]]] = deque()
    upcoming = iter(positions)
    threads = ThreadPoolExecutor(workers, thread_name_prefix="batches")
    try:
        for position in upcoming:
            waiting.append((position, threads.submit(prepare, position)))
            if len(waiting) > workers + 1:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        threads.shutdown(wait=True, cancel_futures=True)


def default_workers() -> int:
    """Threads that prepare batches: all cores but one, which drives the device."""
    return max(1, min(16, (os.cpu_count() or 2) - 1))
