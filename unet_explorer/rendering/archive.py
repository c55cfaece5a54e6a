"""Results as files: feature maps in the tree of article A, with exact floats and their origin, and predictions."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unet_explorer import __version__
from unet_explorer.analysis.probabilities import class_shares
from unet_explorer.classes import ClassTable
from unet_explorer.errors import UserError
from unet_explorer.pictures import Picture
from unet_explorer.rendering.contact import contact_sheet
from unet_explorer.rendering.overlays import blend_overlay, class_map_rgb
from unet_explorer.rendering.tiles import Tiles, make_tiles

if TYPE_CHECKING:
    from unet_explorer.network.forward import FeatureMaps

PROVENANCE = "provenance.json"
SHEET_WIDTH = 1600


def write_feature_maps(
    out: Path, maps: FeatureMaps, provenance: Mapping[str, Any], npz: bool = False, sheet: bool = False
) -> Path:
    """Write every channel of a layer as a gray PNG: `<layer>/channel_<k>.png`, k from 1, as article A does.

    Each channel is scaled from its own lowest to its own highest value. `<layer>/provenance.json`, written last, says
    which values those are, so that `low + level / 255 * (high - low)` gives the value back to half a level.

    Args:
        out: folder; made where it is missing. Files of the same names are replaced, others stay.
        maps: of one layer; a view other than the layer's own output gets the folder `<layer>@<view>`.
        provenance: what to say about model, picture and options; must be JSON.
        npz: also write `<layer>.npz` with `values`, the exact float32 (H, W, C).
        sheet: also write `<layer>.png`, all channels in one picture, in colours.

    Returns:
        The folder of the layer.

    Raises:
        UserError: the folder cannot be written to.
    """
    folder = out / folder_name(maps.layer.name, "" if maps.view == maps.layer.default_view else maps.view)
    tiles = make_tiles(maps.values)
    with _writing(out):
        folder.mkdir(parents=True, exist_ok=True)
        for channel, pixels in enumerate(tiles.pixels):
            Image.fromarray(pixels).save(folder / _file_name(channel), "PNG")
        if npz:
            np.savez_compressed(folder.with_name(f"{folder.name}.npz"), values=maps.values)
        if sheet:
            Image.fromarray(contact_sheet(maps.values, SHEET_WIDTH)).save(folder.with_name(f"{folder.name}.png"))
        _write_json(folder / PROVENANCE, _record(maps, tiles, provenance))
    return folder


def write_prediction(
    out: Path, picture: Picture, ids: NDArray[np.integer[Any]], table: ClassTable, opacity: float = 0.5
) -> dict[str, float]:
    """Write `class_map.png` and `overlay.png`.

    The class map is a palette PNG where the table has at most 255 classes: its indices are the class ids (255 where the
    network did not reach), its palette the colours of the classes. Otherwise it is an RGB PNG.

    Args:
        out: folder; made where it is missing.
        picture: what was segmented.
        ids: (H, W) class ids in the picture's own pixels.
        table: names and colours.
        opacity: of the classes over the picture, 0 to 1.

    Returns:
        Share of the picture that each class covers, by name.

    Raises:
        UserError: the folder cannot be written to, or the sizes differ.
    """
    colours = class_map_rgb(ids, table)
    overlay = blend_overlay(picture.pixels, colours, opacity, where=(ids >= 0) & (ids < len(table)))
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
        (_palette_image(ids, table) if len(table) < 256 else Image.fromarray(colours)).save(out / "class_map.png")
        Image.fromarray(overlay).save(out / "overlay.png")
    return dict(zip(table.names, class_shares(ids, len(table)).tolist(), strict=True))


def folder_name(layer: str, view: str = "") -> str:
    """A folder name for a layer: safe on every system, never outside the folder above it, no two layers alike.

    Example:
        >>> folder_name("conv2d_1"), folder_name("block/conv", "pre_activation"), folder_name("..")
        ('conv2d_1', 'block%2Fconv@pre_activation', '%2E.')
    """
    safe = quote(layer, safe="")
    return (f"%2E{safe[1:]}" if safe.startswith(".") else safe) + (f"@{view}" if view else "")


def _palette_image(ids: NDArray[np.integer[Any]], table: ClassTable) -> Image.Image:
    known = (ids >= 0) & (ids < len(table))
    image = Image.fromarray(np.where(known, ids, 255).astype(np.uint8), "P")
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(table)] = table.colours
    image.putpalette(palette.tobytes())
    return image


def _record(maps: FeatureMaps, tiles: Tiles, provenance: Mapping[str, Any]) -> dict[str, Any]:
    height, width, _ = maps.values.shape
    return {
        "made_by": f"unet_explorer {__version__}",
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **provenance,
        "layer": maps.layer.name,
        "view": maps.view,
        "applied": maps.applied,
        "height": height,
        "width": width,
        "picture_digest": maps.picture_digest,
        "model_digest": maps.model_digest,
        "scaling": "channel",
        "channels": _channel_rows(tiles),
    }


def _channel_rows(tiles: Tiles) -> list[dict[str, Any]]:
    return [
        {
            "file": _file_name(channel),
            "channel": channel,
            "low": float(tiles.low[channel]),
            "high": float(tiles.high[channel]),
            "mark": tiles.marks[channel],
            "not_finite": int(tiles.not_finite[channel]),
        }
        for channel in range(len(tiles.pixels))
    ]


def _file_name(channel: int) -> str:
    return f"channel_{channel + 1}.png"


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{out} cannot be written to ({error.strerror}): choose another folder.") from error


def _write_json(path: Path, record: Mapping[str, Any]) -> None:
    temporary = path.with_suffix(".json.part")
    temporary.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(path)
