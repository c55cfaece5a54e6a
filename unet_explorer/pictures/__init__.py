"""Pictures: bytes or path -> `Picture`, and `Picture` -> the input of a network, with the exact way back."""

from unet_explorer.pictures.decoding import open_label_levels, open_picture
from unet_explorer.pictures.fitting import FittedPicture, InputSpec, fit_label_map, fit_picture
from unet_explorer.pictures.picture import Picture
from unet_explorer.pictures.placement import Axis, Placement

__all__ = [
    "Axis",
    "FittedPicture",
    "InputSpec",
    "Picture",
    "Placement",
    "fit_label_map",
    "fit_picture",
    "open_label_levels",
    "open_picture",
]
