"""Models that are put on the shelf: whole, scanned, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zoo_fixtures import Zoo, zoo  # noqa: F401
from unet_explorer.errors import CardError, ModelError
from unet_explorer.network import open_network
from unet_explorer.network.opening import model_digest
from unet_explorer.network.shelf import adopt_files, adopt_folder


def uploaded(folder: Path, prefix: str) -> dict[str, bytes]:
    """What a browser sends of a folder."""
    return {
        f"{prefix}{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_copied_folder_opens_and_a_second_copy_gets_a_number(zoo: Zoo, tmp_path: Path) -> None:  # noqa: F811
    shelf = tmp_path / "shelf"
    assert adopt_folder(zoo("keras3_unet"), shelf) == "keras3_unet"
    assert adopt_folder(zoo("keras3_unet"), shelf) == "keras3_unet-2"
    assert open_network(shelf / "keras3_unet-2").digest == open_network(zoo("keras3_unet")).digest


@pytest.mark.parametrize("prefix", ["mine/", "a folder/deep/mine/", ""])
def test_an_uploaded_folder_opens(zoo: Zoo, tmp_path: Path, prefix: str) -> None:  # noqa: F811
    name = adopt_files(uploaded(zoo("keras3_unet"), prefix), tmp_path)
    assert name == ("mine" if prefix else "uploaded")
    assert open_network(tmp_path / name).digest == open_network(zoo("keras3_unet")).digest


def test_files_beside_the_model_stay_away(zoo: Zoo, tmp_path: Path) -> None:  # noqa: F811
    files = uploaded(zoo("keras3_unet"), "all/mine/") | {"all/secret.txt": b"x"}
    assert adopt_files(files, tmp_path) == "mine"
    assert not list(tmp_path.rglob("secret.txt"))


@pytest.mark.parametrize("path", ["mine/../../evil", "mine/variables/../../../evil", "mine/a\\..\\evil"])
def test_a_path_that_leads_out_is_refused(zoo: Zoo, tmp_path: Path, path: str) -> None:  # noqa: F811
    shelf = tmp_path / "shelf"
    with pytest.raises(ModelError, match="leads out"):
        adopt_files(uploaded(zoo("keras3_unet"), "mine/") | {path: b"x"}, shelf)
    assert not list(tmp_path.rglob("*evil*"))
    assert not shelf.exists() or not list(shelf.iterdir())


def test_what_is_no_model_leaves_nothing(zoo: Zoo, tmp_path: Path) -> None:  # noqa: F811
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with pytest.raises(ModelError, match=r"saved_model\.pb"):
        adopt_files({"a/b.txt": b""}, shelf)
    with pytest.raises(ModelError, match=r"saved_model\.pb"):
        adopt_folder(tmp_path / "nowhere", shelf)
    with pytest.raises(ModelError):
        adopt_files({"a/saved_model.pb": b"not a graph"}, shelf)
    with pytest.raises(CardError):
        adopt_files(uploaded(zoo("keras3_unet"), "a/") | {"a/model_card.json": b"{"}, shelf)
    assert not list(shelf.iterdir())


def test_a_model_that_touches_files_is_refused_unless_trusted(zoo: Zoo, tmp_path: Path) -> None:  # noqa: F811
    folder = zoo("writes_file")
    with pytest.raises(ModelError, match="WriteFile"):
        adopt_folder(folder, tmp_path)
    assert not list(tmp_path.iterdir())
    assert adopt_folder(folder, tmp_path, trusted=True) == "writes_file"


@pytest.mark.parametrize("typed", ["~nobody-of-that-name/model", "x" * 5000, "a\0b"])
def test_what_cannot_be_a_path_is_one_sentence(tmp_path: Path, typed: str) -> None:
    with pytest.raises(ModelError, match=r"check the path|holds no saved_model"):
        adopt_folder(Path(typed), tmp_path)


def test_a_changed_card_is_another_model(zoo: Zoo, tmp_path: Path) -> None:  # noqa: F811
    folder = tmp_path / adopt_folder(zoo("keras3_unet"), tmp_path)
    before = model_digest(folder)
    (folder / "model_card.json").write_text("{}", encoding="utf-8")
    assert model_digest(folder) != before
