"""Fixed pictures as a network saw them after each epoch: a slider through time that moves without asking the server."""

from __future__ import annotations

from collections.abc import Sequence

from unet_explorer.ui.components.assets import base_address, make_component

_COMPONENT = make_component("film")


def film(job_id: str, frames: Sequence[tuple[int, int]], pictures: int, epochs: int, *, key: str) -> None:
    """Mount the component; it follows the newest frame until the user moves the slider.

    Args:
        job_id: whose previews.
        frames: epoch and version of each preview, the oldest first; none shows where they will be.
        pictures: how many fixed pictures there are.
        epochs: of the whole run, to say how far a frame is.
        key: Streamlit's.
    """
    address = f"{base_address()}/previews/{job_id}"
    data = {"base": address, "frames": [list(row) for row in frames], "pictures": pictures, "epochs": epochs}
    _COMPONENT(key=key, data=data)
