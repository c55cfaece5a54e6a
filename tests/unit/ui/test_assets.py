"""Scripts of the components: every import can be answered, and addresses follow the server's base path."""

from __future__ import annotations

import posixpath
import re

import pytest
import streamlit as st

from unet_explorer.ui.components.assets import ASSETS, base_address


@pytest.mark.parametrize(("base", "address"), [("", "/unet"), ("lab", "/lab/unet"), ("/lab/", "/lab/unet")])
def test_the_base_path_comes_first(monkeypatch: pytest.MonkeyPatch, base: str, address: str) -> None:
    monkeypatch.setattr(st, "get_option", lambda _: base)
    assert base_address() == address


def test_every_import_of_a_script_is_served() -> None:
    imports = [
        (name, posixpath.normpath(posixpath.join(posixpath.dirname(name), target)))
        for name, body in ASSETS.items()
        for target in re.findall(r'from "(\.[^"]+)"', body.decode())
    ]
    assert len(imports) > 20
    assert [pair for pair in imports if pair[1] not in ASSETS] == []


def test_every_imported_name_is_exported() -> None:
    missing = []
    for name, body in ASSETS.items():
        for names, target in re.findall(r'import \{([^}]+)\} from "(\.[^"]+)"', body.decode()):
            source = ASSETS[posixpath.normpath(posixpath.join(posixpath.dirname(name), target))].decode()
            exported = set(re.findall(r"export (?:async )?(?:function|const|class) (\w+)", source))
            wanted = {part.split(" as ")[0].strip() for part in names.split(",") if part.strip()}
            missing += [(name, each) for each in wanted - exported]
    assert missing == []


def test_no_script_reaches_beyond_its_server() -> None:
    outside = [name for name, body in ASSETS.items() if re.search(rb"https?://(?!www\.w3\.org)", body)]
    assert outside == []
