"""Bytes or path -> `Picture`, with one decoder (Pillow) and stated rules.

- PNG, JPEG, WebP, BMP and TIFF are read; everything else is refused by its first bytes, whatever its file name says.
- The size is read from the header and refused before any pixel is decoded.
- The EXIF orientation is applied. Colour profiles are not.
- 16-bit samples keep their high byte, in gray and in colour alike. 32-bit samples have no known range: refused.
- Gray is repeated into R, G and B; palettes are looked up; CMYK becomes RGB by Pillow's plain formula.
- Transparent parts are laid over white.
- Of animations and multi-page files the first frame is read, with a notice.

No global state of Pillow is read or changed, so any number of threads may decode at once.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from unet_explorer.errors import PictureError
from unet_explorer.pictures.formats import identify, png_size, webp_size
from unet_explorer.pictures.picture import Picture, pixel_digest
from unet_explorer.settings import int_setting

MEBIBYTE = 1024 * 1024

# Called directly and not through Image.open, whose bomb limit is a global and whose warning is not an error.
_READERS: dict[str, Callable[..., Image.Image]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.jpeg_factory,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
_HEADERS = {"PNG": png_size, "WEBP": webp_size}

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def open_picture(source: bytes | str | Path, name: str | None = None) -> Picture:
    """Open a picture file.

    Args:
        source: the bytes of a file, or its path.
        name: what to call it; the file name, or "picture" for bytes, unless given.

    Raises:
        PictureError: there is no such file, or it is not a picture that can be opened; the sentence says why.
    """
    image, name, notices = _open_image(source, name)
    pixels = np.ascontiguousarray(_to_rgb(image, name, notices))
    pixels.flags.writeable = False
    return Picture(pixels, name, pixel_digest(pixels), notices=tuple(notices))


def open_label_levels(source: bytes | str | Path, name: str | None = None) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Read the stored numbers of a one-channel picture, for label maps and masks.

    Unlike `open_picture`, palettes are not looked up (the index is the class) and 16 bits stay 16 bits.

    Returns:
        (H, W) uint8 or uint16 levels.

    Raises:
        PictureError: it cannot be opened, or it has more than one channel.
    """
    image, name, _ = _open_image(source, name)
    if image.mode not in ("1", "L", "P") and not image.mode.startswith("I;16"):
        raise PictureError(f"{name} is a {image.mode} picture: a label map must have one channel, gray or palette.")
    levels = np.array(image)
    return levels.astype(np.uint16) if levels.dtype.itemsize == 2 else levels.astype(np.uint8)


def _open_image(source: bytes | str | Path, name: str | None) -> tuple[Image.Image, str, list[str]]:
    """The decoded upright image, its name, and notices."""
    if isinstance(source, bytes):
        data, name = source, name or "picture"
        _check_file_size(len(data), name)
    else:
        data, name = _read_file(Path(source), name or Path(source).name)
    notices: list[str] = []
    return _decode(data, name, notices), name, notices


def _read_file(path: Path, name: str) -> tuple[bytes, str]:
    try:
        if not path.exists():
            raise PictureError(f"{path} does not exist: check the path of the picture.")
        if not path.is_file():
            raise PictureError(f"{path} is not a file: choose a picture.")
        _check_file_size(path.stat().st_size, name)
        return path.read_bytes(), name
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}): check its path and permissions.") from error


def _check_file_size(size: int, name: str) -> None:
    limit = int_setting("max_upload_mb")
    if size > limit * MEBIBYTE:
        raise PictureError(
            f"{name} is {size / MEBIBYTE:.1f} MiB, over the limit of {limit} MiB: "
            "make it smaller or raise UNET_EXPLORER_MAX_UPLOAD_MB."
        )


def _decode(data: bytes, name: str, notices: list[str]) -> Image.Image:
    kind = identify(data, name)
    if kind in _HEADERS:
        _check_size(*_HEADERS[kind](data, name), name)
    try:
        image = _READERS[kind](io.BytesIO(data), "")
    except Exception as error:  # The decoders raise anything, from KeyError to struct.error, on hostile bytes.
        raise PictureError(f"{name} is not a {kind} picture that can be read: export or download it again.") from error
    _check_size(image.height, image.width, name)
    try:
        frames = int(getattr(image, "n_frames", 1))
        image.load()
        upright = _upright(image, notices)
    except Exception as error:
        raise PictureError(f"{name} is truncated or damaged: export or download it again.") from error
    if frames > 1:
        notices.append(f"The file holds {frames} pictures; this is the first.")
    return upright


def _check_size(height: int, width: int, name: str) -> None:
    if height < 1 or width < 1:
        raise PictureError(f"{name} says that it is {width} x {height} pixels: export or download it again.")
    limit = int_setting("max_picture_megapixels")
    if height * width > limit * 1_000_000:
        raise PictureError(
            f"{name} is {width} x {height} pixels, over the limit of {limit} million: "
            "make it smaller or raise UNET_EXPLORER_MAX_PICTURE_MEGAPIXELS."
        )


def _upright(image: Image.Image, notices: list[str]) -> Image.Image:
    # After load(): PNGs may carry EXIF at their end, and Pillow itself turns TIFFs while loading.
    method = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
    if method is None:
        return image
    notices.append("Turned upright as its EXIF orientation says.")
    return image.transpose(method)


def _to_rgb(image: Image.Image, name: str, notices: list[str]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8."""
    if image.mode.startswith("I;16"):
        notices.append("16-bit gray: the high byte of each sample is shown.")
        gray = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(gray[:, :, None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise PictureError(f"{name} has 32-bit samples of no known range: save it with 8 or 16 bits.")
    if image.has_transparency_data:
        return _over_white(image.convert("RGBA"), notices)
    try:
        return np.asarray(image.convert("RGB"))
    except ValueError as error:
        raise PictureError(f"{name} has the colour mode {image.mode}: save it as RGB.") from error


def _over_white(image: Image.Image, notices: list[str]) -> NDArray[np.uint8]:
    if np.asarray(image)[:, :, 3].min() == 255:
        return np.asarray(image.convert("RGB"))
    notices.append("Transparent parts were laid over white.")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))
