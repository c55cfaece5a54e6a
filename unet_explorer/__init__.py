"""U-Net Explorer: look inside a segmentation network.

from unet_explorer import open_network, open_picture

network = open_network("models/kitti-16")
picture = open_picture("street.png")
maps = network.feature_maps(picture, ["conv2d_1"])["conv2d_1"].values   # float32 (height, width, channels)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unet_explorer.network.opening import open_network
    from unet_explorer.pictures import open_picture

__all__ = ["open_network", "open_picture"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # TensorFlow takes seconds to import; nobody who only asks for the version or a picture should wait for it.
    if name == "open_network":
        from unet_explorer.network.opening import open_network

        return open_network
    if name == "open_picture":
        from unet_explorer.pictures import open_picture

        return open_picture
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
