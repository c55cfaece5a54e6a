"""What all users of this process share, made at first use: the offers, the feature maps and the answers already given.

Sharing is meant here and is safe: everything is keyed by full content digests, immutable once made, and bounded.
"""

from __future__ import annotations

import functools
import secrets
from dataclasses import dataclass

from unet_explorer.settings import int_setting
from unet_explorer.ui.cache import ByteCache
from unet_explorer.ui.features import FeatureStore
from unet_explorer.ui.offers import Offers

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Shared:
    """The three stores of a process."""

    offers: Offers
    features: FeatureStore
    answers: ByteCache[bytes]


@functools.cache
def shared() -> Shared:
    """The stores of this process; their sizes are the settings `feature_cache_mb` and `tile_cache_mb`."""
    return Shared(
        offers=Offers(secrets.token_bytes(32)),
        features=FeatureStore(int_setting("feature_cache_mb") * MEBIBYTE),
        answers=ByteCache[bytes](int_setting("tile_cache_mb") * MEBIBYTE, len),
    )
