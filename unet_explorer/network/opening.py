"""Folder -> `Network`. Importing this module imports TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from unet_explorer.classes import ClassTable, numbered_class_table
from unet_explorer.errors import CardError, ModelError
from unet_explorer.network.card import CARD_NAME, ModelCard, read_card
from unet_explorer.network.execution import Executor, prepare_device
from unet_explorer.network.flat_graph import FlatGraph, describe, load_flat_graph
from unet_explorer.network.forward import InputTensor, Network, Origin
from unet_explorer.network.geometry import Coverage, coverages
from unet_explorer.network.graph import Graph, node_name
from unet_explorer.network.layers import LayerTable
from unet_explorer.network.listing import list_layers
from unet_explorer.network.output import Output, ending
from unet_explorer.network.scan import ScanReport, scan_saved_model
from unet_explorer.pictures import InputSpec
from unet_explorer.settings import setting

# Where the free sizes of a network were seen before; each holds a few numbers for every op.
_SIZES_REMEMBERED = 16


def open_network(path: Path | str, signature: str | None = None, trusted: bool | None = None) -> Network:
    """Open a SavedModel for looking inside.

    Args:
        path: the folder that holds saved_model.pb, and perhaps a model_card.json.
        signature: which of its signatures; None: `serving_default`, else the first that takes one picture.
        trusted: open it although its graph holds ops that could touch files, the network or Python; None: as the
            setting `trust_models` says.

    Raises:
        ModelError: it is no SavedModel, was refused, cannot be loaded, or does not take exactly one picture.
        CardError: its card cannot be read or contradicts it.
    """
    folder = Path(path)
    report = scan_saved_model(folder)
    if report.refused and not (bool(setting("trust_models")) if trusted is None else trusted):
        raise ModelError(report.sentence())
    _check_variables(folder, report)
    card = read_card(folder)
    device = prepare_device()
    flat, chosen, known = load_flat_graph(folder, signature)
    graph = describe(flat, folder)
    table = list_layers(graph, flat.image.name, (flat.image.height is None, flat.image.width is None), flat.variables)
    output = _output(graph, table)
    spec, notices = _input_spec(flat, graph, table, card, folder)
    return Network(
        origin=Origin(folder, model_digest(folder), device, chosen, known, notices),
        card=card,
        input_spec=spec,
        class_table=_class_table(card, output, folder),
        table=table,
        output=output,
        input=InputTensor(graph.input, flat.image.batch, flat.image.dtype),
        runner=Executor(flat),
        coverage=_coverage_by_size(flat, graph, folder),
    )


def _check_variables(folder: Path, report: ScanReport) -> None:
    index = folder / "variables" / "variables.index"
    if report.stores_variables and not index.is_file():
        raise ModelError(f"{folder} has no {index.relative_to(folder)}: copy the model with its folder of variables.")


def model_digest(folder: Path) -> str:
    """blake2b (32 hex digits) over a model's graph, weights and card: everything that decides what it shows."""
    digest = hashlib.blake2b(digest_size=16)
    card = [path for path in [folder / CARD_NAME] if path.is_file()]
    for path in [folder / "saved_model.pb", *sorted((folder / "variables").glob("*")), *card]:
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def _coverage_by_size(flat: FlatGraph, graph: Graph, folder: Path) -> Callable[[int, int], Mapping[str, Coverage]]:
    """Where maps lie for an input of some (height, width); the size of `graph` is known, others are described anew."""
    known, size = coverages(graph), (graph.ops[node_name(graph.input)].shape or ())[1:3]

    @lru_cache(_SIZES_REMEMBERED)
    def described(height: int, width: int) -> Mapping[str, Coverage]:
        return coverages(describe(flat, folder, (height, width)))

    return lambda height, width: known if (height, width) == size else described(height, width)


def _output(graph: Graph, table: LayerTable) -> Output:
    shape = graph.ops[node_name(graph.outputs[0])].shape or ()
    channels = shape[-1] if shape else 0
    return Output(table.output, table.logits, ending(graph), channels, len(shape) == 4)


def _input_spec(
    flat: FlatGraph, graph: Graph, table: LayerTable, card: ModelCard | None, folder: Path
) -> tuple[InputSpec, tuple[str, ...]]:
    if card is not None:
        _check_input(card.input, flat, folder)
        return card.input, ()
    image = flat.image
    high, reason = _value_range(graph, image.dtype)
    free = image.height is None or image.width is None
    spec = InputSpec(
        height=image.height,
        width=image.width,
        channels=3 if image.channels == 3 else 1,
        low=0.0,
        high=high,
        fit="pad" if free else "stretch",
        multiple=max(1, round(max(layer.scale for layer in table.layers))) if free else 1,
    )
    fitted = f"padded to a multiple of {spec.multiple}" if free else f"stretched to {image.height} x {image.width}"
    return spec, (
        f"{folder.name} has no card: pixel values are mapped to 0 to {high:g} ({reason}), pictures {fitted}.",
    )


def _check_input(spec: InputSpec, flat: FlatGraph, folder: Path) -> None:
    """The card's input must be one the model takes; where they differ the sentence says both numbers."""
    image = flat.image
    if spec.channels != image.channels:
        raise CardError(
            f"{folder / CARD_NAME} says {spec.channels} input channels, the model takes {image.channels}: "
            "correct the card."
        )
    for side, said, taken in (("height", spec.height, image.height), ("width", spec.width, image.width)):
        if taken is not None and said != taken:
            said_text = "any" if said is None else said
            raise CardError(
                f"{folder / CARD_NAME} says input {side} {said_text}, the model takes {taken}: correct the card."
            )


def _value_range(graph: Graph, dtype: np.dtype[Any]) -> tuple[float, str]:
    """The largest input value, read off the graph: 255 where it takes whole numbers or scales its input down itself."""
    if np.issubdtype(dtype, np.integer):
        return 255.0, "it takes whole numbers"
    for name in graph.data[1:]:
        op = graph.ops[name]
        if op.type in ("Identity", "Cast"):
            continue
        values = [graph.value(each) for each in graph.fixed_inputs(name)]
        sizes = [float(np.abs(value).max()) for value in values if value is not None and value.size]
        if op.type in ("Mul", "RealDiv", "Sub") and sizes:
            scaled = sizes[0] < 0.05 if op.type == "Mul" else sizes[0] > 2
            if scaled:
                return 255.0, "it scales them itself"
        break
    return 1.0, "assumed"


def _class_table(card: ModelCard | None, output: Output, folder: Path) -> ClassTable:
    # A binary network has one channel and two classes: what it looks for, and everything else.
    classes = 2 if output.channels == 1 else output.channels
    if card is None or card.class_table is None:
        return numbered_class_table(max(classes, 1))
    if len(card.class_table) != classes:
        raise CardError(
            f"{folder / CARD_NAME} names {len(card.class_table)} classes, the model has {output.channels} output "
            f"{'channel' if output.channels == 1 else 'channels'}: correct the card."
        )
    return card.class_table
