"""Fetching one large file over HTTP: resumed after every broken connection, and never more than was promised."""

from __future__ import annotations

import http.client
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from unet_explorer.errors import DatasetError

CHUNK = 1 << 18
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Patience:
    """How long to keep trying.

    Attributes:
        attempts: failures in a row, without a byte gained, after which to give up.
        wait_s: seconds before the second try; doubled for each further one.
        timeout_s: seconds without a byte after which a connection counts as broken.
    """

    attempts: int = 6
    wait_s: float = 1.0
    timeout_s: float = 30.0


@dataclass(frozen=True)
class _Source:
    """What the server said about the file when the download began; kept beside the part, to resume the same file."""

    url: str
    size: int | None
    validator: str

    @classmethod
    def read(cls, path: Path) -> _Source | None:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(str(values["url"]), values["size"], str(values["validator"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.__dict__), encoding="utf-8")


class Transfer:
    """One file on its way from a URL to a path."""

    def __init__(self, url: str, target: Path, largest: int, patience: Patience | None = None) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            url: where the file is; https, or http.
            target: where it shall be, once complete; until then `<target>.part` grows.
            largest: bytes that the file cannot reasonably exceed.
            patience: how long to keep trying.

        Raises:
            DatasetError: the URL is no web address.
        """
        if urlsplit(url).scheme not in ("https", "http"):
            raise DatasetError(f"{url} is not a web address: give one that starts with https://.")
        self.url, self.target, self.largest = url, target, largest
        self.patience = patience or Patience()
        self._part = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".source.json")

    def fetch(self, progress: Progress | None = None) -> Path:
        """Fetch the file, going on where an earlier try stopped.

        Args:
            progress: called with (bytes here, bytes in all or None where the server does not tell).

        Returns:
            The target.

        Raises:
            DatasetError: the server refuses, keeps failing, or sends too much; or the disk is full. What has arrived
                stays, and the next call goes on from there.
        """
        failures, farthest = 0, self._arrived()
        while True:
            try:
                if self._fetch_rest(progress):
                    with self._writing():
                        self._part.replace(self.target)
                        self._notes.unlink(missing_ok=True)
                    return self.target
                reason = "the connection ended early"
            except urllib.error.HTTPError as error:
                self._refuse_if_final(error)
                reason = f"HTTP {error.code} {error.reason}"
            except (OSError, http.client.HTTPException) as error:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            failures = 0 if self._arrived() > farthest else failures + 1
            farthest = max(farthest, self._arrived())
            if failures >= self.patience.attempts:
                here = f"; it goes on from the {farthest / 1e6:.1f} MB that are here" if farthest else ""
                raise DatasetError(
                    f"{self.url} could not be fetched after {failures} tries ({reason}): check the connection and run "
                    f"it again{here}."
                )
            time.sleep(self.patience.wait_s * 2 ** max(0, failures - 1))

    def _fetch_rest(self, progress: Progress | None) -> bool:
        """One connection; True once the file is whole."""
        known = _Source.read(self._notes)
        offset = self._arrived() if known is not None and known.url == self.url and known.validator else 0
        request = urllib.request.Request(
            self.url, headers={"User-Agent": "unet-explorer", "Accept-Encoding": "identity"}
        )
        if known is not None and offset:
            if offset == known.size:
                return True
            # If-Range: should the file have changed, the server sends the whole new one.
            request.add_header("Range", f"bytes={offset}-")
            request.add_header("If-Range", known.validator)
        with urllib.request.urlopen(request, timeout=self.patience.timeout_s) as response:
            offset, total = self._placement(response, offset)
            if total is not None and total > self.largest:
                raise DatasetError(
                    f"{self.url} offers {total / 1e6:.0f} MB, more than the {self.largest / 1e6:.0f} MB that this "
                    f"archive can have: nothing was fetched; check the address."
                )
            self._check_space(total, offset)
            validator = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
            # A weak validator does not promise equal bytes.
            with self._writing():
                _Source(self.url, total, "" if validator.startswith("W/") else validator).write(self._notes)
            arrived = self._append(response, offset, total, progress)
        return arrived == total or (total is None and arrived > 0)

    def _placement(self, response: Any, wanted: int) -> tuple[int, int | None]:
        """Where the bytes of a response begin, and how long the whole file is."""
        length = response.headers.get("Content-Length")
        if response.status != 206:
            return 0, int(length) if length and length.isdecimal() else None
        unit, _, span = response.headers.get("Content-Range", "").partition(" ")
        bounds, _, total = span.partition("/")
        start = bounds.partition("-")[0]
        known = _Source.read(self._notes)
        if (
            unit != "bytes"
            or start != str(wanted)
            or not total.isdecimal()
            or known is None
            or int(total) != known.size
        ):
            self._forget()
            raise ConnectionError(f"the server answered a request from byte {wanted} with {span or 'no range'}")
        return wanted, int(total)

    def _append(self, response: Any, offset: int, total: int | None, progress: Progress | None) -> int:
        """Write the body at its place; returns the bytes that are here then."""
        arrived = offset
        with self._writing():
            file = self._part.open("r+b" if offset else "wb")
        with file:
            with self._writing():
                file.seek(offset)
                file.truncate()
            while block := response.read(CHUNK):
                arrived += len(block)
                if arrived > (self.largest if total is None else total):
                    self._forget()
                    raise DatasetError(
                        f"{self.url} sends more than it promised or than this archive can have: nothing was kept; "
                        f"check the address."
                    )
                with self._writing():
                    file.write(block)
                    file.flush()
                if progress is not None:
                    progress(arrived, total)
        return arrived

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Tells trouble with the disk from trouble with the connection: both are OSErrors."""
        try:
            yield
        except OSError as error:
            raise DatasetError(
                f"{self._part} cannot be written ({error.strerror or error}): free some space and run it again; it "
                f"goes on from there."
            ) from None

    def _refuse_if_final(self, error: urllib.error.HTTPError) -> None:
        """Answers that trying again will not change."""
        if error.code == 416:
            self._forget()
        elif 400 <= error.code < 500 and error.code not in (408, 425, 429):
            raise DatasetError(
                f"{self.url} answers {error.code} {error.reason}: the address is not, or no longer, right; look for "
                f"the archive on the page of the data set."
            ) from None

    def _check_space(self, total: int | None, offset: int) -> None:
        free = shutil.disk_usage(self.target.parent).free
        if total is not None and total - offset > free:
            raise DatasetError(
                f"{self.target.parent} has {free / 1e6:.0f} MB free and {(total - offset) / 1e6:.0f} MB are still to "
                f"come: free some space or choose another folder."
            )

    def _arrived(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)
