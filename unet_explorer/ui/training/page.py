"""The Train page: a list of jobs beside the one on show, or the form of a new one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from unet_explorer.errors import UserError
from unet_explorer.jobs.states import UNFINISHED, Job
from unet_explorer.ui import state
from unet_explorer.ui.training.desk import desk
from unet_explorer.ui.training.errands import errands
from unet_explorer.ui.training.job_list import FORM, job_list
from unet_explorer.ui.training.job_view import job_view
from unet_explorer.ui.training.leaving import is_leaving
from unet_explorer.ui.training.preparing import preparing
from unet_explorer.ui.wording import sorry

POLL_S = 2.5


def train_page() -> None:
    """Draw the page; it looks again every few seconds while anything runs, and not at all otherwise."""
    if is_leaving():
        return
    try:
        busy = _is_busy(desk().list())
    except UserError as error:
        sorry(error)
        return
    st.fragment(_live, run_every=POLL_S if busy else None)(busy)


def _is_busy(jobs: Sequence[Job]) -> bool:
    return errands().is_busy() or any(job.state in UNFINISHED for job in jobs)


def _live(polls: bool) -> None:
    try:
        jobs = desk().list()
        if _is_busy(jobs) != polls:
            st.rerun()
        _draw(jobs)
    except UserError as error:
        sorry(error)


def _draw(jobs: Sequence[Job]) -> None:
    wanted = state.current().job
    known = {job.id: job for job in jobs}
    first = next((job.id for job in jobs if job.state in UNFINISHED), jobs[0].id if jobs else FORM)
    chosen = wanted or first
    with st.container(key="train"):
        with st.container(key="train_list"):
            job_list(jobs, chosen)
        with st.container(key="train_pane"):
            if chosen == FORM:
                preparing()
            elif chosen in known:
                job_view(known[chosen], jobs)
            else:
                sorry(f"There is no job {chosen}: it was deleted, or belongs to another data folder.")
