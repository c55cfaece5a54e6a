"""The questions a browser may ask about an offer, and who answers them.

A new question is one function and one row of `ANSWERS`. Its address is `/unet/maps/<token>/<question>?<query>`; the
answer is computed in a worker thread, at most once, and kept as bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from unet_explorer.analysis.channels import channel_statistics
from unet_explorer.analysis.probabilities import class_ids
from unet_explorer.errors import LayerError, UserError
from unet_explorer.rendering.contact import contact_sheet
from unet_explorer.rendering.overlays import blend_overlay, class_map_rgb
from unet_explorer.rendering.thumbnails import thumbnail, webp
from unet_explorer.ui import class_sheets
from unet_explorer.ui.features import PROBABILITIES
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.relations import agreement_sheet, channel_sheet, relations_sheet
from unet_explorer.ui.shared import shared
from unet_explorer.ui.sheets import exact_sheet, magnitude_sheet, preview_sheet, tile_sheet
from unet_explorer.ui.thumbs import thumbs_sheet
from unet_explorer.ui.wire import pack

if TYPE_CHECKING:
    from unet_explorer.network import FeatureMaps

WEBP_LARGEST = 16_383


class Query:
    """The part of an address after the question mark, read strictly: it is ours, so nonsense is refused."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Wrap the values of an address."""
        self._values = values

    def text(self, name: str) -> str:
        """A value that must be there.

        Raises:
            UserError: it is missing.
        """
        if name not in self._values:
            raise UserError(f"The address lacks {name!r}: open the page again.")
        return self._values[name]

    def has(self, name: str) -> bool:
        """Whether there is such a value."""
        return name in self._values

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number, brought into `low`..`high`.

        Raises:
            UserError: missing or not a whole number.
        """
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > 12:
            raise UserError(f"The address has {name}={text!r}, not a whole number: open the page again.")
        return min(max(int(text), low), high)

    def channels(self, count: int) -> list[int]:
        """The channels asked for as `3,4,8`, each below `count` and once.

        Raises:
            LayerError: one of them does not exist.
        """
        texts = self.text("channels").split(",")
        numbers = [int(text) if text.isascii() and text.isdigit() and len(text) < 9 else count for text in texts]
        if any(number >= count for number in numbers):
            raise LayerError(
                f"There are channels 0 to {count - 1} here, not {self.text('channels')}: choose one of them."
            )
        return list(dict.fromkeys(numbers))


@dataclass(frozen=True)
class Question:
    """Who answers, and as what kind of file."""

    answer: Callable[[Offer, Query], bytes]
    media_type: str = "application/octet-stream"


def sheet(offer: Offer, query: Query) -> bytes:
    """All channels of a layer, small: `layer`, `width` (widest tile in device pixels), `budget` (bytes of pixels)."""
    budget = query.whole("budget", 16_384, 8_388_608)
    return preview_sheet(feature_maps(offer, query), budget, query.whole("width", 8, 4096))


def tiles(offer: Offer, query: Query) -> bytes:
    """Some `channels` of a layer as bytes with their ranges, at most `width` pixels wide."""
    maps = feature_maps(offer, query)
    return tile_sheet(maps, query.channels(maps.values.shape[-1]), query.whole("width", 8, 65_536))


def values(offer: Offer, query: Query) -> bytes:
    """Some `channels` of a layer at full resolution, as the float32 that was computed."""
    maps = feature_maps(offer, query)
    return exact_sheet(maps, query.channels(maps.values.shape[-1]))


def magnitude(offer: Offer, query: Query) -> bytes:
    """The mean magnitude of a layer's channels, exact."""
    return magnitude_sheet(feature_maps(offer, query))


def statistics(offer: Offer, query: Query) -> bytes:
    """Mean, deviation, share of zeros and entropy of each channel of a layer; behind them its histogram.

    The histograms are uint32 (C, 64), of equal bins between the channel's lowest and highest value.
    """
    found = channel_statistics(feature_maps(offer, query).values)
    columns = ("mean", "deviation", "zeros", "entropy")
    return pack({name: getattr(found, name).round(8) for name in columns}, found.counts.astype("<u4"))


def relations(offer: Offer, query: Query) -> bytes:
    """What each channel of a layer is like: others, and classes."""
    return relations_sheet(offer, feature_maps(offer, query))


def channel(offer: Offer, query: Query) -> bytes:
    """Where one `channel` of a layer fires strongest, and its kernel."""
    maps = feature_maps(offer, query)
    return channel_sheet(offer, maps, query.whole("channel", 0, maps.values.shape[-1] - 1))


def agreement(offer: Offer, query: Query) -> bytes:
    """How well each channel of a layer tells where a `class` was predicted."""
    return agreement_sheet(offer, feature_maps(offer, query), query.whole("class", 0, 4096))


def thumbs(offer: Offer, query: Query) -> bytes:
    """One small picture a stage of the network, each of at most so many `pixels`, for the map of the U."""
    return thumbs_sheet(offer.network, offer.picture, shared().features, query.whole("pixels", 100, 200_000))


def overview(offer: Offer, _query: Query) -> bytes:
    """The class map with its labels."""
    return class_sheets.overview_sheet(probabilities(offer), offer.picture)


def levels(offer: Offer, query: Query) -> bytes:
    """The probability of one `class` in steps of its threshold."""
    return class_sheets.levels_sheet(probabilities(offer), offer.picture, query.whole("class", 0, 4096))


def fine(offer: Offer, query: Query) -> bytes:
    """The same between the steps."""
    return class_sheets.fine_sheet(probabilities(offer), query.whole("class", 0, 4096))


def ranked(offer: Offer, _query: Query) -> bytes:
    """The most probable classes of each pixel."""
    return class_sheets.ranked_sheet(probabilities(offer))


def doubt(offer: Offer, _query: Query) -> bytes:
    """Entropy and margin of each pixel."""
    return class_sheets.doubt_sheet(probabilities(offer))


def contact(offer: Offer, query: Query) -> bytes:
    """All channels of a layer, or some `channels`, in one WebP picture at least `width` pixels wide, for looking at."""
    values = feature_maps(offer, query).values
    if query.has("channels"):
        values = values[..., query.channels(values.shape[-1])]
    aspect = offer.picture.width / offer.picture.height
    return webp(contact_sheet(values, query.whole("width", 8, 2048), aspect))


def painted(offer: Offer, query: Query) -> bytes:
    """The class map over the picture, as WebP, `width` pixels wide, for looking at."""
    maps = probabilities(offer)
    ids = maps.placement.restore(class_ids(maps.values))
    table = offer.network.class_table
    both = blend_overlay(offer.picture.pixels, class_map_rgb(ids, table), 0.6, (ids >= 0) & (ids < len(table)))
    width = query.whole("width", 8, 2048)
    return webp(thumbnail(both, width, max(1, round(width * both.shape[0] / both.shape[1]))))


def picture(offer: Offer, _query: Query) -> bytes:
    """The picture itself, every pixel as it is: lossless WebP, which is smaller and faster; PNG where WebP ends."""
    body = io.BytesIO()
    image = Image.fromarray(offer.picture.pixels)
    if max(image.size) <= WEBP_LARGEST:
        image.save(body, "WEBP", lossless=True, method=1, quality=20, exact=True)
    else:
        image.save(body, "PNG", compress_level=1)
    return body.getvalue()


def probabilities(offer: Offer) -> FeatureMaps:
    """The probabilities of an offer."""
    return shared().features.one(offer.network, offer.picture, PROBABILITIES)


def feature_maps(offer: Offer, query: Query) -> FeatureMaps:
    """The feature maps an address names by `layer` (which may carry `:view`); see `PROBABILITIES`."""
    return shared().features.one(offer.network, offer.picture, query.text("layer"))


ANSWERS: dict[str, Question] = {
    "sheet": Question(sheet),
    "tiles": Question(tiles),
    "values": Question(values),
    "magnitude": Question(magnitude),
    "statistics": Question(statistics),
    "relations": Question(relations),
    "channel": Question(channel),
    "agreement": Question(agreement),
    "thumbs": Question(thumbs),
    "picture": Question(picture),
    "contact": Question(contact, "image/webp"),
    "painted": Question(painted, "image/webp"),
    "overview": Question(overview),
    "levels": Question(levels),
    "fine": Question(fine),
    "ranked": Question(ranked),
    "doubt": Question(doubt),
}
