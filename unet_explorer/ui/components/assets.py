"""The scripts and styles of the custom components, and how a component is made from them.

Each component is a folder with `<name>.js` and `<name>.css`. Streamlit is given a small loader only; the script
itself is an ES module served by our own route, so that modules can import each other, share state (one camera for all
panes) and stay in the browser's cache until one of them changes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import streamlit as st

from unet_explorer.rendering.colormaps import COLORMAPS

FOLDER = Path(__file__).resolve().parent


def _colourmaps() -> bytes:
    """The colour maps as a script, so that Python and the browser draw from the same tables."""
    tables = {name: base64.b64encode(table.tobytes()).decode() for name, table in COLORMAPS.items()}
    return f"export const COLOURMAPS = {json.dumps(tables)};\n".encode()


TYPES = {".js": "text/javascript", ".css": "text/css"}
ASSETS = {
    path.relative_to(FOLDER).as_posix(): path.read_bytes()
    for path in sorted(FOLDER.rglob("*"))
    if path.suffix in TYPES and path.is_file()
}
ASSETS["shared/colourmaps.js"] = _colourmaps()
DIGEST = hashlib.blake2b(
    b"".join(name.encode() + b"\0" + body for name, body in ASSETS.items()), digest_size=10
).hexdigest()

LOADER = """
// Loads the component's module once and hands every call on to it.
const loading = Promise.all(["{name}/{name}.js", "shared/telling.js"].map(
  (path) => import(new URL("{address}/" + path, document.location.origin))));
export default async function (component) {{
  const [module, {{ link }}] = await loading;
  return link(component, module.default);
}}
"""


def media_type(path: str) -> str:
    """The content type of an asset."""
    return TYPES[Path(path).suffix]


def make_component(name: str) -> Any:
    """The Streamlit component of a folder here; call it with `key=` and `data=`.

    Args:
        name: the folder's name.
    """
    style = ASSETS["shared/base.css"] + ASSETS[f"{name}/{name}.css"]
    return st.components.v2.component(
        f"unet_{name}", html=f'<div class="root {name}"></div>\n', css=style.decode(), js=_loader(name)
    )


def base_address() -> str:
    """Where our routes are: `/unet`, behind the server's base path if it has one."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{'/' + base if base else ''}/unet"


def _loader(name: str) -> str:
    return LOADER.format(address=f"{base_address()}/assets/{DIGEST}", name=name)
