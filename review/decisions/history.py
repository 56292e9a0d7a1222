"""The history of a record, as far as the person who asks may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, may, roles_of_actor
from review.reviews import reason_labels
from review.states.resolution import stage_state
from review.tables import (
    Account,
    Adjudication,
    AdjudicationWithdrawal,
    ClusterMembership,
    Decision,
    Event,
    ImportedDecision,
    Record,
    RecordCorrection,
    Removal,
    Reopening,
    Retrieval,
)
from review.vocabulary import FINISHED, RemovalKind, Role, Stage


@dataclass(frozen=True)
class HistoryEntry:
    """One line of a record's history, as far as the person asking may know it."""

    number: int  # of the event
    at: datetime
    actor: str
    what: str  # what was done, in words
    why: str | None


@dataclass(frozen=True)
class _View:
    """The records asked about, and who asks."""

    review_id: UUID
    cluster: Sequence[UUID]
    by: Actor
    sees_others: bool  # what others did, once a round is resolved
    sees_names: bool  # of those who decided


@dataclass(frozen=True)
class _Line:
    event_number: int
    what: str
    why: str | None = None
    is_nameless: bool = False


STAGE_NAMES = {Stage.TITLE_ABSTRACT: "title and abstract", Stage.FULL_TEXT: "full text"}
REMOVALS = {
    RemovalKind.AUTOMATION: "removed before screening, by an automation tool",
    RemovalKind.OTHER: "removed before screening, for another reason",
    RemovalKind.RESTORED: "put back into screening",
}


def history(
    session: Session, *, review_id: UUID, cluster: Sequence[UUID], by: Actor
) -> list[HistoryEntry]:
    """Return what happened to a cluster's records, oldest first.

    A person always sees their own decisions.  Others' decisions and adjudications are only for
    people who see counts and do not screen, and only once the round is resolved.
    """
    roles = roles_of_actor(session, review_id=review_id, by=by)
    sees_others = may(roles, Action.SEE_COUNTS) and Role.REVIEWER not in roles
    # An adjudicator could undo a resolution, and would then know whose decision is whose; an
    # advisor reads the evidence, and does not work on the review.
    is_advisor = not may(roles, Action.READ)
    sees_names = Role.LEAD in roles or not (may(roles, Action.ADJUDICATE) or is_advisor)
    view = _View(review_id, cluster, by, sees_others, sees_names)
    lines: list[_Line] = []
    for stage in Stage:
        lines += _decision_lines(session, view, stage)
    lines += _record_lines(session, view)
    if sees_others:
        lines += _lead_lines(session, view)
    if is_advisor:
        lines = [replace(line, is_nameless=True) for line in lines]
    in_order = sorted(lines, key=lambda line: line.event_number)
    return _entries(
        session, review_id, in_order, nobody="the review team" if is_advisor else "a reviewer"
    )


def _decision_lines(session: Session, view: _View, stage: Stage) -> list[_Line]:
    now = stage_state(session, review_id=view.review_id, stage=stage, cluster=view.cluster)
    is_open = now.resolution not in FINISHED
    decisions = session.execute(
        select(Decision, ImportedDecision.named_author)
        .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
        .where(
            Decision.review_id == view.review_id,
            Decision.record_id.in_(view.cluster),
            Decision.stage == stage,
        )
    ).all()
    name, labels = STAGE_NAMES[stage], reason_labels(session, view.review_id)
    lines = [
        _Line(
            decision.event_number,
            f"{name}: {decision.verdict}"
            + (f", imported (named author: {author})" if author and view.sees_names else ""),
            labels.get(decision.exclusion_reason or "", decision.exclusion_reason) or decision.note,
            is_nameless=not (view.sees_names or decision.reviewer_id == view.by.account_id),
        )
        for decision, author in decisions
        if decision.reviewer_id == view.by.account_id
        or (view.sees_others and not (is_open and decision.round == now.round))
    ]
    if view.sees_others:
        adjudications = session.scalars(
            select(Adjudication).where(
                Adjudication.review_id == view.review_id,
                Adjudication.record_id.in_(view.cluster),
                Adjudication.stage == stage,
            )
        )
        lines += [
            _Line(
                adjudication.event_number,
                f"{name}: conflict resolved as {adjudication.verdict}",
                adjudication.note,
            )
            for adjudication in adjudications
        ]
        lines += [
            _Line(withdrawal.event_number, f"{name}: resolution undone")
            for withdrawal in session.scalars(
                select(AdjudicationWithdrawal)
                .join(Adjudication, Adjudication.id == AdjudicationWithdrawal.adjudication_id)
                .where(
                    Adjudication.review_id == view.review_id,
                    Adjudication.record_id.in_(view.cluster),
                    Adjudication.stage == stage,
                )
            )
        ]
    return lines


def _record_lines(session: Session, view: _View) -> list[_Line]:
    """Return when the records were imported, corrected, merged and split."""
    records = session.scalars(
        select(Record).where(Record.review_id == view.review_id, Record.id.in_(view.cluster))
    )
    memberships = session.scalars(
        select(ClusterMembership).where(
            ClusterMembership.review_id == view.review_id,
            ClusterMembership.record_id.in_(view.cluster),
        )
    )
    corrections = session.execute(
        select(RecordCorrection.event_number, RecordCorrection.why, Event.detail)
        .join(
            Event,
            (Event.review_id == RecordCorrection.review_id)
            & (Event.number == RecordCorrection.event_number),
        )
        .where(RecordCorrection.record_id.in_(view.cluster))
    )
    return [
        *(_Line(record.event_number, f"record {record.number:,} imported") for record in records),
        *(
            _Line(number, "correction undone")
            if "undoes" in detail
            else _Line(number, "record corrected", why or None)
            for number, why, detail in corrections
        ),
        *(
            _Line(
                membership.event_number,
                "split from its duplicates"
                if membership.root_id == membership.record_id
                else "merged with its duplicates",
            )
            for membership in memberships
        ),
    ]


def _lead_lines(session: Session, view: _View) -> list[_Line]:
    """Return what leads did: removals, retrievals and reopenings."""

    def acts(table: type[Removal] | type[Retrieval] | type[Reopening]) -> Sequence[Any]:
        return session.scalars(
            select(table).where(
                table.review_id == view.review_id, table.record_id.in_(view.cluster)
            )
        ).all()

    return [
        *(_Line(act.event_number, REMOVALS[act.kind], act.why) for act in acts(Removal)),
        *(
            _Line(act.event_number, f"full text {act.state}".replace("_", " "), act.why)
            for act in acts(Retrieval)
        ),
        *(
            _Line(act.event_number, f"reopened at {STAGE_NAMES[act.stage]}", act.why)
            for act in acts(Reopening)
        ),
    ]


def _entries(
    session: Session, review_id: UUID, lines: Sequence[_Line], *, nobody: str
) -> list[HistoryEntry]:
    """Return the lines with the time and the actor of their events, ``nobody`` without a name."""
    rows = session.execute(
        select(Event.number, Event.at, Event.actor_kind, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(
            Event.review_id == review_id, Event.number.in_({line.event_number for line in lines})
        )
    )
    events = {row.number: (row.at, row.name or f"the {row.actor_kind}") for row in rows}
    return [
        HistoryEntry(
            line.event_number,
            events[line.event_number][0],
            nobody if line.is_nameless else events[line.event_number][1],
            line.what,
            line.why,
        )
        for line in lines
    ]
