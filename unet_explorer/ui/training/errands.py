"""Work that takes longer than a page may: done in a thread, once for everybody who asks, looked at while it runs."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from unet_explorer.errors import UserError

LOG = logging.getLogger(__name__)
KEPT = 64


@dataclass
class Errand:
    """One piece of work.

    Attributes:
        began: unix seconds.
        is_done: whether `value` or `error` is there.
        value: what came of it.
        error: one sentence; empty where it went well.
    """

    began: float = field(default_factory=time.time)
    is_done: bool = False
    value: Any = None
    error: str = ""


class Errands:
    """All errands of the process, the latest `KEPT`."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._errands: OrderedDict[tuple[str, ...], Errand] = OrderedDict()

    def start(self, key: tuple[str, ...], work: Callable[[], Any]) -> Errand:
        """Begin, unless the same is under way or done well."""
        with self._lock:
            known = self._errands.get(key)
            if known is not None and not known.error:
                return known
            errand = self._errands[key] = Errand()
            self._errands.move_to_end(key)
            while len(self._errands) > KEPT:
                self._errands.popitem(last=False)
        threading.Thread(target=_run, args=(errand, work), name="-".join(key)[:60], daemon=True).start()
        return errand

    def look(self, key: tuple[str, ...]) -> Errand | None:
        """How far it is; None where nobody asked for it."""
        return self._errands.get(key)

    def is_busy(self) -> bool:
        """Whether any is under way."""
        with self._lock:
            return any(not errand.is_done for errand in self._errands.values())


@st.cache_resource(show_spinner=False)
def errands() -> Errands:
    """The errands of this process."""
    return Errands()


def _run(errand: Errand, work: Callable[[], Any]) -> None:
    try:
        errand.value = work()
    except UserError as error:
        errand.error = str(error)
    except Exception:
        LOG.exception("An errand failed")
        errand.error = "This failed for a reason of its own; the server's log says which."
    finally:
        errand.is_done = True
