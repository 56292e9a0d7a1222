"""What a person may know of others' decisions: the one place where their content is read out.

Until a round is complete and settled, what a decision says is known to its author alone, and that
it exists to leads alone.  A reviewer never sees another's decision, nor what the records they
screened came to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from review.decisions.situation import IS_LIVE, live_decisions, situation_of
from review.events import Actor
from review.permissions import Action, check, may, roles_of_actor
from review.states.clusters import Scope, members
from review.states.flow import AWAITING_FULL_TEXT, AWAITING_SCREENING
from review.states.resolution import resolutions, stage_state
from review.tables import (
    Account,
    Adjudication,
    ClusterMembership,
    Decision,
    Event,
    ImportedDecision,
    Record,
    Removal,
    Reopening,
    Retrieval,
)
from review.vocabulary import FINISHED, Resolution, Role, Stage

MADE_HERE = ~exists().where(ImportedDecision.decision_id == Decision.id)


@dataclass(frozen=True)
class Conflict:
    """A record that reviewers disagree about, with the decisions that an adjudicator resolves."""

    record: Record
    stage: Stage
    decisions: Sequence[Decision]  # names are for the page to leave out


def own_decisions(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 5
) -> list[tuple[Decision, Record]]:
    """Return the caller's latest live decisions, imported ones excluded, with their records."""
    rows = session.execute(
        select(Decision, Record)
        .join(Record, Record.id == Decision.record_id)
        .where(
            Decision.review_id == review_id,
            Decision.stage == stage,
            Decision.reviewer_id == by.account_id,
            IS_LIVE,
            MADE_HERE,
        )
        .order_by(Decision.event_number.desc())
        .limit(limit)
    )
    return list(rows)


def n_own_decisions(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return the number of records with a live decision of the caller, imported ones excluded."""
    return (
        session.scalar(
            select(func.count(Decision.record_id.distinct())).where(
                Decision.review_id == review_id,
                Decision.stage == stage,
                Decision.reviewer_id == by.account_id,
                IS_LIVE,
                MADE_HERE,
            )
        )
        or 0
    )


def own_decision(
    session: Session, *, review_id: UUID, record_id: UUID, stage: Stage, by: Actor
) -> Decision | None:
    """Return the caller's live decision on a record, in the current round."""
    situation = situation_of(session, review_id=review_id, record_id=record_id, stage=stage, by=by)
    live = live_decisions(session, situation)
    return next(
        (decision for decision in reversed(live) if decision.reviewer_id == by.account_id), None
    )


def conflicts(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor, limit: int = 100
) -> list[Conflict]:
    """Return the conflicts that the caller may resolve, the earliest record first.

    An adjudicator who decided on a record never sees that it is in conflict: that would reveal
    the other reviewer's decision.
    """
    check(session, review_id=review_id, by=by, action=Action.ADJUDICATE)
    member = members(Scope(review_id))
    table = resolutions(session, review_id=review_id, stage=stage, member=member)
    own = (
        select(member.c.cluster_id)
        .join(Decision, Decision.record_id == member.c.record_id)
        .where(Decision.stage == stage, Decision.reviewer_id == by.account_id)
    )
    open_to_them = select(table.c.cluster_id).where(
        table.c.resolution == Resolution.CONFLICT.value,
        table.c.consensus_allowed | table.c.cluster_id.not_in(own),
    )
    records = session.scalars(
        select(Record).where(Record.id.in_(open_to_them)).order_by(Record.number).limit(limit)
    ).all()
    situation = partial(situation_of, session, review_id=review_id, stage=stage, by=by)
    return [
        Conflict(record, stage, live_decisions(session, situation(record_id=record.id)))
        for record in records
    ]


def shown_state(flow_state: str, roles: frozenset[Role]) -> str:
    """Return a flow state as ``roles`` may see it: how far reviewers are is for leads alone."""
    is_waiting = flow_state in AWAITING_SCREENING | AWAITING_FULL_TEXT
    return (
        "awaiting_screening" if is_waiting and not may(roles, Action.SEE_PROGRESS) else flow_state
    )


@dataclass(frozen=True)
class Entry:
    """One line of a record's history, as far as the person asking may know it."""

    number: int
    at: datetime
    actor: str
    what: str
    why: str | None


def history(
    session: Session, *, review_id: UUID, cluster: Sequence[UUID], by: Actor
) -> list[Entry]:
    """Return what happened to a cluster's records, oldest first.

    One's own decisions are always there.  Others' decisions and adjudications are shown only to
    people who see counts and do not screen, and only once the round has come to a result.
    """
    roles = roles_of_actor(session, review_id=review_id, by=by)
    is_reader = may(roles, Action.SEE_COUNTS) and Role.REVIEWER not in roles
    said: list[tuple[int, str, str | None]] = []
    for stage in Stage:
        said += _decisions_said(session, review_id, cluster, stage, by, is_reader=is_reader)
    said += _imports_and_places(session, review_id, cluster)
    if is_reader:
        said += _acts_of_leads(session, review_id, cluster)
    return _entries(session, review_id, sorted(said, key=lambda line: line[0]))


def _decisions_said(
    session: Session,
    review_id: UUID,
    cluster: Sequence[UUID],
    stage: Stage,
    by: Actor,
    *,
    is_reader: bool,
) -> list[tuple[int, str, str | None]]:
    now = stage_state(session, review_id=review_id, stage=stage, cluster=cluster)
    is_open = now.resolution not in FINISHED
    decisions = session.execute(
        select(Decision, ImportedDecision.named_author)
        .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
        .where(
            Decision.review_id == review_id,
            Decision.record_id.in_(cluster),
            Decision.stage == stage,
        )
    ).all()
    name = "title and abstract" if stage is Stage.TITLE_ABSTRACT else "full text"
    lines = [
        (
            one.event_number,
            f"{name}: {one.verdict}" + (f", imported as decided by {author}" if author else ""),
            one.exclusion_reason or one.note,
        )
        for one, author in decisions
        if one.reviewer_id == by.account_id
        or (is_reader and not (is_open and one.round == now.round))
    ]
    if is_reader:
        settled = session.scalars(
            select(Adjudication).where(
                Adjudication.review_id == review_id,
                Adjudication.record_id.in_(cluster),
                Adjudication.stage == stage,
            )
        )
        lines += [
            (one.event_number, f"{name}: conflict settled as {one.verdict}", one.note)
            for one in settled
        ]
    return lines


def _imports_and_places(
    session: Session, review_id: UUID, cluster: Sequence[UUID]
) -> list[tuple[int, str, str | None]]:
    imported = session.scalars(
        select(Record).where(Record.review_id == review_id, Record.id.in_(cluster))
    )
    placed = session.scalars(
        select(ClusterMembership).where(
            ClusterMembership.review_id == review_id, ClusterMembership.record_id.in_(cluster)
        )
    )
    return [
        *((one.event_number, f"record {one.number:,} imported", None) for one in imported),
        *(
            (
                one.event_number,
                "stands alone again" if one.root_id == one.record_id else "joined its duplicates",
                None,
            )
            for one in placed
        ),
    ]


def _acts_of_leads(
    session: Session, review_id: UUID, cluster: Sequence[UUID]
) -> list[tuple[int, str, str | None]]:
    def of(table: type[Removal] | type[Retrieval] | type[Reopening]) -> Sequence[Any]:
        return session.scalars(
            select(table).where(table.review_id == review_id, table.record_id.in_(cluster))
        ).all()

    return [
        *((one.event_number, f"before screening: {one.kind}", one.why) for one in of(Removal)),
        *(
            (one.event_number, f"full text {one.state}".replace("_", " "), one.why)
            for one in of(Retrieval)
        ),
        *(
            (one.event_number, f"{one.stage} reopened".replace("_", " "), one.why)
            for one in of(Reopening)
        ),
    ]


def _entries(
    session: Session, review_id: UUID, said: Sequence[tuple[int, str, str | None]]
) -> list[Entry]:
    rows = session.execute(
        select(Event.number, Event.at, Event.actor_kind, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.review_id == review_id, Event.number.in_({number for number, _, _ in said}))
    )
    who = {row.number: (row.at, row.name or f"the {row.actor_kind}") for row in rows}
    return [Entry(number, *who[number], what, why) for number, what, why in said]


def settled_decisions(session: Session, *, review_id: UUID, by: Actor) -> Iterator[dict[str, Any]]:
    """Yield the decisions on records that have come to a result, and one's own, oldest first.

    To those who screen themselves, their own alone: a colleague's would tell them too much.
    """
    roles = roles_of_actor(session, review_id=review_id, by=by)
    own = Decision.reviewer_id == by.account_id
    for stage in Stage:
        table = resolutions(session, review_id=review_id, stage=stage)
        member = members(Scope(review_id))
        is_settled = table.c.resolution.in_(FINISHED)
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
                own if Role.REVIEWER in roles else own | is_settled,
            )
            .order_by(Decision.event_number)
        )
        for decision, cluster_id, email, claim, actor_id in session.execute(query):
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
                "supersedes": decision.supersedes_id,
                "id": decision.id,
                "decided_at": decision.decided_at,
                "seconds": decision.seconds,
                "rank_shown": decision.rank_shown,
                "model_fingerprint": decision.model_fingerprint,
                "protocol_version": decision.protocol_version,
                **_claimed(claim, actor_id),
            }


def _claimed(claim: ImportedDecision | None, importer: UUID | None) -> dict[str, Any]:
    """Return what an imported decision was claimed to be; nothing of one that was made here."""
    return {
        "named_author": claim.named_author if claim else None,
        "named_verdict": claim.named_verdict if claim else None,
        "named_at": claim.named_at if claim else None,
        "imported_by": importer if claim else None,
    }
