"""Fetching KITTI from the Pictures page: the licence first, then a download that survives leaving the page."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import streamlit as st

from unet_explorer.datasets.download import KITTI, Request, download
from unet_explorer.errors import UserError
from unet_explorer.ui import library
from unet_explorer.ui.wording import sorry

LOG = logging.getLogger(__name__)
STAGES = {"fetching": "Fetching", "unpacking": "Checking and unpacking"}


class Fetch:
    """One download at a time for the whole process; any page can look at how far it is."""

    def __init__(self) -> None:
        """Nothing is being fetched yet."""
        self._lock = threading.Lock()
        self.running = False
        self.stage = ""
        self.done = 0
        self.total: int | None = None
        self.error = ""

    def start(self, folder: Path) -> None:
        """Begin, unless it is under way already."""
        with self._lock:
            if self.running:
                return
            self.running, self.error, self.stage, self.done, self.total = True, "", "fetching", 0, None
        threading.Thread(target=self._run, args=(folder,), name="fetch-kitti", daemon=True).start()

    def _run(self, folder: Path) -> None:
        try:
            download(KITTI, Request(folder, accepted=True), self._progress)
        except UserError as error:
            self.error = str(error)
        except Exception:
            LOG.exception("The download of KITTI")
            self.error = "The download failed for a reason nobody foresaw; the server's log has it. Try again."
        finally:
            self.running = False

    def _progress(self, stage: str, done: int, total: int | None) -> None:
        self.stage, self.done, self.total = stage, done, total

    def share(self) -> float:
        """How much of the present stage is done, 0 to 1; 0 while its size is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def sentence(self) -> str:
        """Where it stands, for a person."""
        megabytes = f"{self.done / 1e6:,.0f} MB"
        of = f" of {self.total / 1e6:,.0f} MB" if self.total else ""
        return f"{STAGES.get(self.stage, self.stage)}: {megabytes}{of}"


@st.cache_resource(show_spinner=False)
def the_fetch() -> Fetch:
    """The download of this process."""
    return Fetch()


def kitti_download() -> None:
    """Offer the download, or show how far it is."""
    folder = library.downloaded_kitti()
    if folder is None:
        st.info("Set `UNET_EXPLORER_KITTI_ROOT` to a KITTI semantics folder to see its pictures here.")
        return
    if the_fetch().running:
        _under_way()
        return
    st.write(
        "The 200 labelled road pictures of article A. Set `UNET_EXPLORER_KITTI_ROOT` where you have them already, or "
        f"fetch them now (about 314 MB) into `{folder}`."
    )
    if the_fetch().error:
        sorry(the_fetch().error)
    with st.expander("The licence", icon=":material/gavel:"):
        st.text(KITTI.licence)
    accepted = st.checkbox("I have read the licence and accept it", key="kitti_accepted")
    st.button(
        "Fetch KITTI",
        icon=":material/download:",
        disabled=not accepted,
        help=None if accepted else "Accept the licence first",
        on_click=the_fetch().start,
        args=(folder,),
    )


@st.fragment(run_every=1.0)
def _under_way() -> None:
    fetch = the_fetch()
    if not fetch.running:
        st.rerun()
    st.progress(fetch.share(), text=fetch.sentence())
    st.caption("You can leave this page; the download goes on. If it breaks off, it continues where it stopped.")
