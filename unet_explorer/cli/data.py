"""`data check|download|render`: what is in a data folder, and getting or making one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from unet_explorer.cli.progress import ProgressBar
from unet_explorer.datasets import DATASETS, open_dataset, scenes
from unet_explorer.datasets.checking import DatasetReport, check_dataset
from unet_explorer.datasets.download import ARCHIVES, MANUAL_DATASETS, Archive, Request, download, find_archive

BROKEN = 2


def register(subparsers: Any) -> None:
    """Add the commands of this group."""
    group = subparsers.add_parser("data", help="check, fetch or render data sets")
    commands = group.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    _add_check(commands)
    _add_download(commands)
    _add_render(commands)


def _add_check(commands: Any) -> None:
    parser = commands.add_parser("check", help="count a data folder and list everything that is broken in it")
    parser.add_argument("name", metavar="NAME", help=", ".join(DATASETS))
    parser.add_argument("--root", required=True, type=Path, metavar="DIR", help="folder of the data set")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=_check)


def _add_download(commands: Any) -> None:
    parser = commands.add_parser("download", help="fetch a data set, or say where to get it")
    parser.add_argument("name", metavar="NAME", help=", ".join([*ARCHIVES, *MANUAL_DATASETS]))
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder that the data set will be in")
    parser.add_argument("--accept-licence", action="store_true", help="you have read and accept the licence")
    parser.add_argument("--keep-archive", action="store_true", help="leave the zip file there too")
    parser.add_argument("--sha256", metavar="HEX", help="refuse an archive with another checksum")
    parser.add_argument("--json", action="store_true", help="print what was fetched as JSON")
    parser.set_defaults(run=_download)


def _add_render(commands: Any) -> None:
    about = "render street scenes (needs Blender's module) or seismic sections, with exact label maps"
    parser = commands.add_parser("render", help=about)
    scenes.add_render_arguments(parser)
    parser.set_defaults(run=scenes.run_render)


def _check(arguments: argparse.Namespace) -> int:
    dataset = open_dataset(arguments.name, arguments.root, tolerant=True)
    with ProgressBar(f"checking {dataset.name}") as bar:
        report = check_dataset(dataset, bar)
    print(json.dumps(report.to_dict(), indent=2) if arguments.json else describe(report))
    return BROKEN if report.problems else 0


def describe(report: DatasetReport) -> str:
    """The report for a terminal."""
    lines = [f"{report.dataset} in {report.root}: {report.pictures} sound pairs", ""]
    lines += [f"{count:6} of {width}x{height} pixels" for (height, width), count in report.sizes.items()]
    lines += ["", "split: " + ", ".join(f"{part} {count}" for part, count in report.parts.items()), ""]
    column = max(len("class"), *map(len, report.class_names))
    lines.append(f"{'class':{column}}  share of pixels  pictures")
    rows = zip(report.class_names, report.class_shares, report.class_pictures, strict=True)
    lines += [f"{name:{column}}  {share:15.4%}  {pictures:8}" for name, share, pictures in rows]
    broken = len(report.problems)
    lines += ["", f"{broken} broken pair" + ("" if broken == 1 else "s") if broken else "nothing is broken"]
    lines += [f"  {problem.name}: {problem.what}" for problem in report.problems]
    return "\n".join(lines)


def _download(arguments: argparse.Namespace) -> int:
    archive = find_archive(arguments.name)
    accepted = _ask_licence(archive, arguments.accept_licence)
    request = Request(arguments.out, accepted, arguments.keep_archive, arguments.sha256)
    bars = {stage: ProgressBar(f"{stage} {archive.name}", megabytes=True) for stage in ("fetching", "unpacking")}
    with bars["fetching"], bars["unpacking"]:
        outcome = download(archive, request, lambda stage, done, total: bars[stage](done, total))
    if arguments.json:
        values = {"root": str(outcome.root), "sha256": outcome.sha256, "size": outcome.size}
        print(json.dumps({**values, "checksum_known": outcome.checksum_known}, indent=2))
        return 0
    print(f"{archive.name} is in {outcome.root} ({outcome.size:,} bytes fetched).")
    print(f"SHA-256 of the archive: {outcome.sha256}")
    if not outcome.checksum_known:
        print("No checksum is published for it; its size, the CRC of every file and their number were right.")
    return 0


def _ask_licence(archive: Archive, accepted: bool) -> bool:
    """Show the licence, and ask unless it was accepted on the command line; only a person at a terminal is asked."""
    print(archive.licence + "\n", file=sys.stderr)
    if accepted or not sys.stdin.isatty():
        return accepted
    print("Do you accept it? Type yes: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() == "yes"
