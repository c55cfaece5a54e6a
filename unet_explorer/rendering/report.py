"""A report as one HTML file that opens anywhere: figures inside it as PNG, no scripts, nothing fetched."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, eq=False)
class Figure:
    """One picture of a report.

    Attributes:
        pixels: uint8 (h, w, 3) RGB.
        caption: what it shows, with its range where it has a colour scale.
        note: a second, quieter line.
    """

    pixels: NDArray[np.uint8]
    caption: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of text under a heading each; columns of numbers are those named in `numeric`.

    Attributes:
        heads: headings.
        rows: cells, as many a row as headings.
        numeric: places of the columns that are aligned to the right.
        colours: for each row the RGB colour beside its first cell; empty for none.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    colours: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a report; `small` figures stand in a grid."""

    title: str
    text: str = ""
    figures: tuple[Figure, ...] = ()
    table: Table | None = None
    small: bool = False


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that a report says."""

    title: str
    summary: str
    sections: tuple[Section, ...]
    provenance: Mapping[str, str] = field(default_factory=dict)


def report_html(report: Report) -> str:
    """The report as a web page in one string.

    Every text is escaped, so that names of files and classes may hold anything. The page forbids itself scripts and
    requests (Content-Security-Policy), follows the reader's light or dark setting, and prints.
    """
    style = resources.files("unet_explorer.rendering").joinpath("report.css").read_text(encoding="utf-8")
    parts = "\n".join(_section(section) for section in report.sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="U-Net Explorer">
<title>{html.escape(report.title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{html.escape(report.title)}</h1>
<p>{html.escape(report.summary)}</p>
</header>
<main>
{parts}
{_provenance(report.provenance)}
</main>
</body>
</html>
"""


def png_address(pixels: NDArray[np.uint8]) -> str:
    """A picture as a `data:` address.

    Args:
        pixels: uint8 (h, w) or (h, w, 3) RGB.
    """
    body = io.BytesIO()
    _image(pixels).save(body, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(body.getvalue()).decode("ascii")


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    """The same pixels, with a palette where they have at most 256 colours: files a third as large."""
    if pixels.ndim == 2:
        return Image.fromarray(pixels)
    wide = pixels.astype(np.uint32)
    colours, places = np.unique(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], return_inverse=True)
    if len(colours) > 256:
        return Image.fromarray(pixels)
    image = Image.fromarray(places.reshape(pixels.shape[:2]).astype(np.uint8), "P")
    image.putpalette(np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8).tobytes())
    return image


def _section(section: Section) -> str:
    lines = [f"<section>\n<h2>{html.escape(section.title)}</h2>"]
    if section.text:
        lines.append(f"<p>{html.escape(section.text)}</p>")
    if section.figures:
        kind = "small" if section.small else "large"
        lines += [f'<div class="{kind}">', *map(_figure, section.figures), "</div>"]
    if section.table is not None:
        lines.append(_table(section.table))
    return "\n".join([*lines, "</section>"])


def _figure(figure: Figure) -> str:
    height, width = figure.pixels.shape[:2]
    caption = html.escape(figure.caption)
    note = f" <span>{html.escape(figure.note)}</span>" if figure.note else ""
    return (
        f'<figure><img src="{png_address(figure.pixels)}" width="{width}" height="{height}" alt="{caption}">'
        f"<figcaption>{caption}{note}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    heads = "".join(_cell("th", head, column in table.numeric) for column, head in enumerate(table.heads))
    rows = "\n".join(_row(table, number, row) for number, row in enumerate(table.rows))
    return f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'


def _row(table: Table, number: int, row: Sequence[str]) -> str:
    cells = [_cell("td", text, column in table.numeric) for column, text in enumerate(row)]
    if table.colours:
        red, green, blue = table.colours[number]
        swatch = f'<i style="background: rgb({red} {green} {blue})"></i>'
        cells[0] = cells[0].replace(">", f">{swatch}", 1)
    return f"<tr>{''.join(cells)}</tr>"


def _cell(tag: str, text: str, numeric: bool) -> str:
    kind = ' class="number"' if numeric else ""
    return f"<{tag}{kind}>{html.escape(text)}</{tag}>"


def _provenance(facts: Mapping[str, str]) -> str:
    rows = "\n".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts.items())
    return f'<section class="provenance">\n<h2>Where this comes from</h2>\n<dl>\n{rows}\n</dl>\n</section>'
