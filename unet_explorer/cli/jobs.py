"""`jobs`: training in the background, with the very jobs that the Train page shows."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.launchers import LAUNCHERS
from unet_explorer.jobs.processes import name_of_signal
from unet_explorer.jobs.states import Job, Submission

if TYPE_CHECKING:
    from unet_explorer.training.recipe import Recipe

FOLLOW_S = 0.5


def register(subparsers: Any) -> None:
    """Add the `jobs` commands."""
    group = subparsers.add_parser("jobs", help="train in the background: submit, watch, stop and resume jobs")
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    _register_submit(actions)
    _add(actions, "list", "all jobs, the newest first", _list)
    _add(actions, "show", "one job with its history, figures and files", _show, with_job=True)
    logs = _add(actions, "logs", "what a job's trainer printed", _logs, with_job=True)
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the job ends")
    logs.add_argument("-n", "--lines", type=int, default=100, help="how many of the last lines (default: 100)")
    _add(actions, "cancel", "stop a job; it saves a checkpoint first", _cancel, with_job=True)
    _add(
        actions,
        "resume",
        "queue a failed, cancelled or lost job again, from its last checkpoint",
        _resume,
        with_job=True,
    )
    remove = _add(actions, "remove", "delete a finished job's history, curves and checkpoints", _remove, with_job=True)
    remove.add_argument("--with-network", action="store_true", help="delete the network it trained, too")


def _register_submit(actions: Any) -> None:
    submit = _add(actions, "submit", "put a job into the queue", _submit)
    estimate = _add(actions, "estimate", "how long a job would take, and how much memory, from a few steps", _estimate)
    for parser in (submit, estimate):
        parser.add_argument("--recipe", required=True, help="name of a shipped recipe, or a recipe file")
        parser.add_argument("--root", type=Path, required=True, help="folder of the recipe's data set")
        parser.add_argument("--epochs", type=int, help="epochs in all, instead of the recipe's")
        parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a field")
    submit.add_argument("--name", default="", help="what to call the job")
    submit.add_argument("--out", type=Path, help="new folder for the network (default: below the data folder)")
    submit.add_argument("--launcher", choices=LAUNCHERS, default="local", help="where it runs (default: local)")
    submit.add_argument("--gpus", type=int, default=0, help="GPUs to ask the cluster for")
    submit.add_argument("--key", help="names this wish: submitting it again returns the job it already made")


def _add(actions: Any, name: str, about: str, run: Any, with_job: bool = False) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=about, description=about)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    if with_job:
        parser.add_argument("job", help="id of the job, or the beginning of it")
    parser.set_defaults(run=run)
    return parser


def _submit(arguments: argparse.Namespace) -> int:
    recipe = _recipe(arguments)
    place = Submission(
        recipe.to_dict(), arguments.root, arguments.name, arguments.out, arguments.launcher, arguments.gpus
    )
    job = Jobs().submit(place, arguments.key)
    return _print(arguments, as_json(job), f"{job.id}  {job.name}  {job.state}")


def _estimate(arguments: argparse.Namespace) -> int:
    from unet_explorer.jobs.estimate import estimate

    cost = estimate(Submission(_recipe(arguments).to_dict(), arguments.root))
    whole, start = (timedelta(seconds=round(seconds)) for seconds in (cost.seconds, cost.start_seconds))
    text = (
        f"about {whole} and {cost.memory_bytes / 2**30:.1f} GiB of memory: {cost.steps} steps, "
        f"{cost.step_seconds:.2g} s each in the first phase, {start} before the first"
    )
    return _print(arguments, asdict(cost), text)


def _recipe(arguments: argparse.Namespace) -> Recipe:
    from unet_explorer.training.recipe import load_recipe

    recipe = load_recipe(arguments.recipe).changed(arguments.set)
    return recipe if arguments.epochs is None else recipe.with_epochs(arguments.epochs)


def _list(arguments: argparse.Namespace) -> int:
    jobs = Jobs().list()
    rows = [("JOB", "NAME", "STATE", "PROGRESS", ""), *(_row(job) for job in jobs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return _print(arguments, [as_json(job) for job in jobs], "\n".join(lines) if jobs else "There are no jobs.")


def _row(job: Job) -> tuple[str, str, str, str, str]:
    return job.id, job.name, str(job.state), progress_in_words(job.progress), job.trouble or job.notice


def _show(arguments: argparse.Namespace) -> int:
    jobs = Jobs()
    job = jobs.job(arguments.job)
    attempts = jobs.attempts(job.id)
    found = as_json(job) | {
        "attempts": [asdict(attempt) for attempt in attempts],
        "checkpoints": [str(checkpoint.path) for checkpoint in jobs.checkpoints(job.id)],
        "run_folder": str(jobs.run_folder(job.id)),
        "queue_position": jobs.queue_position(job.id),
    }
    return _print(arguments, found, "\n".join(_description(job, found)))


def _description(job: Job, found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{job.id}  {job.name}",
        f"state      {job.state}{exit_in_words(job.exit_code)}",
        f"progress   {progress_in_words(job.progress)}",
        f"network    {job.out}",
        f"run folder {found['run_folder']}",
        f"data       {job.root} (digest {job.data_digest})",
        f"trouble    {job.trouble or job.notice or 'none'}",
    ]
    for attempt in found["attempts"]:
        ended = _clock(attempt["finished"]) if attempt["finished"] else "now"
        where = f"{attempt['host']} {attempt['device']}".strip()
        times = f"{_clock(attempt['created'])} to {ended}"
        lines.append(f"attempt {attempt['number']:<2} {attempt['state']}, {times}, {where}, {attempt['code_version']}")
    return lines


def _logs(arguments: argparse.Namespace) -> int:
    jobs = Jobs()
    job = jobs.job(arguments.job)
    if not arguments.follow:
        text = jobs.log_tail(job.id, arguments.lines)
        return _print(arguments, {"id": job.id, "log": text}, text)
    position = 0
    while True:
        ended = job.is_finished
        stretch = jobs.log(job.id, position)
        sys.stdout.write(stretch.text)
        sys.stdout.flush()
        if ended and stretch.end == position:
            return 0
        if stretch.end == position:
            time.sleep(FOLLOW_S)
        position = stretch.end
        job = jobs.job(job.id)


def _cancel(arguments: argparse.Namespace) -> int:
    job = Jobs().cancel(arguments.job)
    return _print(arguments, as_json(job), f"{job.id}  {job.state}")


def _resume(arguments: argparse.Namespace) -> int:
    job = Jobs().resume(arguments.job)
    return _print(arguments, as_json(job), f"{job.id}  {job.state}")


def _remove(arguments: argparse.Namespace) -> int:
    jobs = Jobs()
    job = jobs.job(arguments.job)
    jobs.remove(job.id, arguments.with_network)
    return _print(arguments, {"removed": job.id}, f"{job.id}  removed")


def as_json(job: Job) -> dict[str, Any]:
    """A job as a JSON object."""
    return asdict(job) | {
        "root": str(job.root),
        "out": str(job.out),
        "state": str(job.state),
        "recipe": dict(job.recipe),
    }


def progress_in_words(progress: Mapping[str, Any]) -> str:
    """Such as `epoch 3 of 30, mean IoU 0.214, 12 min left`.

    Example:
        >>> progress_in_words({"epoch": 3, "epochs": 30, "val_mean_iou": 0.2138, "eta_s": 700.0})
        'epoch 3 of 30, mean IoU 0.214, 12 min left'
    """
    parts = []
    if progress.get("stages", 1) > 1:
        parts.append(f"{progress['recipe']} ({progress['stage']} of {progress['stages']})")
    if "epoch" in progress:
        parts.append(f"epoch {progress['epoch']} of {progress.get('epochs', '?')}")
    if isinstance(progress.get("val_mean_iou"), float):
        parts.append(f"mean IoU {progress['val_mean_iou']:.3f}")
    if isinstance(progress.get("eta_s"), int | float) and progress["eta_s"] > 0:
        parts.append(f"{progress['eta_s'] / 60:.0f} min left")
    return ", ".join(parts)


def exit_in_words(code: int | None) -> str:
    """What to put behind a state.

    Example:
        >>> exit_in_words(-9), exit_in_words(2), exit_in_words(0), exit_in_words(None)
        (' (killed by SIGKILL)', ' (exit code 2)', '', '')
    """
    if not code:
        return ""
    return f" (killed by {name_of_signal(-code)})" if code < 0 else f" (exit code {code})"


def _print(arguments: argparse.Namespace, found: Any, text: str) -> int:
    print(json.dumps(found, indent=2, default=str) if arguments.json else text)
    return 0


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
