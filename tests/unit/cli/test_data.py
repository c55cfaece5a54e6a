import io
import json
import sys
from pathlib import Path

import pytest

from tests.unit.datasets.builders import kitti_folder
from unet_explorer.cli import main
from unet_explorer.cli.progress import ProgressBar
from unet_explorer.datasets.download import Archive, Outcome, Request


def test_check_prints_counts_and_succeeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = kitti_folder(tmp_path, [2, 4, 6])

    code = main(["data", "check", "kitti", "--root", str(root)])

    out = capsys.readouterr().out
    assert code == 0
    assert f"kitti in {root}: 3 sound pairs" in out
    assert "     3 of 8x6 pixels" in out
    assert "all 3, train 3" in out
    assert "nothing is broken" in out
    assert [line.split() for line in out.splitlines() if line.startswith("Car ")] == [["Car", "12.5000%", "3"]]


def test_check_lists_all_broken_pairs_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = kitti_folder(tmp_path, [2, 4, 6, 7])
    (root / "training/semantic_rgb/000004_10.png").unlink()
    (root / "training/image_2/000006_10.png").write_bytes(b"")
    (root / "training/image_2/000007_10.png").write_bytes(b"x")

    assert main(["data", "check", "kitti", "--root", str(root)]) == 2
    out = capsys.readouterr().out
    assert "3 broken pairs" in out
    for words in ("000004_10: ", "has no label map", "000006_10: ", "is empty", "000007_10: "):
        assert words in out

    assert main(["data", "check", "kitti", "--root", str(root), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["pictures"] == 1
    assert [problem["name"] for problem in report["problems"]] == ["000004_10", "000006_10", "000007_10"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["data", "check", "kiti", "--root", "{}"], "error: There is no data set 'kiti'; did you mean kitti"),
        (["data", "check", "kitti", "--root", "{}/none"], "error: The kitti folder {}/none does not exist"),
        (["data", "check", "kitti", "--root", "{}"], "error: {} has no folder training/image_2"),
        (["data", "download", "tgs-salt", "--out", "{}"], "error: TGS salt needs a Kaggle account"),
        (["data", "download", "kitti", "--out", "{}"], "error: The licence of kitti must be accepted first"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    assert main([word.format(tmp_path) for word in words]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith(sentence.format(tmp_path))


def test_rendering_without_blender_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unet_explorer.datasets.scenes._installed", lambda module: module != "bpy")
    monkeypatch.setattr("unet_explorer.datasets.scenes.BLENDER_PYTHON", tmp_path / "python")

    assert main(["data", "render", "--count", "1", "--out", str(tmp_path)]) == 2
    assert "Python module bpy, which is missing: `make scenes-setup` installs it" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Stands in for the transfer, which has tests of its own; remembers what was asked."""
    requests: list[Request] = []

    def stand_in(archive: Archive, request: Request, progress: object) -> Outcome:
        requests.append(request)
        return Outcome(request.out, "ab" * 32, 12345, checksum_known=False)

    monkeypatch.setattr("unet_explorer.cli.data.download", stand_in)
    return requests


@pytest.mark.parametrize(("typed", "accepted"), [("yes\n", True), ("YES \n", True), ("y\n", False), ("", False)])
def test_a_person_is_shown_the_licence_and_asked(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fetched: list[Request],
    typed: str,
    accepted: bool,
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))

    main(["data", "download", "kitti", "--out", str(tmp_path)])

    assert fetched[0].accepted is accepted
    assert "Attribution-NonCommercial-ShareAlike 3.0" in capsys.readouterr().err


def test_the_outcome_is_honest_about_the_checksum(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fetched: list[Request]
) -> None:
    words = [
        "data",
        "download",
        "kitti",
        "--out",
        str(tmp_path),
        "--accept-licence",
        "--keep-archive",
        "--sha256",
        "00",
    ]

    assert main(words) == 0
    assert "No checksum is published for it" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checksum_known"] is False
    assert (fetched[0].accepted, fetched[0].keep_archive, fetched[0].sha256) == (True, True, "00")


class TestProgressBar:
    @pytest.mark.parametrize(
        ("done", "seconds", "line"),
        [
            (0, 0.0, "x [..............................] 0/60"),
            (20, 10.0, "x [##########....................] 20/60, 0:20 left"),
            (59, 3540.0, "x [#############################.] 59/60, 1:00 left"),
            (60, 3600.0, "x [##############################] 60/60"),
        ],
    )
    def test_it_says_how_much_and_how_long(self, done: int, seconds: float, line: str) -> None:
        assert ProgressBar("x").line(done, 60, seconds) == line

    def test_bytes_are_shown_as_megabytes_and_unknown_totals_without_a_bar(self) -> None:
        bar = ProgressBar("x", megabytes=True)

        assert bar.line(2_000_000, 4_000_000, 0).endswith("] 2/4 MB, 0:00 left")
        assert bar.line(2_000_000, None, 9) == "x 2 MB"

    def test_a_resumed_transfer_is_timed_by_what_it_gained(self) -> None:
        bar = ProgressBar("x", stream=Terminal())
        bar(50, 100)

        assert bar.line(75, 100, 10.0).endswith("0:10 left")

    def test_it_draws_on_terminals_only_and_cleans_up(self) -> None:
        terminal, file = Terminal(), io.StringIO()
        for stream in (terminal, file):
            with ProgressBar("x", stream=stream) as bar:
                bar(1, 1)

        assert file.getvalue() == ""
        assert terminal.getvalue().endswith("1/1\r\x1b[K")


def test_a_file_that_the_system_refuses_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "show", "n" * 300]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: nnn")
    assert "cannot be used (File name too long)" in error
    assert len(error.splitlines()) == 1
