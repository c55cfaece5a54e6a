"""Decoded pictures on disk, so that no PNG is decoded twice, however many runs train on it.

Every pair is one file: a NumPy array of uint8 (H, W, 4), which is red, green, blue and class id, and its CRC. Its name
is a digest of both files' paths, sizes and modification times, of the class table and of what the numbers in the label
maps mean, so what is changed is a new entry; a file that is not whole is written anew. The folder is kept below a
limit: the entries not used for longest go first, and those of the opened data set never. What does not fit, and
everything where the folder cannot be written, is decoded each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import zlib
from collections import deque
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unet_explorer.classes import ClassTable
from unet_explorer.datasets.dataset import Dataset, Sample
from unet_explorer.errors import DatasetError
from unet_explorer.leftovers import HOUR_S, sweep
from unet_explorer.pictures import Picture
from unet_explorer.settings import int_setting, path_setting

FORMAT = 2
UNLABELLED = 255
MEBIBYTE = 1 << 20
OVERHEAD = 128 + 4


class DecodedPictures:
    """A data set whose pairs are decoded once and then read from the disk cache. Safe to share between threads."""

    def __init__(self, dataset: Dataset, folder: Path | None = None, limit_mb: int | None = None) -> None:
        """Open the cache; nothing is decoded yet.

        Args:
            dataset: whose pairs are wanted.
            folder: where the cache lies; `decoded` in the data folder of the settings unless given.
            limit_mb: the most the folder may hold, in MiB; the setting `decoded_cache_mb` unless given.
        """
        self.dataset = dataset
        self.folder = folder or (path_setting("data_dir") or Path()) / "decoded"
        self.decodes = 0
        self._limit = (limit_mb or int_setting("decoded_cache_mb")) * MEBIBYTE
        self._lock = threading.Lock()
        self._held = 0
        self._others: deque[tuple[int, Path]] = deque()
        self._looks = 0

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.dataset.name

    @property
    def class_table(self) -> ClassTable:
        """The data set's classes."""
        return self.dataset.class_table

    def split(self, part: str) -> tuple[Sample, ...]:
        """The samples of one part; see `Dataset.split`."""
        return self.dataset.split(part)

    def read(self, sample: Sample) -> Picture:
        """One pair, as `Dataset.read` gives it; decoded now only if it never was.

        Raises:
            UserError: see `Dataset.read`.
        """
        path = self._entry(sample)
        stored = _load_entry(path)
        if stored is None:
            picture = self.dataset.read(sample)
            with self._lock:
                self.decodes += 1
                self._store(picture, path)
            return picture
        picture = Picture.from_pixels(stored[..., :3], sample.image.name)
        return picture if sample.label is None else picture.with_label_map(stored[..., 3])

    def _entry(self, sample: Sample) -> Path:
        """Where a pair is kept: a digest of everything that decides what its decoded form holds."""
        files = [sample.image] if sample.label is None else [sample.image, sample.label]
        try:
            stamps = [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
        except OSError as error:
            raise DatasetError(
                f"{error.filename} cannot be read ({error.strerror}): put it back, or open the data again."
            ) from None
        values = sorted(self.dataset.label_values.items())
        content = [FORMAT, self.name, self.class_table.to_dict(), values, stamps]
        return self.folder / f"{hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()}.pair"

    def _store(self, picture: Picture, path: Path) -> None:
        """Write an entry in one step, unless the limit leaves no room for it or the folder cannot be written."""
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not self._make_room(4 * picture.height * picture.width + OVERHEAD):
                return
            with temporary.open("wb") as file:
                packed = _packed(picture)
                np.lib.format.write_array(file, packed)
                file.write(_checksum(packed))
            temporary.replace(path)
        except OSError:
            # A cache is no reason to stop a training run: it goes on without one.
            self._limit = 0
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _make_room(self, size: int) -> bool:
        """Remove entries of other data, longest unused first, until `size` bytes fit; False where they do not."""
        # The folder is looked at in the beginning and, as others may write to it, once more when it seems full; were it
        # for every picture, a full cache would be slower than none.
        if self._looks == 0 or (self._looks == 1 and self._held + size > self._limit):
            self._looks += 1
            self._look()
        while self._others and self._held + size > self._limit:
            length, entry = self._others.popleft()
            entry.unlink(missing_ok=True)
            self._held -= length
        if self._held + size > self._limit:
            return False
        self._held += size
        return True

    def _look(self) -> None:
        """Find what the folder holds, and which entries may go; those that a killed process did not finish go now."""
        sweep(self.folder.glob("*.tmp"), quiet_s=HOUR_S)
        entries = []
        for entry in self.folder.glob("*.pair"):
            # Another process that makes room may be faster.
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat()
                entries.append((status.st_mtime, status.st_size, entry))
        ours = set()
        for sample in self.dataset.samples:
            # A file that has vanished is told when it is read, and its entry is of no use.
            with contextlib.suppress(DatasetError):
                ours.add(self._entry(sample))
        self._held = sum(length for _, length, _ in entries)
        self._others = deque((length, entry) for _, length, entry in sorted(entries) if entry not in ours)


def _packed(picture: Picture) -> NDArray[np.uint8]:
    packed = np.full((picture.height, picture.width, 4), UNLABELLED, dtype=np.uint8)
    packed[..., :3] = picture.pixels
    if picture.label_map is not None:
        packed[..., 3] = picture.label_map
    return packed


def _checksum(packed: NDArray[np.uint8]) -> bytes:
    return zlib.crc32(packed.data).to_bytes(4, "little")


def _load_entry(path: Path) -> NDArray[np.uint8] | None:
    """An entry of the cache, and its time of use renewed; None where there is none that is whole."""
    try:
        with path.open("rb") as file:
            stored = np.lib.format.read_array(file, allow_pickle=False)
            whole = stored.ndim == 3 and stored.shape[2] == 4 and file.read() == _checksum(stored)
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    return stored if whole else None
