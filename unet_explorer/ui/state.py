"""What a page shows, as one value that lives in the session and in the address bar.

Every view has a link: `current()` reads the address when a session starts, `change()` writes both. Nonsense in an
address is replaced by the default without a word; names that no longer exist are left to whoever looks them up.
Uploads never get into the address, because nobody else could open them.
"""

from __future__ import annotations

import dataclasses
import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

UPLOAD = "upload:"
_KEY = "unet_view"
_VISIT = "unet_visit"


def _text(raw: str) -> str:
    if len(raw) > 200 or not raw.isprintable():
        raise ValueError(raw)
    return raw


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(raw)
        return raw

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        number = int(raw)
        if not low <= number <= high:
            raise ValueError(raw)
        return number

    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(raw: str) -> float:
        number = float(raw)
        if not low <= number <= high:
            raise ValueError(raw)
        return number

    return parse


def _optional_number(raw: str) -> float | None:
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError(raw)
    return number


def _camera(raw: str) -> str:
    """Three numbers: centre y, centre x (picture pixels), zoom."""
    y, x, zoom = (float(part) for part in raw.split(","))
    if not (math.isfinite(y) and math.isfinite(x) and 1 <= zoom <= 200):
        raise ValueError(raw)
    return raw


def _class_ids(raw: str) -> str:
    """Whole numbers with commas between, or `-` for none at all."""
    if raw != "-" and not all(part.isascii() and part.isdigit() and len(part) < 5 for part in raw.split(",")):
        raise ValueError(raw)
    return raw


def _thresholds(raw: str) -> str:
    pairs = [part.split(":") for part in raw.split(",")]
    if not all(_class_ids(number) != "-" and 0 <= float(threshold) <= 1 for number, threshold in pairs):
        raise ValueError(raw)
    return raw


def _pins(raw: str) -> str:
    if len(raw) > 4000 or not raw.isprintable():
        raise ValueError(raw)
    return raw


def _pair(raw: str) -> str:
    first, second = (int(part) for part in raw.split(","))
    if not (1 <= first <= 8 and 1 <= second <= 8) or first == second:
        raise ValueError(raw)
    return raw


def _row(default: Any, parse: Callable[[str], Any]) -> Any:
    return field(default=default, metadata={"parse": parse})


SCALINGS = ("channel", "layer", "fixed")
MODES = ("probability", "mask", "errors")
AREAS = ("tiles", "about")
TILES = ("fit", "small", "medium", "large")
SORTS = ("index", "mean", "deviation", "zeros", "entropy", "here", "agreement")


@dataclass(frozen=True)
class View:
    """One row a setting: its default and how its text in the address is read; a setting of a new page is a new row.

    Attributes:
        model: name of a folder in `models/`.
        picture: `sample:NAME`, `kitti:NAME` or `upload:DIGEST`.
        layer: name of a layer; empty: the first stage's.
        view: `pre_activation`, `activation`, `batch_norm` ...; empty: the layer's own output.
        channel: from 0.
        colours: name of a colour map.
        scaling: what black and white mean: each channel's range, the layer's, or `low` and `high`.
        low, high: of the fixed range; None: the layer's.
        gamma: exponent of the brightness.
        overlay: how much of the picture shines through, in percent.
        sort: order of the channels.
        tiles: how large the tiles of the channels are.
        area: below the chosen channel, all channels or more about that one.
        rival: id of the class whose agreement the channels are sorted by.
        camera: centre and zoom, as `y,x,zoom`; empty: everything.
        classes: ids of the classes shown on their own, `6,0,20`; empty: those the page chooses; `-`: none.
        hidden: ids of the classes left out of the class map.
        thresholds: `id:threshold` of classes whose threshold is not 0.5, `6:0.4,20:0.125`.
        opacity: of the classes over the picture, in percent.
        mode: what the panes of single classes show.
        names: 1 where the class map has names on it.
        doubt: 1 where entropy and margin are shown.
        pins: what lies in the compare tray, as `pins.written` gives it.
        pair: which two of them are subtracted, as `1,2`; empty: the first two of one kind.
        under: how much of the picture shines through on the Compare page, in percent.
        job: id of the training job on show, or `new` for the form; empty: the page chooses.
        article: letter of the article on show; empty: the first.
    """

    model: str = _row("", _text)
    picture: str = _row("", _text)
    layer: str = _row("", _text)
    view: str = _row("", _text)
    channel: int = _row(0, _whole(0, 1_000_000))
    colours: str = _row("viridis", _text)
    scaling: str = _row("channel", _one_of(*SCALINGS))
    low: float | None = _row(None, _optional_number)
    high: float | None = _row(None, _optional_number)
    gamma: float = _row(1.0, _number(0.1, 5.0))
    overlay: int = _row(0, _whole(0, 100))
    sort: str = _row("index", _one_of(*SORTS))
    rival: int = _row(0, _whole(0, 4096))
    tiles: str = _row("fit", _one_of(*TILES))
    area: str = _row("tiles", _one_of(*AREAS))
    camera: str = _row("", _camera)
    classes: str = _row("", _class_ids)
    hidden: str = _row("", _class_ids)
    thresholds: str = _row("", _thresholds)
    opacity: int = _row(60, _whole(0, 100))
    mode: str = _row("probability", _one_of(*MODES))
    names: int = _row(1, _whole(0, 1))
    doubt: int = _row(0, _whole(0, 1))
    pins: str = _row("", _pins)
    pair: str = _row("", _pair)
    under: int = _row(25, _whole(0, 100))
    job: str = _row("", _text)
    article: str = _row("", _text)

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> View:
        """The view of an address; what does not parse keeps its default.

        Example:
            >>> View.from_query({"layer": "conv2d_1", "channel": "-3"}) == View(layer="conv2d_1")
            True
        """
        found: dict[str, Any] = {}
        for row in dataclasses.fields(cls):
            try:
                found[row.name] = row.metadata["parse"](query[row.name])
            except (KeyError, ValueError):
                continue
        return cls(**found)

    def to_query(self) -> dict[str, str]:
        """What an address needs to say: everything that is not as by default, but no uploads."""
        said = {
            row.name: _written(getattr(self, row.name))
            for row in dataclasses.fields(self)
            if getattr(self, row.name) != row.default
        }
        if self.picture.startswith(UPLOAD):
            del said["picture"]
        said["pins"] = ";".join(pin for pin in self.pins.split(";") if UPLOAD not in unquote(pin))
        return {name: text for name, text in said.items() if text or name != "pins"}


def current() -> View:
    """The view of this session; at its start, that of the address it was opened with."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = View.from_query(st.query_params.to_dict())
    view: View = st.session_state[_KEY]
    _publish(view)
    return view


def follow_history() -> None:
    """Where the user went back or forward in the browser's history, take over the view of that address.

    What is pinned stays, and so does an upload where the address names no picture: addresses leave uploads out.
    Call it once a run, before the page.
    """
    context = get_script_run_ctx()
    if context is None or not context.is_history_navigation or _KEY not in st.session_state:
        return
    before: View = st.session_state[_KEY]
    view = View.from_query(st.query_params.to_dict())
    picture = before.picture if not view.picture and before.picture.startswith(UPLOAD) else view.picture
    st.session_state[_KEY] = dataclasses.replace(view, picture=picture, pins=before.pins)
    st.session_state[_VISIT] = uuid.uuid4().hex
    # Even where it says so already: what an interrupted run still had to say may have come in between.
    st.query_params.from_dict(st.session_state[_KEY].to_query())


def visit() -> str:
    """Another word each time the user went back or forward in the history; empty until then."""
    return str(st.session_state.get(_VISIT, ""))


def change(**settings: Any) -> View:
    """Change some settings of the session's view, in the address too, and return the new view.

    Example of a widget's callback: `change(model=st.session_state.model_picker, layer="", channel=0)`.
    """
    view = dataclasses.replace(current(), **settings)
    st.session_state[_KEY] = view
    _publish(view)
    return view


def accept(settings: Mapping[str, Any]) -> View:
    """Take over settings that came from the browser, read as strictly as an address.

    Args:
        settings: names of `View` and plain values; unknown names and nonsense are ignored.
    """
    texts = {name: "" if value is None else _written(value) for name, value in settings.items()}
    asked = View.from_query(texts)
    rows = {row.name: row.default for row in dataclasses.fields(View)}
    taken = {name: getattr(asked, name) if texts[name] else rows[name] for name in settings if name in rows}
    return change(**taken)


def _written(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _publish(view: View) -> None:
    wanted = view.to_query()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
