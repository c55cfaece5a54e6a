"""The Pictures page: every picture that can be chosen, and the ways to get more."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from unet_explorer.errors import UserError
from unet_explorer.pictures import open_picture
from unet_explorer.rendering.thumbnails import thumbnail, webp
from unet_explorer.ui import library, pins, state
from unet_explorer.ui.components.paste_zone import paste_zone
from unet_explorer.ui.kitti_download import kitti_download
from unet_explorer.ui.uploads import uploader
from unet_explorer.ui.wording import literal

PAGES = Path(__file__).resolve().parents[2] / "pages"
THUMBNAIL = (480, 192)
PER_PAGE = 12
_HEADINGS = {
    "Yours": "Yours, in this tab",
    "Samples": "Samples",
    "Seismic": "Seismic sections, made up",
    "KITTI": "KITTI semantics",
    "TGS salt": "TGS salt",
}


def gallery() -> None:
    """Draw the page."""
    choices = library.every_choice()
    by_source = {source: [choice for choice in choices if choice.source == source] for source in _HEADINGS}
    _add_pictures()
    for source in _HEADINGS:
        if by_source[source]:
            _section(source, by_source[source])
        elif source == "Samples":
            _heading(source, 0)
            st.info(
                "No sample pictures are installed. They belong into the `sample_images` folder, with their "
                "`manifest.json`.",
                icon=":material/image:",
            )
    if not by_source["KITTI"]:
        _heading("KITTI", 0)
        kitti_download()


def _add_pictures() -> None:
    uploader(
        "Add your own: drop pictures here, choose files, or paste one with Ctrl+V. They stay in this browser tab only.",
        "gallery_upload",
    )
    paste_zone("gallery_upload", key="gallery_paste")


def _heading(source: str, count: int) -> None:
    st.subheader(_HEADINGS[source] + (f" :gray[{count:,}]" if count else ""), anchor=False)


def _section(source: str, choices: list[library.Choice]) -> None:
    _heading(source, len(choices))
    shown = _filtered(source, choices) if len(choices) > PER_PAGE else choices
    if not shown:
        st.info("No picture has that in its name. Clear the search to see all of them.", icon=":material/search_off:")
    grid = st.grid(min_column_width=300, border=True, key=f"gallery_{source.lower().replace(' ', '_')}")
    for choice in shown:
        with grid.cell():
            _card(choice)


def _filtered(source: str, choices: list[library.Choice]) -> list[library.Choice]:
    """The choices of one page, after what was typed into the search field."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input("Search by name", key=f"search_{source}", icon=":material/search:", width=260)
        found = [choice for choice in choices if wanted.strip().casefold() in choice.title.casefold()]
        pages = max(1, -(-len(found) // PER_PAGE))
        number = 1
        if pages > 1:
            number = st.pagination(pages, key=f"page_{source}_{wanted}")
    return found[(number - 1) * PER_PAGE : number * PER_PAGE]


def _card(choice: library.Choice) -> None:
    chosen = state.current().picture == choice.key
    try:
        st.image(_thumbnail_of(choice), alt=choice.title, width="stretch")
    except UserError as error:
        st.warning(literal(str(error)), icon=":material/broken_image:")
    st.markdown(f"**{literal(choice.title)}**" + ("  :gray[:material/check: on show]" if chosen else ""))
    if choice.look_for:
        st.caption(literal(choice.look_for))
    with st.container(horizontal=True, gap="small"):
        if st.button("Explore", key=f"explore_{choice.key}", icon=":material/grid_view:"):
            _go(choice, "explore.py")
        if st.button("Classes", key=f"classes_{choice.key}", icon=":material/palette:"):
            _go(choice, "classes.py")
        _pin_button(choice)


def _pin_button(choice: library.Choice) -> None:
    """Into the compare tray with what the model on show makes of it; several pictures are a click each."""
    model = state.current().model or next(iter(library.model_names()), "")
    one = pins.Pin(model, choice.key, "map")
    inside = one in pins.tray()
    st.button(
        "Pinned" if inside else "Pin",
        key=f"pin_{choice.key}",
        icon=":material/keep:",
        disabled=inside or not model,
        help=f"Put the class map that {literal(model)} makes of this picture into the compare tray",
        on_click=_pin,
        args=(one,),
    )


def _pin(one: pins.Pin) -> None:
    st.toast(pins.pin(one), icon=":material/keep:")


def _go(choice: library.Choice, page: str) -> None:
    state.change(picture=choice.key, camera="")
    st.switch_page(PAGES / page)


def _thumbnail_of(choice: library.Choice) -> bytes:
    if choice.image is None:
        picture = library.open_choice(choice.key)
        return _shrunk_upload(picture.digest, choice.key)
    return _shrunk_file(choice.image, choice.image.stat().st_mtime_ns)


@st.cache_data(max_entries=400, show_spinner=False)
def _shrunk_file(image: Path, changed_at: int) -> bytes:
    return webp(thumbnail(open_picture(image).pixels, *THUMBNAIL))


@st.cache_data(max_entries=48, show_spinner=False, scope="session")
def _shrunk_upload(digest: str, key: str) -> bytes:
    return webp(thumbnail(library.open_choice(key).pixels, *THUMBNAIL))
