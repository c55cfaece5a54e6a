"""Nothing to see: it lets the other components of a page ask for a rerun of the whole page.

They live in fragments, and a server that was restarted does not know the fragments of a page it has not run yet: an
event of theirs would change nothing. This one stands outside of them.
"""

from __future__ import annotations

import uuid

from unet_explorer.ui.components.assets import make_component

_COMPONENT = make_component("lifeline")


def lifeline() -> None:
    """Mount it; once a page, and not in a fragment. Its data tells the browser that the page was run."""
    _COMPONENT(key="lifeline", width=1, data={"run": uuid.uuid4().hex}, on_lost_change=lambda: None)
