"""The list of jobs: state, progress and time left of each, a page of them at a time."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from unet_explorer.jobs.states import UNFINISHED, Job
from unet_explorer.ui import state
from unet_explorer.ui.components.in_sight import in_sight
from unet_explorer.ui.training.desk import desk
from unet_explorer.ui.training.words import STATES, share_done, standing
from unet_explorer.ui.wording import literal

PER_PAGE = 6
FORM = "new"


def job_list(jobs: Sequence[Job], chosen: str) -> None:
    """Draw the button for a new job and the list.

    Args:
        jobs: all of them, the newest first.
        chosen: id of the one on show, or `FORM`.
    """
    st.button(
        "New training",
        icon=":material/add:",
        key="new_training",
        width="stretch",
        type="secondary" if chosen == FORM else "primary",
        disabled=chosen == FORM,
        on_click=show,
        args=(FORM,),
    )
    if not jobs:
        st.caption("Jobs you start are listed here. They go on when you close this page, or the app.")
        return
    shown = _page_of(jobs, chosen) if len(jobs) > PER_PAGE else list(jobs)
    if not shown:
        st.info("No job has that in its name or state. Clear the search to see all.", icon=":material/search_off:")
    with st.container(key="train_rows"):
        for job in shown:
            _row(job, job.id == chosen)
    if chosen in {job.id for job in shown}:
        in_sight(f"job_chosen_{chosen}", "train_rows", key="job_in_sight")


def show(job_id: str) -> None:
    """Put a job, or the form, on show."""
    state.change(job=job_id)


def _page_of(jobs: Sequence[Job], chosen: str) -> list[Job]:
    """The page that was asked for: at first, and whenever another job is put on show, the one which has that job."""
    wanted = st.text_input(
        "Search jobs", key="job_search", icon=":material/search:", placeholder="name or state", live="0.3s",
        label_visibility="collapsed",
    ).strip().casefold()  # fmt: skip
    found = [job for job in jobs if wanted in f"{job.name} {STATES[job.state][0]} {job.id}".casefold()]
    going = sum(job.state in UNFINISHED for job in jobs)
    st.caption(f"{len(found)} of {len(jobs)} jobs, {going} unfinished")
    pages = max(1, -(-len(found) // PER_PAGE))
    place = next((place for place, job in enumerate(found) if job.id == chosen), 0)
    key = f"job_page_{chosen}_{wanted}"
    number = st.pagination(pages, default=place // PER_PAGE + 1, max_visible_pages=5, key=key) if pages > 1 else 1
    return found[(number - 1) * PER_PAGE : number * PER_PAGE]


def _row(job: Job, is_chosen: bool) -> None:
    word, colour, icon = STATES[job.state]
    with st.container(border=True, key=f"job_{'chosen' if is_chosen else 'row'}_{job.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                literal(job.name), key=f"show_{job.id}", type="tertiary", on_click=show, args=(job.id,),
                icon=":material/chevron_right:" if is_chosen else None,
            )  # fmt: skip
            st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
        if job.state in UNFINISHED:
            st.progress(share_done(job.progress))
        ahead = desk().queue_position(job.id) if job.state == "QUEUED" else 0
        st.caption(standing(job, ahead))
