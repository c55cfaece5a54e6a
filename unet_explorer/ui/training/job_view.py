"""One job: what it learns, how it sees fixed pictures, what it says, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from unet_explorer.classes import ClassTable, numbered_class_table
from unet_explorer.errors import UserError
from unet_explorer.jobs.curves import Events
from unet_explorer.jobs.desk import Checkpoint
from unet_explorer.jobs.states import UNFINISHED, Job, State
from unet_explorer.ui import state
from unet_explorer.ui.training import charts, sources
from unet_explorer.ui.training.all_settings import complaint
from unet_explorer.ui.training.desk import desk
from unet_explorer.ui.training.draft import Draft
from unet_explorer.ui.training.errands import errands
from unet_explorer.ui.training.job_list import FORM
from unet_explorer.ui.training.leaving import leave
from unet_explorer.ui.training.notebook import notebook
from unet_explorer.ui.training.previews import previews
from unet_explorer.ui.training.words import STATES, duration, moment, score, share_done, standing
from unet_explorer.ui.wording import literal, sorry

LOG_LINES = 40
QUIET_S = 180.0
MOST_COMPARED = 5


def job_view(job: Job, jobs: Sequence[Job]) -> None:
    """Draw one job.

    Args:
        job: which.
        jobs: all, to compare with.
    """
    word, colour, icon = STATES[job.state]
    with st.container(horizontal=True, vertical_alignment="center", key="job_head"):
        st.subheader(literal(job.name), anchor=False, width="content")
        st.badge(word, icon=icon, color=colour)  # type: ignore[arg-type]
    _actions(job)
    ahead = desk().queue_position(job.id) if job.state is State.QUEUED else 0
    if job.state in UNFINISHED:
        st.progress(share_done(job.progress), text=standing(job, ahead))
    else:
        st.caption(standing(job))
    _trouble(job)
    events = desk().events(job.id, at_most=charts.POINTS, stage=_stage(job))
    if events.curves:
        _learning(job, events, _compared(job, jobs))
    else:
        _nothing_yet(job)
    _details(job)


def _actions(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="job_actions"):
        if job.state in UNFINISHED:
            st.button(
                "Stop", icon=":material/stop:", key="stop", on_click=_do, args=("cancel", job.id),
                disabled=job.state is State.CANCELLING,
                help="Finishes the step, saves a checkpoint and ends; it can be resumed.",
            )  # fmt: skip
        if job.can_resume:
            st.button(
                "Resume", icon=":material/play_arrow:", key="resume", type="primary", on_click=_do,
                args=("resume", job.id), help="Goes on from its last checkpoint.",
            )  # fmt: skip
        refused = _explore(job)
        st.button(
            "Duplicate with changes", icon=":material/content_copy:", key="duplicate", on_click=_duplicate, args=(job,)
        )
        if job.is_finished:
            _delete(job)
    for sentence in filter(None, (refused, st.session_state.get("job_refused"))):
        complaint(sentence)


def _do(what: str, job_id: str, *words: Any) -> None:
    """Ask something of the jobs; a refusal is kept to be shown."""
    st.session_state.pop("job_refused", None)
    try:
        getattr(desk(), what)(job_id, *words)
    except UserError as error:
        st.session_state["job_refused"] = str(error)


def _duplicate(job: Job) -> None:
    wish = desk().duplicate(job.id)
    book = notebook()
    book.begin(Draft(wish.recipe, {}, wish.name, wish.launcher, wish.gpus), f"job {job.id}")
    found = next((source for source in sources.found_sources() if source.root == wish.root), None)
    book.source = sources.OWN if found is None else found.key
    book.layout, book.folder = str(wish.recipe["data"]["name"]), str(wish.root)
    state.change(job=FORM)


def _delete(job: Job) -> None:
    with st.popover("Delete", icon=":material/delete:", key=f"delete_{job.id}"):
        st.markdown("Its curves, previews, checkpoints and history go for good.")
        network = desk().network(job.id) is not None and st.checkbox(
            "Delete its network too", key=f"delete_network_{job.id}"
        )
        st.button(
            "Delete for good", key=f"delete_sure_{job.id}", type="primary", icon=":material/delete_forever:",
            on_click=_deleted, args=(job.id, network),
        )  # fmt: skip


def _deleted(job_id: str, with_network: bool) -> None:
    _do("remove", job_id, with_network)
    if "job_refused" not in st.session_state:
        state.change(job="")


def _explore(job: Job) -> str:
    """The way into the network: finished, or as its newest checkpoint has it; returns why there is none, if so."""
    network = desk().network(job.id)
    if network is not None:
        if st.button("Explore this network", icon=":material/grid_view:", key="explore", type="primary"):
            _go(network)
        return ""
    checkpoints = desk().checkpoints(job.id)
    if not checkpoints:
        return ""
    key = st.session_state.get("export_asked", ("", "", ""))
    errand = errands().look(key) if key[1] == job.id else None
    if errand is not None and not errand.is_done:
        st.caption(":material/hourglass_top: Making a network of the checkpoint …")
        return ""
    if errand is not None and not errand.error:
        st.session_state.pop("export_asked")
        _go(errand.value)
    st.button(
        f"Explore it after {_after(checkpoints[-1])}",
        icon=":material/grid_view:",
        key="explore_checkpoint",
        on_click=_export,
        args=(job.id,),
        help="Makes a network of the newest checkpoint, which takes some seconds; the training goes on.",
    )
    return "" if errand is None else errand.error


def _after(checkpoint: Checkpoint) -> str:
    steps = f", step {checkpoint.step}" if checkpoint.step else ""
    return f"epoch {checkpoint.epoch}{steps}"


def _export(job_id: str) -> None:
    jobs = desk()
    newest = jobs.checkpoints(job_id)[-1]
    key = ("export", job_id, str(newest.path))
    st.session_state["export_asked"] = key
    errands().start(key, lambda: jobs.export_checkpoint(job_id, newest))


def _go(network: Path) -> None:
    state.change(model=network.name, layer="", view="", channel=0)
    leave("explore")


def _trouble(job: Job) -> None:
    if job.trouble:
        code = "" if job.exit_code is None else f" (exit code {job.exit_code})"
        sorry(job.trouble + code)
    if job.notice:
        st.info(literal(job.notice), icon=":material/info:")
    if job.state is State.RUNNING and (quiet := desk().quiet_seconds(job)) > QUIET_S:
        st.warning(f"It has said nothing for {duration(quiet)}. Large steps take long; the log below may tell more.")


def _nothing_yet(job: Job) -> None:
    if job.state in UNFINISHED:
        waits = job.state is State.QUEUED
        st.caption("It begins when its turn comes." if waits else "Curves appear with the first steps.")
        left, right = st.columns([3, 2], gap="medium")
        left.skeleton(height=3 * charts.HEIGHT)
        right.skeleton(height=charts.HEIGHT)
        right.skeleton(height=charts.HEIGHT)
    else:
        st.info("It ended before its first step, so there are no curves.", icon=":material/show_chart:")


def _stage(job: Job) -> int:
    """Whose curves are wanted, where a recipe begins with another: the stage being trained unless one is chosen."""
    labels = [f"{number}: {literal(stage.name)}" for number, stage in enumerate(desk().stages(job.id), 1)]
    newest = len(labels) - 1
    if newest == 0:
        return 0
    chosen = st.segmented_control(
        "Curves of", range(len(labels)), default=newest, key=f"stage_{job.id}", format_func=labels.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    return newest if chosen is None else chosen


def _compared(job: Job, jobs: Sequence[Job]) -> list[Job]:
    others = {other.id: other for other in jobs if other.id != job.id}
    if not others:
        return []
    key = f"compare_{job.id}"
    chosen = [name for name in st.session_state.get(key, []) if name in others]
    picked = st.multiselect(
        "Compare with",
        list(others),
        default=None if key in st.session_state else chosen,
        key=key,
        format_func=lambda name: f"{others[name].name} · {name}" if name in others else name,
        max_selections=MOST_COMPARED,
        placeholder="Compare its curves with those of other jobs",
        label_visibility="collapsed",
    )
    return [others[name] for name in picked if name in others]


def _learning(job: Job, events: Events, compared: Sequence[Job]) -> None:
    """What it sees beside how well; below, what each class and each step came to."""
    first, second, *rest = _figures(job, events, compared).items()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        previews(job)
    with right:
        _chart(job, *first)
        _chart(job, *second)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _classes(job, events)
    with right:
        for title, figure in rest:
            _chart(job, title, figure)


def _figures(job: Job, events: Events, compared: Sequence[Job]) -> dict[str, Any]:
    if not compared:
        return {
            "Mean IoU": charts.compared_figure({"validation": events}, "epoch.val_mean_iou"),
            "Loss": charts.loss_figure(events),
            "Loss, step by step": charts.step_figure(events, "step.loss"),
            "Learning rate": charts.step_figure(events, "step.learning_rate"),
        }
    runs = {_label(job): events}
    runs |= {_label(other): desk().events(other.id, at_most=charts.POINTS) for other in compared}
    return {
        "Mean IoU": charts.compared_figure(runs, "epoch.val_mean_iou"),
        "Training loss": charts.compared_figure(runs, "epoch.loss"),
        "Validation loss": charts.compared_figure(runs, "epoch.val_loss"),
        "Learning rate": charts.compared_figure(runs, "epoch.learning_rate"),
    }


def _label(job: Job) -> str:
    """Name and the end of the id: copies of a job have its name."""
    return f"{job.name} · {job.id[-4:]}"


def _chart(job: Job, title: str, figure: Any) -> None:
    st.markdown(f"**{title}**")
    if figure is None:
        # As high as the chart will be, so that nothing jumps when it comes.
        with st.container(height=charts.HEIGHT, border=False):
            st.caption("Nothing measured yet." if job.state in UNFINISHED else "It was not measured.")
        return
    last = {trace.name or title: trace.y[-1] for trace in figure.data if len(trace.y)}
    spoken = ", ".join(f"{name} now {score(value)}" for name, value in last.items())
    st.plotly_chart(figure, key=f"chart_{title}_{job.id}", config={"displayModeBar": False}, alt=f"{title}: {spoken}")


def _classes(job: Job, events: Events) -> None:
    values = events.latest.get("validation", {}).get("class_iou")
    st.markdown("**IoU of each class**")
    if not values:
        st.caption("Nothing was validated yet.")
        return
    figure = charts.class_figure(values, class_table(job, len(values)))
    st.plotly_chart(
        figure, key=f"classes_{job.id}", config={"displayModeBar": False}, alt="IoU of each class, highest first"
    )


def class_table(job: Job, count: int) -> ClassTable:
    """Names and colours of the classes a job tells apart; numbered where its data can no longer be opened."""
    try:
        name = str(job.recipe["data"]["name"])
        found = sources.look(sources.DataSource(job.id, job.name, name, job.root)).class_table
    except (UserError, KeyError, TypeError):
        return numbered_class_table(count)
    return found if len(found) == count else numbered_class_table(count)


def _details(job: Job) -> None:
    tail = desk().log_tail(job.id, LOG_LINES)
    with st.expander("Log", icon=":material/terminal:", key=f"log_{job.id}", on_change="rerun") as log:
        if log.open:
            st.code(tail or "It has printed nothing yet.", language=None, height=300)
    with st.expander("History", icon=":material/history:", key=f"history_{job.id}", on_change="rerun") as history:
        if history.open:
            _history(job)
    with st.expander(
        "Recipe and TensorBoard", icon=":material/description:", key=f"more_{job.id}", on_change="rerun"
    ) as more:
        if more.open:
            st.caption("The same curves in TensorBoard:")
            st.code(f"tensorboard --logdir {desk().run_folder(job.id)}", language="bash")
            st.json(dict(job.recipe), expanded=1)


def _history(job: Job) -> None:
    facts = {
        "Job": job.id,
        "Asked for": moment(job.created),
        "Data": f"{job.root} ({job.data_digest[:8]})",
        "Network": str(job.out),
        "Where": job.launcher + (f", {job.gpus} GPUs" if job.gpus else ""),
    }
    st.html(_facts(facts))
    for attempt in desk().attempts(job.id):
        word = STATES[attempt.state][0]
        code = "" if attempt.exit_code is None else f", exit code {attempt.exit_code}"
        lines = {
            f"Attempt {attempt.number}": f"{word}{code}",
            "From, to": f"{moment(attempt.started)} – {moment(attempt.finished)}",
            "On": " · ".join(filter(None, (attempt.host, attempt.device))) or "–",
            "Code": attempt.code_version or "–",
        } | ({"Trouble": attempt.trouble} if attempt.trouble else {})
        st.html(_facts(lines))


def _facts(rows: dict[str, str]) -> str:
    cells = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in rows.items())
    return f'<dl class="card-facts">{cells}</dl>'
