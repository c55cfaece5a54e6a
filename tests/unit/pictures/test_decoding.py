"""What may be opened, by which rules, and which sentence everything else gets."""

from __future__ import annotations

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_explorer.errors import PictureError
from unet_explorer.pictures import Picture, open_label_levels, open_picture

# Asymmetric in height, width and content, so that a flip or a transpose shows.
PIXELS = np.random.default_rng(7).integers(0, 256, (5, 8, 3), dtype=np.uint8)
SMOOTH = np.add.outer(np.arange(48), np.arange(64))[:, :, None].repeat(3, 2).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header says any size, with an image of a few bytes."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0" * 64)) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_keep_every_pixel(kind: str, options: dict[str, object]) -> None:
    picture = open_picture(encoded(Image.fromarray(PIXELS), kind, **options), "street")
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert (picture.height, picture.width, picture.name, picture.notices) == (5, 8, "street", ())


def test_jpeg_is_near() -> None:
    picture = open_picture(encoded(Image.fromarray(SMOOTH), "JPEG", quality=95))
    assert np.abs(picture.pixels.astype(int) - SMOOTH).max() <= 3


def test_a_path_names_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "street.png"
    path.write_bytes(encoded(Image.fromarray(PIXELS), "PNG"))
    assert open_picture(path).name == "street.png"
    assert open_picture(str(path), "mine").name == "mine"


def test_pixels_cannot_be_changed() -> None:
    picture = open_picture(encoded(Image.fromarray(PIXELS), "PNG"))
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1


def test_the_digest_sees_every_pixel_and_the_shape() -> None:
    picture = Picture.from_pixels(PIXELS, "a")
    assert picture.digest == Picture.from_pixels(PIXELS.copy(), "b").digest
    for place in np.ndindex(PIXELS.shape):
        changed = PIXELS.copy()
        changed[place] ^= 1
        assert Picture.from_pixels(changed, "a").digest != picture.digest
    assert Picture.from_pixels(PIXELS.reshape(8, 5, 3), "a").digest != picture.digest


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    # How a camera stores the upright picture, by the EXIF standard: where row 0 and column 0 of the file are.
    stored = {
        1: PIXELS,
        2: PIXELS[:, ::-1],
        3: PIXELS[::-1, ::-1],
        4: PIXELS[::-1],
        5: PIXELS.swapaxes(0, 1),
        6: PIXELS.swapaxes(0, 1)[::-1],
        7: PIXELS[::-1, ::-1].swapaxes(0, 1),
        8: PIXELS.swapaxes(0, 1)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = open_picture(encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif))
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    if kind == "PNG":
        assert bool(picture.notices) == (orientation > 1)


def test_gray_is_repeated() -> None:
    picture = open_picture(encoded(Image.fromarray(PIXELS[:, :, 0]), "PNG"))
    np.testing.assert_array_equal(picture.pixels, PIXELS[:, :, :1].repeat(3, 2))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_gray_keeps_its_high_byte(kind: str) -> None:
    levels = np.array([[0, 255, 256, 0x12FF], [0xFF00, 0xFFFF, 0x8000, 0x7FFF]], np.uint16)
    picture = open_picture(encoded(Image.fromarray(levels), kind))
    assert picture.pixels[:, :, 1].tolist() == [[0, 0, 1, 0x12], [0xFF, 0xFF, 0x80, 0x7F]]
    assert "16-bit" in picture.notices[0]


def test_16_bit_colour_keeps_its_high_byte() -> None:
    samples = np.array([[[0x12FF, 0x3400, 0xFFFF]]], ">u2")
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(b"\0" + samples.tobytes()))
    data = b"\x89PNG\r\n\x1a\n" + header + body + png_chunk(b"IEND", b"")
    assert open_picture(data).pixels.tolist() == [[[0x12, 0x34, 0xFF]]]


def test_palettes_are_looked_up() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert open_picture(encoded(image, "PNG")).pixels.tolist() == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]


def test_cmyk_becomes_rgb() -> None:
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255]]], np.uint8)
    picture = open_picture(encoded(Image.fromarray(inks, "CMYK"), "TIFF"))
    assert picture.pixels.tolist() == [[[255, 255, 255], [0, 255, 255], [0, 0, 0]]]


def test_one_bit_pictures_are_black_and_white() -> None:
    picture = open_picture(encoded(Image.fromarray(np.array([[True, False, True]])), "PNG"))
    assert picture.pixels[:, :, 2].tolist() == [[255, 0, 255]]


def test_transparency_is_laid_over_white() -> None:
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [0, 0, 0, 51]]], np.uint8)
    picture = open_picture(encoded(Image.fromarray(rgba, "RGBA"), "PNG"))
    assert picture.pixels.tolist() == [[[200, 100, 0], [255, 255, 255], [204, 204, 204]]]
    assert picture.notices == ("Transparent parts were laid over white.",)


def test_an_opaque_alpha_channel_changes_nothing() -> None:
    picture = open_picture(encoded(Image.fromarray(PIXELS).convert("RGBA"), "PNG"))
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert picture.notices == ()


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("MPO", {})])
def test_the_first_of_several_frames_is_read_with_a_notice(kind: str, options: dict[str, object]) -> None:
    frames = [Image.fromarray(SMOOTH), Image.fromarray(SMOOTH[::-1].copy())]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    picture = open_picture(data)
    assert np.abs(picture.pixels.astype(int) - SMOOTH).max() <= 6
    assert picture.notices == ("The file holds 2 pictures; this is the first.",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page"),
        (b'\xef\xbb\xbf  <?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"<?xml version='1.0'?><note/>", "an XML document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "an EPS or PostScript drawing"),
        (b"\xc5\xd0\xd3\xc6" + bytes(60), "an EPS or PostScript drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"GIF89a" + bytes(60), "a GIF"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(60), "a HEIC, AVIF or video file"),
        (b"PK\x03\x04" + bytes(60), "a ZIP archive"),
        (b"hello, I am a picture", "not a picture of a known format"),
    ],
)
def test_what_is_not_a_picture_is_named_as_what_it_is(data: bytes, words: str) -> None:
    with pytest.raises(PictureError) as caught:
        open_picture(data, "street.png")
    sentence = str(caught.value)
    assert sentence.startswith("street.png is ")
    assert words in sentence
    assert "PNG, JPEG, WebP, BMP or TIFF" in sentence


@pytest.mark.parametrize(
    ("width", "height"), [(0, 4), (4, 0), (2**31, 3), (2**31, 2**31), (12000, 12000), (2**32 - 1, 1)]
)
def test_impossible_and_huge_sizes_are_refused_by_the_header(width: int, height: int) -> None:
    with pytest.raises(PictureError, match=rf"street.png .*{width} x {height}"):
        open_picture(png_of_size(width, height), "street.png")


def test_a_bomb_of_17_kilobytes_is_refused_without_decoding_it() -> None:
    rows = zlib.compressobj(9)
    data = b"".join([rows.compress(bytes(12001 * 100)) for _ in range(120)]) + rows.flush()
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 12000, 12000, 1, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    with pytest.raises(PictureError, match="12000 x 12000 pixels, over the limit of 64 million"):
        open_picture(bomb)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "JPEG", "WEBP"])
def test_every_format_is_measured_before_it_is_decoded(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNET_EXPLORER_MAX_PICTURE_MEGAPIXELS", "1")
    data = encoded(Image.new("RGB", (1200, 900)), kind)

    def refuse(self: Image.Image) -> None:
        raise AssertionError("decoded before it was measured")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile._open", refuse)
    with pytest.raises(PictureError, match="1200 x 900 pixels, over the limit of 1 million"):
        open_picture(data)


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}, {"quality": 50, "exif": b"Exif\0\0MM\0*"}])
def test_the_three_kinds_of_webp_headers_are_read(options: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNET_EXPLORER_MAX_PICTURE_MEGAPIXELS", "1")
    with pytest.raises(PictureError, match="2001 x 777 pixels"):
        open_picture(encoded(Image.new("RGB", (2001, 777)), "WEBP", **options))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (20000, 1), (1, 20000)])
def test_extreme_proportions_open(height: int, width: int) -> None:
    pixels = np.arange(height * width * 3, dtype=np.uint32).astype(np.uint8).reshape(height, width, 3)
    np.testing.assert_array_equal(open_picture(encoded(Image.fromarray(pixels), "PNG")).pixels, pixels)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_truncated_files_are_refused_wherever_they_end(kind: str) -> None:
    data = encoded(Image.fromarray(PIXELS), kind)
    for length in range(len(data)):
        with pytest.raises(PictureError, match=r"^street"):
            open_picture(data[:length], "street")


def test_any_damaged_byte_of_a_png_is_refused() -> None:
    data = encoded(Image.fromarray(PIXELS), "PNG")
    for place in range(8, len(data) - 12):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        with pytest.raises(PictureError, match=r"street.png"):
            open_picture(bytes(damaged), "street.png")


def test_a_wrong_checksum_is_named() -> None:
    data = bytearray(encoded(Image.fromarray(PIXELS), "PNG"))
    data[data.index(b"IDAT") - 4 + 12] ^= 1
    with pytest.raises(PictureError, match="wrong checksum in its IDAT part"):
        open_picture(bytes(data))


def test_32_bit_samples_are_refused() -> None:
    with pytest.raises(PictureError, match="32-bit samples"):
        open_picture(encoded(Image.fromarray(np.ones((2, 3), np.float32)), "TIFF"), "depth.tiff")


def test_files_over_the_limit_are_refused_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNET_EXPLORER_MAX_UPLOAD_MB", "1")
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(3 << 20)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail("read"))
    with pytest.raises(PictureError, match=r"big\.png is 3\.0 MiB, over the limit of 1 MiB"):
        open_picture(path)
    with pytest.raises(PictureError, match=r"upload is 2\.0 MiB"):
        open_picture(bytes(2 << 20), "upload")


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"none\.png does not exist"):
        open_picture(tmp_path / "none.png")
    with pytest.raises(PictureError, match="is not a file"):
        open_picture(tmp_path)


def test_eight_threads_decode_at_once_as_one_does() -> None:
    data = [encoded(Image.fromarray(np.roll(PIXELS, shift, 1).copy()), "PNG") for shift in range(8)] * 8
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(open_picture, data))
    assert [picture.digest for picture in together] == [open_picture(file).digest for file in data]


def test_label_levels_are_the_stored_numbers() -> None:
    palette = Image.fromarray(np.array([[0, 3, 2]], np.uint8), "P")
    palette.putpalette(bytes(range(12)))
    assert open_label_levels(encoded(palette, "PNG")).tolist() == [[0, 3, 2]]
    wide = open_label_levels(encoded(Image.fromarray(np.array([[1, 65535]], np.uint16)), "PNG"))
    assert (wide.dtype, wide.tolist()) == (np.dtype(np.uint16), [[1, 65535]])
    mask = open_label_levels(encoded(Image.fromarray(np.array([[True, False]])), "PNG"))
    assert (mask.dtype, mask.tolist()) == (np.dtype(np.uint8), [[1, 0]])
    with pytest.raises(PictureError, match=r"label\.png is a RGB picture"):
        open_label_levels(encoded(Image.fromarray(PIXELS), "PNG"), "label.png")


def test_a_label_map_must_fit_its_picture() -> None:
    picture = Picture.from_pixels(PIXELS, "street")
    labelled = picture.with_label_map(PIXELS[:, :, 0])
    assert labelled.digest == picture.digest
    with pytest.raises(PictureError, match=r"street: the label map must be uint8 \(5, 8\)"):
        picture.with_label_map(PIXELS[:, :5, 0])


def test_a_name_the_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"cannot be read \(File name too long\): check its path"):
        open_picture(tmp_path / ("n" * 300))
