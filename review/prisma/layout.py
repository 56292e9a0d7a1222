"""Where the boxes of the PRISMA 2020 diagram stand: they grow with their text, rows with them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from review.prisma.boxes import INCLUDED_ROW, N_ROWS, Column, Line, Node, columns, notes
from review.prisma.counts import Flow
from review.prisma.text import clean, wrap

MARGIN, BAND_WIDTH, BAND_GAP = 16.0, 28.0, 16.0
BOX_WIDTH, SIDE_GAP, COLUMN_GAP, ROW_GAP = 256.0, 32.0, 40.0, 28.0
LINE, PADDING, INDENT = 18.0, 10.0, 14.0
NOTE_FONT, NOTE_LINE = 12.0, 17.0
BANDS = (("Identification", 0, 0), ("Screening", 1, 5), ("Included", 6, 7))


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
    below, height = _place_notes(flow, head, max(bottoms.values()) + 24, width)
    boxes = [
        box
        for main, side in zip(mains, sides, strict=True)
        for box in sorted((*main.values(), *side.values()), key=_reading_order)
    ]
    return Layout(width, height, headings, _bands(tops, bottoms), boxes, arrows, below)


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
            height_of(boxes[row]) for column in drawn for boxes in (column.main, column.side)
            if row in boxes
        ]  # fmt: skip
        if heights:
            tops[row], bottoms[row] = y, y + max(heights)
            y = bottoms[row] + ROW_GAP
    return tops, bottoms


def height_of(node: Node) -> float:
    """Return the height that a box's text takes."""
    return 2 * PADDING + LINE * sum(len(wrapped(line)) for line in node.lines)


def _place(
    nodes: dict[int, Node], beside: dict[int, Node], x: float, tops: dict[int, float]
) -> dict[int, Placed]:
    """Return the boxes in their rows; one that is almost as tall as its neighbour is as tall."""
    placed = {}
    for row, node in sorted(nodes.items()):
        height = height_of(node)
        neighbour = height_of(beside[row]) if row in beside else height
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
    for line in (*notes(flow), Line(last)):
        x = left + (INDENT if line.key else 0)
        room = width - MARGIN - x
        height = NOTE_LINE * len(wrap(line.text, room, NOTE_FONT))
        placed.append((line, Rect(x, y, room, height)))
        y += height
    return placed, y + MARGIN


def wrapped(line: Line) -> list[str]:
    """Return a box's line as the lines that it takes."""
    return wrap(line.text, BOX_WIDTH - 2 * PADDING - indent(line))


def indent(line: Line) -> float:
    """Return how far a part of a count stands in from its box's other lines."""
    return INDENT if line.part is not None else 0
