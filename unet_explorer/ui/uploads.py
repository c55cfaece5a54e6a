"""A session's own pictures: what is in its uploaders, bounded in number and bytes."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from unet_explorer.errors import UserError
from unet_explorer.pictures import Picture, open_picture
from unet_explorer.ui import state
from unet_explorer.ui.state import UPLOAD
from unet_explorer.ui.wording import literal, sorry

UPLOADABLE = ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"]
MOST_UPLOADS = 24
MOST_BYTES = 512 * 1024 * 1024
_UPLOADS = "unet_uploads"


@dataclass(frozen=True)
class Taken:
    """What became of one file of an uploader: the digest of its picture, or the sentence why there is none."""

    digest: str = ""
    trouble: str = ""


def uploader(label: str, key: str) -> None:
    """Draw an uploader whose pictures are this session's own as long as they are in it."""
    files = st.file_uploader(label, UPLOADABLE, accept_multiple_files=True, key=key, on_change=_changed, args=(key,))
    if not files:
        # Also on coming back to a page, where Streamlit has emptied it: what it held before is not taken away then.
        st.session_state.pop(_held(key), None)
    for taken in st.session_state.get(_held(key), {}).values():
        if taken.trouble:
            sorry(taken.trouble)
    for name in st.session_state.get(f"{key}_let_go", []) if files else []:
        st.caption(
            f":material/info: {literal(name)} had to make room for newer pictures: upload it again to look at it."
        )


def uploaded() -> dict[str, Picture]:
    """This session's uploads by digest, the latest first."""
    uploads: dict[str, Picture] = st.session_state.setdefault(_UPLOADS, {})
    return uploads


def _held(key: str) -> str:
    return f"{key}_held"


def _changed(key: str) -> None:
    """Open the files that are new and show the last of them; forget those that were taken out."""
    before: dict[str, Taken] = st.session_state.get(_held(key), {})
    files: dict[str, UploadedFile] = {file.file_id: file for file in st.session_state[key] or []}
    st.session_state[f"{key}_let_go"] = []
    now = {each: taken for each, taken in before.items() if each in files}
    left = {taken.digest for taken in now.values()}
    _forget({taken.digest for taken in before.values()} - left)
    for each, file in files.items():
        if each not in now:
            now[each] = _take(file, key)
            if now[each].digest:
                state.change(picture=UPLOAD + now[each].digest, camera="")
    st.session_state[_held(key)] = now


def _take(file: UploadedFile, key: str) -> Taken:
    try:
        picture = open_picture(file.getvalue(), file.name)
    except UserError as error:
        return Taken(trouble=str(error))
    others = [other for digest, other in uploaded().items() if digest != picture.digest]
    kept = bounded([picture, *others])
    st.session_state[_UPLOADS] = {one.digest: one for one in kept}
    st.session_state[f"{key}_let_go"] += [one.name for one in others if one not in kept]
    return Taken(picture.digest)


def bounded(pictures: list[Picture], most: int = MOST_UPLOADS, most_bytes: int = MOST_BYTES) -> list[Picture]:
    """The latest pictures that fit into so many, and so many bytes of pixels; the first always.

    Args:
        pictures: the latest first.
        most: pictures kept at most.
        most_bytes: bytes of their pixels at most.
    """
    kept, total = pictures[:1], sum(one.pixels.nbytes for one in pictures[:1])
    for one in pictures[1:most]:
        total += one.pixels.nbytes
        if total > most_bytes:
            break
        kept.append(one)
    return kept


def _forget(digests: set[str]) -> None:
    st.session_state[_UPLOADS] = {digest: one for digest, one in uploaded().items() if digest not in digests}
    if state.current().picture in {UPLOAD + digest for digest in digests}:
        state.change(picture="", camera="")
