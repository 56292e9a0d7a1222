"""PRISMA 2020 counts, derived from the flow state of every record; nothing here is stored.

Boxes and their keys are those of the PRISMA 2020 flow diagram (Page et al. 2021,
doi:10.1136/bmj.n71) and of the PRISMA2020 exchange file.  The template has no box for duplicates
or screening in the column *other methods*; those counts have keys of our own.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Select, func, select
from sqlalchemy.orm import Session

from review.duplicates.merge_check import MergeCheck
from review.errors import Invalid, NotFound
from review.events import last_event
from review.reviews import protocol_of, reason_labels
from review.states.clusters import (
    REVIEW_PARAM,
    VIEWER,
    Scope,
    bind_params,
    members,
    searches,
)
from review.states.flow import (
    ASSESSED,
    AWAITING_FULL_TEXT,
    AWAITING_SCREENING,
    BY_AUTOMATION,
    INCLUDED,
    SCREENED,
    SOUGHT,
    FlowState,
    flow_state_table,
    flow_states,
)
from review.states.resolution import Reasons, reasons_of
from review.states.viewers import viewer_of
from review.tables import Event
from review.tables.base import utc_now
from review.vocabulary import SearchKind, Stage, Stream

ALL = frozenset(FlowState) - {FlowState.WITHDRAWN}

Tally = Counter[tuple[SearchKind, Stream, FlowState]]
"""How many records there are of each kind of search, in each stream and flow state."""


@dataclass(frozen=True)
class Box:
    """A number of the diagram: the flow states it adds up, of one stream, of kinds of search."""

    flow_states: frozenset[FlowState]
    stream: Stream | None = None  # None for both
    kinds: frozenset[SearchKind] | None = None  # None for all


@dataclass(frozen=True)
class FlowColumn:
    """One column of the diagram: its stream, its name in a sentence, and the key of each count."""

    stream: Stream
    words: str
    results: Mapping[SearchKind, str]  # records identified, by kind of search
    duplicates: str
    excluded_automatic: str
    excluded_other: str
    records_screened: str
    records_excluded: str
    awaiting_title_abstract: str
    not_screened: str
    sought_reports: str
    notretrieved_reports: str
    awaiting_retrieval: str
    assessed: str
    awaiting_full_text: str
    excluded: str

    @property
    def flow_states(self) -> dict[str, frozenset[FlowState]]:
        """The flow states that each count adds up, by its key; without records identified."""
        return {
            self.duplicates: frozenset({FlowState.DUPLICATE}),
            self.excluded_automatic: BY_AUTOMATION,
            self.excluded_other: frozenset({FlowState.REMOVED_OTHER}),
            self.records_screened: SCREENED,
            self.records_excluded: frozenset({FlowState.EXCLUDED}),
            self.awaiting_title_abstract: AWAITING_SCREENING,
            self.not_screened: frozenset({FlowState.NOT_SCREENED}),
            self.sought_reports: SOUGHT,
            self.notretrieved_reports: frozenset({FlowState.NOT_RETRIEVED}),
            self.awaiting_retrieval: frozenset({FlowState.AWAITING_RETRIEVAL}),
            self.assessed: ASSESSED,
            self.awaiting_full_text: AWAITING_FULL_TEXT,
            self.excluded: frozenset({FlowState.FULL_TEXT_EXCLUDED}),
        }


DATABASES = FlowColumn(
    stream=Stream.DATABASES,
    words="from databases and registers",
    results={
        SearchKind.DATABASE: "database_results",
        SearchKind.REGISTER: "register_results",
    },
    duplicates="duplicates",
    excluded_automatic="excluded_automatic",
    excluded_other="excluded_other",
    records_screened="records_screened",
    records_excluded="records_excluded",
    awaiting_title_abstract="awaiting_title_abstract",
    not_screened="not_screened",
    sought_reports="dbr_sought_reports",
    notretrieved_reports="dbr_notretrieved_reports",
    awaiting_retrieval="awaiting_retrieval",
    assessed="dbr_assessed",
    awaiting_full_text="awaiting_full_text",
    excluded="dbr_excluded",
)
OTHER_METHODS = FlowColumn(
    stream=Stream.OTHER,
    words="from other methods",
    results={
        SearchKind.WEBSITE: "website_results",
        SearchKind.ORGANISATION: "organisation_results",
        SearchKind.CITATION_SEARCHING: "citations_results",
        SearchKind.CONTACT: "contact_results",
        SearchKind.OTHER: "other_source_results",
    },
    duplicates="other_duplicates",
    excluded_automatic="other_excluded_automatic",
    excluded_other="other_excluded_other",
    records_screened="other_records_screened",
    records_excluded="other_records_excluded",
    awaiting_title_abstract="other_awaiting_title_abstract",
    not_screened="other_not_screened",
    sought_reports="other_sought_reports",
    notretrieved_reports="other_notretrieved_reports",
    awaiting_retrieval="other_awaiting_retrieval",
    assessed="other_assessed",
    awaiting_full_text="other_awaiting_full_text",
    excluded="other_excluded",
)
COLUMNS = (DATABASES, OTHER_METHODS)

BOXES: dict[str, Box] = {
    **{
        key: Box(ALL, kinds=frozenset({kind}))
        for column in COLUMNS
        for kind, key in column.results.items()
    },
    **{
        key: Box(states, column.stream)
        for column in COLUMNS
        for key, states in column.flow_states.items()
    },
    "new_reports": Box(INCLUDED),
    "awaiting_study": Box(frozenset({FlowState.AWAITING_STUDY})),
}


@dataclass(frozen=True)
class Flow:
    """The counts of a review's flow after one event."""

    as_of: int
    counts: dict[str, int]
    sources: dict[SearchKind, dict[str, int]]  # records by source, for each kind of search
    reasons: dict[Stream, dict[str, int]]  # full-text exclusions by reason label, in order
    flow_states: dict[FlowState, int] = field(default_factory=dict)  # the boxes add these up
    merge_check: MergeCheck | None = None  # of the automatic merges, once a sample is checked

    def total(self, *keys: str) -> int:
        """Return the sum of some counts."""
        return sum(self.counts[key] for key in keys)


@dataclass(frozen=True)
class Identity:
    """A sum that must add up, in words and numbers."""

    sentence: str
    left: int
    right: int

    @property
    def adds_up(self) -> bool:
        """Whether both sides are the same."""
        return self.left == self.right


def count_flow(session: Session, *, review_id: UUID, as_of: int | None = None) -> Flow:
    """Return the counts of every box after event ``as_of``; now for None."""
    number = last_event(session, review_id) if as_of is None else as_of
    if as_of is None:
        viewer = viewer_of(session, review_id)
        query = _counted_now(reasons_of(protocol_of(session, review_id)), viewer is not None)
        rows = session.execute(query, bind_params(review_id, viewer=viewer)).all()
    else:
        states = flow_states(session, review_id=review_id, as_of=as_of)
        rows = session.execute(_counted(states)).all()
    tally = Tally()
    reasons: dict[Stream, Counter[str]] = {stream: Counter() for stream in Stream}
    studies = set()
    for kind, stream, flow_state, reason, study_id, n in rows:
        tally[kind, Stream(stream), FlowState(flow_state)] += n
        if flow_state == FlowState.FULL_TEXT_EXCLUDED and reason is not None:
            reasons[Stream(stream)][reason] += n
        if study_id is not None:
            studies.add(study_id)
    counts = {key: _add(tally, box) for key, box in BOXES.items()}
    counts["previous_studies"] = counts["previous_reports"] = 0
    counts["new_studies"] = len(studies)
    counts["total_studies"] = counts["previous_studies"] + counts["new_studies"]
    counts["total_reports"] = counts["previous_reports"] + counts["new_reports"]
    return Flow(
        as_of=number,
        counts=counts,
        flow_states=_by_flow_state(tally),
        sources=_sources(session, review_id, as_of),
        reasons=_labelled(session, review_id, reasons, as_of=as_of),
    )


def _counted(states: CTE) -> Select[Any]:
    keys = (
        states.c.kind,
        states.c.stream,
        states.c.flow_state,
        states.c.reason,
        states.c.study_id,
    )
    return select(*keys, func.count()).group_by(*keys)


@lru_cache(maxsize=64)
def _counted_now(reasons: Reasons, has_viewer: bool) -> Select[Any]:
    scope = Scope(REVIEW_PARAM, viewer=VIEWER if has_viewer else None)
    return _counted(flow_state_table(scope, reasons))


def _by_flow_state(tally: Tally) -> dict[FlowState, int]:
    counted = Counter[FlowState]()
    for (_, _, flow_state), n in tally.items():
        counted[flow_state] += n
    return {flow_state: counted[flow_state] for flow_state in FlowState}


def identities(flow: Flow) -> list[Identity]:
    """Return every sum that the flow must satisfy (RELIABILITY P2 to P11), with its numbers."""
    return [
        *(identity for column in COLUMNS for identity in _identities_of(flow, column)),
        Identity(
            "reports included = assessed − excluded on full text, in both columns",
            flow.counts["new_reports"],
            flow.total(*(column.assessed for column in COLUMNS))
            - flow.total(*(column.excluded for column in COLUMNS)),
        ),
        Identity(
            "total studies = previous + new",
            flow.counts["total_studies"],
            flow.total("previous_studies", "new_studies"),
        ),
    ]


def _identities_of(flow: Flow, column: FlowColumn) -> list[Identity]:
    return [
        Identity(
            f"records identified {column.words} = removed before screening + screened + awaiting "
            "screening + not screened",
            flow.total(*column.results.values()),
            flow.total(
                column.duplicates,
                column.excluded_automatic,
                column.excluded_other,
                column.records_screened,
                column.awaiting_title_abstract,
                column.not_screened,
            ),
        ),
        Identity(
            f"records screened {column.words} = excluded + sought as reports",
            flow.total(column.records_screened),
            flow.total(column.records_excluded, column.sought_reports),
        ),
        Identity(
            f"reports sought {column.words} = not retrieved + awaiting retrieval + awaiting "
            "full-text screening + assessed",
            flow.total(column.sought_reports),
            flow.total(
                column.notretrieved_reports,
                column.awaiting_retrieval,
                column.awaiting_full_text,
                column.assessed,
            ),
        ),
        Identity(
            f"reports excluded on full text {column.words} = the sum over reasons",
            flow.total(column.excluded),
            sum(flow.reasons[column.stream].values()),
        ),
    ]


def event_on(session: Session, *, review_id: UUID, as_of: str) -> int:
    """Return the event number that ``as_of`` means: a number, or the end of a day in UTC.

    Raises Invalid where it is neither, NotFound for a time before the review began.
    """
    if as_of.isdecimal():
        number = int(as_of[:18])
        if not 0 < number <= last_event(session, review_id):
            raise NotFound(f"The review has no event {number}.")
        return number
    try:
        day = date.fromisoformat(as_of)
    except ValueError as error:
        raise Invalid(
            f"'{as_of}' is neither an event number nor a date like 2026-11-22."
        ) from error
    if day >= utc_now().date():
        return last_event(session, review_id)
    end = datetime.combine(day, time.min, UTC) + timedelta(days=1)
    last = session.scalar(
        select(func.max(Event.number)).where(Event.review_id == review_id, Event.at < end)
    )
    if last is None:
        raise NotFound(f"The review had not begun by {day}. Choose a later day.")
    return last


def _add(tally: Tally, box: Box) -> int:
    return sum(
        n
        for (kind, stream, flow_state), n in tally.items()
        if flow_state in box.flow_states
        and (box.stream is None or stream == box.stream)
        and (box.kinds is None or kind in box.kinds)
    )


def _sources(
    session: Session, review_id: UUID, as_of: int | None
) -> dict[SearchKind, dict[str, int]]:
    scope = Scope(review_id, as_of)
    member, search = members(scope), searches(scope)
    query = (
        select(search.c.kind, search.c.source, func.count())
        .join(member, member.c.search_id == search.c.id)
        .where(~member.c.is_withdrawn)
        .group_by(search.c.kind, search.c.source)
        .order_by(search.c.source)
    )
    sources: dict[SearchKind, dict[str, int]] = {}
    for kind, source, n in session.execute(query):
        sources.setdefault(kind, {})[source] = n
    return sources


def _labelled(
    session: Session,
    review_id: UUID,
    reasons: Mapping[Stream, Counter[str]],
    *,
    as_of: int | None,
) -> dict[Stream, dict[str, int]]:
    """Return the reasons under their labels, in the protocol's order; older reasons come last."""
    protocol = protocol_of(session, review_id, as_of=as_of)
    known = {reason.key: reason.label for reason in protocol.reasons(Stage.FULL_TEXT)}
    given = {key for counted in reasons.values() for key in counted}
    labels = known if given <= known.keys() else reason_labels(session, review_id, as_of=as_of)
    labelled: dict[Stream, dict[str, int]] = {}
    for stream, counted in reasons.items():
        by_label: Counter[str] = Counter()
        for key in [*known, *sorted(counted.keys() - known.keys())]:
            by_label[labels.get(key, key)] += counted[key]
        labelled[stream] = {label: n for label, n in by_label.items() if n}
    return labelled
