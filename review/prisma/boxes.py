"""What the boxes of the PRISMA 2020 diagram say: PRISMA's own words with a flow's numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocols.schema import SearchKind
from review.prisma.counts import Flow
from review.prisma.text import clean
from review.vocabulary import Stream

TITLE = "PRISMA 2020 flow diagram"
N_ROWS, INCLUDED_ROW = 8, 6

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
TITLES = {
    **{key: f"Records identified: {words}" for key, words, _ in (*DATABASES, *OTHERS)},
    "duplicates": "Duplicate records removed",
    "excluded_automatic": "Records marked as ineligible by automation tools",
    "excluded_other": "Records removed for other reasons",
    "records_screened": "Records screened",
    "records_excluded": "Records excluded",
    "awaiting_title_abstract": "Records awaiting screening",
    "not_screened": "Records not screened",
    "sought_reports": "Reports sought for retrieval",
    "notretrieved_reports": "Reports not retrieved",
    "awaiting_retrieval": "Reports awaiting retrieval",
    "assessed": "Reports assessed for eligibility",
    "awaiting_full_text": "Reports awaiting full-text screening",
    "excluded": "Reports excluded",
    "new_reports": "Reports of included studies",
    "awaiting_study": "Included reports not yet linked to a study",
    "new_studies": "Studies included",
    "total_studies": "Total studies included",
    "total_reports": "Reports of total included studies",
    "previous_studies": "Studies included in a previous version",
    "previous_reports": "Reports of studies included in a previous version",
}
HEADINGS = (
    "Identification of new studies via databases and registers",
    "Identification of new studies via other methods",
)


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


def title_of(key: str) -> str:
    """Return what a count's box is called in the diagram, without saying in which column."""
    return TITLES.get(key) or TITLES[key.removeprefix("other_").removeprefix("dbr_")]


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
        0: _identified(flow, kinds, mark="†" if is_other and notes(flow) else ""),
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
            "not_screened": "Records not screened because screening stopped early"},
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


def notes(flow: Flow) -> list[Line]:
    """Return the counts of the other column that the template has no box for."""
    lines = [Line(words, key, flow.counts[key]) for key, words in NOT_IN_TEMPLATE.items()]
    if not any(line.n for line in lines):
        return []
    opening = "† Records identified via other methods, before reports were sought for retrieval:"
    return [Line(opening), *(line for line in lines if line.n)]


def describe(flow: Flow) -> str:
    """Return what the diagram says, in words: every box with its numbers, from top to bottom."""
    sentences = [f"{TITLE} as of event {flow.as_of:,}."]
    for column in columns(flow):
        boxes = (beside.get(row) for row in range(N_ROWS) for beside in (column.main, column.side))
        sentences.append(f"{column.heading}.")
        sentences += [_sentence(node.lines) for node in boxes if node is not None]
    if below := notes(flow):
        sentences.append(_sentence(below))
    return " ".join(sentences)


def _sentence(lines: Sequence[Line]) -> str:
    opening, *rest = (line.text for line in lines)
    return f"{opening}{' ' if opening.endswith(':') else ', '}{', '.join(rest)}".rstrip(", ") + "."
