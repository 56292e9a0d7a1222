"""PRISMA 2020 counts, derived from where every record is; nothing here is stored.

Boxes and their keys are those of the PRISMA 2020 flow diagram (Page et al. 2021,
doi:10.1136/bmj.n71) and of the PRISMA2020 exchange file.  The template has no box for duplicates
or screening in the column *other methods*; those counts carry the prefix ``other_``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Select, func, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import last_event
from review.reviews import protocol_of
from review.states.clusters import REVIEW_PARAM, Scope, bind_params
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
from review.tables import Event, Record, Search
from review.tables.base import utc_now
from review.vocabulary import SearchKind, Stage, Stream

ALL = frozenset(FlowState)


@dataclass(frozen=True)
class Box:
    """A number of the diagram: which leaves it adds up, of which stream and kinds of search."""

    flow_states: frozenset[FlowState]
    stream: Stream | None = None
    kinds: frozenset[SearchKind] | None = None


def _one(flow_state: FlowState, stream: Stream) -> Box:
    return Box(frozenset({flow_state}), stream)


def _identified(*kinds: SearchKind) -> Box:
    return Box(ALL, kinds=frozenset(kinds))


_DB, _OTHER = Stream.DATABASES, Stream.OTHER

BOXES: dict[str, Box] = {
    "database_results": _identified(SearchKind.DATABASE),
    "register_results": _identified(SearchKind.REGISTER),
    "website_results": _identified(SearchKind.WEBSITE),
    "organisation_results": _identified(SearchKind.ORGANISATION),
    "citations_results": _identified(SearchKind.CITATION_SEARCHING),
    "contact_results": _identified(SearchKind.CONTACT),
    "other_source_results": _identified(SearchKind.OTHER),
    "duplicates": _one(FlowState.DUPLICATE, _DB),
    "excluded_automatic": Box(BY_AUTOMATION, _DB),
    "excluded_other": _one(FlowState.REMOVED_OTHER, _DB),
    "records_screened": Box(SCREENED, _DB),
    "records_excluded": _one(FlowState.EXCLUDED, _DB),
    "awaiting_title_abstract": Box(AWAITING_SCREENING, _DB),
    "not_screened": _one(FlowState.NOT_SCREENED, _DB),
    "dbr_sought_reports": Box(SOUGHT, _DB),
    "dbr_notretrieved_reports": _one(FlowState.NOT_RETRIEVED, _DB),
    "awaiting_retrieval": _one(FlowState.AWAITING_RETRIEVAL, _DB),
    "dbr_assessed": Box(ASSESSED, _DB),
    "awaiting_full_text": Box(AWAITING_FULL_TEXT, _DB),
    "dbr_excluded": _one(FlowState.FULL_TEXT_EXCLUDED, _DB),
    "other_duplicates": _one(FlowState.DUPLICATE, _OTHER),
    "other_excluded_automatic": Box(BY_AUTOMATION, _OTHER),
    "other_excluded_other": _one(FlowState.REMOVED_OTHER, _OTHER),
    "other_records_screened": Box(SCREENED, _OTHER),
    "other_records_excluded": _one(FlowState.EXCLUDED, _OTHER),
    "other_awaiting_title_abstract": Box(AWAITING_SCREENING, _OTHER),
    "other_not_screened": _one(FlowState.NOT_SCREENED, _OTHER),
    "other_sought_reports": Box(SOUGHT, _OTHER),
    "other_notretrieved_reports": _one(FlowState.NOT_RETRIEVED, _OTHER),
    "other_awaiting_retrieval": _one(FlowState.AWAITING_RETRIEVAL, _OTHER),
    "other_assessed": Box(ASSESSED, _OTHER),
    "other_awaiting_full_text": Box(AWAITING_FULL_TEXT, _OTHER),
    "other_excluded": _one(FlowState.FULL_TEXT_EXCLUDED, _OTHER),
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
    flow_states: dict[FlowState, int] = field(
        default_factory=dict
    )  # what the boxes are added up from

    def total(self, *keys: str) -> int:
        """Return the sum of some counts."""
        return sum(self.counts[key] for key in keys)


@dataclass(frozen=True)
class Identity:
    """One sum that has to come out, in words and numbers."""

    sentence: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        """Whether both sides are the same."""
        return self.left == self.right


def count_flow(session: Session, *, review_id: UUID, as_of: int | None = None) -> Flow:
    """Return the counts of every box after event ``as_of``; now for None."""
    number = last_event(session, review_id) if as_of is None else as_of
    if as_of is None:
        query = _counted_now(reasons_of(protocol_of(session, review_id)))
        rows = session.execute(query, bind_params(review_id)).all()
    else:
        states = flow_states(session, review_id=review_id, as_of=as_of)
        rows = session.execute(_counted(states)).all()
    places = Counter[tuple[SearchKind, Stream, FlowState]]()
    reasons: dict[Stream, Counter[str]] = {stream: Counter() for stream in Stream}
    studies = set()
    for kind, stream, at, reason, study_id, n in rows:
        places[kind, Stream(stream), FlowState(at)] += n
        if at == FlowState.FULL_TEXT_EXCLUDED and reason is not None:
            reasons[Stream(stream)][reason] += n
        if study_id is not None:
            studies.add(study_id)
    counts = {key: _add(places, box) for key, box in BOXES.items()}
    counts["previous_studies"] = counts["previous_reports"] = 0
    counts["new_studies"] = len(studies)
    counts["total_studies"] = counts["previous_studies"] + counts["new_studies"]
    counts["total_reports"] = counts["previous_reports"] + counts["new_reports"]
    return Flow(
        as_of=number,
        counts=counts,
        flow_states=_by_leaf(places),
        sources=_sources(session, review_id, as_of),
        reasons=_labelled(session, review_id, as_of, reasons),
    )


def _counted(states: CTE) -> Select[Any]:
    place = (
        states.c.kind,
        states.c.stream,
        states.c.flow_state,
        states.c.reason,
        states.c.study_id,
    )
    return select(*place, func.count()).group_by(*place)


@lru_cache(maxsize=64)
def _counted_now(reasons: Reasons) -> Select[Any]:
    return _counted(flow_state_table(Scope(REVIEW_PARAM), reasons))


def _by_leaf(places: Counter[tuple[SearchKind, Stream, FlowState]]) -> dict[FlowState, int]:
    counted = Counter[FlowState]()
    for (_, _, flow_state), n in places.items():
        counted[flow_state] += n
    return {flow_state: counted[flow_state] for flow_state in FlowState}


def identities(flow: Flow) -> list[Identity]:
    """Return every sum that the flow must satisfy (RELIABILITY P2 to P11), with its numbers."""
    return [
        *_stream_identities(
            flow,
            "from databases and registers",
            ("database_results", "register_results"),
            "",
            "dbr_",
        ),
        *_stream_identities(
            flow,
            "from other methods",
            (
                "website_results",
                "organisation_results",
                "citations_results",
                "contact_results",
                "other_source_results",
            ),
            "other_",
            "other_",
        ),
        Identity(
            "reports included = assessed − excluded on full text, in both columns",
            flow.counts["new_reports"],
            flow.total("dbr_assessed", "other_assessed")
            - flow.total("dbr_excluded", "other_excluded"),
        ),
        Identity(
            "total studies = previous + new",
            flow.counts["total_studies"],
            flow.total("previous_studies", "new_studies"),
        ),
    ]


def _stream_identities(
    flow: Flow, where: str, found: Iterable[str], early: str, late: str
) -> list[Identity]:
    def n(*keys: str) -> int:
        return flow.total(*keys)

    removed = [early + key for key in ("duplicates", "excluded_automatic", "excluded_other")]
    waiting = [early + key for key in ("awaiting_title_abstract", "not_screened")]
    stream = Stream.OTHER if late == "other_" else Stream.DATABASES
    return [
        Identity(
            f"records identified {where} = removed before screening + screened + awaiting "
            "screening + not screened",
            n(*found),
            n(*removed, early + "records_screened", *waiting),
        ),
        Identity(
            f"records screened {where} = excluded + sought as reports",
            n(early + "records_screened"),
            n(early + "records_excluded", late + "sought_reports"),
        ),
        Identity(
            f"reports sought {where} = not retrieved + awaiting retrieval + awaiting full-text "
            "screening + assessed",
            n(late + "sought_reports"),
            n(
                late + "notretrieved_reports",
                early + "awaiting_retrieval",
                early + "awaiting_full_text",
                late + "assessed",
            ),
        ),
        Identity(
            f"reports excluded on full text {where} = the sum over reasons",
            n(late + "excluded"),
            sum(flow.reasons[stream].values()),
        ),
    ]


def event_on(session: Session, *, review_id: UUID, as_of: str) -> int:
    """Return the event number that ``as_of`` means: a number, or the end of a day in UTC.

    Raises Invalid for neither, NotFound for a time before the review began.
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
    found = session.scalar(
        select(func.max(Event.number)).where(Event.review_id == review_id, Event.at < end)
    )
    if found is None:
        raise NotFound(f"The review had not begun by {day}.")
    return found


def _add(places: Counter[tuple[SearchKind, Stream, FlowState]], box: Box) -> int:
    return sum(
        n
        for (kind, stream, flow_state), n in places.items()
        if flow_state in box.flow_states
        and (box.stream is None or stream == box.stream)
        and (box.kinds is None or kind in box.kinds)
    )


def _sources(
    session: Session, review_id: UUID, as_of: int | None
) -> dict[SearchKind, dict[str, int]]:
    query = (
        select(Search.kind, Search.source, func.count())
        .join(Record, Record.search_id == Search.id)
        .where(Search.review_id == review_id)
        .group_by(Search.kind, Search.source)
        .order_by(Search.source)
    )
    if as_of is not None:
        query = query.where(Record.event_number <= as_of)
    sources: dict[SearchKind, dict[str, int]] = {}
    for kind, source, n in session.execute(query):
        sources.setdefault(kind, {})[source] = n
    return sources


def _labelled(
    session: Session, review_id: UUID, as_of: int | None, reasons: dict[Stream, Counter[str]]
) -> dict[Stream, dict[str, int]]:
    protocol = protocol_of(session, review_id, as_of=as_of)
    known = {reason.key: reason.label for reason in protocol.reasons(Stage.FULL_TEXT)}
    labelled: dict[Stream, dict[str, int]] = {}
    for stream, counted in reasons.items():
        by_label: Counter[str] = Counter()
        for key in [*known, *sorted(counted.keys() - known.keys())]:
            by_label[known.get(key, key)] += counted[key]
        labelled[stream] = {label: n for label, n in by_label.items() if n}
    return labelled
