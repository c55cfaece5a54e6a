"""Command line: `python -m tools.scenes render|samples|mini|sheet|measure ...`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tools.scenes.output import Order, render_set
from tools.scenes.samples import contact_sheet, render_mini_set, render_samples
from tools.scenes.statistics import kitti, measure, table


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.scenes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help="render any number of scenes; resumes where it stopped")
    render.add_argument("--count", type=int, required=True)
    render.add_argument("--out", type=Path, required=True)
    render.add_argument("--seed", type=int, default=0)
    render.add_argument("--layout", choices=("scenes", "kitti", "carla"), default="scenes")
    render.add_argument("--height", type=int, default=375)
    render.add_argument("--width", type=int, default=1242)
    render.add_argument("--samples", type=int, default=16, help="light paths a pixel")
    render.add_argument("--themes", nargs="*", default=())
    shipped = commands.add_parser("samples", help="render the sample pictures of the repository")
    shipped.add_argument("--out", type=Path, default=Path("sample_images"))
    shipped.add_argument("--samples", type=int, default=24)
    shipped.add_argument("--only", nargs="*", default=())
    mini = commands.add_parser("mini", help="render the bundled training set")
    mini.add_argument("--out", type=Path, default=Path("sample_images/training"))
    mini.add_argument("--count", type=int, default=48)
    mini.add_argument("--seed", type=int, default=7000)
    sheet = commands.add_parser("sheet", help="draw the samples and their label maps as one picture")
    sheet.add_argument("--folder", type=Path, default=Path("sample_images"))
    sheet.add_argument("--out", type=Path, default=Path("docs/scenes.webp"))
    measured = commands.add_parser("measure", help="write the statistics of a set as JSON, or compare it with KITTI's")
    measured.add_argument("--pictures", type=Path, required=True)
    measured.add_argument("--labels", type=Path, required=True)
    measured.add_argument("--out", type=Path, help="write JSON here instead of printing the comparison")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command."""
    options = parse(arguments)
    if options.command == "samples":
        render_samples(options.out, samples=options.samples, only=tuple(options.only))
    elif options.command == "mini":
        render_mini_set(options.out, options.count, options.seed)
    elif options.command == "sheet":
        contact_sheet(options.folder, options.out)
    elif options.command == "measure":
        numbers = measure(sorted(options.pictures.glob("*.*")), sorted(options.labels.glob("*.png")))
        if options.out:
            options.out.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
        else:
            print(table(numbers, kitti()))
    else:
        size = (options.height, options.width)
        order = Order(
            options.count, options.out, options.seed, options.layout, size, options.samples, tuple(options.themes)
        )
        render_set(order, lambda done, total, line: print(f"[{done}/{total}] {line}", flush=True))


if __name__ == "__main__":
    main()
