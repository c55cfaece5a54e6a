"""The form of a new training job: recipe, data, a few settings, what it will cost, start."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace

import streamlit as st

from unet_explorer.datasets import DATASETS
from unet_explorer.datasets.checking import DatasetReport
from unet_explorer.errors import UserError
from unet_explorer.jobs.digest import data_digest
from unet_explorer.jobs.estimate import Estimate, estimate
from unet_explorer.jobs.states import State, Submission
from unet_explorer.settings import setting
from unet_explorer.ui import state
from unet_explorer.ui.training import sources
from unet_explorer.ui.training.all_settings import Field, all_settings, complaint, typed_field
from unet_explorer.ui.training.desk import desk
from unet_explorer.ui.training.draft import (
    BATCH,
    EPOCHS,
    SIZE,
    SIZES,
    WHOLE,
    Composed,
    begin_with,
    compose,
    wish_key,
)
from unet_explorer.ui.training.errands import errands
from unet_explorer.ui.training.leaving import leave
from unet_explorer.ui.training.notebook import Notebook, notebook
from unet_explorer.ui.training.stories import stories
from unet_explorer.ui.training.words import duration, size
from unet_explorer.ui.wording import literal

RATE = "optimizer.learning_rate"
ASKED_AGAIN_S = 30.0
LAYOUTS = {
    "scenes": "Street scenes: image/ and label/",
    "kitti": "KITTI semantics: training/image_2 and semantic",
    "carla": "CARLA frames: CameraRGB and CameraSeg",
    "tgs-salt": "TGS salt: images/ and masks/",
    "folder": "Any: images/, masks/ and classes.json",
}


def preparing() -> None:
    """Draw the form; what is wrong stands where it was typed."""
    book = notebook()
    st.subheader("New training", anchor=False)
    left, right = st.columns([1, 1], gap="large")
    with left:
        _recipe(book)
        source = _data(book)
    composed = compose(book.draft, source)
    with right:
        _settings(book, composed)
    for notice in composed.notices:
        st.caption(f":material/info: {notice}")
    with st.expander("All settings", icon=":material/tune:", key=f"all_{book.round}", on_change="rerun") as everything:
        if everything.open:
            all_settings(book, composed)
    _start(composed)


def _recipe(book: Notebook) -> None:
    told = {story.recipe: story for story in stories()}
    options = list(told) if book.origin in told else [book.origin, *told]
    st.selectbox(
        "Recipe",
        options,
        index=options.index(book.origin),
        key=f"recipe_{book.round}",
        format_func=lambda name: told[name].title if name in told else f"As {name}",
        on_change=_recipe_chosen,
        args=(book,),
    )
    st.caption(told[book.origin].story if book.origin in told else "A copy of that job, to be changed.")


def _recipe_chosen(book: Notebook) -> None:
    chosen = st.session_state.get(f"recipe_{book.round}", book.origin)
    if chosen != book.origin:
        book.begin(begin_with(chosen), chosen)


def _data(book: Notebook) -> sources.DataSource | None:
    wanted = str(book.draft.recipe["data"]["name"])
    found = sorted(sources.found_sources(), key=lambda source: source.dataset != wanted)
    titles = {source.key: source.title for source in found} | {sources.OWN: "Another folder on this machine …"}
    fitting = next((source.key for source in found if source.dataset == wanted), None)
    chosen = book.source if book.source in titles else fitting
    options = list(titles)
    picked = st.selectbox(
        "Data",
        options,
        index=None if chosen is None else options.index(chosen),
        key=f"data_{book.round}",
        format_func=lambda key: titles.get(key, key),
        placeholder="Choose a data folder",
    )
    book.source = picked
    if picked is None:
        _nothing_found(wanted)
        return None
    try:
        source = _own(book, wanted) if picked == sources.OWN else next(row for row in found if row.key == picked)
        _facts(source)
    except UserError as error:
        complaint(str(error))
        return None
    return source


def _nothing_found(wanted: str) -> None:
    if wanted == "kitti":
        st.info("There is no KITTI folder yet: the Pictures page fetches it, or choose another folder.")
        if st.button("Fetch KITTI on the Pictures page", icon=":material/download:", key="to_pictures"):
            leave("pictures")
        return
    st.info(f"This recipe learns from {wanted} data, which was not found here. Choose a folder that has it, or others.")


def _own(book: Notebook, wanted: str) -> sources.DataSource:
    names = list(DATASETS)
    kind, path = st.columns([1, 1])
    with kind:
        dataset = st.selectbox(
            "Laid out as",
            names,
            index=names.index(book.layout or wanted),
            key=f"layout_{book.round}",
            format_func=lambda name: LAYOUTS.get(name, name),
        )
    with path:
        typed = st.text_input(
            "Folder", book.folder, key=f"folder_{book.round}", live=True, placeholder="/path/to/pictures"
        )
    book.layout, book.folder = dataset, typed
    return sources.own_source(dataset, typed)


def _facts(source: sources.DataSource) -> None:
    facts = sources.look(source)
    parts = ", ".join(f"{count} to {'train on' if part == 'train' else 'validate on'}"
                      for part, count in facts.parts.items())  # fmt: skip
    st.caption(f"{parts or 'No pictures'} · {len(facts.class_table)} classes · {literal(str(source.root))}")
    if facts.problems:
        st.warning(_list("Pairs that are incomplete and will be refused", facts.problems), icon=":material/warning:")
    key = ("check", source.dataset, str(source.root), data_digest(source.root))
    errand = errands().look(key)
    if errand is None:
        if st.button("Check every file", key=f"check_{source.key}", icon=":material/fact_check:"):
            errands().start(key, lambda: sources.check(source))
            st.rerun()
        return
    if not errand.is_done:
        st.caption(":material/hourglass_top: Reading every picture and label map …")
    elif errand.error:
        complaint(errand.error)
    else:
        st.caption(_report(errand.value))
        if errand.value.problems:
            rows = tuple(f"{problem.name}: {problem.what}" for problem in errand.value.problems)
            st.warning(_list("Broken", rows), icon=":material/warning:")


def _report(report: DatasetReport) -> str:
    seen = [name for name, count in zip(report.class_names, report.class_pictures, strict=True) if count]
    (height, width), _ = next(iter(report.sizes.items()), ((0, 0), 0))
    others = f" and {len(report.sizes) - 1} other sizes" if len(report.sizes) > 1 else ""
    return (
        f":material/check: {report.pictures} pairs were read, {height} × {width} pixels{others}; "
        f"{len(seen)} of {len(report.class_names)} classes occur; {len(report.problems)} broken."
    )


def _list(title: str, rows: tuple[str, ...], most: int = 4) -> str:
    more = f"\n- and {len(rows) - most} more" if len(rows) > most else ""
    return f"{title}:\n" + "\n".join(f"- {literal(row)}" for row in rows[:most]) + more


def _settings(book: Notebook, composed: Composed) -> None:
    recipe = composed.recipe
    st.text_input(
        "Name",
        book.draft.name,
        key=f"name_{book.round}",
        max_chars=120,
        placeholder=recipe.name,
        live="0.5s",
        on_change=_named,
        args=(book, f"name_{book.round}"),
    )
    rows = (
        Field(EPOCHS, "Epochs", str(recipe.epochs), "How often the pictures are gone through."),
        Field(BATCH, "Batch", str(recipe.phases[0].batch), "Pictures of a step: more are steadier and heavier."),
        Field(RATE, "Learning rate", f"{recipe.optimizer.learning_rate:g}", "How far a step moves the weights."),
    )
    columns = st.columns(2)
    for place, row in enumerate(rows):
        with columns[place % 2]:
            typed_field(book, composed, row)
    with columns[1]:
        _size(book, composed)
    if setting("ray_address"):
        _launcher(book)


def _named(book: Notebook, widget: str) -> None:
    if widget == f"name_{book.round}":
        book.draft = replace(book.draft, name=str(st.session_state.get(widget) or "").strip())


def _size(book: Notebook, composed: Composed) -> None:
    preset = composed.recipe.build_preset()
    options = ["recipe", *SIZES]
    typed = book.draft.changes.get(SIZE, "recipe")
    fixed = preset.padding == "valid"
    st.selectbox(
        "Picture size",
        options,
        index=options.index(typed),
        key=f"size_{book.round}",
        format_func=lambda name: "as the recipe" if name == "recipe" else f"{name} size",
        help="The paper's network crops its skips for one size only."
        if fixed
        else f"Of {preset.height} × {preset.width} pixels. Smaller pictures train faster and see less.",
        disabled=fixed,
        on_change=_size_chosen,
        args=(book,),
    )


def _size_chosen(book: Notebook) -> None:
    chosen = st.session_state.get(f"size_{book.round}", "recipe")
    book.draft = book.draft.with_change(SIZE, None if chosen == "recipe" else chosen)


def _launcher(book: Notebook) -> None:
    first, second = st.columns(2)
    with first:
        where = st.selectbox(
            "Where",
            ["local", "ray"],
            key=f"where_{book.round}",
            format_func=lambda name: "This machine" if name == "local" else "The Ray cluster",
        )
    with second:
        gpus = st.number_input("GPUs", 0, 64, 0, key=f"gpus_{book.round}", disabled=where != "ray")
    if where == "ray" and (obstacle := _obstacle()):
        complaint(obstacle)
    book.draft = replace(book.draft, launcher=where, gpus=int(gpus) if where == "ray" else 0)


def _obstacle() -> str:
    """Why the cluster takes no job, as far as is known: a head that is away keeps a thread waiting, not the page."""
    turn = str(int(time.time() / ASKED_AGAIN_S))
    errand = errands().start(("cluster", turn), lambda: desk().launchers()["ray"])
    return str(errand.error or errand.value or "") if errand.is_done else ""


def _start(composed: Composed) -> None:
    submission = composed.submission
    if WHOLE in composed.problems:
        complaint(composed.problems[WHOLE])
    elif composed.problems:
        complaint("Correct the fields marked above first.")
    if composed.pictures is not None:
        st.caption(
            f"{composed.steps:,} steps: {composed.epochs} epochs over {composed.pictures.training} pictures, "
            f"judged by {composed.pictures.validation}."
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            key="start",
            disabled=submission is None,
            on_click=_submit,
            args=(submission,),
        )
        _estimate(submission)
    if "train_refused" in st.session_state:
        complaint(st.session_state["train_refused"])


def _submit(submission: Submission) -> None:
    """Start a job, or find the one that the same wish has already started."""
    st.session_state.pop("train_refused", None)
    try:
        jobs = desk()
        job = jobs.submit(submission, wish_key(submission, jobs.list()))
    except UserError as error:
        st.session_state["train_refused"] = str(error)
        return
    state.change(job=job.id)


def _estimate(submission: Submission | None) -> None:
    """What it will cost, measured on request: a few real steps take about half a minute."""
    key = ("estimate", "" if submission is None else _digest(submission))
    errand = None if submission is None else errands().look(key)
    if errand is None or (errand.is_done and errand.error):
        if st.button(
            "Estimate time and memory",
            icon=":material/timer:",
            key="estimate",
            disabled=submission is None,
            help="Trains eight steps to measure them; takes about half a minute.",
        ):
            assert submission is not None
            errands().start(key, lambda: estimate(submission))
            st.rerun()
        if errand is not None:
            complaint(errand.error)
    elif not errand.is_done:
        st.caption(":material/hourglass_top: Measuring a few steps; you may start without waiting.")
    else:
        st.markdown(_cost(errand.value))


def _cost(cost: Estimate) -> str:
    running = sum(job.state in (State.STARTING, State.RUNNING) for job in desk().list())
    busy = f" while {running} other job{'s run' if running > 1 else ' runs'}" if running else ""
    return (
        f"**About {duration(cost.seconds)}** and **{size(cost.memory_bytes)}** of memory{busy}: "
        f"{cost.step_seconds:.2g} s a step, {duration(cost.start_seconds)} before the first."
    )


def _digest(submission: Submission) -> str:
    """Of everything that time and memory depend on."""
    recipe = {key: value for key, value in submission.recipe.items() if key not in ("name", "about", "seed")}
    told = json.dumps([recipe, str(submission.root)], sort_keys=True)
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()
