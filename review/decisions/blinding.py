"""Blinding: what a person may see of others' decisions, decided in this one place.

Until a round is resolved, only the author sees a decision, and only leads see that it exists.  A
reviewer never sees another reviewer's decision, nor the resolution of the records they screened.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from review.decisions.marked_words import marks_in_review
from review.decisions.situation import IS_LIVE, live_decisions, situation_of
from review.events import Actor
from review.permissions import Action, may, roles_of_actor
from review.searches.records import matches
from review.states.clusters import Scope, members
from review.states.flow import AWAITING_FULL_TEXT, AWAITING_SCREENING
from review.states.resolution import resolutions
from review.tables import (
    Account,
    Decision,
    Event,
    ImportedDecision,
    Record,
)
from review.vocabulary import FINISHED, Act, Role, Stage, Verdict

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
