"""`python -m benchmarks [NAME ...]`: run the comparisons, print a table, write `benchmarks/results/<name>.{json,md}`.

A comparison is a module of this folder with `measure() -> list[Figure]`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from pathlib import Path

from benchmarks.measure import Figure

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
COMPARISONS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "__main__", "measure"))


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| what | ours | theirs | ratio (spread) | asked | reached |", "|---|---:|---:|---:|---|---|"]
    for row in figures:
        theirs = "" if row.theirs is None else f"{row.theirs:.4g} {row.unit}"
        low, high = row.spread
        spread = f"({low:.4g} to {high:.4g})" if row.ratio is None else f"{row.ratio:.3g} ({low:.3g} to {high:.3g})"
        reached = "yes" if row.reached else "**no**"
        lines.append(f"| {row.what} | {row.ours:.4g} {row.unit} | {theirs} | {spread} | {row.bar} | {reached} |")
    return "\n".join(lines)


def main() -> int:
    """Run the named comparisons, or all; exit code 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(COMPARISONS)}; all unless given"
    )
    names = parser.parse_args().names or COMPARISONS
    unknown = sorted(set(names) - set(COMPARISONS))
    if unknown:
        parser.error(f"unknown comparison {', '.join(unknown)}; there are {', '.join(COMPARISONS)}")
    RESULTS.mkdir(exist_ok=True)
    reached = True
    for name in names:
        figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").measure()
        text = table(figures)
        print(f"\n## {name}\n\n{text}", flush=True)
        about = {"cpus": os.cpu_count(), "python": platform.python_version()}
        record = {"machine": about, "figures": [row.to_dict() for row in figures]}
        (RESULTS / f"{name}.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        (RESULTS / f"{name}.md").write_text(text + "\n", encoding="utf-8")
        reached &= all(row.reached for row in figures)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
