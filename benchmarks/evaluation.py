"""How much of the bare forward rate is left when a network is evaluated: decoding, resizing and counting included."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.measure import Figure, compare

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("UNET_EXPLORER_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
ROADS, SALT = 8, 150


def measure() -> list[Figure]:
    """kitti-16 on KITTI and tgs-salt on TGS pictures, against the SavedModels' own signatures on one tensor."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            _measure("kitti-16", "kitti", DATA / "kitti_semantics", ROADS, Path(folder)),
            _measure("tgs-salt", "tgs-salt", DATA / "tgs_salt", SALT, Path(folder)),
        ]


def _measure(preset: str, data: str, root: Path, count: int, folder: Path) -> Figure:
    import tensorflow as tf

    from unet_explorer.analysis.evaluation import evaluate
    from unet_explorer.datasets import open_dataset
    from unet_explorer.network import open_network
    from unet_explorer.pictures import fit_picture

    dataset = open_dataset(data, root)
    samples = dataset.samples[:count]
    model = _export(preset, dataset.class_table.name, folder)
    network = open_network(model)
    loaded = tf.saved_model.load(str(model))
    infer = loaded.signatures["serving_default"]
    (name,) = infer.structured_input_signature[1]
    batch = tf.constant(fit_picture(dataset.read(samples[0]), network.input_spec).batch)

    def bare() -> None:
        for _ in range(count):
            (values,) = infer(**{name: batch}).values()
            values.numpy()

    return compare(
        f"evaluate {preset} on {count} {data} pictures, against as many bare forward passes",
        lambda: evaluate(network, dataset, samples),
        bare,
        at_least=0.8,
    )


def _export(preset: str, table: str, folder: Path) -> Path:
    """The network of a preset with its first weights: what they are does not change the time."""
    from unet_explorer.classes import load_class_table
    from unet_explorer.network import ModelCard
    from unet_explorer.pictures import InputSpec
    from unet_explorer.unet.builder import build_unet
    from unet_explorer.unet.export import export_network
    from unet_explorer.unet.presets import load_preset

    chosen = load_preset(preset)
    channels = 1 if chosen.channels == 1 else 3
    spec = InputSpec(chosen.height, chosen.width, channels, 0.0, 1.0, "stretch")
    card = ModelCard(name=preset, input=spec, class_table=load_class_table(table), preset=preset)
    return export_network(build_unet(chosen), folder / preset, card)
