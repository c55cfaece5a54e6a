"""Networks: what is inside a SavedModel. Only opening one imports TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unet_explorer.network.card import ModelCard, read_card, write_card
from unet_explorer.network.forward import Network
from unet_explorer.network.layers import KINDS, VIEWS, Layer, Source, Window
from unet_explorer.network.maps import FeatureMaps, Target

if TYPE_CHECKING:
    from unet_explorer.network.opening import open_network
    from unet_explorer.network.scan import ScanReport, scan_saved_model

__all__ = [
    "KINDS",
    "VIEWS",
    "FeatureMaps",
    "Layer",
    "ModelCard",
    "Network",
    "ScanReport",
    "Source",
    "Target",
    "Window",
    "open_network",
    "read_card",
    "scan_saved_model",
    "write_card",
]


def __getattr__(name: str) -> Any:
    if name == "open_network":
        from unet_explorer.network.opening import open_network

        return open_network
    if name in ("ScanReport", "scan_saved_model"):
        from unet_explorer.network import scan

        return getattr(scan, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
