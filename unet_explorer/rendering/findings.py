"""What a report on one network and one picture holds: classes, doubt, layers, and where all of it comes from."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import unet_explorer
from unet_explorer.analysis.probabilities import class_ids, class_probability, class_shares, entropy_map, margin_map
from unet_explorer.metrics import confusion_matrix, intersection_over_union, mean_iou, mistakes, pixel_accuracy
from unet_explorer.pictures import fit_label_map
from unet_explorer.rendering.colormaps import colour
from unet_explorer.rendering.overlays import blend_overlay, error_overlay, heat_overlay, outline
from unet_explorer.rendering.report import Figure, Report, Section, Table
from unet_explorer.rendering.tiles import Scaling, make_tiles

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps, Network
    from unet_explorer.pictures import Picture

TILE_WIDTH = 208
MOST_CHANNELS = 64
WIDEST = 1248
OPACITY = 0.55
KINDS = {
    "conv": "Convolution",
    "head": "Convolution",
    "transpose_conv": "Transposed convolution",
    "batch_norm": "Batch normalisation",
    "pool": "Pooling",
    "concat": "Concatenation",
    "upsample": "Upsampling",
    "other": "Another operation",
}
MOST_MISTAKES = 10


@dataclass(frozen=True)
class Request:
    """What a report is to show.

    Attributes:
        created: when it is made, as text; the clock is the caller's, so that the same request makes the same report.
        layers: names of layers, `layer` or `layer:view`.
        classes: ids of classes shown on their own.
        threshold: for the classes shown on their own, and for binary networks.
        thresholds: other ones, by the id of the class.
        colours: a name of `COLORMAPS`, for layers and probabilities.
    """

    created: str
    layers: tuple[str, ...] = ()
    classes: tuple[int, ...] = ()
    threshold: float = 0.5
    thresholds: Mapping[int, float] = field(default_factory=dict)
    colours: str = "viridis"

    def threshold_of(self, class_id: int) -> float:
        """The threshold of a class."""
        return self.thresholds.get(class_id, self.threshold)


def picture_report(network: Network, picture: Picture, request: Request) -> Report:
    """The report on what a network makes of a picture; at most two forward passes.

    Raises:
        LayerError, ClassTableError: the network has no such layer or class; the sentence offers close names.
    """
    for class_id in request.classes:
        network.class_table[class_id]
    sections: list[Section] = []
    if network.output.is_map:
        sections += _class_sections(network, picture, request)
    maps = network.feature_maps(picture, request.layers) if request.layers else {}
    classes = tuple(entry.name for entry in network.class_table)
    sections += [_layer_section(name, found, request, classes) for name, found in maps.items()]
    size = f"{picture.height} x {picture.width}"
    summary = f"A picture of {size} pixels, seen by {network.name} ({network.parameters:,} parameters)."
    title = f"What {network.name} sees in {picture.name}"
    return Report(title, summary, tuple(sections), provenance(network, picture, request))


def main_layers(network: Network) -> tuple[str, ...]:
    """The last convolution of each stage, as the articles show them; at most twelve."""
    by_stage: dict[str, str] = {}
    for layer in network.layers:
        if layer.stage and layer.kind in ("conv", "head"):
            by_stage[layer.stage] = layer.name
    return tuple(by_stage.values())[:12]


def largest_classes(network: Network, picture: Picture, count: int = 3) -> tuple[int, ...]:
    """Ids of the classes that cover most of a picture; the object of a binary network."""
    if not network.output.is_map:
        return ()
    maps = network.probabilities(picture)
    if maps.values.shape[-1] == 1:
        return (1,)
    shares = class_shares(_inside(maps, class_ids(maps.values)), maps.values.shape[-1])
    return tuple(class_id for class_id in np.argsort(-shares, kind="stable").tolist()[:count] if shares[class_id] > 0)


def provenance(network: Network, picture: Picture, request: Request) -> dict[str, str]:
    """Name of each fact -> fact: enough to make the report again."""
    card = network.card
    facts = {
        "Made": request.created,
        "By": f"U-Net Explorer {unet_explorer.__version__}, Python {platform.python_version()}, {network.device}",
        "Model": network.name,
        "Model digest": f"blake2b {network.digest}",
        "Signature": network.signature,
        "Picture": picture.name,
        "Picture digest": f"blake2b {picture.digest} (pixels and shape)",
        "Input": _input_text(network),
        "Threshold": _threshold_text(network, request),
    }
    if network.output.missing:
        facts["Applied"] = f"{network.output.missing} on the network's logits"
    if card is not None:
        facts |= {"Licence of the weights": card.licence, "Preset": card.preset}
        facts |= {f"Data: {name.replace('_', ' ')}": _written(value) for name, value in card.data.items()}
    for number, notice in enumerate((*network.notices, *picture.notices), 1):
        facts[f"Notice {number}"] = notice
    return {name: value for name, value in facts.items() if value}


def _written(value: object) -> str:
    """A value of a card for people; empty where it says nothing."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_written(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_written(one) for one in value)
    return "" if value is None else str(value)


def _class_sections(network: Network, picture: Picture, request: Request) -> list[Section]:
    maps = network.probabilities(picture)
    # Only a binary network is cut by a threshold, that of its object.
    ids = class_ids(maps.values, request.threshold_of(1))
    restored = maps.placement.restore(ids)
    drawn = blend_overlay(picture.pixels, network.class_table.to_rgb(restored), OPACITY, where=restored != 255)
    drawn[outline(restored)] = 0
    odd = f" {maps.not_finite:,} values are NaN or infinite." if maps.not_finite else ""
    figures = (
        Figure(_shown(picture.pixels), "The picture"),
        Figure(_shown(drawn), "Class map", "most probable class of each pixel"),
    )
    confusion = _confusion(network, picture, maps, ids)
    scores = "" if confusion is None else _scores_text(confusion)
    overview = Section(
        "What is where",
        f"Sizes and scores are those of the network's own {ids.shape[0]} x {ids.shape[1]} map.{scores}{odd}",
        figures,
        _class_table(network, maps, ids, confusion),
    )
    single: list[Figure] = []
    for class_id in request.classes:
        single += _class_figures(network, picture, maps, class_id, request)
    doubts = (
        ("Entropy", entropy_map(maps.values), "0 sure of one class, 1 all classes alike"),
        ("Margin", margin_map(maps.values), "best class over the second; 0 undecided, 1 certain"),
    )
    unsure = tuple(
        Figure(_heat(picture, maps, values, "magma", 1.0), f"{name}, 0 (dark) to 1 (bright)", means)
        for name, values, means in doubts
    )
    sections = [overview]
    if confusion is not None and (found := mistakes(confusion, MOST_MISTAKES)):
        sections.append(_mistakes_section(network, confusion, found))
    if single:
        sections.append(
            Section(
                "Classes on their own",
                "Brightness is the probability, 0 to 1; the white line is the threshold.",
                tuple(single),
            )
        )
    return [*sections, Section("How sure", "", unsure)]


def _confusion(
    network: Network, picture: Picture, maps: FeatureMaps, ids: NDArray[np.uint8]
) -> NDArray[np.int64] | None:
    """(K, K) pixels by label and class found; None without labels."""
    labels, classes = _labels(picture, maps), len(network.class_table)
    if labels is None:
        return None
    known = labels < classes
    return confusion_matrix(labels[known], ids[known], classes)


def _scores_text(confusion: NDArray[np.int64]) -> str:
    accuracy = pixel_accuracy(confusion)
    if np.isnan(accuracy):
        return ""
    return f" Mean IoU {_score(mean_iou(confusion))}; {100 * accuracy:.1f}% of the pixels right."


def _class_table(
    network: Network, maps: FeatureMaps, ids: NDArray[np.uint8], confusion: NDArray[np.int64] | None
) -> Table:
    classes = len(network.class_table)
    shares = class_shares(_inside(maps, ids), classes)
    order = [class_id for class_id in np.argsort(-shares, kind="stable").tolist() if shares[class_id] > 0]
    heads: tuple[str, ...] = ("Class", "Id", "Share")
    rows = [(network.class_table[class_id].name, str(class_id), _percent(shares[class_id])) for class_id in order]
    colours = [network.class_table[class_id].colour for class_id in order]
    if confusion is None:
        return Table(heads, tuple(rows), frozenset({1, 2}), tuple(colours))
    iou = intersection_over_union(confusion)
    scored = [(*row, _score(iou[class_id])) for row, class_id in zip(rows, order, strict=True)]
    missed = [class_id for class_id in range(classes) if shares[class_id] == 0 and not np.isnan(iou[class_id])]
    scored += [
        (network.class_table[class_id].name, str(class_id), "0.00%", _score(iou[class_id])) for class_id in missed
    ]
    colours += [network.class_table[class_id].colour for class_id in missed]
    return Table((*heads, "IoU"), tuple(scored), frozenset({1, 2, 3}), tuple(colours))


def _mistakes_section(network: Network, confusion: NDArray[np.int64], found: list[tuple[int, int]]) -> Section:
    table, labelled, pixels = network.class_table, confusion.sum(axis=1), confusion.sum()
    rows = tuple(
        (
            table[label].name,
            table[wrong].name,
            _percent(confusion[label, wrong] / labelled[label]),
            _percent(confusion[label, wrong] / pixels),
        )
        for label, wrong in found
    )
    heads = ("Labelled", "Found as", "Of the class", "Of all pixels")
    colours = tuple(table[label].colour for label, _ in found)
    return Section("What is mistaken for what", table=Table(heads, rows, frozenset({2, 3}), colours))


def _class_figures(
    network: Network, picture: Picture, maps: FeatureMaps, class_id: int, request: Request
) -> list[Figure]:
    """The probability of a class and, with labels, where the threshold is right and wrong."""
    probability = np.asarray(class_probability(maps.values, class_id), np.float32)
    threshold = request.threshold_of(class_id)
    pixels = _heat(picture, maps, probability, request.colours, 0.75, threshold)
    mask = probability >= threshold
    note = f"covers {100 * _inside(maps, mask).mean():.2f}% at the threshold {threshold:g}"
    name, labels = network.class_table[class_id].name, _labels(picture, maps)
    title = f"{name} (class {class_id}, channel {class_id + 1})"
    if labels is None:
        return [Figure(pixels, title, note)]
    known = labels != 255
    confusion = confusion_matrix(labels[known] == class_id, mask[known], 2)
    note += f", IoU {_score(intersection_over_union(confusion)[1])}"
    predicted, wanted = (maps.placement.restore(where) for where in (mask & known, labels == class_id))
    judged = error_overlay(picture.pixels, predicted, wanted, OPACITY)
    told = f"{name}, right and wrong at the threshold"
    return [Figure(pixels, title, note), Figure(_shown(judged), told, "green found, orange wrongly found, blue missed")]


def _layer_section(name: str, maps: FeatureMaps, request: Request, classes: tuple[str, ...]) -> Section:
    height, width, channels = maps.values.shape
    named = maps.layer.stage == "head" and channels == len(classes)
    shown = min(channels, MOST_CHANNELS)
    size = (max(1, round(height * min(1.0, TILE_WIDTH / width))), min(width, TILE_WIDTH))
    tiles = make_tiles(maps.values[..., :shown], Scaling("channel"), size)
    figures = tuple(
        Figure(
            colour(tiles.pixels[channel], request.colours),
            f"channel {channel + 1}" + (f", {classes[channel]}" if named else ""),
            _range_text(tiles.low[channel], tiles.high[channel], tiles.marks[channel]),
        )
        for channel in range(shown)
    )
    left_out = f" The first {shown} of them are shown." if shown < channels else ""
    kind = KINDS.get(maps.layer.kind, maps.layer.kind.capitalize())
    text = (
        f"{kind}, {maps.layer.stage or 'no stage'}: {channels} channels of "
        f"{height} x {width}, counted from 1.{left_out} Each channel runs from its own lowest value (dark) to its own "
        "highest (bright)."
    )
    return Section(f"Layer {name}", text, figures, small=True)


def _range_text(low: np.float32, high: np.float32, mark: str) -> str:
    words = {"zero": "all zero", "constant": "constant", "nan": "holds NaN", "inf": "holds infinity"}
    return f"{low:.4g} to {high:.4g}".replace("-", "−") + (f", {words[mark]}" if mark else "")


def _heat(
    picture: Picture,
    maps: FeatureMaps,
    values: NDArray[np.float32],
    colours: str,
    opacity: float,
    threshold: float | None = None,
) -> NDArray[np.uint8]:
    levels = maps.placement.restore(np.round(255 * np.nan_to_num(values).clip(0, 1)).astype(np.uint8))
    drawn = heat_overlay(picture.pixels, levels, colours, opacity)
    if threshold is not None:
        drawn[outline(maps.placement.restore(values >= threshold))] = 255
    return _shown(drawn)


def _inside(maps: FeatureMaps, values: NDArray[Any]) -> NDArray[Any]:
    """The values of the pixels that lie on the picture, not in padding."""
    height, width = values.shape[:2]
    rows, columns = maps.placement.rows, maps.placement.columns
    y, x = rows.picture_pixels(height), columns.picture_pixels(width)
    return values[np.ix_((y >= 0) & (y < rows.picture), (x >= 0) & (x < columns.picture))]


def _labels(picture: Picture, maps: FeatureMaps) -> NDArray[np.uint8] | None:
    if picture.label_map is None:
        return None
    return fit_label_map(picture.label_map, maps.placement, *maps.values.shape[:2])


def _shown(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every n-th pixel of a picture that is wider than a page needs."""
    step = -(-pixels.shape[1] // WIDEST)
    return np.ascontiguousarray(pixels[::step, ::step])


def _percent(share: float) -> str:
    """A share in percent; what is there is never written as nothing."""
    return "< 0.01%" if 0 < share < 0.00005 else f"{100 * share:.2f}%"


def _score(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _threshold_text(network: Network, request: Request) -> str:
    other = [f"{network.class_table[class_id].name} {value:g}" for class_id, value in request.thresholds.items()]
    return ", ".join([f"{request.threshold:g}", *other])


def _input_text(network: Network) -> str:
    spec = network.input_spec
    size = f"{spec.height or 'any'} x {spec.width or 'any'} x {spec.channels}"
    return f"{size}, values {spec.low:g} to {spec.high:g}, fitted by {spec.fit}"
