"""The Classes page below its bar."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import streamlit as st

from unet_explorer.ui import library, state
from unet_explorer.ui.components.class_panes import class_panes
from unet_explorer.ui.exports import exports
from unet_explorer.ui.wording import literal
from unet_explorer.ui.workbench import subject_data

if TYPE_CHECKING:
    from unet_explorer.pictures import Picture
    from unet_explorer.ui.pickers import Subject

KINDS = {"kitti": "road", "salt": "salt"}


@st.fragment
def class_view(subject: Subject) -> None:
    """Draw the component; an event of its reruns only this."""
    network = subject.network
    if not network.output.is_map:
        st.info(
            f"{literal(network.name)} does not end in a map of classes, so there is nothing to show here. "
            "Look at its layers on the Explore page.",
            icon=":material/palette:",
        )
        return
    shown = with_fitting_labels(subject)
    if shown is not subject:
        kind = KINDS[library.label_table(subject.key).name]
        st.caption(
            f":material/info: This picture's labels are {kind} classes, which this network does not know: they are not "
            "compared."
        )
    view = state.current()
    class_panes(subject_data(shown), shown, view, key="class_panes")
    exports(shown, view)


def with_fitting_labels(subject: Subject) -> Subject:
    """The subject, without the picture's labels where they are of other classes than the network's.

    A label map is a map of numbers: only the source of the picture tells what they mean.
    """
    fits = subject.network.class_table.names == library.label_table(subject.key).names
    if fits or subject.picture.label_map is None:
        return subject
    return dataclasses.replace(subject, picture=_unlabelled(subject.picture.digest, subject.picture))


@st.cache_resource(max_entries=24, show_spinner=False)
def _unlabelled(digest: str, _picture: Picture) -> Picture:
    # The leading underscore keeps Streamlit from hashing all pixels; the digest already names them.
    return dataclasses.replace(_picture, label_map=None)
