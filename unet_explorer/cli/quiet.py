"""TensorFlow without its own chatter, so that what a command says on standard error is its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_explorer.network import Network

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Whoever sets one of these wants to read it.
TALKATIVE = ("0", "1")


def open_quietly(folder: Path, signature: str | None = None) -> Network:
    """As `open_network`, without what TensorFlow's library says on descriptor 2 while it is imported.

    Raises:
        ModelError, CardError: as `open_network`.
    """
    with without_chatter():
        from unet_explorer.network.opening import open_network
    return open_network(folder, signature=signature)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Drop what is written to descriptor 2 in a block that imports TensorFlow, unless its log was asked for.

    Its first lines come before it looks at TF_CPP_MIN_LOG_LEVEL. Exceptions pass through and are shown as ever.
    """
    if os.environ.get(LOG_LEVEL) in TALKATIVE:
        yield
        return
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
