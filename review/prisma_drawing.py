"""The PRISMA 2020 flow diagram as a drawing of our own: every number of a flow, in its box.

First what the boxes say (``columns``), then where they stand (``lay_out``), then the SVG.  Text is
measured generously, character by character, because no font is known for sure where it is read;
boxes grow with their text, and rows with their boxes, so nothing can overlap.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from re import findall
from xml.sax.saxutils import escape, quoteattr

import vl_convert

from protocols.schema import SearchKind
from review.prisma import Flow
from review.vocabulary import Stream

TITLE = "PRISMA 2020 flow diagram"
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
PAPER, WHITE, INK, ACCENT = "#fbfaf7", "#ffffff", "#1b1d22", "#0b5f6b"
BAND, INTERIM, INTERIM_EDGE = "#dcebed", "#fff6e0", "#8a5a00"

MARGIN, BAND_WIDTH, BAND_GAP = 16.0, 28.0, 16.0
BOX_WIDTH, SIDE_GAP, COLUMN_GAP, ROW_GAP = 256.0, 32.0, 40.0, 28.0
FONT, LINE, PADDING, INDENT = 13.0, 18.0, 10.0, 14.0
NOTE_FONT, NOTE_LINE = 12.0, 17.0
PNG_SCALE = 2.0

Link = Callable[[str], str]  # from the key of a count to the address of its records
PartLink = Callable[[str, str], str]  # from a count and one of its sources or reasons

DATABASES = (
    ("database_results", "Databases", SearchKind.DATABASE),
    ("register_results", "Registers", SearchKind.REGISTER),
)
OTHERS = (
    ("website_results", "Websites", SearchKind.WEBSITE),
    ("organisation_results", "Organisations", SearchKind.ORGANISATION),
    ("citations_results", "Citation searching", SearchKind.CITATION_SEARCHING),
    ("contact_results", "Contact with authors or experts", SearchKind.CONTACT),
    ("other_source_results", "Other sources", SearchKind.OTHER),
)
NOT_IN_TEMPLATE = {
    "other_duplicates": "Duplicate records",
    "other_excluded_automatic": "Records marked as ineligible by automation tools",
    "other_excluded_other": "Records removed for other reasons",
    "other_records_screened": "Records screened",
    "other_records_excluded": "Records excluded",
}
HEADINGS = (
    "Identification of new studies via databases and registers",
    "Identification of new studies via other methods",
)
BANDS = (("Identification", 0, 0), ("Screening", 1, 5), ("Included", 6, 7))
N_ROWS, INCLUDED_ROW = 8, 6
# In ems; what is not listed is narrower than 0.64, a capital than 0.79.
WIDTHS = {
    0.34: " filjI.,:;'|!/",
    0.42: "rt()[]-",
    0.56: "csz?",
    0.69: "ABCEFKLPRSTVXYZ–",
    0.84: "w=+<>#~",
    1.0: "mMW%@—…&",
}
# Controls that turn the direction of what follows, beyond the label that carries them.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Line:
    """A line of a box: its words, the count that it shows, and the part of it where it is one."""

    words: str
    key: str | None = None
    n: int = 0
    part: str | None = None

    @property
    def text(self) -> str:
        """Return the words as they are read, with the number where there is one."""
        return self.words if self.key is None else f"{self.words} (n = {self.n:,})"


@dataclass(frozen=True)
class Node:
    """A box before it has a place."""

    lines: tuple[Line, ...]
    interim: bool = False


@dataclass(frozen=True)
class Column:
    """One way in: its heading and, for each row, the box on the way and the box beside it."""

    heading: str
    main: dict[int, Node]
    side: dict[int, Node]


@dataclass(frozen=True)
class Rect:
    """A rectangle, in units of the drawing."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Return the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Return the lower edge."""
        return self.y + self.height

    @property
    def centre(self) -> float:
        """Return the middle from left to right."""
        return self.x + self.width / 2

    def overlaps(self, other: "Rect") -> bool:
        """Whether the two have any ground in common; edges that touch have none."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


@dataclass(frozen=True)
class Placed:
    """A box in its place."""

    node: Node
    rect: Rect


@dataclass(frozen=True)
class Arrow:
    """A line from box to box through these points; without a head where nothing moves on."""

    points: tuple[tuple[float, float], ...]
    has_head: bool = True


@dataclass(frozen=True)
class Layout:
    """Everything of the drawing in its place."""

    width: float
    height: float
    headings: list[tuple[str, Rect]]
    bands: list[tuple[str, Rect]]
    boxes: list[Placed]
    arrows: list[Arrow]
    notes: list[tuple[Line, Rect]]


def to_svg(
    flow: Flow,
    *,
    link: Link | None = None,
    link_part: PartLink | None = None,
    title: str = TITLE,
    head: str | None = None,
) -> str:
    """Return the diagram as SVG, the same for the same flow to the last character.

    ``link`` gives the address behind a count (any key of ``flow.counts``); each number's line is
    then a link.  ``link_part`` gives the address behind one source or reason of a count; without
    it they lead to the whole count.  ``head``, the hash of the last event counted, is printed.
    """
    place = lay_out(flow, head=head)
    parts = [
        _opening(place, "img" if link is None else "group"),
        f"<title>{escape(clean(title))}</title>",
        f"<desc>{escape(describe(flow))}</desc>",
        _rectangle(Rect(0, 0, place.width, place.height), PAPER, radius=0, name="prisma-paper"),
        *(_band(label, rect) for label, rect in place.bands),
        *(_heading(label, rect) for label, rect in place.headings),
        *(_arrow(arrow) for arrow in place.arrows),
        *(_box(placed, link, link_part) for placed in place.boxes),
        *(_note(line, rect, link) for line, rect in place.notes),
        "</svg>\n",
    ]
    return "\n".join(parts)


def to_png(flow: Flow, *, title: str = TITLE, head: str | None = None) -> bytes:
    """Return the diagram as PNG, at twice its size so that it prints sharply."""
    return bytes(vl_convert.svg_to_png(to_svg(flow, title=title, head=head), scale=PNG_SCALE))


def to_pdf(flow: Flow, *, title: str = TITLE, head: str | None = None) -> bytes:
    """Return the diagram as a PDF of one page, its size that of the drawing."""
    return bytes(vl_convert.svg_to_pdf(to_svg(flow, title=title, head=head)))


def describe(flow: Flow) -> str:
    """Return what the diagram says, in words: every box with its numbers, from top to bottom."""
    sentences = [f"{TITLE} as of event {flow.as_of:,}."]
    for column in columns(flow):
        boxes = (beside.get(row) for row in range(N_ROWS) for beside in (column.main, column.side))
        sentences.append(f"{column.heading}.")
        sentences += [_sentence(node.lines) for node in boxes if node is not None]
    if notes := _notes(flow):
        sentences.append(_sentence(notes))
    return " ".join(sentences)


def _sentence(lines: Sequence[Line]) -> str:
    opening, *rest = (line.text for line in lines)
    return f"{opening}{' ' if opening.endswith(':') else ', '}{', '.join(rest)}".rstrip(", ") + "."


# What the boxes say


def columns(flow: Flow) -> list[Column]:
    """Return the columns of the diagram: databases and registers, and other methods if used."""
    found = [_column(flow, HEADINGS[0], DATABASES, Stream.DATABASES)]
    if _uses_other_methods(flow):
        found.append(_column(flow, HEADINGS[1], OTHERS, Stream.OTHER))
    return found


def _uses_other_methods(flow: Flow) -> bool:
    keys = [key for key in flow.counts if key.startswith("other_")]
    return flow.total(*keys, *(key for key, _, _ in OTHERS)) > 0


def _column(
    flow: Flow, heading: str, kinds: Sequence[tuple[str, str, SearchKind]], stream: Stream
) -> Column:
    is_other = stream is Stream.OTHER
    early, late = ("other_", "other_") if is_other else ("", "dbr_")

    def box(words: str, key: str) -> Node:
        return Node((Line(words, key, flow.counts[key]),))

    main = {
        0: _identified(flow, kinds, mark="†" if is_other and _notes(flow) else ""),
        3: box("Reports sought for retrieval", late + "sought_reports"),
        5: box("Reports assessed for eligibility", late + "assessed"),
    }
    side = {
        3: box("Reports not retrieved", late + "notretrieved_reports"),
        5: _reports_excluded(flow, late + "excluded", stream),
    }
    if not is_other:
        main[2] = box("Records screened", "records_screened")
        side[0] = _removed(flow)
        side[2] = box("Records excluded", "records_excluded")
        _include(flow, main, side)
    _wait(flow, side, early)
    return Column(heading, main, side)


def _identified(flow: Flow, kinds: Sequence[tuple[str, str, SearchKind]], *, mark: str) -> Node:
    used = [kind for kind in kinds if flow.counts[kind[0]]] or kinds[:2]
    lines = [Line(f"Records identified from{mark}:")]
    for key, words, kind in used:
        lines.append(Line(words, key, flow.counts[key]))
        lines += _parts(key, flow.sources.get(kind, {}))
    return Node(tuple(lines))


def _parts(key: str, parts: dict[str, int]) -> list[Line]:
    return [Line(clean(name) or "Not named", key, n, name) for name, n in parts.items() if n]


def _removed(flow: Flow) -> Node:
    words = {
        "duplicates": "Duplicate records",
        "excluded_automatic": "Records marked as ineligible by automation tools",
        "excluded_other": "Records removed for other reasons",
    }
    lines = [Line(text, key, flow.counts[key]) for key, text in words.items()]
    return Node((Line("Records removed before screening:"), *lines))


def _reports_excluded(flow: Flow, key: str, stream: Stream) -> Node:
    reasons = _parts(key, flow.reasons.get(stream, {}))
    total = Line(f"Reports excluded{':' if reasons else ''}", key, flow.counts[key])
    return Node((total, *reasons))


def _wait(flow: Flow, side: dict[int, Node], early: str) -> None:
    waiting = {
        1: {"awaiting_title_abstract": "Records awaiting screening",
            "not_screened": "Records not screened, as screening was stopped"},
        4: {"awaiting_retrieval": "Reports awaiting retrieval",
            "awaiting_full_text": "Reports awaiting eligibility assessment"},
    }  # fmt: skip
    for row, words in waiting.items():
        counted = [Line(text, early + key, flow.counts[early + key]) for key, text in words.items()]
        if lines := tuple(line for line in counted if line.n):
            side[row] = Node(lines, interim=True)


def _include(flow: Flow, main: dict[int, Node], side: dict[int, Node]) -> None:
    def box(*, interim: bool = False, **words: str) -> Node:
        lines = (Line(text, key, flow.counts[key]) for key, text in words.items())
        return Node(tuple(lines), interim)

    main[INCLUDED_ROW] = box(
        new_studies="New studies included in review",
        new_reports="Reports of new included studies",
    )
    if flow.counts["awaiting_study"]:
        words = "Of these reports, not yet linked to a study"
        side[INCLUDED_ROW] = box(interim=True, awaiting_study=words)
    if flow.total("previous_studies", "previous_reports"):
        main[INCLUDED_ROW + 1] = box(
            total_studies="Total studies included in review",
            total_reports="Reports of total included studies",
        )
        side[INCLUDED_ROW + 1] = box(
            previous_studies="Studies included in previous version of review",
            previous_reports="Reports of studies included in previous version of review",
        )


def _notes(flow: Flow) -> list[Line]:
    """Return the counts of the other column that the template has no box for."""
    lines = [Line(words, key, flow.counts[key]) for key, words in NOT_IN_TEMPLATE.items()]
    if not any(line.n for line in lines):
        return []
    opening = "† Of the records identified via other methods, before retrieval was sought:"
    return [Line(opening), *(line for line in lines if line.n)]


# Where they stand


def lay_out(flow: Flow, *, head: str | None = None) -> Layout:
    """Return every box, arrow, band and note of the diagram in its place."""
    drawn = columns(flow)
    lefts = [_column_left(index) for index in range(len(drawn))]
    span = 2 * BOX_WIDTH + SIDE_GAP
    width = lefts[-1] + span + MARGIN
    headings = _headings(drawn, lefts, span)
    tops, bottoms = _rows(drawn, headings[0][1].bottom + 20)
    placed = list(zip(drawn, lefts, strict=True))
    mains = [_place(column.main, column.side, left, tops) for column, left in placed]
    beside = BOX_WIDTH + SIDE_GAP
    sides = [_place(column.side, column.main, left + beside, tops) for column, left in placed]
    arrows = [arrow for main, side in zip(mains, sides, strict=True) for arrow in _flow(main, side)]
    if len(mains) > 1:
        arrows.append(_join(mains[1][5].rect, mains[0][INCLUDED_ROW].rect))
    notes, height = _place_notes(flow, head, max(bottoms.values()) + 24, width)
    boxes = [
        box
        for main, side in zip(mains, sides, strict=True)
        for box in sorted((*main.values(), *side.values()), key=_reading_order)
    ]
    return Layout(width, height, headings, _bands(tops, bottoms), boxes, arrows, notes)


def _reading_order(placed: Placed) -> tuple[float, float]:
    return placed.rect.y, placed.rect.x


def _column_left(index: int) -> float:
    first = MARGIN + BAND_WIDTH + BAND_GAP
    return first + index * (2 * BOX_WIDTH + SIDE_GAP + COLUMN_GAP)


def _headings(
    drawn: Sequence[Column], lefts: Sequence[float], width: float
) -> list[tuple[str, Rect]]:
    return [
        (column.heading, Rect(left, MARGIN, width, 34))
        for column, left in zip(drawn, lefts, strict=True)
    ]


def _rows(drawn: Sequence[Column], y: float) -> tuple[dict[int, float], dict[int, float]]:
    """Return the top and the bottom of every row that has a box."""
    tops, bottoms = {}, {}
    for row in range(N_ROWS):
        heights = [
            _height(boxes[row]) for column in drawn for boxes in (column.main, column.side)
            if row in boxes
        ]  # fmt: skip
        if heights:
            tops[row], bottoms[row] = y, y + max(heights)
            y = bottoms[row] + ROW_GAP
    return tops, bottoms


def _height(node: Node) -> float:
    return 2 * PADDING + LINE * sum(len(wrapped(line)) for line in node.lines)


def _place(
    nodes: dict[int, Node], beside: dict[int, Node], x: float, tops: dict[int, float]
) -> dict[int, Placed]:
    """Return the boxes in their rows; one that is almost as tall as its neighbour is as tall."""
    placed = {}
    for row, node in sorted(nodes.items()):
        height = _height(node)
        neighbour = _height(beside[row]) if row in beside else height
        if height < neighbour <= height + 2 * LINE:
            height = neighbour
        placed[row] = Placed(node, Rect(x, tops[row], BOX_WIDTH, height))
    return placed


def _bands(tops: dict[int, float], bottoms: dict[int, float]) -> list[tuple[str, Rect]]:
    placed = []
    for label, first, last in BANDS:
        rows = [row for row in tops if first <= row <= last]
        top, bottom = tops[rows[0]], bottoms[rows[-1]]
        placed.append((label, Rect(MARGIN, top, BAND_WIDTH, bottom - top)))
    return placed


def _flow(main: dict[int, Placed], side: dict[int, Placed]) -> Iterator[Arrow]:
    """Yield the arrows of a column: down from box to box, and aside to what leaves the way."""
    for above, below in pairwise(placed.rect for placed in main.values()):
        yield Arrow(((above.centre, above.bottom), (below.centre, below.y)))
    way = main[0].rect.centre
    for row, placed in side.items():
        on = main.get(row)
        rect = placed.rect
        reach = rect.height if on is None else min(rect.height, on.rect.height)
        start = way if on is None else on.rect.right
        across = ((start, rect.y + reach / 2), (rect.x, rect.y + reach / 2))
        if row > INCLUDED_ROW:
            across = across[::-1]  # what earlier versions included comes in
        yield Arrow(across, has_head=row != INCLUDED_ROW)


def _join(assessed: Rect, included: Rect) -> Arrow:
    """Return the way from the other column to the included studies, between the rows."""
    y = included.y - ROW_GAP / 2
    return Arrow(
        ((assessed.centre, assessed.bottom), (assessed.centre, y), (included.centre, y)),
        has_head=False,
    )


def _place_notes(
    flow: Flow, head: str | None, y: float, width: float
) -> tuple[list[tuple[Line, Rect]], float]:
    """Return the notes under the diagram, and the height of the drawing with them."""
    left = _column_left(0)
    counted = f"Counts as of event {flow.as_of:,}."
    last = counted if head is None else f"{counted} Hash of that event: {clean(head)}"
    placed = []
    for line in (*_notes(flow), Line(last)):
        x = left + (INDENT if line.key else 0)
        room = width - MARGIN - x
        height = NOTE_LINE * len(wrap(line.text, room, NOTE_FONT))
        placed.append((line, Rect(x, y, room, height)))
        y += height
    return placed, y + MARGIN


# Text


def clean(text: str) -> str:
    """Return ``text`` on one line, without what XML forbids or what turns the text after it."""
    kept = "".join(
        " " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character
        for character in text
        if character not in TURNING and character not in "\ufffe\uffff"
    )
    return " ".join(kept.split())


@cache
def _character_width(character: str) -> float:
    """Return a width in ems: that of DejaVu Sans or more, the widest of the usual fonts."""
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    for width, characters in WIDTHS.items():
        if character in characters:
            return width
    if ord(character) > 0x2FF:
        return 1
    return 0.79 if character.isupper() else 0.64


def text_width(text: str, size: float = FONT) -> float:
    """Return about how wide ``text`` is drawn, erring to the wide side."""
    return size * sum(_character_width(character) for character in text)


def wrap(text: str, width: float, size: float = FONT) -> list[str]:
    """Return ``text`` in lines that fit ``width``; a number keeps to one line, long words break."""
    lines = [""]
    for word in _pieces(text, width, size):
        longer = f"{lines[-1]} {word}".lstrip()
        if text_width(longer, size) <= width:
            lines[-1] = longer
        elif lines[-1]:
            lines.append(word)
        else:
            lines[-1] = word
    return lines


def _pieces(text: str, width: float, size: float) -> Iterable[str]:
    for word in findall(r"\(n = [\d,]+\)|\S+", text):
        piece = ""
        for character in word:
            if piece and text_width(piece + character, size) > width:
                yield piece
                piece = ""
            piece += character
        yield piece


def wrapped(line: Line) -> list[str]:
    """Return a box's line as the lines that it takes."""
    return wrap(line.text, BOX_WIDTH - 2 * PADDING - _indent(line))


def _indent(line: Line) -> float:
    return INDENT if line.part is not None else 0


# The SVG


def _opening(place: Layout, role: str) -> str:
    width, height = f"{place.width:g}", f"{place.height:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="prisma" role="{role}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f"font-family={quoteattr(FONTS)}>"
    )


def _band(label: str, rect: Rect) -> str:
    x, y = rect.centre, rect.y + rect.height / 2
    return (
        f'<g class="prisma-band">{_rectangle(rect, BAND, radius=6)}'
        f'<text transform="translate({x:g} {y:g}) rotate(-90)" text-anchor="middle" dy="4.5" '
        f'font-size="{FONT:g}" font-weight="600" fill="{ACCENT}">{label}</text></g>'
    )


def _heading(label: str, rect: Rect) -> str:
    return (
        f'<g class="prisma-heading">{_rectangle(rect, ACCENT, radius=6)}'
        f'<text x="{rect.centre:g}" y="{rect.y + 21.5:g}" text-anchor="middle" '
        f'font-size="{FONT:g}" font-weight="600" fill="{WHITE}">{label}</text></g>'
    )


def _rectangle(
    rect: Rect, fill: str, *, radius: float = 4, more: str = "", name: str = "prisma-shape"
) -> str:
    return (
        f'<rect class="{name}" x="{rect.x:g}" y="{rect.y:g}" width="{rect.width:g}" '
        f'height="{rect.height:g}" rx="{radius:g}" fill="{fill}"{more}/>'
    )


def _box(placed: Placed, link: Link | None, link_part: PartLink | None) -> str:
    rect, is_interim = placed.rect, placed.node.interim
    fill, edge = (INTERIM, INTERIM_EDGE) if is_interim else (WHITE, INK)
    dashes = ' stroke-dasharray="5 3"' if is_interim else ""
    names = "prisma-box prisma-interim" if is_interim else "prisma-box"
    y = rect.y + PADDING + (rect.height - _height(placed.node)) / 2
    lines = []
    for line in placed.node.lines:
        text = _text(wrapped(line), rect.x + PADDING + _indent(line), y)
        lines.append(_linked(text, line, link, link_part))
        y += LINE * len(wrapped(line))
    drawn = _rectangle(rect, fill, more=f' stroke="{edge}" stroke-width="1"{dashes}')
    return f'<g class="{names}">{drawn}{"".join(lines)}</g>'


def _note(line: Line, rect: Rect, link: Link | None) -> str:
    texts = wrap(line.text, rect.width, NOTE_FONT)
    drawn = _text(texts, rect.x, rect.y, size=NOTE_FONT, leading=NOTE_LINE, name="prisma-note")
    return _linked(drawn, line, link, None)


def _text(
    texts: Sequence[str],
    x: float,
    y: float,
    *,
    size: float = FONT,
    leading: float = LINE,
    name: str = "prisma-line",
) -> str:
    # Words stand in the middle of their line: their baseline is about 0.35 em below it.
    baseline = y + leading / 2 + 0.35 * size
    spans = " ".join(
        f'<tspan x="{x:g}" y="{baseline + number * leading:g}">{escape(text)}</tspan>'
        for number, text in enumerate(texts)
    )
    return f'<text class="{name}" font-size="{size:g}" fill="{INK}">{spans}</text>'


def _linked(text: str, line: Line, link: Link | None, link_part: PartLink | None) -> str:
    if link is None or line.key is None:
        return text
    href = link(line.key)
    if link_part is not None and line.part is not None:
        href = link_part(line.key, line.part)
    label = quoteattr(line.text)
    return f'<a class="prisma-link" href={quoteattr(href)} aria-label={label}>{text}</a>'


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
