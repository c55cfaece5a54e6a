"""What a browser may ask about: pairs of a network and a picture, under tokens nobody can guess."""

from __future__ import annotations

import hashlib
import hmac
import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unet_explorer.network import Network
    from unet_explorer.pictures import Picture


@dataclass(frozen=True)
class Offer:
    """A network and the picture it looks at; every pixel a page shows comes from one of these.

    `private` means an upload: what is answered about it must not stay on the browser's disk.
    """

    token: str
    network: Network
    picture: Picture
    private: bool = False


class Offers:
    """The offers of this process, at most `limit` of them.

    Both are held weakly: an upload lives in the session that made it and nowhere else, and a network as long as the
    library keeps it open. Asking for an offer whose session is over, that was pushed out, or that an earlier process
    made finds nothing; the browser then asks Python to offer again.
    """

    def __init__(self, secret: bytes, limit: int = 256) -> None:
        """Make an empty register.

        Args:
            secret: the key of the tokens; made once per process.
            limit: offers kept at most.
        """
        self._secret = secret
        self._limit = limit
        self._offers: OrderedDict[str, tuple[weakref.ref[Network], weakref.ref[Picture], bool]] = OrderedDict()
        self._lock = threading.Lock()

    def offer(self, network: Network, picture: Picture, private: bool = False) -> str:
        """Make a pair known and return its token, the same for the same contents as long as the process lives."""
        contents = _contents(network, picture) + (b"\nprivate" if private else b"")
        token = hmac.new(self._secret, contents, hashlib.sha256).hexdigest()[:40]
        with self._lock:
            self._offers[token] = (weakref.ref(network), weakref.ref(picture), private)
            self._offers.move_to_end(token)
            while len(self._offers) > self._limit:
                self._offers.popitem(last=False)
        return token

    def find(self, token: str) -> Offer | None:
        """The pair behind a token, or None where it is not known (any more)."""
        with self._lock:
            references = self._offers.get(token)
        if references is None:
            return None
        network, picture = references[0](), references[1]()
        return None if network is None or picture is None else Offer(token, network, picture, references[2])


def _contents(network: Network, picture: Picture) -> bytes:
    labels = b"" if picture.label_map is None else hashlib.blake2b(picture.label_map.tobytes(), digest_size=16).digest()
    return f"{network.digest}\n{picture.digest}\n{picture.name}\n".encode() + labels
