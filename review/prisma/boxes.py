"""The text of every box of the PRISMA 2020 diagram: PRISMA's own words with a flow's numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocols.schema import SearchKind
from review.prisma.counts import COLUMNS, DATABASES, OTHER_METHODS, Flow, FlowColumn
from review.safe_text import drawable

TITLE = "PRISMA 2020 flow diagram"
IDENTIFIED_ROW, SCREENED_ROW, SOUGHT_ROW, ASSESSED_ROW, INCLUDED_ROW, TOTAL_ROW = 0, 2, 3, 5, 6, 7
SCREENING_AWAITED_ROW, ASSESSMENT_AWAITED_ROW = 1, 4
N_ROWS = 8

SOURCES = {
    SearchKind.DATABASE: "Databases",
    SearchKind.REGISTER: "Registers",
    SearchKind.WEBSITE: "Websites",
    SearchKind.ORGANISATION: "Organisations",
    SearchKind.CITATION_SEARCHING: "Citation searching",
    SearchKind.CONTACT: "Contact with authors or experts",
    SearchKind.OTHER: "Other sources",
}
NOT_IN_TEMPLATE = {
    OTHER_METHODS.duplicates: "Duplicate records",
    OTHER_METHODS.excluded_automatic: "Records marked as ineligible by automation tools",
    OTHER_METHODS.excluded_other: "Records removed for other reasons",
    OTHER_METHODS.records_screened: "Records screened",
    OTHER_METHODS.records_excluded: "Records excluded",
}


def _titles_in(column: FlowColumn) -> dict[str, str]:
    identified = {
        key: f"Records identified: {SOURCES[kind]}" for kind, key in column.results.items()
    }
    return identified | {
        column.duplicates: "Duplicate records removed",
        column.excluded_automatic: "Records marked as ineligible by automation tools",
        column.excluded_other: "Records removed for other reasons",
        column.records_screened: "Records screened",
        column.records_excluded: "Records excluded",
        column.awaiting_title_abstract: "Records awaiting screening",
        column.not_screened: "Records not screened",
        column.sought_reports: "Reports sought for retrieval",
        column.notretrieved_reports: "Reports not retrieved",
        column.awaiting_retrieval: "Reports awaiting retrieval",
        column.assessed: "Reports assessed for eligibility",
        column.awaiting_full_text: "Reports awaiting full-text screening",
        column.excluded: "Reports excluded",
    }


TITLES = {
    **_titles_in(DATABASES),
    **_titles_in(OTHER_METHODS),
    "new_reports": "Reports of included studies",
    "awaiting_study": "Included reports not yet linked to a study",
    "new_studies": "Studies included",
    "total_studies": "Total studies included",
    "total_reports": "Reports of total included studies",
    "previous_studies": "Studies included in a previous version",
    "previous_reports": "Reports of studies included in a previous version",
}
HEADINGS = {
    DATABASES.stream: "Identification of new studies via databases and registers",
    OTHER_METHODS.stream: "Identification of new studies via other methods",
}


@dataclass(frozen=True)
class BoxLine:
    """A line of a box: its words, the key of the count it shows, and which part of that count."""

    words: str
    key: str | None = None
    n: int = 0
    part: str | None = None  # a source or a reason; None for the whole count

    @property
    def text(self) -> str:
        """The words as people read them, with the number where there is one."""
        return self.words if self.key is None else f"{self.words} (n = {self.n:,})"


@dataclass(frozen=True)
class Node:
    """A box of the diagram, not yet laid out; interim while work remains to be done."""

    lines: tuple[BoxLine, ...]
    interim: bool = False


@dataclass(frozen=True)
class ColumnBoxes:
    """A column: its heading and, for each row, the box on the main path and the box beside it."""

    heading: str
    main: dict[int, Node]
    side: dict[int, Node]


def title_of(key: str) -> str:
    """Return what the diagram calls a count, without the name of its column."""
    return TITLES[key]


def columns(flow: Flow) -> list[ColumnBoxes]:
    """Return the columns of the diagram: databases and registers, and other methods if used."""
    used = COLUMNS if _uses_other_methods(flow) else (DATABASES,)
    return [_boxes_in(flow, column) for column in used]


def _uses_other_methods(flow: Flow) -> bool:
    return flow.total(*OTHER_METHODS.results.values(), *OTHER_METHODS.flow_states) > 0


def _boxes_in(flow: Flow, column: FlowColumn) -> ColumnBoxes:
    def box(words: str, key: str) -> Node:
        return Node((BoxLine(words, key, flow.counts[key]),))

    main = {
        IDENTIFIED_ROW: _identified(flow, column),
        SOUGHT_ROW: box("Reports sought for retrieval", column.sought_reports),
        ASSESSED_ROW: box("Reports assessed for eligibility", column.assessed),
    }
    side = {
        SOUGHT_ROW: box("Reports not retrieved", column.notretrieved_reports),
        ASSESSED_ROW: _reports_excluded(flow, column),
    }
    if column is DATABASES:
        main[SCREENED_ROW] = box("Records screened", column.records_screened)
        side[IDENTIFIED_ROW] = _removed(flow)
        side[SCREENED_ROW] = box("Records excluded", column.records_excluded)
        _add_included(flow, main, side)
    side |= _interim_boxes(flow, column)
    return ColumnBoxes(HEADINGS[column.stream], main, side)


def _identified(flow: Flow, column: FlowColumn) -> Node:
    results = list(column.results.items())
    used = [(kind, key) for kind, key in results if flow.counts[key]] or results[:2]
    mark = "†" if column is OTHER_METHODS and _other_methods_note(flow) else ""
    lines = [BoxLine(f"Records identified from{mark}:")]
    for kind, key in used:
        lines.append(BoxLine(SOURCES[kind], key, flow.counts[key]))
        lines += _parts(key, flow.sources.get(kind, {}))
    return Node(tuple(lines))


def _parts(key: str, parts: Mapping[str, int]) -> list[BoxLine]:
    return [BoxLine(drawable(name) or "Not named", key, n, name) for name, n in parts.items() if n]


def _removed(flow: Flow) -> Node:
    words = {
        DATABASES.duplicates: "Duplicate records",
        DATABASES.excluded_automatic: "Records marked as ineligible by automation tools",
        DATABASES.excluded_other: "Records removed for other reasons",
    }
    lines = [BoxLine(text, key, flow.counts[key]) for key, text in words.items()]
    return Node((BoxLine("Records removed before screening:"), *lines))


def _reports_excluded(flow: Flow, column: FlowColumn) -> Node:
    reasons = _parts(column.excluded, flow.reasons.get(column.stream, {}))
    words = f"Reports excluded{':' if reasons else ''}"
    return Node((BoxLine(words, column.excluded, flow.counts[column.excluded]), *reasons))


def _interim_boxes(flow: Flow, column: FlowColumn) -> dict[int, Node]:
    """Return the boxes of unfinished work, by row; none where nothing is unfinished."""
    words = {
        SCREENING_AWAITED_ROW: {
            column.awaiting_title_abstract: "Records awaiting screening",
            column.not_screened: "Records not screened because screening stopped early",
        },
        ASSESSMENT_AWAITED_ROW: {
            column.awaiting_retrieval: "Reports awaiting retrieval",
            column.awaiting_full_text: "Reports awaiting eligibility assessment",
        },
    }
    lines = {
        row: tuple(
            BoxLine(text, key, flow.counts[key]) for key, text in texts.items() if flow.counts[key]
        )
        for row, texts in words.items()
    }
    return {row: Node(counted, interim=True) for row, counted in lines.items() if counted}


def _add_included(flow: Flow, main: dict[int, Node], side: dict[int, Node]) -> None:
    def box(*, interim: bool = False, **words: str) -> Node:
        lines = (BoxLine(text, key, flow.counts[key]) for key, text in words.items())
        return Node(tuple(lines), interim)

    main[INCLUDED_ROW] = box(
        new_studies="New studies included in review",
        new_reports="Reports of new included studies",
    )
    if flow.counts["awaiting_study"]:
        words = "Of these reports, not yet linked to a study"
        side[INCLUDED_ROW] = box(interim=True, awaiting_study=words)
    if flow.total("previous_studies", "previous_reports"):
        main[TOTAL_ROW] = box(
            total_studies="Total studies included in review",
            total_reports="Reports of total included studies",
        )
        side[TOTAL_ROW] = box(
            previous_studies="Studies included in previous version of review",
            previous_reports="Reports of studies included in previous version of review",
        )


def notes(flow: Flow) -> list[Sequence[BoxLine]]:
    """Return the notes under the diagram: each an opening line, then the counts it explains."""
    return [note for note in (_other_methods_note(flow), _merges_note(flow)) if note]


def _merges_note(flow: Flow) -> Sequence[BoxLine]:
    """Return the note on how many automatic merges can be wrong, if a sample was checked."""
    return (BoxLine(flow.merge_check.statement),) if flow.merge_check else ()


def _other_methods_note(flow: Flow) -> Sequence[BoxLine]:
    """Return the note on counts of other methods that the template has no box for, if any."""
    lines = [BoxLine(words, key, flow.counts[key]) for key, words in NOT_IN_TEMPLATE.items()]
    if not any(line.n for line in lines):
        return ()
    opening = "† Records identified via other methods, before reports were sought for retrieval:"
    return (BoxLine(opening), *(line for line in lines if line.n))


def describe(flow: Flow) -> str:
    """Return the diagram in words: every box with its numbers, from top to bottom."""
    sentences = [f"{TITLE} as of event {flow.as_of:,}."]
    for column in columns(flow):
        boxes = (nodes.get(row) for row in range(N_ROWS) for nodes in (column.main, column.side))
        sentences.append(f"{column.heading}.")
        sentences += [_sentence(node.lines) for node in boxes if node is not None]
    sentences += [_sentence(note) for note in notes(flow)]
    return " ".join(sentences)


def _sentence(lines: Sequence[BoxLine]) -> str:
    opening, *rest = (line.text for line in lines)
    return f"{opening}{' ' if opening.endswith(':') else ', '}{', '.join(rest)}".rstrip(", ") + "."
