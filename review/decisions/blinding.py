"""Blinding: what a person may see of others' decisions, decided in this one place.

Until a round is resolved, only the author sees a decision, and only leads see that it exists.  A
reviewer never sees another reviewer's decision, nor the resolution of the records they screened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from review.decisions.marked_words import marks_in_review
from review.decisions.situation import IS_LIVE, live_decisions, situation_of
from review.events import Actor
from review.permissions import Action, may, roles_of_actor
from review.reviews import reason_labels
from review.searches.records import matches
from review.states.clusters import Scope, members
from review.states.flow import AWAITING_FULL_TEXT, AWAITING_SCREENING
from review.states.resolution import resolutions, stage_state
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
from review.vocabulary import FINISHED, Act, RemovalKind, Role, Stage, Verdict

NOT_IMPORTED = ~exists().where(ImportedDecision.decision_id == Decision.id)


def own_decisions(
    session: Session,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    limit: int = 5,
    verdict: Verdict | None = None,
    text: str = "",
    before: int | None = None,
) -> list[tuple[Decision, Record]]:
    """Return the caller's live decisions with their records, newest first; no imported ones.

    ``verdict``, ``text`` (of title, DOI or note) and ``before``, an event, choose some of them.
    """
    query = (
        select(Decision, Record)
        .join(Record, Record.id == Decision.record_id)
        .where(
            Decision.review_id == review_id,
            Decision.stage == stage,
            Decision.reviewer_id == by.account_id,
            IS_LIVE,
            NOT_IMPORTED,
        )
        .order_by(Decision.event_number.desc())
        .limit(limit)
    )
    if verdict is not None:
        query = query.where(Decision.verdict == verdict)
    if text.strip():
        is_in_note = Decision.note.icontains(text.strip(), autoescape=True)
        query = query.where(matches(text) | is_in_note)
    if before is not None:
        query = query.where(Decision.event_number < before)
    return list(session.execute(query))


def n_own_decisions(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return on how many records the caller has a live decision, imported ones excluded."""
    return (
        session.scalar(
            select(func.count(Decision.record_id.distinct())).where(
                Decision.review_id == review_id,
                Decision.stage == stage,
                Decision.reviewer_id == by.account_id,
                IS_LIVE,
                NOT_IMPORTED,
            )
        )
        or 0
    )


def own_decision(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> Decision | None:
    """Return the caller's live decision on a record in the current round, if there is one."""
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    live = live_decisions(session, situation)
    return next(
        (decision for decision in reversed(live) if decision.reviewer_id == by.account_id), None
    )


def shown_state(flow_state: str, roles: frozenset[Role]) -> str:
    """Return a flow state as ``roles`` may see it: how far reviewers are is only for leads."""
    is_unresolved = flow_state in AWAITING_SCREENING | AWAITING_FULL_TEXT
    if is_unresolved and not may(roles, Action.SEE_PROGRESS):
        return "awaiting_screening"
    return flow_state


def n_rows_shown(event: Event, *, is_blind: bool) -> int | None:
    """Return how many rows an event wrote; None to who screens, if they tell of decisions.

    A decision with marked words writes more rows than one without, and applying new rules writes
    one for each record with a single decision.
    """
    return None if is_blind and event.act in (Act.DECIDE, Act.APPLY_RULES) else event.n_rows


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


def resolved_decisions(session: Session, *, review_id: UUID, by: Actor) -> Iterator[dict[str, Any]]:
    """Yield the decisions on resolved records and the caller's own, by stage and oldest first.

    People who screen get only their own: a colleague's decisions would reveal too much.
    """
    roles = roles_of_actor(session, review_id=review_id, by=by)
    own = Decision.reviewer_id == by.account_id
    marks = marks_in_review(session, review_id)
    for stage in Stage:
        table = resolutions(session, review_id=review_id, stage=stage)
        member = members(Scope(review_id))
        is_resolved = table.c.resolution.in_(FINISHED)
        query = (
            select(Decision, member.c.cluster_id, Account.email, ImportedDecision, Event.actor_id)
            .join(Account, Account.id == Decision.reviewer_id)
            .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
            .join(
                Event,
                (Event.review_id == Decision.review_id) & (Event.number == Decision.event_number),
            )
            .join(member, member.c.record_id == Decision.record_id)
            .join(table, table.c.cluster_id == member.c.cluster_id)
            .where(
                Decision.review_id == review_id,
                Decision.stage == stage,
                own if Role.REVIEWER in roles else own | is_resolved,
            )
            .order_by(Decision.event_number)
        )
        for decision, cluster_id, email, imported, actor_id in session.execute(query):
            yield {
                "event": decision.event_number,
                "stage": stage,
                "round": decision.round,
                "record": decision.record_id,
                "cluster": cluster_id,
                "reviewer": email,
                "verdict": decision.verdict,
                "exclusion_reason": decision.exclusion_reason,
                "note": decision.note,
                "marked_words": marks.get(decision.id, []),
                "supersedes": decision.supersedes_id,
                "id": decision.id,
                "decided_at": decision.decided_at,
                "seconds": decision.seconds,
                "rank_shown": decision.rank_shown,
                "model_fingerprint": decision.model_fingerprint,
                "protocol_version": decision.protocol_version,
                **_import_of(imported, actor_id),
            }


DECISION_COLUMNS = (
    "event", "stage", "round", "record", "cluster", "reviewer", "verdict", "exclusion_reason",
    "note", "marked_words", "supersedes", "id", "decided_at", "seconds", "rank_shown",
    "model_fingerprint", "protocol_version",
)  # fmt: skip
"""The columns of `resolved_decisions`, before those of imported decisions."""
IMPORT_COLUMNS = ("named_author", "named_verdict", "named_at", "imported_by")


def _import_of(imported: ImportedDecision | None, importer: UUID | None) -> dict[str, Any]:
    """Return what the file said about an imported decision; None for one that was made here."""
    return {
        "named_author": imported.named_author if imported else None,
        "named_verdict": imported.named_verdict if imported else None,
        "named_at": imported.named_at if imported else None,
        "imported_by": importer if imported else None,
    }
