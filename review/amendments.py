"""What a new version of a protocol would touch of the work already done, in numbers."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from protocols.changes import ProtocolDifference, differences
from protocols.schema import Protocol
from review.decisions.new_rules import Begun, begun
from review.decisions.situation import IS_LIVE
from review.events import Actor
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.clusters import Scope
from review.states.flow import FlowState, flow_states
from review.states.viewers import viewer_of
from review.studies.current_codes import current_codes
from review.tables import Decision
from review.vocabulary import Stage

MAX_VALUES = 20_000  # codes that are read to count how often a value was given


@dataclass(frozen=True)
class Effect:
    """What one difference touches: a sentence for people."""

    sentence: str
    is_grave: bool = False  # whether work already done changes what it means


@dataclass(frozen=True)
class Amendment:
    """A new version beside the one in force: what differs, and what that touches."""

    differences: list[ProtocolDifference]
    effects: list[Effect]
    touched: Mapping[Stage, Begun]  # where the number of decisions needed changes


def amendment(session: Session, *, review_id: UUID, new: Protocol, by: Actor) -> Amendment:
    """Return what a new version changes, and what it touches; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    old = protocol_of(session, review_id)
    found = differences(old, new)
    return Amendment(
        found,
        list(_effects(session, review_id, found, old=old, new=new)),
        {
            stage: begun(session, review_id=review_id, stage=stage, by=by)
            for stage in Stage
            if old.rules(stage).decisions_needed != new.rules(stage).decisions_needed
        },
    )


def _effects(
    session: Session,
    review_id: UUID,
    found: list[ProtocolDifference],
    *,
    old: Protocol,
    new: Protocol,
) -> Iterator[Effect]:
    by_section = {one.section for one in found}
    if "reasons" in by_section:
        yield from _of_reasons(session, review_id, old=old, new=new)
    if "codebook" in by_section:
        yield from _of_codebook(session, review_id, old=old, new=new)
    if "duplicates" in by_section:
        yield Effect(
            "The new rule applies to records compared from now on. To apply it to all records, use "
            "“Compare everything again” under Duplicates."
        )
    if by_section & {"question", "highlights", "terminology", "criteria"}:
        yield Effect("The ranking will use the new wording the next time it is updated.")
    if "maps" in by_section:
        yield Effect("Maps that are already published stay as they are.")


def reason_counts(session: Session, review_id: UUID) -> tuple[Counter[str], Counter[str]]:
    """Return how many decisions give each reason, and how many reports are excluded for it.

    Who screens too does not see the first number, in which decisions of others would show.
    """
    decisions: Counter[str] = Counter()
    hides = viewer_of(session, review_id) is not None
    for reason, n in (
        ()
        if hides
        else session.execute(
            select(Decision.exclusion_reason, func.count())
            .where(Decision.review_id == review_id, IS_LIVE, Decision.exclusion_reason.is_not(None))
            .group_by(Decision.exclusion_reason)
        )
    ):
        decisions[str(reason)] = n
    states = flow_states(session, review_id=review_id)
    reports: Counter[str] = Counter()
    for reason, n in session.execute(
        select(states.c.reason, func.count())
        .where(states.c.flow_state == FlowState.FULL_TEXT_EXCLUDED.value)
        .group_by(states.c.reason)
    ):
        if reason is not None:
            reports[reason] = n
    return decisions, reports


def _of_reasons(
    session: Session, review_id: UUID, *, old: Protocol, new: Protocol
) -> Iterator[Effect]:
    decisions, reports = reason_counts(session, review_id)
    kept = {reason.key: reason for reason in new.exclusion_reasons}
    for reason in old.exclusion_reasons:
        n_decisions, n_reports = decisions[reason.key], reports[reason.key]
        if not n_decisions and not n_reports:
            continue
        parts = [
            f"{_n(n_decisions, 'decision gives', 'decisions give')} “{reason.label}”"
            if n_decisions
            else "",
            f"{_n(n_reports, 'report was', 'reports were')} excluded for "
            + ("it" if n_decisions else f"“{reason.label}”")
            if n_reports
            else "",
        ]
        given = ", and ".join(filter(None, parts))
        later = kept.get(reason.key)
        if later is None:
            yield Effect(
                f"{given}. They keep this reason and its name; reviewers can no longer choose it.",
                is_grave=True,
            )
        elif later.label != reason.label:
            yield Effect(f"{given}. They will show the new words, “{later.label}”.")
        elif set(reason.stages) - set(later.stages):
            yield Effect(
                f"{given}. Decisions at a stage that no longer offers this reason keep it."
            )


def _of_codebook(
    session: Session, review_id: UUID, *, old: Protocol, new: Protocol
) -> Iterator[Effect]:
    n_codes, n_values = _coded(session, review_id)
    kept = {item.key: item for item in new.codebook}
    for item in old.codebook:
        later = kept.get(item.key)
        if later is None:
            if n := n_codes[item.key]:
                yield Effect(
                    f"{_n(n, 'value is', 'values are')} coded for “{item.label}”. They are kept, "
                    "but hidden until the item is restored.",
                    is_grave=True,
                )
            continue
        left = {value.key for value in later.values}
        for value in item.values:
            n = n_values[item.key, value.key]
            if value.key not in left and n:
                yield Effect(
                    f"“{value.label}” of “{item.label}” is coded {_n(n, 'time', 'times')}. These "
                    "codes are kept, and maps show them separately.",
                    is_grave=True,
                )
    added = [item.label for item in new.codebook if item.key not in {i.key for i in old.codebook}]
    if added and n_codes:
        yield Effect(
            "Every coder will be asked about these, including in studies that are already "
            f"finished: {', '.join(added)}."
        )


def _coded(session: Session, review_id: UUID) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    """Return how many codes each item has, and how many have each value, by its key."""
    rows = current_codes(Scope(review_id))
    n_codes: Counter[str] = Counter()
    n_values: Counter[tuple[str, str]] = Counter()
    for item, value in session.execute(select(rows.c.item, rows.c.value).limit(MAX_VALUES)):
        n_codes[item] += 1
        for key in value if isinstance(value, list) else [value]:
            if isinstance(key, str):
                n_values[item, key] += 1
    return n_codes, n_values


def _n(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
