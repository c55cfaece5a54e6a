"""Downloads of what a page shows, made when somebody asks for them."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from unet_explorer.rendering.archive import write_feature_maps
from unet_explorer.rendering.findings import Request, main_layers, picture_report, provenance
from unet_explorer.rendering.report import report_html
from unet_explorer.ui.class_sheets import STEPS
from unet_explorer.ui.components.class_panes import settings_of
from unet_explorer.ui.shared import shared

if TYPE_CHECKING:
    from unet_explorer.ui.pickers import Subject
    from unet_explorer.ui.state import View


def exports(subject: Subject, view: View, layer: str = "") -> None:
    """A row of downloads: the report, and all channels of a layer where one is named (as `layer` or `layer:view`)."""
    stem = f"{subject.model}_{Path(subject.picture.name).stem}".replace(" ", "-")
    archive = f"{stem}_{layer.replace(':', '_')}"
    with st.container(horizontal=True, key="exports"):
        _download(
            "Report",
            lambda: report_page(subject, view, layer),
            f"{stem}.html",
            "One HTML file that opens anywhere: class map, classes, layers, and where all of it comes from",
        )
        if layer:
            _download(
                "Layer as PNG",
                lambda: layer_archive(subject, layer, npz=False),
                f"{archive}.zip",
                "A gray PNG of each channel, counted from 1, one of all of them in colours, and their provenance",
            )
            _download(
                "Layer as .npz",
                lambda: layer_archive(subject, layer, npz=True),
                f"{archive}_exact.zip",
                "The exact float32 values beside the PNGs, with their provenance",
            )


def _download(label: str, make: Callable[[], bytes], name: str, explained: str) -> None:
    icon = ":material/description:" if name.endswith(".html") else ":material/folder_zip:"
    st.download_button(label, make, name, key=f"download_{label}", icon=icon, on_click="ignore", help=explained)


def report_page(subject: Subject, view: View, layer: str = "") -> bytes:
    """The report as a file: the classes on show with their thresholds, and this layer, or the network's main ones."""
    settings = settings_of(view, subject.network.class_table)
    request = Request(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        layers=(layer,) if layer else main_layers(subject.network),
        classes=tuple(settings.chosen),
        thresholds={int(class_id): step / STEPS for class_id, step in settings.thresholds.items()},
    )
    return report_html(picture_report(subject.network, subject.picture, request)).encode()


def layer_archive(subject: Subject, layer: str, npz: bool) -> bytes:
    """The files of `rendering.archive` in a zip."""
    maps = shared().features.one(subject.network, subject.picture, layer)
    facts = provenance(
        subject.network, subject.picture, Request(datetime.now(UTC).isoformat(timespec="seconds"), (layer,))
    )
    body = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        write_feature_maps(Path(folder), maps, facts, npz=npz, sheet=True)
        with zipfile.ZipFile(body, "w") as archive:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
    return body.getvalue()
