"""Times, sizes and states as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from unet_explorer.jobs.states import Job, State
from unet_explorer.ui.wording import literal

STATES = {
    State.QUEUED: ("waiting", "gray", ":material/schedule:"),
    State.STARTING: ("starting", "blue", ":material/hourglass_top:"),
    State.RUNNING: ("training", "blue", ":material/play_circle:"),
    State.CANCELLING: ("stopping", "orange", ":material/pending:"),
    State.SUCCEEDED: ("finished", "green", ":material/check_circle:"),
    State.FAILED: ("failed", "red", ":material/error:"),
    State.CANCELLED: ("stopped", "gray", ":material/stop_circle:"),
    State.LOST: ("lost", "red", ":material/help:"),
}
"""State -> word, colour and icon of its badge."""


def duration(seconds: float) -> str:
    """A span of time, to the precision people plan with.

    Example:
        >>> duration(8), duration(95), duration(3700), duration(200_000)
        ('8 s', '1 min 35 s', '1 h 2 min', '2 d 7 h')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def size(count: int) -> str:
    """Bytes in decimal units.

    Example:
        >>> size(840_000), size(1_234_000_000)
        ('1 MB', '1.2 GB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"


def moment(unix: float) -> str:
    """A point in time, in the server's time zone; an en dash where there is none."""
    return datetime.fromtimestamp(unix).strftime("%d %b, %H:%M:%S") if unix else "–"


def share_done(progress: Mapping[str, Any]) -> float:
    """How much of a run is done, all its stages together, 0 to 1; 0 before its first step."""
    step, steps = progress.get("step"), progress.get("steps")
    if not isinstance(step, int) or not isinstance(steps, int) or steps <= 0:
        return 0.0
    before, after = (int(progress.get(name, 0)) for name in ("earlier_steps", "later_steps"))
    return min(1.0, (before + step) / (before + steps + after))


def score(value: Any) -> str:
    """A score with three decimals; an en dash where there is none."""
    return f"{value:.3f}" if isinstance(value, int | float) and math.isfinite(value) else "–"


def standing(job: Job, ahead: int = 0) -> str:
    """Where a job stands, in a line: stage, epoch, time left, score."""
    progress = job.progress
    if job.state is State.QUEUED:
        return "Next in line" if ahead == 0 else f"{ahead} in line before it"
    parts = []
    if progress.get("stages", 1) > 1:
        parts.append(literal(f"{progress['recipe']}, {progress['stage']} of {progress['stages']}"))
    if "epochs" in progress:
        parts.append(f"epoch {progress.get('epoch', 0)} of {progress['epochs']}")
    if job.state is State.RUNNING and isinstance(progress.get("eta_s"), int | float):
        parts.append(f"{duration(progress['eta_s'])} left")
    if job.is_finished and job.started and job.finished:
        again = " after resuming" if job.attempt > 1 else ""
        parts.append(f"took {duration(job.finished - job.started)}{again}")
    if "val_mean_iou" in progress:
        parts.append(f"mean IoU {score(progress['val_mean_iou'])}")
    fallback = {State.STARTING: "Loading TensorFlow and the pictures", State.RUNNING: "Loading the pictures"}
    return " · ".join(parts) or fallback.get(job.state, "It had not begun to train")
