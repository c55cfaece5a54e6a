"""An offer to ask about: a small network looking at a made-up picture."""

from __future__ import annotations

import pytest

from tests.zoo_fixtures import OpenZoo, open_zoo, street, zoo  # noqa: F401
from unet_explorer.pictures import Picture
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.shared import shared


@pytest.fixture
def offer(open_zoo: OpenZoo, street: Picture) -> Offer:  # noqa: F811
    """The Keras 3 U-Net of the zoo and the street, as the process knows them."""
    network = open_zoo("keras3_unet")
    return Offer(shared().offers.offer(network, street), network, street)
