"""How the network sees fixed pictures, from its first epochs to its last: a slider through time, and its pictures."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from unet_explorer.errors import UserError
from unet_explorer.jobs.desk import PREVIEW_NAME
from unet_explorer.jobs.states import UNFINISHED, Job
from unet_explorer.ui.components.film import film
from unet_explorer.ui.training.desk import desk

MOST_FRAMES = 60
"""Epochs the slider offers; of longer runs, evenly spread ones and the newest."""
KEPT = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
REFUSED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def previews(job: Job) -> None:
    """Draw the slider and the pictures it points at."""
    found = desk().previews(job.id)
    st.markdown("**What it sees**")
    if not found and job.state not in UNFINISHED:
        st.caption("This job made no previews.")
        return
    times = {preview.epoch: preview.path.stat().st_mtime_ns // 1_000_000 for preview in found}
    pictures = 1 + max((preview.picture for preview in found), default=0)
    epochs = job.progress.get("epochs", 0)
    film(job.id, _spread(list(times.items())), pictures, epochs if isinstance(epochs, int) else 0, key=f"film_{job.id}")


def _spread(frames: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """At most `MOST_FRAMES` of them, the newest always.

    Example:
        >>> _spread([(1, 0), (2, 0)])
        [(1, 0), (2, 0)]
    """
    stride = -(-len(frames) // MOST_FRAMES)
    return frames[::-1][:: max(1, stride)][::-1]


async def serve_preview(request: Request) -> Response:
    """The PNG of one preview: `/unet/previews/<job>/<epoch>_<picture>.png`."""
    name = request.path_params["name"]
    if PREVIEW_NAME.fullmatch(name) is None:
        return JSONResponse({"error": "There is no such preview."}, 404, REFUSED)
    try:
        stages = await run_in_threadpool(lambda: desk().stages(request.path_params["job"]))
    except UserError as error:
        return JSONResponse({"error": str(error)}, 404, REFUSED)
    # A page may still show those of the stage before.
    paths = (stage.folder / "previews" / name for stage in reversed(stages))
    path = next(filter(Path.is_file, paths), None)
    if path is None:
        return JSONResponse({"error": "There is no such preview."}, 404, REFUSED)
    return FileResponse(path, headers=KEPT, media_type="image/png")
