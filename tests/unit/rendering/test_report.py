"""A report as HTML: everything in it, nothing from outside, nothing believed."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.zoo_fixtures import OpenZoo, open_zoo, street, zoo  # noqa: F401
from unet_explorer.errors import ClassTableError, LayerError
from unet_explorer.pictures import Picture, fit_label_map
from unet_explorer.rendering.colormaps import COLORMAPS
from unet_explorer.rendering.findings import Request, _percent, _written, largest_classes, main_layers, picture_report
from unet_explorer.rendering.overlays import FALSE_NEGATIVE, TRUE_POSITIVE
from unet_explorer.rendering.report import Figure, Report, Section, Table, png_address, report_html


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.stack: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def decoded(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",", 1)[1]))).convert("RGB"))


HOSTILE = "<script>alert(1)</script>\"'&"


def hostile_report() -> Report:
    figure = Figure(np.zeros((2, 3, 3), np.uint8), HOSTILE, HOSTILE)
    table = Table((HOSTILE, "b"), ((HOSTILE, "1"),), frozenset({1}), ((1, 2, 3),))
    return Report(HOSTILE, HOSTILE, (Section(HOSTILE, HOSTILE, (figure,), table),), {HOSTILE: HOSTILE})


def test_names_cannot_become_markup() -> None:
    reader = Reader(report_html(hostile_report()))
    assert "script" not in [tag for tag, _ in reader.tags]
    assert not reader.stack
    assert sum(word.count("alert(1)") for word in reader.words) == 11


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = report_html(hostile_report())
    reader = Reader(text)
    addresses = [
        value for _, attributes in reader.tags for name, value in attributes.items() if name in ("src", "href")
    ]
    assert addresses
    assert all(address is not None and address.startswith("data:image/png;base64,") for address in addresses)
    policy = next(attributes["content"] for tag, attributes in reader.tags if "http-equiv" in attributes)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert not re.search(r"url\(|@import|http:|https:", text.split("</style>")[0].split("<style>")[1])


@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32 - 1), st.booleans())
def test_figures_come_out_as_they_went_in(height: int, width: int, seed: int, few: bool) -> None:
    pixels = np.random.default_rng(seed).integers(0, 3 if few else 256, (height, width, 3)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(png_address(pixels)), pixels)


def test_many_colours_come_out_as_they_went_in() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(png_address(pixels)), pixels)


def test_a_network_and_a_picture(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    network = open_zoo("keras3_unet")
    labelled = street.with_label_map(np.zeros((37, 53), np.uint8))
    request = Request("2026-11-20T05:00:00+00:00", ("conv2d_3", "conv2d_3:pre_activation"), (0, 3))
    report = picture_report(network, labelled, request)
    assert [section.title for section in report.sections] == [
        "What is where",
        "What is mistaken for what",
        "Classes on their own",
        "How sure",
        "Layer conv2d_3",
        "Layer conv2d_3:pre_activation",
    ]
    text = report_html(report)
    for fact in ("street.png", network.digest, street.digest, "2026-11-20T05:00:00+00:00", "24 x 40 x 3", "stretch"):
        assert fact in text
    assert text == report_html(picture_report(network, labelled, request))


def test_scores_of_the_table_by_hand(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    network = open_zoo("keras3_unet")
    ids = network.class_map(street)
    labelled = street.with_label_map(np.full((37, 53), 1, np.uint8))
    overview = picture_report(network, labelled, Request("now")).sections[0]
    table = overview.table
    assert table is not None
    rows = {row[0]: row for row in table.rows}
    share = float((ids == 1).mean())
    # Every pixel is labelled 1: its IoU is the share found, and every other class found has an IoU of 0.
    assert rows["Class 1"][2:] == (f"{100 * share:.2f}%", f"{share:.3f}")
    assert {row[3] for name, row in rows.items() if name != "Class 1"} <= {"0.000"}
    assert f"Mean IoU {share / len(rows):.3f}; {100 * share:.1f}% of the pixels right." in overview.text


def test_what_a_card_says_of_its_data_is_written_for_people() -> None:
    extras = [{"name": "scenes", "times": 12}, {"name": "more"}]
    assert _written(extras) == "name scenes, times 12; name more"
    assert [_written(value) for value in (None, [], 200, "train")] == ["", "", "200", "train"]


def test_channels_of_the_head_have_the_names_of_their_classes(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    network = open_zoo("keras3_unet")
    report = picture_report(network, street, Request("now", ("activation", "conv2d_3")))
    head, inner = report.sections[-2:]
    assert [figure.caption for figure in head.figures][:2] == ["channel 1, Class 0", "channel 2, Class 1"]
    assert inner.figures[0].caption == "channel 1"


def test_a_share_that_is_there_is_never_written_as_nothing() -> None:
    assert [_percent(share) for share in (0.0, 0.000049, 0.000051, 0.1)] == ["0.00%", "< 0.01%", "0.01%", "10.00%"]


def test_mistakes_by_hand(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    network = open_zoo("keras3_unet")
    ids = network.class_map(street)
    labels = np.full((37, 53), 1, np.uint8)
    labels[:, :5] = 255  # not labelled, so neither right nor wrong
    report = picture_report(network, street.with_label_map(labels), Request("now", classes=(1,)))
    _, section, alone, _ = report.sections
    assert section.table is not None
    known = fit_label_map(labels, network.probabilities(street).placement, *ids.shape) == 1
    shares = {f"Class {found}": float((ids[known] == found).mean()) for found in set(ids[known].tolist()) - {1}}
    assert section.table.rows == tuple(
        ("Class 1", name, f"{100 * share:.2f}%", f"{100 * share:.2f}%")
        for name, share in sorted(shares.items(), key=lambda pair: -pair[1])
    )
    _, judged = alone.figures
    right = network.probabilities(street).values[..., 1] >= 0.5
    drawn = np.where(right[..., None], TRUE_POSITIVE, FALSE_NEGATIVE)
    wanted = np.rint(street.pixels + (network.probabilities(street).placement.restore(drawn) - street.pixels) * 0.55)
    np.testing.assert_allclose(judged.pixels[:, 7:], wanted[:, 7:], atol=1)
    np.testing.assert_array_equal(judged.pixels[:, :4], street.pixels[:, :4])


def test_without_labels_nothing_is_judged(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    report = picture_report(open_zoo("keras3_unet"), street, Request("now", classes=(0, 3)))
    assert [section.title for section in report.sections] == ["What is where", "Classes on their own", "How sure"]
    assert len(report.sections[1].figures) == 2


def test_channels_keep_their_own_ranges(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    network = open_zoo("keras3_unet")
    section = picture_report(network, street, Request("now", ("conv2d_1",), colours="gray")).sections[-1]
    values = network.feature_maps(street, ["conv2d_1"])["conv2d_1"].values
    assert len(section.figures) == values.shape[-1]
    for channel, figure in enumerate(section.figures):
        own = values[..., channel]
        assert figure.caption == f"channel {channel + 1}"
        assert figure.note.startswith(f"{own.min():.4g} to {own.max():.4g}")
        if own.max() > own.min():
            levels = np.rint((own - own.min()) / (own.max() - own.min()) * 255).astype(int)
            difference = np.abs(figure.pixels.astype(int) - COLORMAPS["gray"][levels].astype(int))
            assert difference.max() <= 1


def test_what_does_not_exist_is_refused_in_a_sentence(open_zoo: OpenZoo, street: Picture) -> None:  # noqa: F811
    network = open_zoo("keras3_unet")
    with pytest.raises(LayerError, match="did you mean conv2d_"):
        picture_report(network, street, Request("now", ("conv2d_l",)))
    with pytest.raises(ClassTableError, match="no class 9"):
        picture_report(network, street, Request("now", classes=(9,)))


@pytest.mark.parametrize("name", ["keras3_binary", "valid_crops", "chain", "classifier", "broken_numbers"])
def test_every_kind_of_network_gets_a_report(open_zoo: OpenZoo, street: Picture, name: str) -> None:  # noqa: F811
    network = open_zoo(name)
    request = Request("now", main_layers(network), largest_classes(network, street))
    reader = Reader(report_html(picture_report(network, street, request)))
    assert not reader.stack
