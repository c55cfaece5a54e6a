"""Python runs this first in the app under test: KITTI then comes from this machine, a small archive of its layout."""

import dataclasses
import os

if "KITTI_MIRROR" in os.environ:
    from unet_explorer.datasets import download

    FOLDERS = ("training/image_2", "training/instance", "training/semantic", "training/semantic_rgb", "testing/image_2")
    download.KITTI = dataclasses.replace(
        download.KITTI, url=os.environ["KITTI_MIRROR"], folders=dict.fromkeys(FOLDERS, 2), smallest=1
    )
