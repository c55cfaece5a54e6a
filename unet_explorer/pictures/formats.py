"""What a file is, from its first bytes: one of the readable formats, or the name of what it is instead.

PNG and WebP headers are read here and not by Pillow, because Pillow decodes (WebP) or skips checksums (PNG) where this
application must refuse first.
"""

from __future__ import annotations

import struct
import zlib

from unet_explorer.errors import PictureError

READABLE = "PNG, JPEG, WebP, BMP or TIFF"

PNG = b"\x89PNG\r\n\x1a\n"
_MAX_PNG_CHUNKS = 100_000

_OTHER_KINDS = (
    (b"GIF8", "a GIF"),
    (b"%!PS", "an EPS or PostScript drawing"),
    (b"\xc5\xd0\xd3\xc6", "an EPS or PostScript drawing"),
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "a Windows icon"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
)


def identify(data: bytes, name: str) -> str:
    """The readable format of a file.

    Args:
        data: the whole file.
        name: what to call it in an error.

    Returns:
        "PNG", "JPEG", "WEBP", "BMP" or "TIFF".

    Raises:
        PictureError: the file is empty or something else; the sentence says what it is.

    Example:
        >>> identify(b"BM" + bytes(60), "street.bmp")
        'BMP'
    """
    if not data:
        raise PictureError(f"{name} is empty (0 bytes): choose a {READABLE} picture.")
    found = _readable(data)
    if not found:
        raise PictureError(f"{name} is {_other_kind(data)}: save the picture as {READABLE} and choose that file.")
    return found


def kind_of(data: bytes) -> str:
    """What a file is, in words, from at most its first 4,096 bytes.

    Example:
        >>> kind_of(b"BM" + bytes(60)), kind_of(b"")
        ('a BMP picture', 'empty (0 bytes)')
    """
    if not data:
        return "empty (0 bytes)"
    found = _readable(data)
    return f"a {found} picture" if found else _other_kind(data)


def _readable(data: bytes) -> str:
    if data.startswith(PNG):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"II*\x00", b"MM\x00*")):
        return "TIFF"
    return "BMP" if data.startswith(b"BM") else ""


def _other_kind(data: bytes) -> str:
    for signature, kind in _OTHER_KINDS:
        if data.startswith(signature):
            return kind
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    return _kind_of_text(data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower())


def _kind_of_text(text: bytes) -> str:
    if not text.startswith(b"<"):
        return "not a picture of a known format"
    if b"<html" in text or b"<!doctype html" in text:
        return "an HTML page"
    return "an SVG drawing" if b"<svg" in text else "an XML document"


def png_size(data: bytes, name: str) -> tuple[int, int]:
    """Height and width in the header of a PNG, after checking it from end to end.

    Raises:
        PictureError: it is truncated, or the checksum of one of its chunks is wrong.
    """
    view = memoryview(data)
    position = len(PNG)
    for _ in range(_MAX_PNG_CHUNKS):
        kind, end = _png_chunk(view, position, name)
        if position == len(PNG) and (kind != b"IHDR" or end - position != 25):
            raise PictureError(f"{name} is a damaged PNG (no header): export or download it again.")
        if kind == b"IEND":
            width, height = struct.unpack_from(">II", data, len(PNG) + 8)
            return height, width
        position = end
    raise PictureError(f"{name} has more than {_MAX_PNG_CHUNKS} PNG chunks: export it again with a common program.")


def _png_chunk(view: memoryview, position: int, name: str) -> tuple[bytes, int]:
    """The type of the chunk at `position` and where the next one begins, with its checksum verified."""
    if position + 12 > len(view):
        raise PictureError(f"{name} is a truncated PNG: export or download it again.")
    length, kind = struct.unpack_from(">I4s", view, position)
    end = position + 12 + length
    if end > len(view):
        raise PictureError(f"{name} is a truncated PNG: export or download it again.")
    (checksum,) = struct.unpack_from(">I", view, end - 4)
    if zlib.crc32(view[position + 4 : end - 4]) != checksum:
        label = kind.decode("ascii", "replace")
        raise PictureError(
            f"{name} is a damaged PNG (wrong checksum in its {label} part): export or download it again."
        )
    return bytes(kind), end


def webp_size(data: bytes, name: str) -> tuple[int, int]:
    """Height and width in the header of a WebP.

    Raises:
        PictureError: it is truncated or has no known header.
    """
    if len(data) < 30 or len(data) < struct.unpack_from("<I", data, 4)[0]:
        raise PictureError(f"{name} is a truncated WebP: export or download it again.")
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[27:30], "little") + 1, int.from_bytes(data[24:27], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return height & 0x3FFF, width & 0x3FFF
    raise PictureError(f"{name} is a damaged WebP (no header): export or download it again.")
