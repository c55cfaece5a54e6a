"""What our loop and input pipeline cost training: kitti-16, crops of 256x512, batch 8, full augmentation.

Ours is the real thing: pictures chosen, moved, recoloured and pasted into by threads while the device trains, and the
moving average kept. Beside it: Keras alone, `train_on_batch` of the same network, optimizer and precision on one batch
of floats held in memory (the most that can be had); and our step behind the article notebook's own way of reading
pictures, which decodes, resizes and matches colours again in every epoch.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.measure import Figure, compare

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("UNET_EXPLORER_TEST_DATA", REPOSITORY.parent / "shared" / "data")) / "kitti_semantics"
PICTURES = 24
STEPS = 8
PAIRS = 4
SAMPLING = {"rare_share": 0.3, "paste": 0.5, "paste_classes": ["Person", "Bicycle", "Truck", "Traffic sign"]}
CROPS = {"epochs": 1000, "batch": 8, "height": 256, "width": 512, "scale": 1.0}


def measure() -> list[Figure]:
    """Our steps against Keras' own, and against steps with the notebook's pipeline."""
    bench = _set_up()
    ours = _steps(bench, bench.batches)
    bare = _bare_steps(bench)
    notebook = _steps(bench, lambda: map(bench.engine.put, _notebook_batches(bench)))
    return [
        compare(
            f"{STEPS} training steps of kitti-16, 8 augmented crops of 256x512, against Keras' train_on_batch",
            ours, bare, at_least=0.9, pairs=PAIRS,
        ),
        compare(
            f"{STEPS} such steps against the article notebook's pipeline (decode, resize, match colours)",
            ours, notebook, at_least=1.0, pairs=2,
        ),
    ]  # fmt: skip


@dataclass
class _Bench:
    recipe: Any
    preset: Any
    engine: Any
    prepare: Callable[[Any], Any]
    source: Any
    positions: Callable[[], Iterator[Any]]

    def batches(self) -> Iterator[Any]:
        """Batches of our pipeline, already on their way to the device."""
        from unet_explorer.training.pipeline import default_workers, stream

        put = self.engine.put
        for _, batch in stream(self.positions(), lambda position: put(self.prepare(position)), default_workers()):
            yield batch


def _set_up() -> _Bench:
    from unet_explorer.datasets import open_dataset
    from unet_explorer.pictures import InputSpec
    from unet_explorer.training.engine import make_engine
    from unet_explorer.training.losses import build_loss
    from unet_explorer.training.pipeline import Position, Preparer
    from unet_explorer.training.preflight import class_ids, view_of
    from unet_explorer.training.recipe import Loss, Phase, Sampling, load_recipe
    from unet_explorer.training.sampling import Sampler
    from unet_explorer.training.store import load_pictures

    recipe, source = load_recipe("kitti-16"), open_dataset("kitti", DATA)
    preset, phase = recipe.build_preset(), Phase.from_dict(CROPS)
    spec = InputSpec(preset.height, preset.width, 3, 0.0, 255.0, "stretch")
    pictures = load_pictures(source, source.samples[:PICTURES], spec)
    sampling = Sampling.from_dict(SAMPLING)
    paste = class_ids(sampling.paste_classes, source.class_table, "sampling.paste_classes")
    sampler = Sampler(pictures, sampling, paste, recipe.seed)
    sampler.prepare()
    engine = make_engine(recipe, preset, build_loss([Loss()], pictures.shares, source.class_table))
    view = view_of(phase, preset)
    epochs = count()

    def positions() -> Iterator[Position]:
        epoch = next(epochs)
        return (Position(epoch, step, phase.batch, view) for step in range(STEPS))

    return _Bench(recipe, preset, engine, Preparer(sampler, recipe.augmentation), source, positions)


def _steps(bench: _Bench, batches: Callable[[], Iterator[Any]]) -> Callable[[], None]:
    def run() -> None:
        # A pipeline of its own for each timing, so that nothing is prepared while the other way is timed.
        loss: Any = None
        for batch in islice(batches(), STEPS):
            loss = bench.engine.step(batch, 1e-4, 0.999)
        float(loss)

    return run


def _bare_steps(bench: _Bench) -> Callable[[], None]:
    """Keras alone, on one batch that is there already."""
    import keras

    from unet_explorer.training.engine import make_optimizer
    from unet_explorer.training.store import VOID
    from unet_explorer.unet.builder import build_unet, to_logits

    images, labels = bench.prepare(next(bench.positions()))
    batch = keras.ops.convert_to_tensor(images / np.float32(255)), keras.ops.convert_to_tensor(labels.astype(np.int32))
    model = to_logits(build_unet(bench.preset.any_size(), bench.recipe.precision))
    model.compile(
        optimizer=make_optimizer(bench.recipe.optimizer),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=VOID),
        # XLA makes this network's step slower on a CPU.
        jit_compile=keras.backend.backend() == "jax",
    )

    def run() -> None:
        for _ in range(STEPS):
            model.train_on_batch(*batch)

    return run


def _notebook_batches(bench: _Bench) -> Iterator[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """The article's generator: every picture is decoded and resized, every colour compared with every pixel, each time.

    It trains on whole pictures; here they are cut to the crop, so that the steps compared are the same.
    """
    colours = bench.source.class_table.colours
    while True:
        for start in range(0, PICTURES, 8):
            pairs = [_notebook_pair(sample, colours) for sample in bench.source.samples[start : start + 8]]
            images, labels = (np.stack(part) for part in zip(*pairs, strict=True))
            yield images[:, -256:, 368:880], labels[:, -256:, 368:880]


def _notebook_pair(sample: Any, colours: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    size = (1248, 368)
    image = np.asarray(Image.open(sample.image).convert("RGB").resize(size, Image.Resampling.BILINEAR))
    rgb = np.asarray(Image.open(sample.label).convert("RGB").resize(size, Image.Resampling.NEAREST))
    label = np.zeros(rgb.shape[:2], np.uint8)
    for number, colour in enumerate(colours):
        label[(rgb == colour).all(axis=-1)] = number
    return image, label
