"""Getting a data set: the licence first, then the archive, verified and unpacked; or where to get it by hand."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from unet_explorer.datasets.transfer import Patience, Transfer
from unet_explorer.datasets.unpacking import Limits, unpack
from unet_explorer.errors import DatasetError, close_names

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Archive:
    """A published archive.

    Attributes:
        name: of the data set.
        url: where it is.
        licence: what a person must accept, in a few sentences.
        folders: folder inside the archive -> how many PNGs it holds.
        smallest, largest: bytes that its size lies between.
        size: its exact size in bytes; None where no exact figure is published.
        sha256: its checksum in hex; None where none is published. Then its size, the CRC of every file in it and the
            number of files are all that is verified, and the checksum found is told.
        unpacked: bytes that it may become at most.
    """

    name: str
    url: str
    licence: str
    folders: Mapping[str, int]
    smallest: int
    largest: int
    size: int | None = None
    sha256: str | None = None
    unpacked: int = 2_000 * MEGABYTE


# The page of the benchmark gives the size as "314 MB" and no checksum.
KITTI = Archive(
    name="kitti",
    url="https://s3.eu-central-1.amazonaws.com/avg-kitti/data_semantics.zip",
    licence=(
        "KITTI semantics (Alhaija et al., 2018; Geiger et al., 2012), https://www.cvlibs.net/datasets/kitti/\n"
        "Creative Commons Attribution-NonCommercial-ShareAlike 3.0: name the authors, no commercial use, and pass on\n"
        "what you make of it only under the same licence."
    ),
    folders={
        "training/image_2": 200,
        "training/instance": 200,
        "training/semantic": 200,
        "training/semantic_rgb": 200,
        "testing/image_2": 200,
    },
    smallest=250 * MEGABYTE,
    largest=400 * MEGABYTE,
)

ARCHIVES = {KITTI.name: KITTI}

MANUAL_DATASETS = {
    "tgs-salt": (
        "TGS salt needs a Kaggle account: fetch train.zip from "
        "https://www.kaggle.com/c/tgs-salt-identification-challenge/data, accept its rules, and unpack it so that the "
        "folder holds images/<id>.png and masks/<id>.png."
    ),
    "carla": (
        "The Lyft/Udacity CARLA frames need a Kaggle account: search Kaggle for 'Lyft Udacity Challenge' and unpack it "
        "so that the folder holds dataA/CameraRGB/<frame>.png and dataA/CameraSeg/<frame>.png, and so on to dataE."
    ),
}


@dataclass(frozen=True)
class Request:
    """What is wanted of a download.

    Attributes:
        out: the folder that the data set will be in.
        accepted: the person has read and accepted the licence.
        keep_archive: leave the zip file in `out`.
        sha256: a checksum the person trusts, checked besides the archive's own.
        patience: with a bad connection.
    """

    out: Path
    accepted: bool
    keep_archive: bool = False
    sha256: str | None = None
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True)
class Outcome:
    """What a download came to.

    Attributes:
        root: the folder to open the data set with.
        sha256: checksum of the archive that came.
        size: its bytes.
        checksum_known: there was a checksum to compare with.
    """

    root: Path
    sha256: str
    size: int
    checksum_known: bool


def find_archive(name: str) -> Archive:
    """The archive of a data set.

    Raises:
        DatasetError: it cannot be fetched without an account (the sentence says where it is), or is unknown.
    """
    if name in MANUAL_DATASETS:
        raise DatasetError(MANUAL_DATASETS[name])
    if name not in ARCHIVES:
        known = [*ARCHIVES, *MANUAL_DATASETS]
        raise DatasetError(f"There is no data set {name!r} to fetch{close_names(name, known)} ({', '.join(known)}).")
    return ARCHIVES[name]


def download(
    archive: Archive, request: Request, progress: Callable[[str, int, int | None], None] | None = None
) -> Outcome:
    """Fetch, verify and unpack a data set.

    Run again after any failure, it goes on where it stopped.

    Args:
        archive: what to fetch.
        request: where to and how.
        progress: called with ("fetching" or "unpacking", bytes done, bytes in all or None).

    Raises:
        DatasetError: the licence was not accepted, the folder already holds data, the transfer failed, or what came is
            not the archive.
    """
    if not request.accepted:
        raise DatasetError(f"The licence of {archive.name} must be accepted first: read it and pass --accept-licence.")
    out = request.out.expanduser().absolute()
    _refuse_existing(archive, out)
    work = out / ".download"
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"{out} cannot be written ({error.strerror}): choose another folder.") from None
    with _only_one(work):
        target = work / Path(archive.url).name
        if not target.exists():
            Transfer(archive.url, target, archive.largest, request.patience).fetch(_named(progress, "fetching"))
        checksum = _verify_file(archive, request, target)
        _unpack(archive, target, work, out, _named(progress, "unpacking"))
        size = target.stat().st_size
        if request.keep_archive:
            target.replace(out / target.name)
        shutil.rmtree(work)
    return Outcome(out, checksum, size, checksum_known=bool(archive.sha256 or request.sha256))


@contextmanager
def _only_one(work: Path) -> Iterator[None]:
    """Keep two downloads from writing the same files; the system lets go of the lock however a process ends."""
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetError(f"Another download into {work.parent} is running: wait until it has ended.") from None
        yield


def _refuse_existing(archive: Archive, out: Path) -> None:
    for top in sorted({folder.split("/")[0] for folder in archive.folders}):
        if (out / top).exists():
            raise DatasetError(
                f"{out / top} exists already: `data check {archive.name} --root {out}` says whether it is sound; to "
                f"fetch it anew, remove it or choose another folder."
            )


def _verify_file(archive: Archive, request: Request, target: Path) -> str:
    """The checksum of the file, after its size and checksum were compared with what is known."""
    size = target.stat().st_size
    if not archive.smallest <= size <= archive.largest or (archive.size is not None and size != archive.size):
        wanted = str(archive.size) if archive.size is not None else f"{archive.smallest} to {archive.largest}"
        target.unlink()
        raise DatasetError(f"{archive.url} gave {size} bytes instead of {wanted}, so it was removed: try again later.")
    with target.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    for known in (archive.sha256, request.sha256):
        if known and known.strip().lower() != checksum:
            target.unlink()
            raise DatasetError(
                f"{archive.url} gave a file with SHA-256 {checksum} instead of {known}, so it was removed: fetch it "
                f"again."
            )
    return checksum


def _unpack(
    archive: Archive, target: Path, work: Path, out: Path, progress: Callable[[int, int | None], None] | None
) -> None:
    """Unpack beside the place, count, and move into place last, so that `out` never holds half a data set."""
    unpacked = work / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    limits = Limits(tuple(archive.folders), 10 * sum(archive.folders.values()), archive.unpacked, ratio=200)
    try:
        unpack(target, unpacked, limits, progress)
        for folder, wanted in archive.folders.items():
            found = sum(1 for path in (unpacked / folder).glob("*.png") if path.is_file())
            if found != wanted:
                raise DatasetError(f"{target} holds {found} PNGs in {folder} instead of {wanted}: fetch it again.")
        for top in sorted(unpacked.iterdir()):
            top.replace(out / top.name)
    except DatasetError:
        target.unlink(missing_ok=True)
        shutil.rmtree(unpacked, ignore_errors=True)
        raise
    except OSError as error:
        raise DatasetError(
            f"{error.filename or unpacked} cannot be written ({error.strerror}): free some space and run it again; the "
            f"archive is kept."
        ) from None


def _named(
    progress: Callable[[str, int, int | None], None] | None, stage: str
) -> Callable[[int, int | None], None] | None:
    return None if progress is None else lambda done, total: progress(stage, done, total)
