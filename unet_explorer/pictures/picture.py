"""What every picture is once it has been opened."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unet_explorer.errors import PictureError


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as people see it: upright, RGB, 8 bits. Make one with `open_picture` or `Picture.from_pixels`.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, read-only.
        name: what to call it on screen, usually the file name.
        digest: blake2b (32 hex digits) over all pixel bytes and the shape; equal pixels have equal digests.
        label_map: (H, W) uint8 class ids of the same pixels, read-only; None where there are no labels.
        notices: sentences about what was changed on the way in, such as a rotation.
    """

    pixels: NDArray[np.uint8]
    name: str
    digest: str
    label_map: NDArray[np.uint8] | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise PictureError(
                f"{self.name}: pixels must be uint8 (height, width, 3), not {self.pixels.dtype} {shape}."
            )
        if self.label_map is not None and (self.label_map.dtype != np.uint8 or self.label_map.shape != shape[:2]):
            raise PictureError(
                f"{self.name}: the label map must be uint8 {shape[:2]} like the picture, "
                f"not {self.label_map.dtype} {self.label_map.shape}."
            )

    @classmethod
    def from_pixels(cls, pixels: NDArray[np.uint8], name: str, notices: tuple[str, ...] = ()) -> Picture:
        """A picture of a private copy of `pixels`, (H, W, 3) uint8 RGB.

        Raises:
            PictureError: wrong shape or dtype.
        """
        private = read_only(pixels)
        return cls(pixels=private, name=name, digest=pixel_digest(private), notices=notices)

    def with_label_map(self, label_map: NDArray[np.uint8]) -> Picture:
        """The same picture with its class ids, (H, W) uint8.

        Raises:
            PictureError: the label map has another size or dtype.
        """
        return dataclasses.replace(self, label_map=read_only(label_map))

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return int(self.pixels.shape[1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and (self.digest, self.name) == (other.digest, other.name)

    def __hash__(self) -> int:
        return hash((self.digest, self.name))


def read_only(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A contiguous private copy that nobody can write to."""
    private = np.array(array, order="C", copy=True)
    private.flags.writeable = False
    return private


def pixel_digest(pixels: NDArray[np.uint8]) -> str:
    """blake2b over the shape and every byte, 32 hex digits.

    Example:
        >>> pixel_digest(np.zeros((1, 2, 3), np.uint8)) == pixel_digest(np.zeros((2, 1, 3), np.uint8))
        False
    """
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
