"""The Models page: every model with what it says of itself, and the ways to add one."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from unet_explorer.errors import ModelError, UserError
from unet_explorer.network.card import ModelCard, read_card
from unet_explorer.network.shelf import adopt_files, adopt_folder
from unet_explorer.settings import setting
from unet_explorer.ui import library, state
from unet_explorer.ui.wording import literal, sorry

_DATA_SETS = {"kitti": "KITTI semantics", "tgs-salt": "TGS salt", "carla": "CARLA", "scenes": "made-up scenes"}
_DIGEST = re.compile("[0-9a-f]{16,}")
PAGES = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True)
class Facts:
    """What opening a model tells that its card does not."""

    parameters: int
    layers: int
    shape: str
    input: str
    device: str
    notices: tuple[str, ...]


def model_cards() -> None:
    """Draw the page: cards and sizes at once; only the model on show, and those looked into, are opened for it."""
    folders = library.model_folders()
    _add_model()
    if not folders:
        st.info(
            "There is no model yet. Add a SavedModel folder above, or train one on the Train page: the first "
            "lesson takes a minute or two.",
            icon=":material/deployed_code:",
        )
        return
    chosen = state.current().model
    opened = {chosen, *st.session_state.setdefault("models_looked_into", set())}
    grid = st.grid(min_column_width=400, border=True, gap="medium", key="models")
    waiting = []
    for name, folder in folders.items():
        with grid.cell():
            place = _card(name, folder, name == (chosen or next(iter(folders))))
        if name in opened:
            place.skeleton(height=96)
            waiting.append((name, place))
        else:
            _offer_to_open(name, place)
    for name, place in waiting:
        with place:
            _facts(name)


def _offer_to_open(name: str, place: DeltaGenerator) -> None:
    place.button(
        "Look inside",
        key=f"inside_{name}",
        icon=":material/frame_inspect:",
        help="Open the network: parameters, layers, device",
        on_click=st.session_state["models_looked_into"].add,
        args=(name,),
    )


def _card(name: str, folder: Path, chosen: bool) -> DeltaGenerator:
    """One model; returns the place for what only opening it tells."""
    st.markdown(f"#### {literal(name)}" + ("  :gray[:material/check: on show]" if chosen else ""))
    try:
        card = read_card(folder)
    except UserError as error:
        sorry(error)
        return st.empty()
    if card is None:
        st.caption("It has no model card: its classes are numbered, and pictures are fitted as its input says.")
    else:
        if card.title and card.title != card.name:
            st.markdown(f"**{literal(card.title)}**")
        st.html(card_facts(card))
    _table({"Saved": saved_size(folder)})
    place = st.empty()
    with st.container(horizontal=True, gap="small"):
        if st.button("Explore", key=f"explore_{name}", icon=":material/grid_view:"):
            _go(name, "explore.py")
        if st.button("Classes", key=f"classes_{name}", icon=":material/palette:"):
            _go(name, "classes.py")
    return place


def card_facts(card: ModelCard) -> str:
    """What a card says of its network below the title, as HTML; all of it is text from a file and escaped."""
    facts = {"Scores": score_blocks(card.scores), "Data": html.escape(data_line(card.data))}
    facts |= {"Licence": html.escape(card.licence), "Preset": html.escape(card.preset)}
    if card.class_table is not None:
        facts["Classes"] = html.escape(f"{len(card.class_table)} ({card.class_table.name})")
    about = f'<p class="card-about">{html.escape(card.description)}</p>' if card.description else ""
    return about + _facts_list({label: value for label, value in facts.items() if value})


def saved_size(folder: Path) -> str:
    """How large the files of a model are, in words."""
    paths = [folder / "saved_model.pb", *(folder / "variables").glob("*")]
    return f"{sum(path.stat().st_size for path in paths if path.is_file()) / 1e6:,.1f} MB"


def _facts(name: str) -> None:
    """What opening tells; computed once for each version of a model."""
    try:
        facts = _opened_facts(name, library.model_version(name))
    except UserError as error:
        sorry(error)
        return
    rows = {
        "Parameters": f"{facts.parameters:,}",
        "Layers": f"{facts.layers}, {facts.shape}",
        "Input": facts.input,
        "Runs on": facts.device,
    }
    with st.container(gap="xsmall"):
        _table(rows)
        for notice in facts.notices:
            st.caption(f":material/info: {literal(notice)}")


@st.cache_data(max_entries=64, show_spinner=False)
def _opened_facts(name: str, version: tuple[int, ...]) -> Facts:
    network = library.open_model(name)
    spec = network.input_spec
    size = f"{spec.height or 'any'} × {spec.width or 'any'} × {spec.channels}"
    return Facts(
        parameters=network.parameters,
        layers=len(network.layers),
        shape="a U with skips" if network.is_u else "no U shape",
        input=f"{size}, values {spec.low:g} to {spec.high:g}, {spec.fit}",
        device=network.device,
        notices=network.notices,
    )


def score_blocks(scores: Mapping[str, Any]) -> str:
    """Scores as HTML: for each part of the data its name, its figures, and behind a click how they were measured.

    Example:
        >>> score_blocks({"validation": {"mean_iou": 0.21234, "pictures": 42}})
        '<div class="card-score">validation<div><b>0.212</b> mean IoU · <b>42</b> pictures</div></div>'
    """
    blocks = []
    for part, values in scores.items():
        rows = values if isinstance(values, Mapping) else {"": values}
        how = rows.get("how", "")
        said = " · ".join(
            f"<b>{_figure(value)}</b> {_spelt(name)}".rstrip()
            for name, value in rows.items()
            if isinstance(value, (int, float)) or not name
        )
        why = f"<details><summary>how it was measured</summary>{html.escape(str(how))}</details>" if how else ""
        blocks.append(f'<div class="card-score">{_spelt(part)}<div>{said}</div>{why}</div>')
    return "".join(blocks)


def _figure(value: Any) -> str:
    """A score in three digits after the point, which is all that its pictures can tell."""
    return f"{value:.3f}" if isinstance(value, float) else html.escape(_written(value))


def _spelt(name: str) -> str:
    return html.escape(name.replace("_", " ").replace("mean iou", "mean IoU"))


def data_line(data: Mapping[str, Any]) -> str:
    """What a network has learned from, in words; the card's own where it does not say it as our trainer does.

    Example:
        >>> data_line({"name": "tgs-salt", "training_pictures": 2572, "validation_pictures": 643, "kept": "last"})
        'TGS salt, 2,572 training pictures, validated on 643 pictures'
    """
    name, learned, judged = (data.get(key) for key in ("name", "training_pictures", "validation_pictures"))
    if not isinstance(name, str) or not isinstance(learned, int) or not isinstance(judged, int):
        return _line(data)
    extras = data.get("extras")
    others = (
        [row["name"] for row in extras if isinstance(row, Mapping) and "name" in row]
        if isinstance(extras, list)
        else []
    )
    names = " and ".join(_DATA_SETS.get(known, known) for known in dict.fromkeys([name, *map(str, others)]))
    same = judged and data.get("train") == data.get("validation") is not None
    validated = "the same pictures" if same else f"{judged:,} pictures"
    parts = [names, f"{learned:,} training pictures"]
    parts.append(f"validated on {validated}" if judged else "none held back for validation")
    if data.get("kept") == "best":
        parts.append("best epoch kept")
    return ", ".join(parts)


def _line(values: Mapping[str, Any]) -> str:
    """The short facts of a mapping in one line; digests and nested values are left to the card itself."""
    short = {key: _written(value) for key, value in values.items() if isinstance(value, (str, int, float))}
    kept = {key: text for key, text in short.items() if len(text) < 60 and not _DIGEST.fullmatch(text)}
    return " · ".join(f"{key.replace('_', ' ')}: {text}" for key, text in kept.items())


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _table(rows: Mapping[str, str]) -> None:
    st.html(_facts_list({label: html.escape(value) for label, value in rows.items()}))


def _facts_list(rows: Mapping[str, str]) -> str:
    """Labels and what they say, which is HTML already."""
    cells = "".join(f"<dt>{html.escape(label)}</dt><dd>{value}</dd>" for label, value in rows.items())
    return f'<dl class="card-facts">{cells}</dl>'


def _go(name: str, page: str) -> None:
    state.change(model=name, layer="", view="", channel=0)
    st.switch_page(PAGES / page)


def _add_model() -> None:
    with st.expander("Add a model", icon=":material/add:"):
        st.caption(
            "Any TensorFlow SavedModel with one picture as its input, whoever made it. A model is a program: it is "
            "scanned before it is opened, and refused where its graph could touch files, the network or Python."
        )
        upload, folder = st.columns(2, gap="medium")
        with upload:
            st.file_uploader(
                "Upload its folder (the one that holds saved_model.pb)",
                accept_multiple_files="directory",
                key="model_upload",
                on_change=_uploaded,
            )
        with folder, st.form("model_folder_form", border=False):
            st.text_input("Or copy it from a folder on this machine", key="model_folder", placeholder="/path/to/model")
            st.form_submit_button("Copy it here", on_click=_copied, icon=":material/folder_copy:")
        said = st.session_state.get("model_said")
        if said is not None:
            kind, sentence = said
            st.success(literal(sentence)) if kind == "added" else sorry(sentence)


def _uploaded() -> None:
    files = st.session_state["model_upload"] or []
    if files:
        _add(lambda shelf, trusted: adopt_files({file.name: file.getvalue() for file in files}, shelf, trusted))


def _copied() -> None:
    text = st.session_state["model_folder"].strip()
    if not text:
        st.session_state["model_said"] = ("error", "Write the path of a model folder first.")
        return
    _add(lambda shelf, trusted: adopt_folder(Path(text), shelf, trusted))


def _add(adopt: Any) -> None:
    shelf = library.added_models()
    try:
        if shelf is None:
            raise ModelError("No data folder is set: give one in UNET_EXPLORER_DATA_DIR.")
        name = adopt(shelf, bool(setting("trust_models")))
        state.change(model=name, layer="", view="", channel=0)
        st.session_state["model_said"] = ("added", f"{name} was added and is on show.")
    except UserError as error:
        st.session_state["model_said"] = ("error", str(error))
