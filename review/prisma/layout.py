"""The layout of the PRISMA 2020 diagram: boxes grow with their text, and rows with their boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from review.prisma.boxes import (
    ASSESSED_ROW,
    IDENTIFIED_ROW,
    INCLUDED_ROW,
    N_ROWS,
    SCREENING_AWAITED_ROW,
    TOTAL_ROW,
    BoxLine,
    ColumnBoxes,
    Node,
    columns,
    notes,
)
from review.prisma.counts import Flow
from review.prisma.text import wrap
from review.safe_text import drawable

MARGIN, BAND_WIDTH, BAND_GAP = 16.0, 28.0, 16.0
BOX_WIDTH, SIDE_GAP, COLUMN_GAP, ROW_GAP = 256.0, 32.0, 40.0, 28.0
LINE, PADDING, INDENT = 18.0, 10.0, 14.0
NOTE_FONT, NOTE_LINE = 12.0, 17.0
BANDS = (
    ("Identification", IDENTIFIED_ROW, IDENTIFIED_ROW),
    ("Screening", SCREENING_AWAITED_ROW, ASSESSED_ROW),
    ("Included", INCLUDED_ROW, TOTAL_ROW),
)
"""The label of each band, and the first and the last row beside it."""


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

    def overlaps(self, rect: "Rect") -> bool:
        """Say whether the two share any area; touching edges share none."""
        return (
            self.x < rect.right
            and rect.x < self.right
            and self.y < rect.bottom
            and rect.y < self.bottom
        )


@dataclass(frozen=True)
class PlacedBox:
    """A box, and the rectangle it takes up."""

    node: Node
    rect: Rect


@dataclass(frozen=True)
class Arrow:
    """A line from box to box through these points, with a head where records move on."""

    points: tuple[tuple[float, float], ...]
    has_head: bool = True


@dataclass(frozen=True)
class DiagramLayout:
    """The whole diagram: every heading, band, box, arrow and note with its position."""

    width: float
    height: float
    headings: list[tuple[str, Rect]]
    bands: list[tuple[str, Rect]]
    boxes: list[PlacedBox]
    arrows: list[Arrow]
    notes: list[tuple[BoxLine, Rect]]


def lay_out(flow: Flow, *, head: str | None = None) -> DiagramLayout:
    """Return the layout of a flow's diagram; ``head``, the last event's hash, goes in the notes."""
    column_boxes = columns(flow)
    lefts = [_column_left(index) for index in range(len(column_boxes))]
    column_width = 2 * BOX_WIDTH + SIDE_GAP
    width = lefts[-1] + column_width + MARGIN
    headings = _headings(column_boxes, lefts, column_width)
    tops, bottoms = _rows(column_boxes, headings[0][1].bottom + 20)
    placed = list(zip(column_boxes, lefts, strict=True))
    mains = [_place(column.main, column.side, x=left, tops=tops) for column, left in placed]
    to_side = BOX_WIDTH + SIDE_GAP
    sides = [
        _place(column.side, column.main, x=left + to_side, tops=tops) for column, left in placed
    ]
    arrows = [
        arrow for main, side in zip(mains, sides, strict=True) for arrow in _arrows(main, side)
    ]
    if len(mains) > 1:
        arrows.append(_connect(mains[1][ASSESSED_ROW].rect, mains[0][INCLUDED_ROW].rect))
    footnotes, height = _place_notes(flow, head, y=max(bottoms.values()) + 24, width=width)
    boxes = [
        box
        for main, side in zip(mains, sides, strict=True)
        for box in sorted((*main.values(), *side.values()), key=_top_left)
    ]
    return DiagramLayout(
        width=width,
        height=height,
        headings=headings,
        bands=_bands(tops, bottoms),
        boxes=boxes,
        arrows=arrows,
        notes=footnotes,
    )


def _top_left(placed: PlacedBox) -> tuple[float, float]:
    return placed.rect.y, placed.rect.x


def _column_left(index: int) -> float:
    first = MARGIN + BAND_WIDTH + BAND_GAP
    return first + index * (2 * BOX_WIDTH + SIDE_GAP + COLUMN_GAP)


def _headings(
    column_boxes: Sequence[ColumnBoxes], lefts: Sequence[float], width: float
) -> list[tuple[str, Rect]]:
    return [
        (column.heading, Rect(left, MARGIN, width, 34))
        for column, left in zip(column_boxes, lefts, strict=True)
    ]


def _rows(
    column_boxes: Sequence[ColumnBoxes], y: float
) -> tuple[dict[int, float], dict[int, float]]:
    """Return the top and the bottom of every row with a box; the first row starts at ``y``."""
    tops, bottoms = {}, {}
    for row in range(N_ROWS):
        heights = [
            height_of(nodes[row])
            for column in column_boxes
            for nodes in (column.main, column.side)
            if row in nodes
        ]
        if heights:
            tops[row], bottoms[row] = y, y + max(heights)
            y = bottoms[row] + ROW_GAP
    return tops, bottoms


def height_of(node: Node) -> float:
    """Return how tall a box must be for its text."""
    return 2 * PADDING + LINE * sum(len(wrapped(line)) for line in node.lines)


def _place(
    nodes: dict[int, Node], neighbours: dict[int, Node], *, x: float, tops: dict[int, float]
) -> dict[int, PlacedBox]:
    """Return the boxes in their rows; a box almost as tall as its neighbour is made as tall."""
    placed = {}
    for row, node in sorted(nodes.items()):
        height = height_of(node)
        neighbour_height = height_of(neighbours[row]) if row in neighbours else height
        if height < neighbour_height <= height + 2 * LINE:
            height = neighbour_height
        placed[row] = PlacedBox(node, Rect(x, tops[row], BOX_WIDTH, height))
    return placed


def _bands(tops: dict[int, float], bottoms: dict[int, float]) -> list[tuple[str, Rect]]:
    placed = []
    for label, first, last in BANDS:
        rows = [row for row in tops if first <= row <= last]
        top, bottom = tops[rows[0]], bottoms[rows[-1]]
        placed.append((label, Rect(MARGIN, top, BAND_WIDTH, bottom - top)))
    return placed


def _arrows(main: dict[int, PlacedBox], side: dict[int, PlacedBox]) -> Iterator[Arrow]:
    """Yield the arrows of a column: down from box to box, and across to the boxes beside them."""
    for above, below in pairwise(placed.rect for placed in main.values()):
        yield Arrow(((above.centre, above.bottom), (below.centre, below.y)))
    path_x = main[IDENTIFIED_ROW].rect.centre
    for row, placed in side.items():
        source = main.get(row)
        rect = placed.rect
        height = rect.height if source is None else min(rect.height, source.rect.height)
        start = path_x if source is None else source.rect.right
        across = ((start, rect.y + height / 2), (rect.x, rect.y + height / 2))
        if row > INCLUDED_ROW:
            across = across[::-1]  # what earlier versions included is added to the total
        yield Arrow(across, has_head=row != INCLUDED_ROW)


def _connect(assessed: Rect, included: Rect) -> Arrow:
    """Return the line from the second column to the included studies, between the rows."""
    y = included.y - ROW_GAP / 2
    return Arrow(
        ((assessed.centre, assessed.bottom), (assessed.centre, y), (included.centre, y)),
        has_head=False,
    )


def _place_notes(
    flow: Flow, head: str | None, *, y: float, width: float
) -> tuple[list[tuple[BoxLine, Rect]], float]:
    """Return the notes below the diagram, and the height of the drawing including them."""
    left = _column_left(0)
    as_of = f"Counts as of event {flow.as_of:,}."
    last = as_of if head is None else f"{as_of} Hash of that event: {drawable(head)}"
    placed = []
    for line in (*chain.from_iterable(notes(flow)), BoxLine(last)):
        x = left + (INDENT if line.key else 0)
        room = width - MARGIN - x
        height = NOTE_LINE * len(wrap(line.text, room, NOTE_FONT))
        placed.append((line, Rect(x, y, room, height)))
        y += height
    return placed, y + MARGIN


def wrapped(line: BoxLine) -> list[str]:
    """Return a box's line, wrapped to the width of the box."""
    return wrap(line.text, BOX_WIDTH - 2 * PADDING - indent(line))


def indent(line: BoxLine) -> float:
    """Return how far a line is indented: a part of a count is, every other line is not."""
    return INDENT if line.part is not None else 0
