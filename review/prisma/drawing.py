"""The PRISMA 2020 flow diagram as SVG, PNG and PDF: every number of a flow, in its box.

The text of the boxes comes from `review.prisma.boxes`, their positions from `review.prisma.layout`.
"""

from collections.abc import Callable, Sequence

import vl_convert

from review.prisma.boxes import TITLE, BoxLine, describe
from review.prisma.counts import Flow
from review.prisma.layout import (
    LINE,
    NOTE_FONT,
    NOTE_LINE,
    PADDING,
    Arrow,
    DiagramLayout,
    PlacedBox,
    Rect,
    height_of,
    indent,
    lay_out,
    wrapped,
)
from review.prisma.text import FONT, wrap
from review.safe_text import in_markup

FONTS = "'Source Sans Pro', system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif"
PAPER, WHITE, INK, ACCENT = "#fbfaf7", "#ffffff", "#1b1d22", "#0b5f6b"
BAND, INTERIM, INTERIM_EDGE = "#dcebed", "#fff6e0", "#8a5a00"
PNG_SCALE = 2.0

Link = Callable[[str], str]  # from a count's key to the address of its records
PartLink = Callable[[str, str], str]  # from a count and one of its sources or reasons


def to_svg(
    flow: Flow,
    *,
    link: Link | None = None,
    link_part: PartLink | None = None,
    title: str = TITLE,
    head: str | None = None,
) -> str:
    """Return the diagram as SVG; the same flow always gives the same characters.

    ``link`` gives the address for a count (any key of ``flow.counts``); with it, the line of each
    number is a link.  ``link_part`` gives the address for one source or reason of a count; without
    it, these lead to the whole count.  ``head``, the hash of the last event counted, is printed.
    """
    layout = lay_out(flow, head=head)
    parts = [
        _opening(layout, "img" if link is None else "group"),
        f"<title>{in_markup(title)}</title>",
        f"<desc>{in_markup(describe(flow))}</desc>",
        _rectangle(Rect(0, 0, layout.width, layout.height), PAPER, radius=0, name="prisma-paper"),
        *(_band(label, rect) for label, rect in layout.bands),
        *(_heading(label, rect) for label, rect in layout.headings),
        *(_arrow(arrow) for arrow in layout.arrows),
        *(_box(placed, link, link_part) for placed in layout.boxes),
        *(_note(line, rect, link) for line, rect in layout.notes),
        "</svg>\n",
    ]
    return "\n".join(parts)


def to_png(flow: Flow, *, title: str = TITLE, head: str | None = None) -> bytes:
    """Return the diagram as PNG, at twice its size, so that it prints sharply."""
    return bytes(vl_convert.svg_to_png(to_svg(flow, title=title, head=head), scale=PNG_SCALE))


def to_pdf(flow: Flow, *, title: str = TITLE, head: str | None = None) -> bytes:
    """Return the diagram as a PDF with one page of the size of the drawing."""
    return bytes(vl_convert.svg_to_pdf(to_svg(flow, title=title, head=head)))


def _opening(layout: DiagramLayout, role: str) -> str:
    width, height = f"{layout.width:g}", f"{layout.height:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="prisma" role="{role}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{in_markup(FONTS)}">'
    )


def _band(label: str, rect: Rect) -> str:
    x, y = rect.centre, rect.y + rect.height / 2
    return (
        f'<g class="prisma-band">{_rectangle(rect, BAND, radius=6)}'
        f'<text transform="translate({x:g} {y:g}) rotate(-90)" text-anchor="middle" dy="4.5" '
        f'font-size="{FONT:g}" font-weight="600" fill="{ACCENT}">{in_markup(label)}</text></g>'
    )


def _heading(label: str, rect: Rect) -> str:
    return (
        f'<g class="prisma-heading">{_rectangle(rect, ACCENT, radius=6)}'
        f'<text x="{rect.centre:g}" y="{rect.y + 21.5:g}" text-anchor="middle" '
        f'font-size="{FONT:g}" font-weight="600" fill="{WHITE}">{in_markup(label)}</text></g>'
    )


def _rectangle(
    rect: Rect, fill: str, *, radius: float = 4, more: str = "", name: str = "prisma-shape"
) -> str:
    return (
        f'<rect class="{name}" x="{rect.x:g}" y="{rect.y:g}" width="{rect.width:g}" '
        f'height="{rect.height:g}" rx="{radius:g}" fill="{fill}"{more}/>'
    )


def _box(placed: PlacedBox, link: Link | None, link_part: PartLink | None) -> str:
    rect, is_interim = placed.rect, placed.node.interim
    fill, edge = (INTERIM, INTERIM_EDGE) if is_interim else (WHITE, INK)
    dashes = ' stroke-dasharray="5 3"' if is_interim else ""
    names = "prisma-box prisma-interim" if is_interim else "prisma-box"
    y = rect.y + PADDING + (rect.height - height_of(placed.node)) / 2
    lines = []
    for line in placed.node.lines:
        text = _text(wrapped(line), rect.x + PADDING + indent(line), y)
        lines.append(_linked(text, line, link, link_part=link_part))
        y += LINE * len(wrapped(line))
    shape = _rectangle(rect, fill, more=f' stroke="{edge}" stroke-width="1"{dashes}')
    return f'<g class="{names}">{shape}{"".join(lines)}</g>'


def _note(line: BoxLine, rect: Rect, link: Link | None) -> str:
    texts = wrap(line.text, rect.width, NOTE_FONT)
    text = _text(texts, rect.x, rect.y, size=NOTE_FONT, leading=NOTE_LINE, name="prisma-note")
    return _linked(text, line, link)


def _text(
    texts: Sequence[str],
    x: float,
    y: float,
    *,
    size: float = FONT,
    leading: float = LINE,
    name: str = "prisma-line",
) -> str:
    # Text is centred in its line: the baseline is about 0.35 em below the middle.
    baseline = y + leading / 2 + 0.35 * size
    spans = " ".join(
        f'<tspan x="{x:g}" y="{baseline + number * leading:g}">{in_markup(text)}</tspan>'
        for number, text in enumerate(texts)
    )
    return f'<text class="{name}" font-size="{size:g}" fill="{INK}">{spans}</text>'


def _linked(
    text: str, line: BoxLine, link: Link | None, *, link_part: PartLink | None = None
) -> str:
    if link is None or line.key is None:
        return text
    href = link(line.key)
    if link_part is not None and line.part is not None:
        href = link_part(line.key, line.part)
    address, label = in_markup(href), in_markup(line.text)
    return f'<a class="prisma-link" href="{address}" aria-label="{label}">{text}</a>'


def _arrow(arrow: Arrow) -> str:
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in arrow.points)
    line = f'<path class="prisma-arrow" d="{path}" fill="none" stroke="{INK}" stroke-width="1.2"/>'
    return line + (_arrowhead(*arrow.points[-2:]) if arrow.has_head else "")


def _arrowhead(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (from_x, _) = end, start
    if from_x == x:
        back = y - 8
        points = f"{x:g},{y:g} {x - 4:g},{back:g} {x + 4:g},{back:g}"
    else:
        back = x - 8 if from_x < x else x + 8
        points = f"{x:g},{y:g} {back:g},{y - 4:g} {back:g},{y + 4:g}"
    return f'<polygon class="prisma-arrowhead" points="{points}" fill="{INK}"/>'
