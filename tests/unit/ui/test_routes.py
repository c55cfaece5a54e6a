"""The routes as a browser meets them: headers, tokens, errors in one sentence."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from streamlit import config

from tests.asynchronous import run
from unet_explorer.ui import routes, thumbs
from unet_explorer.ui.components.assets import DIGEST
from unet_explorer.ui.features import FeatureStore
from unet_explorer.ui.offers import Offer
from unet_explorer.ui.routes import ROUTES
from unet_explorer.ui.shared import shared
from unet_explorer.ui.wire import unpack


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Calls the routes as a server would, without a port."""

    def __init__(self, gone: bool = False) -> None:
        self.app = Starlette(routes=ROUTES)
        self.gone = gone

    def get(self, address: str) -> Answer:
        parts = urlsplit(address)
        scope = {
            "type": "http",
            "method": "GET",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [],
            "http_version": "1.1",
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if not self.gone:
                await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        run(self.app(scope, receive, send))  # type: ignore[arg-type]
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:]))


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.mark.parametrize(
    ("typed", "place"), [("/explore", "./"), ("/explore?model=tiny&layer=a", "./?model=tiny&layer=a")]
)
def test_explore_is_the_start_page_by_its_name_too(client: Client, typed: str, place: str) -> None:
    response = client.get(typed)
    assert (response.status_code, response.headers["location"]) == (307, place)


def test_a_sheet_is_sent_as_it_is_and_kept_for_good(client: Client, offer: Offer) -> None:
    response = client.get(f"/unet/maps/{offer.token}/sheet?layer=conv2d_1&width=4096&budget=1000000")
    assert response.status_code == 200
    assert response.headers["content-encoding"] == "identity"
    assert "immutable" in response.headers["cache-control"]
    assert "private" in response.headers["cache-control"]
    header, body = unpack(response.content)
    assert len(body) == header["count"] * header["tile"][0] * header["tile"][1]


def test_what_is_answered_about_an_upload_stays_off_the_disk(client: Client, offer: Offer) -> None:
    token = shared().offers.offer(offer.network, offer.picture, private=True)
    assert token != offer.token
    address = "sheet?layer=conv2d_1&width=4096&budget=1000000"
    response = client.get(f"/unet/maps/{token}/{address}")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-encoding"] == "identity"
    assert response.content == client.get(f"/unet/maps/{offer.token}/{address}").content


def test_a_view_of_a_layer_can_be_asked_for(client: Client, offer: Offer) -> None:
    address = f"/unet/maps/{offer.token}/values?layer=conv2d_1:pre_activation&channels=1"
    _, body = unpack(client.get(address).content)
    maps = offer.network.feature_maps(offer.picture, ["conv2d_1:pre_activation"])["conv2d_1:pre_activation"]
    assert maps.values.min() < 0
    np.testing.assert_array_equal(np.frombuffer(body, "<f4"), maps.values[..., 1].ravel())


def test_a_channel_asked_for_often_is_sent_once(client: Client, offer: Offer) -> None:
    address = f"/unet/maps/{offer.token}/tiles?layer=conv2d_1&width=9&channels="
    assert client.get(address + ",".join(["1"] * 500)).content == client.get(address + "1").content


def test_the_picture_arrives_pixel_by_pixel(client: Client, offer: Offer) -> None:
    response = client.get(f"/unet/maps/{offer.token}/picture")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(response.content))), offer.picture.pixels)


def test_an_unknown_token_is_lost_not_broken(client: Client, offer: Offer) -> None:
    response = client.get(f"/unet/maps/{'0' * 40}/sheet?layer=conv2d_1")
    assert (response.status_code, response.json()["lost"]) == (404, True)
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("sheet?layer=conv2d_l&width=99&budget=99999", "did you mean conv2d_"),
        ("sheet?width=99&budget=99999", "lacks 'layer'"),
        ("sheet?layer=conv2d_1&width=wide&budget=99999", "not a whole number"),
        ("tiles?layer=conv2d_1&width=9&channels=0,99", "channels 0 to 3"),
        ("tiles?layer=conv2d_1&width=9&channels=-1", "channels 0 to 3"),
        ("values?layer=conv2d_1:spectrum&channels=0", "no view"),
    ],
)
def test_nonsense_gets_one_sentence(client: Client, offer: Offer, question: str, sentence: str) -> None:
    response = client.get(f"/unet/maps/{offer.token}/{question}")
    assert response.status_code == 422
    assert sentence in response.json()["error"]


def test_an_unknown_question_is_not_found(client: Client, offer: Offer) -> None:
    response = client.get(f"/unet/maps/{offer.token}/passwords")
    assert (response.status_code, response.json()["lost"]) == (404, False)


def test_a_failure_of_ours_is_logged_and_shown_without_a_traceback(
    client: Client, offer: Offer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(FeatureStore, "one", broken)
    response = client.get(f"/unet/maps/{offer.token}/statistics?layer=conv2d_2")
    assert response.status_code == 500
    assert "secret detail" not in response.content.decode()
    assert "secret detail" in caplog.text


def test_the_same_question_is_computed_once(client: Client, offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"/unet/maps/{offer.token}/sheet?layer=conv2d_4&width=64&budget=99999"
    first = client.get(address).content
    monkeypatch.setattr(FeatureStore, "one", lambda *_: pytest.fail("computed again"))
    assert client.get(address).content == first


def test_thumbnails_cover_every_stage(client: Client, offer: Offer) -> None:
    header, body = unpack(client.get(f"/unet/maps/{offer.token}/thumbs?pixels=8000").content)
    stages = [row["stage"] for row in header["thumbs"]]
    assert stages == ["encoder 1", "encoder 2", "bottleneck", "decoder 2", "decoder 1", "head"]
    sizes = [row["size"][0] * row["size"][1] * (3 if row["rgb"] else 1) for row in header["thumbs"]]
    assert sum(sizes) == len(body)
    assert header["thumbs"][0]["extent"] == [0, 0, 37, 53]
    probabilities = offer.network.probabilities(offer.picture).values
    expected = offer.network.class_table.to_rgb(probabilities.argmax(-1).astype(np.uint8))
    np.testing.assert_array_equal(np.frombuffer(body[-sizes[-1] :], np.uint8), expected.ravel())
    magnitude = np.abs(offer.network.feature_maps(offer.picture, ["conv2d_1"])["conv2d_1"].values).mean(-1)
    shown = np.frombuffer(body[: sizes[0]], np.uint8).reshape(magnitude.shape)
    low, high = np.percentile(magnitude, [1, 99])
    expected_levels = ((magnitude - low) / (high - low)).clip(0, 1) * 255
    assert np.abs(shown - expected_levels).max() <= 0.51
    small, _ = unpack(client.get(f"/unet/maps/{offer.token}/thumbs?pixels=240").content)
    assert small["thumbs"][0]["size"] == [12, 20]


def test_the_pass_for_the_thumbnails_keeps_the_smallest_layers(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    network, picture = offer.network, offer.picture
    pool = next(layer for layer in network.layers if layer.kind == "pool" and layer.stage == "bottleneck")
    full = next(layer for layer in network.layers if layer.name == "conv2d")
    size = {layer: network.feature_maps(picture, [layer.name])[layer.name].values.size for layer in (pool, full)}
    monkeypatch.setattr(thumbs, "SMALL", size[full] - 1)
    store = FeatureStore(10**9)
    thumbs.thumbs_sheet(network, picture, store, 8000)
    expected = network.feature_maps(picture, [pool.name])[pool.name].values
    passes: list[list[str]] = []
    monkeypatch.setattr(store, "_compute", lambda *asked: passes.append(asked[2]) or {full.name: None})
    np.testing.assert_array_equal(store.one(network, picture, pool.name).values, expected)
    assert passes == []
    store.one(network, picture, full.name)
    assert passes == [[full.name]]


def test_assets_are_served_by_their_digest_and_nothing_else_is(client: Client) -> None:
    good = client.get(f"/unet/assets/{DIGEST}/shared/hub.js")
    assert good.status_code == 200
    assert good.headers["content-type"].startswith("text/javascript")
    for path in ("0" * 20 + "/shared/hub.js", f"{DIGEST}/assets.py", f"{DIGEST}/%2e%2e/routes.py"):
        assert client.get(f"/unet/assets/{path}").status_code == 404


def test_an_offer_knows_nothing_of_others(client: Client, offer: Offer) -> None:
    assert shared().offers.find(offer.token) == offer
    assert client.get(f"/unet/maps/{offer.token[:-1]}0x/picture").status_code == 404


def start_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_import_tensorflow", lambda: None)

    async def enter() -> None:
        async with routes.lifespan(None):
            pass

    run(enter())


def test_streamlit_takes_files_as_large_as_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, object] = {}
    monkeypatch.setattr(config, "set_option", told.__setitem__)
    monkeypatch.setenv("UNET_EXPLORER_MAX_UPLOAD_MB", "7")
    start_up(monkeypatch)
    assert told == {"server.maxUploadSize": 7}


def test_answers_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit makes its sockets so that asyncio leaves Nagle's algorithm on; connections inherit what we set."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
        start_up(monkeypatch)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_what_the_browser_gave_up_on_is_not_computed(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FeatureStore, "one", lambda *_: pytest.fail("computed for nobody"))
    answer = Client(gone=True).get(f"/unet/maps/{offer.token}/sheet?layer=conv2d_6&width=64&budget=99999")
    assert answer.status_code == 499
    assert answer.content == b""
