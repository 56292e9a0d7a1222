"""A reviewer's records as a list: those left for them, or those that they have decided on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, true
from sqlalchemy.orm import Session

from review.decisions.blinding import NOT_IMPORTED
from review.decisions.situation import IS_LIVE
from review.events import Actor
from review.permissions import Action, check
from review.searches.records import matches, records_by_id
from review.tables import CalibrationRecord, Decision, Rank, Record, RecordLabel
from review.vocabulary import Stage
from screening.queue.assignments import queue_tiers
from screening.queue.candidates import candidate_conditions, is_or_has_copy_in, open_records
from screening.queue.labels import Label, own_labels
from screening.queue.next_records import queue_of
from screening.queue.open_calibrations import records_in
from screening.queue.schedule import schedule_of
from screening.ranking.runs import current_run

AT_ONCE = 100  # candidates checked at a time; most of them prove to be open


class Show(StrEnum):
    """Which records a list has."""

    LEFT = "left"  # those that still need the reviewer's decision
    DECIDED = "decided"  # by the reviewer


class Sort(StrEnum):
    """What a list is sorted by; records that are equal in it come in the order of import."""

    RANK = "rank"
    AUTHOR = "author"
    TITLE = "title"
    YEAR = "year"  # the newest first
    IMPORT = "import"


@dataclass(frozen=True)
class ListRow:
    """A record in the list, with the reviewer's own decision and labels."""

    record: Record
    position: int | None  # in the ranking in use
    own: Decision | None
    labels: Sequence[Label]


@dataclass(frozen=True)
class RecordList:
    """A page of the list, and whether there is another one."""

    rows: Sequence[ListRow]
    has_more: bool


def list_records(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    show: Show = Show.LEFT,
    sort: Sort = Sort.RANK,
    text: str = "",
    label: str = "",
    after: UUID | None = None,
    limit: int = 50,
) -> RecordList:
    """Return a page of the caller's records; ``text`` and ``label`` (their own) choose some.

    A page begins ``after`` the last record of the one before, whatever has been decided since.
    Records left are those that the queue gives: what is assigned to the caller, and only once
    nothing of that is left, the rest; an open calibration set comes first in the order of ranking.
    While the stage is paused, none is left.  Raises NotAllowed for anybody who is no reviewer.
    """
    scope: dict[str, Any] = {"review_id": review_id, "stage": stage, "by": by}
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    chosen = [
        _contains(text) if text.strip() else true(),
        _has_label(review_id, label, by) if label else true(),
    ]
    if show is Show.DECIDED:
        of_caller = [Record.id.in_(select(Decision.record_id).where(*_own(scope)))]
        ordered = _ordered(session, scope, [*of_caller, *chosen], sort=sort, after=after)
        found = list(islice(ordered, limit + 1))
    else:
        found = _left(session, scope, chosen, sort=sort, after=after, limit=limit)
    return _page(session, found, scope=scope, limit=limit, are_decided=show is Show.DECIDED)


def _left(
    session: Session,
    scope: dict[str, Any],
    chosen: Sequence[ColumnElement[bool]],
    *,
    sort: Sort,
    after: UUID | None,
    limit: int,
) -> list[tuple[UUID, int | None]]:
    """Return (id, rank) of the records that are open, one more than a page has."""
    if schedule_of(session, **scope).is_paused:
        return []
    queue = queue_of(session, **scope)
    own_sets = queue.calibrations.own
    candidates = [*candidate_conditions(session, queue)(Record.id), *chosen]
    place = (
        select(CalibrationRecord.position)
        .where(
            CalibrationRecord.record_id == Record.id,
            CalibrationRecord.calibration_set_id.in_(own_sets),
        )
        .limit(1)
        .scalar_subquery()
    )
    first = [place.is_(None), place] if own_sets and sort is Sort.RANK else []
    tiers = queue_tiers(
        session,
        review_id=scope["review_id"],
        stage=scope["stage"],
        account_id=scope["by"].account_id,
    )
    assigned = [tiers[0] | Record.id.in_(records_in(own_sets))] if tiers else []
    for conditions in [[*candidates, *assigned], candidates] if tiers else [candidates]:
        ordered = _ordered(session, scope, conditions, sort=sort, after=after, first=first)
        found: list[tuple[UUID, int | None]] = []
        while len(found) <= limit and (block := list(islice(ordered, AT_ONCE))):
            still_open = open_records(session, queue, [id_ for id_, _ in block])
            found += [row for row in block if row[0] in still_open]
        if found:
            return found[: limit + 1]
    return []


def _ordered(
    session: Session,
    scope: dict[str, Any],
    conditions: Sequence[ColumnElement[bool]],
    *,
    sort: Sort,
    after: UUID | None,
    first: Sequence[ColumnElement[Any]] = (),
) -> Iterator[tuple[UUID, int | None]]:
    """Return (id, rank) of the records that meet all conditions, those after one of them."""
    run = current_run(session, review_id=scope["review_id"], stage=scope["stage"])
    is_of_run = and_(Rank.record_id == Record.id, Rank.model_run_id == (run.id if run else None))
    meets = and_(*conditions)
    rows = session.execute(
        select(Record.id, Rank.position)
        .outerjoin(Rank, is_of_run)
        .where(Record.review_id == scope["review_id"])
        .where(meets if after is None else or_(meets, Record.id == after))
        .order_by(*first, *_order(sort), Record.number)
    ).all()
    ids = [row[0] for row in rows]
    begin = ids.index(after) + 1 if after in ids else 0
    return ((id_, position) for id_, position in rows[begin:])


def _page(
    session: Session,
    found: Sequence[tuple[UUID, int | None]],
    *,
    scope: dict[str, Any],
    limit: int,
    are_decided: bool,
) -> RecordList:
    shown = found[:limit]
    ids = [id_ for id_, _ in shown]
    records = records_by_id(session, record_ids=ids)
    labels = own_labels(session, review_id=scope["review_id"], record_ids=ids, by=scope["by"])
    own: dict[UUID, Decision] = {}
    if are_decided:
        on_these = (*_own(scope), Decision.record_id.in_(ids))
        decisions = session.scalars(
            select(Decision).where(*on_these).order_by(Decision.event_number)
        )
        own = {decision.record_id: decision for decision in decisions}
    rows = [
        ListRow(
            record=records[id_],
            position=position,
            own=own.get(id_),
            labels=labels.get(id_, []),
        )
        for id_, position in shown
    ]
    return RecordList(rows, has_more=len(found) > limit)


def _own(scope: dict[str, Any]) -> tuple[ColumnElement[bool], ...]:
    return (
        Decision.review_id == scope["review_id"],
        Decision.stage == scope["stage"],
        Decision.reviewer_id == scope["by"].account_id,
        IS_LIVE,
        NOT_IMPORTED,
    )


def _contains(text: str) -> ColumnElement[bool]:
    """Return the condition that a title, DOI, abstract or author's name contains a text."""
    needle = text.strip()
    return or_(
        matches(needle),
        Record.abstract.icontains(needle, autoescape=True),
        cast(Record.authors, Text).icontains(json.dumps(needle)[1:-1], autoescape=True),
    )


def _has_label(review_id: UUID, name: str, by: Actor) -> ColumnElement[bool]:
    labelled = select(RecordLabel.record_id).where(
        RecordLabel.review_id == review_id,
        RecordLabel.account_id == by.account_id,
        RecordLabel.name == name,
    )
    return is_or_has_copy_in(Record.id, review_id, labelled)


def _order(sort: Sort) -> list[ColumnElement[Any]]:
    if sort is Sort.RANK:
        return [Rank.position.is_(None), Rank.position.asc()]
    if sort is Sort.AUTHOR:
        first = func.lower(Record.authors[0].as_string())
        return [first.is_(None), first]
    if sort is Sort.TITLE:
        return [func.lower(Record.title)]
    if sort is Sort.YEAR:
        return [Record.year.is_(None), Record.year.desc()]
    return []
