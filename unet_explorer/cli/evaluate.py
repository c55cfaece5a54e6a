"""`evaluate`: what a network scores on a data set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unet_explorer.cli.progress import ProgressBar
from unet_explorer.cli.quiet import open_quietly
from unet_explorer.datasets import DATASETS, PARTS, open_dataset
from unet_explorer.metrics import mistakes

if TYPE_CHECKING:
    from unet_explorer.analysis.evaluation import Evaluation

MISTAKES = 10


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score a network on a data set",
        description="Per-class IoU and Dice, mean IoU (as Keras defines it), pixel accuracy and what is mistaken for "
        "what, at the network's size; the whole confusion matrix with --json.",
    )
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="folder with saved_model.pb")
    parser.add_argument("--dataset", required=True, metavar="NAME", help=", ".join(DATASETS))
    parser.add_argument("--root", required=True, type=Path, metavar="DIR", help="folder of the data set")
    parser.add_argument("--split", default="all", metavar="PART", help=f"{', '.join(PARTS)} (default all)")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    parser.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    # The data are looked at first: a wrong folder should not cost the seconds that TensorFlow takes to load.
    dataset = open_dataset(arguments.dataset, arguments.root)
    samples = dataset.split(arguments.split)
    from unet_explorer.analysis.evaluation import evaluate

    network = open_quietly(arguments.model)
    with ProgressBar(f"{network.name} on {len(samples)} pictures of {dataset.name}") as bar:
        result = evaluate(network, dataset, samples, bar)
    if arguments.json:
        subject = {"model": network.name, "dataset": dataset.name, "root": str(dataset.root), "split": arguments.split}
        print(json.dumps({**subject, "device": network.device, **result.to_dict()}, indent=2))
    else:
        print(f"{network.name} on {dataset.name}, {arguments.split}: {result.pictures} pictures\n")
        print(describe(result))
    return 0


def describe(result: Evaluation) -> str:
    """The scores as a table for a terminal."""
    width = max(len("class"), *map(len, result.class_names))
    shares = result.confusion.sum(axis=1) / max(1, int(result.confusion.sum()))
    lines = [f"{'class':{width}}     IoU    Dice  share of pixels"]
    for name, *scores, share in zip(result.class_names, result.class_iou, result.class_dice, shares, strict=True):
        shown = "  ".join("     -" if np.isnan(score) else f"{score:.4f}" for score in scores)
        lines.append(f"{name:{width}}  {shown}  {share:14.2%}")
    lines += ["", f"mean IoU        {result.mean_iou:.4f}", f"pixel accuracy  {result.pixel_accuracy:.4f}"]
    lines += _mistakes(result, width)
    if result.curve is not None:
        lines += ["", "threshold  IoU of " + result.class_names[1]]
        curve = zip(result.curve.thresholds, result.curve.iou, strict=True)
        lines += [f"{threshold:9.2f}  {iou:.4f}" for place, (threshold, iou) in enumerate(curve) if place % 10 == 9]
        lines.append(f"best on these pictures: {np.nanmax(result.curve.iou):.4f} at {result.curve.best:.2f}")
    if result.salt_scores is not None:
        best = int(np.argmax(result.salt_scores))
        lines.append(
            f"salt score      {result.salt_score:.4f} at 0.50, best on these pictures "
            f"{result.salt_scores[best]:.4f} at {(best + 1) / 100:.2f}"
        )
    lines.append(f"\n{result.pictures / result.seconds:.1f} pictures a second")
    return "\n".join(lines)


def _mistakes(result: Evaluation, width: int) -> list[str]:
    """What is mistaken for what, the most pixels first; nothing where every pixel is right."""
    names, pairs = result.class_names, mistakes(result.confusion, MISTAKES)
    heads = ["", f"{'labelled':{width}}  {'found as':{width}}  share of the class  share of pixels"]
    labelled, pixels = result.confusion.sum(axis=1), result.confusion.sum()
    lines = []
    for label, found in pairs:
        count = result.confusion[label, found]
        shares = f"{count / labelled[label]:18.2%}  {count / pixels:15.2%}"
        lines.append(f"{names[label]:{width}}  {names[found]:{width}}  {shares}")
    return heads + lines if lines else []
