"""One answer to the browser: a JSON header and the raw numbers behind it, in one body.

Few, large answers beat many small ones, and base64 inside JSON was five times slower than raw bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 4


def pack(header: Mapping[str, Any], *arrays: NDArray[Any]) -> bytes:
    """The body of one answer: header length (uint32, little endian), header (UTF-8 JSON), then the arrays as they are.

    The header is padded with spaces so that the first array starts at a multiple of four bytes; numbers that JSON
    cannot hold (NaN, infinities) travel as null.

    Args:
        header: what JSON can hold; keys are strings.
        arrays: any shapes and types; each is written C-contiguous in its own byte order (little endian here).
    """
    text = json.dumps(finite(header), allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + ALIGNMENT) % ALIGNMENT)
    return b"".join([len(text).to_bytes(ALIGNMENT, "little"), text, *(_bytes(array) for array in arrays)])


def unpack(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the bytes after it; the inverse of `pack`."""
    length = int.from_bytes(body[:ALIGNMENT], "little")
    return json.loads(body[ALIGNMENT : ALIGNMENT + length]), body[ALIGNMENT + length :]


def finite(value: Any) -> Any:
    """The same value with NumPy numbers as Python's and NaN or infinities as None, through mappings and sequences."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return finite(value.tolist())
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    if isinstance(value, np.generic):
        return finite(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _bytes(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array).tobytes()
