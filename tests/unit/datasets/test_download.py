import hashlib
import io
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_explorer.datasets.download import KITTI, Archive, Outcome, Request, download, find_archive
from unet_explorer.datasets.transfer import Patience
from unet_explorer.errors import DatasetError

QUICK = Patience(attempts=3, wait_s=0.0, timeout_s=5.0)


@dataclass
class Server:
    """A web server on this machine whose manners each test chooses.

    Attributes:
        body: the file it offers.
        drop_after: bytes it sends on each connection before it hangs up, one number per connection; then it behaves.
        ranges: whether it honours Range requests.
        etag: its version tag; empty: none.
        answer: takes over the whole answer.
        asked: the Range header of every request.
    """

    body: bytes
    drop_after: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str = '"v1"'
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    asked: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/data_semantics.zip"

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.headers.get("Range"))
        if self.answer is not None:
            self.answer(handler)
            return
        start = 0
        wanted = handler.headers.get("Range")
        if wanted and self.ranges and handler.headers.get("If-Range") == self.etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(self.body) - 1}/{len(self.body)}")
        else:
            handler.send_response(200)
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(len(self.body) - start))
        handler.end_headers()
        end = start + self.drop_after.pop(0) if self.drop_after else len(self.body)
        handler.wfile.write(self.body[start:end])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = Server(zip_of(sound_entries()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.respond(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        http.shutdown()
        thread.join()


def png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def sound_entries() -> list[tuple[str | zipfile.ZipInfo, bytes]]:
    names = [f"training/{part}/{n:06d}_10.png" for part in ("image_2", "semantic_rgb") for n in range(3)]
    return [("testing/image_2/000000_10.png", png()), *((name, png()) for name in names), ("readme.txt", b"not wanted")]


def zip_of(entries: list[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as bundle:
        for name, content in entries:
            bundle.writestr(name, content)
    return buffer.getvalue()


def archive(server: Server, **changes: object) -> Archive:
    values = {
        "name": "kitti",
        "url": server.url,
        "licence": "be kind",
        "folders": {"training/image_2": 3, "training/semantic_rgb": 3, "testing/image_2": 1},
        "smallest": 1000,
        "largest": 1_000_000,
        "unpacked": 1_000_000,
        **changes,
    }
    return Archive(**values)  # type: ignore[arg-type]


def fetch(server: Server, out: Path, **changes: object) -> Outcome:
    return download(archive(server, **changes), Request(out, accepted=True, patience=QUICK))


def files_in(folder: Path) -> list[str]:
    """Everything but the empty lock file."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "lock")
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_a_sound_archive_is_fetched_unpacked_and_cleared_away(server: Server, tmp_path: Path) -> None:
    calls: list[tuple[str, int, int | None]] = []

    outcome = download(archive(server), Request(tmp_path / "kitti", accepted=True), lambda *call: calls.append(call))

    assert outcome.sha256 == hashlib.sha256(server.body).hexdigest()
    assert (outcome.size, outcome.checksum_known) == (len(server.body), False)
    names = [f"training/{part}/{n:06d}_10.png" for part in ("image_2", "semantic_rgb") for n in range(3)]
    assert files_in(tmp_path / "kitti") == ["testing/image_2/000000_10.png", *names]
    assert (tmp_path / "kitti" / names[0]).read_bytes() == png()
    assert ("fetching", len(server.body), len(server.body)) in calls
    assert calls[-1] == ("unpacking", 7 * len(png()), 7 * len(png()))


def test_nothing_is_asked_of_the_server_before_the_licence_is_accepted(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="licence of kitti must be accepted first"):
        download(archive(server), Request(tmp_path / "kitti", accepted=False))

    assert server.asked == []
    assert not (tmp_path / "kitti").exists()


def test_dropped_connections_are_resumed_where_they_broke(server: Server, tmp_path: Path) -> None:
    server.drop_after = [700, 1300, 1]

    fetch(server, tmp_path / "kitti")

    assert server.asked == [None, "bytes=700-", "bytes=2000-", "bytes=2001-"]
    assert (tmp_path / "kitti/training/image_2/000002_10.png").read_bytes() == png()


def test_a_later_run_goes_on_from_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    server.drop_after = [900, 0, 0, 0]

    with pytest.raises(DatasetError, match=r"after 3 tries .* goes on from the 0\.0 MB that are here"):
        fetch(server, tmp_path / "kitti")
    fetch(server, tmp_path / "kitti")

    assert server.asked == [None, *["bytes=900-"] * 4]


def test_a_file_that_changed_in_between_is_fetched_from_its_start(server: Server, tmp_path: Path) -> None:
    server.drop_after = [900, 0, 0, 0]
    with pytest.raises(DatasetError, match="could not be fetched"):
        fetch(server, tmp_path / "kitti")
    server.etag = '"v2"'
    server.body = zip_of([(name, content) for name, content in sound_entries() if name != "readme.txt"])

    outcome = fetch(server, tmp_path / "kitti")

    assert outcome.sha256 == hashlib.sha256(server.body).hexdigest()


@pytest.mark.parametrize(("ranges", "etag"), [(False, '"v1"'), (True, ""), (True, 'W/"v1"')])
def test_servers_that_cannot_resume_are_asked_for_the_whole_file(
    server: Server, tmp_path: Path, ranges: bool, etag: str
) -> None:
    server.ranges, server.etag, server.drop_after = ranges, etag, [900, 1200]

    assert fetch(server, tmp_path / "kitti").size == len(server.body)
    assert len(server.asked) == 3


def test_a_resumed_answer_from_the_wrong_place_is_not_appended(server: Server, tmp_path: Path) -> None:
    server.drop_after = [900]
    respond = server.respond

    def from_wrong_place(handler: BaseHTTPRequestHandler) -> None:
        server.answer = None
        if not handler.headers.get("Range"):
            server.asked.pop()
            respond(handler)
            server.answer = from_wrong_place
            return
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 0-99/{len(server.body)}")
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(server.body[:100])

    server.answer = from_wrong_place

    assert fetch(server, tmp_path / "kitti").sha256 == hashlib.sha256(server.body).hexdigest()
    assert server.asked == [None, "bytes=900-", None]


def test_a_file_shorter_than_promised_never_passes_for_the_whole(server: Server, tmp_path: Path) -> None:
    def short(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(server.body) + 50))
        handler.end_headers()
        handler.wfile.write(server.body)

    server.answer = short

    with pytest.raises(DatasetError, match=r"could not be fetched after 3 tries .the connection ended early"):
        fetch(server, tmp_path / "kitti")
    assert not (tmp_path / "kitti/training").exists()


def test_an_endless_answer_is_cut_off(server: Server, tmp_path: Path) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(40):
            handler.wfile.write(bytes(100_000))

    server.answer = endless

    with pytest.raises(DatasetError, match="sends more than it promised"):
        fetch(server, tmp_path / "kitti")
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) == 0


def test_a_size_beyond_reason_is_refused_before_fetching(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="more than the 0 MB that this archive can have: nothing was fetched"):
        fetch(server, tmp_path / "kitti", largest=2000)


@pytest.mark.parametrize(("code", "tries"), [(404, 1), (403, 1), (503, 3)])
def test_refusals_are_final_and_failures_are_tried_again(server: Server, tmp_path: Path, code: int, tries: int) -> None:
    server.answer = lambda handler: handler.send_error(code)

    with pytest.raises(DatasetError, match=str(code)):
        fetch(server, tmp_path / "kitti")
    assert len(server.asked) == tries


@pytest.mark.parametrize("changes", [{"size": 12345}, {"smallest": 900_000}])
def test_another_size_than_published_is_refused(server: Server, tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(DatasetError, match=rf"gave {len(server.body)} bytes instead of"):
        fetch(server, tmp_path / "kitti", **changes)
    assert files_in(tmp_path) == []


def test_checksums_are_compared_where_they_are_known(server: Server, tmp_path: Path) -> None:
    right = hashlib.sha256(server.body).hexdigest()

    with pytest.raises(DatasetError, match=rf"SHA-256 {right} instead of {'0' * 64}, so it was removed"):
        fetch(server, tmp_path / "kitti", sha256="0" * 64)
    with pytest.raises(DatasetError, match=f"instead of {'1' * 64}"):
        download(archive(server), Request(tmp_path / "kitti", accepted=True, sha256="1" * 64))
    assert download(archive(server), Request(tmp_path / "kitti", accepted=True, sha256=right.upper())).checksum_known


def link_to(target: bytes, name: str) -> tuple[zipfile.ZipInfo, bytes]:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([("../evil.png", b"x")], r"'\.\./evil\.png' points outside the folder"),
        ([("training/image_2/../../../evil.png", b"x")], "points outside the folder"),
        ([("/etc/evil.png", b"x")], "points outside the folder"),
        ([("training\\..\\..\\evil.png", b"x")], "points outside the folder"),
        ([("C:/evil.png", b"x")], "points outside the folder"),
        ([link_to(b"/etc/passwd", "training/image_2/000009_10.png")], "is a link or another special file"),
        ([("Training/IMAGE_2/000000_10.png", b"x")], "occurs twice"),
        ([("training/image_2/000009_10.png", bytes(900_000))], "would grow more than 200-fold"),
        ([(f"training/image_2/{n}.png", b"") for n in range(100)], "has 108 entries, more than 70"),
    ],
)
def test_archives_that_would_do_harm_are_refused_and_removed(
    server: Server, tmp_path: Path, entries: list[tuple[str | zipfile.ZipInfo, bytes]], sentence: str
) -> None:
    server.body = zip_of([*sound_entries(), *entries], zipfile.ZIP_DEFLATED)

    with pytest.raises(DatasetError, match=sentence):
        fetch(server, tmp_path / "kitti")

    assert files_in(tmp_path) == []


def test_an_archive_that_would_fill_the_disk_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="would become"):
        fetch(server, tmp_path / "kitti", unpacked=5000)


def test_a_flipped_bit_in_a_picture_is_found_by_its_crc(server: Server, tmp_path: Path) -> None:
    damaged = bytearray(server.body)
    damaged[1000] ^= 1
    server.body = bytes(damaged)

    with pytest.raises(DatasetError, match=r"not a sound zip file \(Bad CRC-32 for file .*\): fetch it again"):
        fetch(server, tmp_path / "kitti")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("body", [b"<html>" + bytes(5000), b"PK\x03\x04" + bytes(5000)])
def test_something_that_is_no_zip_is_refused(server: Server, tmp_path: Path, body: bytes) -> None:
    server.body = body

    with pytest.raises(DatasetError, match="is not a sound zip file"):
        fetch(server, tmp_path / "kitti")


def test_missing_pictures_are_counted(server: Server, tmp_path: Path) -> None:
    server.body = zip_of(sound_entries()[2:])

    with pytest.raises(DatasetError, match="holds 2 PNGs in training/image_2 instead of 3"):
        fetch(server, tmp_path / "kitti")
    assert files_in(tmp_path) == []


def test_data_that_are_there_are_never_overwritten(server: Server, tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()

    with pytest.raises(DatasetError, match="training exists already: `data check kitti --root"):
        fetch(server, tmp_path)
    assert server.asked == []


def test_a_full_disk_keeps_the_archive(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "x.png"))

    with monkeypatch.context() as patch:
        patch.setattr("unet_explorer.datasets.unpacking._write", full)
        with pytest.raises(DatasetError, match=r"No space left on device.: free some space and run it again"):
            fetch(server, tmp_path / "kitti")
    fetch(server, tmp_path / "kitti")

    assert len(server.asked) == 1


def test_two_downloads_into_one_folder_do_not_mix(server: Server, tmp_path: Path) -> None:
    sentences: list[str] = []

    def start_another(*_: object) -> None:
        if not sentences:
            with pytest.raises(DatasetError) as refused:
                fetch(server, tmp_path / "kitti")
            sentences.append(str(refused.value))

    download(archive(server), Request(tmp_path / "kitti", accepted=True), start_another)

    assert "is running: wait until it has ended" in sentences[0]
    assert len(server.asked) == 1


def test_data_behind_an_account_say_where_they_are(tmp_path: Path) -> None:
    assert find_archive("kitti") is KITTI
    with pytest.raises(DatasetError, match=r"kaggle\.com/c/tgs-salt.*images/<id>\.png and masks/<id>\.png"):
        find_archive("tgs-salt")
    with pytest.raises(DatasetError, match="dataA/CameraRGB"):
        find_archive("carla")
    with pytest.raises(DatasetError, match="no data set 'kitty' to fetch; did you mean kitti"):
        find_archive("kitty")


def test_other_addresses_than_web_addresses_are_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a web address"):
        fetch(server, tmp_path / "kitti", url="file:///etc/passwd")
