"""A reviewer's records as a list: those left for them, or those that they have decided on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select, true
from sqlalchemy.orm import Session

from review.decisions.blinding import NOT_IMPORTED
from review.decisions.closing import own_open_decisions
from review.decisions.situation import IS_LIVE
from review.events import Actor
from review.permissions import Action, check
from review.searches.records import matches, records_by_id
from review.tables import Decision, Rank, Record, RecordLabel
from review.vocabulary import Stage
from screening.queue.candidates import candidate_conditions, open_records
from screening.queue.labels import Label, own_labels
from screening.queue.next_records import queue_of
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
    can_change: bool  # whether the reviewer may still change it
    labels: Sequence[Label]


@dataclass(frozen=True)
class RecordList:
    """A page of the list, and where the next one begins; None if this is the last."""

    rows: Sequence[ListRow]
    next_offset: int | None


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
    offset: int = 0,
    limit: int = 50,
) -> RecordList:
    """Return a page of the caller's records; ``text`` and ``label`` (their own) choose some.

    ``offset`` counts in the same order as ``next_offset`` of the page before.  While the stage is
    paused, no records are left.  Raises NotAllowed for anybody who is not a reviewer.
    """
    scope: dict[str, Any] = {"review_id": review_id, "stage": stage, "by": by}
    check(session, review_id=review_id, by=by, action=Action.SCREEN)
    run = current_run(session, review_id=review_id, stage=stage)
    position = (
        select(Rank.position)
        .where(Rank.model_run_id == (run.id if run else None), Rank.record_id == Record.id)
        .scalar_subquery()
    )
    query = (
        select(Record.id, position.label("position"))
        .where(Record.review_id == review_id)
        .where(_contains(text) if text.strip() else true())
        .where(_has_label(review_id, label, by) if label else true())
        .order_by(*_order(sort, position), Record.number)
    )
    if show is Show.LEFT:
        found = _left(session, query, scope=scope, offset=offset, limit=limit)
    else:
        decided = query.where(Record.id.in_(_decided(scope)))
        rows = session.execute(decided.offset(offset).limit(limit + 1)).all()
        found = [(offset + n, id_, place) for n, (id_, place) in enumerate(rows)]
    return _page(session, found, scope=scope, limit=limit, are_decided=show is Show.DECIDED)


def _left(
    session: Session, query: Select[UUID, int], *, scope: dict[str, Any], offset: int, limit: int
) -> list[tuple[int, UUID, int | None]]:
    """Return (place among the candidates, id, rank) of the records that are open."""
    if schedule_of(session, **scope).is_paused:
        return []
    queue = queue_of(session, **scope)
    candidates = query.where(*candidate_conditions(session, queue)(Record.id))

    def open_ones() -> Iterator[tuple[int, UUID, int | None]]:
        at = offset
        while rows := session.execute(candidates.offset(at).limit(AT_ONCE)).all():
            still_open = open_records(session, queue, [id_ for id_, _ in rows])
            yield from (
                (at + n, id_, place) for n, (id_, place) in enumerate(rows) if id_ in still_open
            )
            at += AT_ONCE

    return list(islice(open_ones(), limit + 1))


def _page(
    session: Session,
    found: Sequence[tuple[int, UUID, int | None]],
    *,
    scope: dict[str, Any],
    limit: int,
    are_decided: bool,
) -> RecordList:
    shown = found[:limit]
    ids = [id_ for _, id_, _ in shown]
    records = records_by_id(session, record_ids=ids)
    labels = own_labels(session, review_id=scope["review_id"], record_ids=ids, by=scope["by"])
    own: dict[UUID, Decision] = {}
    still_open: set[UUID] = set()
    if are_decided:
        on_these = (*_own(scope), Decision.record_id.in_(ids))
        decisions = session.scalars(
            select(Decision).where(*on_these).order_by(Decision.event_number)
        )
        own = {decision.record_id: decision for decision in decisions}
        still_open = {decision.id for decision in own_open_decisions(session, **scope)}
    rows = [
        ListRow(
            record=records[id_],
            position=place,
            own=own.get(id_),
            can_change=id_ in own and own[id_].id in still_open,
            labels=labels.get(id_, []),
        )
        for _, id_, place in shown
    ]
    return RecordList(rows, found[limit][0] if len(found) > limit else None)


def _decided(scope: dict[str, Any]) -> Select[UUID]:
    return select(Decision.record_id).where(*_own(scope))


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
    return Record.id.in_(
        select(RecordLabel.record_id).where(
            RecordLabel.review_id == review_id,
            RecordLabel.account_id == by.account_id,
            RecordLabel.name == name,
        )
    )


def _order(sort: Sort, position: Any) -> list[ColumnElement[Any]]:
    if sort is Sort.RANK:
        return [position.is_(None), position]
    if sort is Sort.AUTHOR:
        first = func.lower(Record.authors[0].as_string())
        return [first.is_(None), first]
    if sort is Sort.TITLE:
        return [func.lower(Record.title)]
    if sort is Sort.YEAR:
        return [Record.year.is_(None), Record.year.desc()]
    return []
