"""`report`: everything about a network and a picture in one HTML file, as the app's download button makes it."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.cli.quiet import open_quietly
from unet_explorer.errors import UserError


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("report", help="write one self-contained HTML report on a model and a picture")
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="folder with saved_model.pb")
    parser.add_argument("--image", required=True, type=Path, metavar="FILE", help="PNG, JPEG, WebP, BMP or TIFF")
    parser.add_argument("--label", type=Path, metavar="FILE", help="PNG of class ids, to score the classes with")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the HTML file to write")
    parser.add_argument(
        "--layer",
        action="append",
        default=[],
        metavar="NAME[,NAME...]",
        help="layers to show, or `none` (default: the last convolution of each stage)",
    )
    parser.add_argument(
        "--class",
        action="append",
        default=[],
        dest="classes",
        metavar="NAME[=THRESHOLD][,NAME...]",
        help="classes to show on their own, by name or id (default: the three largest)",
    )
    parser.add_argument("--threshold", type=float, default=0.5, help="of the classes, 0 to 1 (default 0.5)")
    parser.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> int:
    if not 0 <= arguments.threshold <= 1:
        raise UserError(f"--threshold is {arguments.threshold:g}: give a number from 0 to 1.")
    from unet_explorer.pictures import open_label_levels, open_picture
    from unet_explorer.rendering.findings import Request, largest_classes, main_layers, picture_report
    from unet_explorer.rendering.report import report_html

    picture = open_picture(arguments.image)
    if arguments.label is not None:
        picture = picture.with_label_map(_class_ids(open_label_levels(arguments.label), arguments.label))
    network = open_quietly(arguments.model)
    layers = _names(arguments.layer)
    wanted = dict(_class_and_threshold(network.class_table, text) for text in _names(arguments.classes))
    request = Request(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        layers=() if layers == ("none",) else layers or main_layers(network),
        classes=tuple(wanted) or largest_classes(network, picture),
        threshold=arguments.threshold,
        thresholds={class_id: threshold for class_id, threshold in wanted.items() if threshold is not None},
    )
    text = report_html(picture_report(network, picture, request))
    try:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{arguments.out} cannot be written ({error.strerror}): choose another place.") from error
    print(f"{arguments.out}: {len(text) / 1e6:.1f} MB, {len(request.layers)} layers, {len(request.classes)} classes")
    return 0


def _class_and_threshold(table: ClassTable, text: str) -> tuple[int, float | None]:
    """`Car=0.4` -> (6, 0.4), `6` -> (6, None)."""
    name, _, number = text.partition("=")
    class_id = table[int(name)].id if name.isdigit() else table.by_name(name).id
    if not number:
        return class_id, None
    try:
        threshold = float(number)
    except ValueError:
        threshold = -1.0
    if not 0 <= threshold <= 1:
        raise UserError(f"--class {text}: the threshold behind = is a number from 0 to 1.")
    return class_id, threshold


def _class_ids(levels: NDArray[np.unsignedinteger[Any]], path: Path) -> NDArray[np.uint8]:
    if levels.max(initial=0) > 255:
        raise UserError(f"{path} holds the number {levels.max()}: a label map holds class ids from 0 to 255.")
    return levels.astype(np.uint8)


def _names(given: list[str]) -> tuple[str, ...]:
    names = [name.strip() for text in given for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in names if name))
