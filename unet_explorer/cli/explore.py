"""`layers`, `features`, `predict`: what the Explore and Classes pages show, from a terminal."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_explorer.analysis.receptive_field import receptive_field
from unet_explorer.cli.quiet import open_quietly
from unet_explorer.errors import LayerError, UserError
from unet_explorer.pictures import Picture, open_picture

if TYPE_CHECKING:
    from unet_explorer.network import Layer, Network

# Layers are computed together up to this much, so that `--layer all` of a large network stays small in memory.
BYTES_AT_ONCE = 256 * 2**20


def register(subparsers: Any) -> None:
    """Add the commands of this group."""
    layers = subparsers.add_parser("layers", help="list the layers of a SavedModel")
    _add_model(layers)
    layers.add_argument("--json", action="store_true", help="print a JSON list of objects")
    layers.set_defaults(run=_layers)

    features = subparsers.add_parser("features", help="write the feature maps of layers as pictures")
    _add_model(features)
    _add_image(features)
    features.add_argument(
        "--layer", required=True, metavar="NAME[,NAME...]", help="layers (a view as NAME:VIEW), or `all`"
    )
    features.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="gets <layer>/channel_<k>.png, k from 1"
    )
    features.add_argument("--npz", action="store_true", help="also write the exact float values as <layer>.npz")
    features.add_argument("--sheet", action="store_true", help="also write all channels in one picture, <layer>.png")
    features.add_argument("--json", action="store_true", help="print what was written as JSON")
    features.set_defaults(run=_features)

    predict = subparsers.add_parser("predict", help="segment a picture")
    _add_model(predict)
    _add_image(predict)
    predict.add_argument("--out", required=True, type=Path, metavar="DIR", help="gets class_map.png and overlay.png")
    predict.add_argument("--opacity", type=float, default=0.5, help="of the overlay, 0 to 1 (default 0.5)")
    predict.add_argument("--threshold", type=float, default=0.5, help="of a binary network, 0 to 1 (default 0.5)")
    predict.add_argument("--json", action="store_true", help="print the share of each class as JSON")
    predict.set_defaults(run=_predict)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="folder with saved_model.pb")
    parser.add_argument(
        "--signature", metavar="NAME", help="of a SavedModel that has several (default: serving_default)"
    )


def _add_image(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--image", required=True, type=Path, metavar="FILE", help="PNG, JPEG, WebP, BMP or TIFF")


def _layers(arguments: argparse.Namespace) -> int:
    network = open_quietly(arguments.model, arguments.signature)
    if arguments.json:
        print(json.dumps([layer_record(network, layer) for layer in network.layers], indent=2))
        return 0
    width = max(len(layer.name) for layer in network.layers)
    print(
        f"{'name':{width}}  {'kind':14}  {'stage':12}  {'height x width x channels':>25}  {'parameters':>10}  "
        f"{'sees':>11}  skip from"
    )
    for layer in network.layers:
        size = f"{layer.height or '?'} x {layer.width or '?'} x {layer.channels}"
        sees = receptive_field(network.table.names, layer.name)
        seen = "?" if sees is None else f"{sees[0]} x {sees[1]}"
        sized = f"{size:>25}  {layer.parameters:>10,}  {seen:>11}  {layer.skip_from or ''}".rstrip()
        print(f"{layer.name:{width}}  {layer.kind:14}  {layer.stage:12}  {sized}")
    print(f"{len(network.layers)} layers, {network.parameters:,} parameters, computed on {network.device}")
    print("sees: height x width of the receptive field, in pixels of the network's input")
    for notice in network.notices:
        print(notice)
    return 0


def layer_record(network: Network, layer: Layer) -> dict[str, Any]:
    """What `layers --json` prints of a layer; sizes that follow the picture are null.

    `receptive_field` is its height and width in pixels of the network's input; null where nothing tells.
    """
    return {
        "name": layer.name,
        "kind": layer.kind,
        "stage": layer.stage,
        "height": layer.height,
        "width": layer.width,
        "channels": layer.channels,
        "parameters": layer.parameters,
        "inputs": list(layer.inputs),
        "skip_from": layer.skip_from,
        "views": list(layer.views),
        "receptive_field": receptive_field(network.table.names, layer.name),
    }


def _features(arguments: argparse.Namespace) -> int:
    from unet_explorer.rendering.archive import write_feature_maps

    picture = open_picture(arguments.image)
    network = open_quietly(arguments.model, arguments.signature)
    names = _wanted(network, arguments.layer)
    written: list[dict[str, Any]] = []
    for together in _groups(network, picture, names):
        for name, maps in network.feature_maps(picture, together).items():
            record = provenance(network, picture, name)
            folder = write_feature_maps(arguments.out, maps, record, arguments.npz, arguments.sheet)
            shape = list(maps.values.shape)
            written.append({"layer": name, "folder": str(folder), "shape": shape, "not_finite": maps.not_finite})
            if not arguments.json:
                print(_written_line(written[-1]))
    if arguments.json:
        print(json.dumps(written, indent=2))
    return 0


def _written_line(record: dict[str, Any]) -> str:
    height, width, channels = record["shape"]
    warning = f", {record['not_finite']:,} values are not finite" if record["not_finite"] else ""
    return f"{record['layer']}: {channels} channels of {height} x {width} in {record['folder']}{warning}"


def provenance(network: Network, picture: Picture, layer: str) -> dict[str, Any]:
    """Where feature maps come from, for the file that lies beside them."""
    return {
        "model": network.name,
        "model_digest": network.digest,
        "signature": network.signature,
        "picture": picture.name,
        "picture_digest": picture.digest,
        "layer": layer,
        "device": network.device,
    }


def _wanted(network: Network, text: str) -> list[str]:
    if text.strip() == "all":
        return [layer.name for layer in network.layers if layer.kind != "input"]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise LayerError("--layer names no layer: write a name of `layers --model DIR`, several with commas, or all.")
    for name in names:
        network.layer(name)
    return list(dict.fromkeys(names))


def _groups(network: Network, picture: Picture, names: Sequence[str]) -> Iterator[list[str]]:
    """The names in order, in groups whose maps stay below `BYTES_AT_ONCE` together."""
    group: list[str] = []
    held = 0.0
    for name in names:
        layer = network.layer(name)
        height = layer.height or picture.height / layer.scale
        width = layer.width or picture.width / layer.scale
        size = 4 * height * width * layer.channels
        if group and held + size > BYTES_AT_ONCE:
            yield group
            group, held = [], 0.0
        group.append(name)
        held += size
    yield group


def _predict(arguments: argparse.Namespace) -> int:
    from unet_explorer.analysis.probabilities import class_ids
    from unet_explorer.rendering.archive import write_prediction

    for option in ("opacity", "threshold"):
        if not 0 <= getattr(arguments, option) <= 1:
            raise UserError(f"--{option} is {getattr(arguments, option):g}: write a number from 0 to 1.")
    picture = open_picture(arguments.image)
    network = open_quietly(arguments.model, arguments.signature)
    probabilities = network.probabilities(picture)
    ids = probabilities.placement.restore(class_ids(probabilities.values, arguments.threshold))
    shares = write_prediction(arguments.out, picture, ids, network.class_table, opacity=arguments.opacity)
    if arguments.json:
        record = {"picture": picture.name, "model": network.name, "not_finite": probabilities.not_finite}
        print(json.dumps({**record, "shares": shares}, indent=2))
        return 0
    if probabilities.not_finite:
        print(f"{probabilities.not_finite:,} probabilities are not finite: the class map means nothing there.")
    for name, share in sorted(shares.items(), key=lambda row: -row[1]):
        if share:
            print(f"{100 * share:6.2f} %  {name}")
    for notice in picture.notices:
        print(notice)
    return 0
