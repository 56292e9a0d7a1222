"""Labels on records: everybody's own, and those that they share with the review.

A label can say what its author thinks of a record.  So others see a shared one only once nobody has
anything left to decide on the record, at either stage, and nobody can change a decision on it.
Nothing but these pages reads any of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor
from review.permissions import Action, begin_act, check
from review.states.closing import is_any_open
from review.states.clusters import clusters_of
from review.states.flow import AWAITING_FULL_TEXT, AWAITING_SCREENING, FlowState, flow_states
from review.tables import Account, Record, RecordLabel
from review.vocabulary import Stage

LONGEST_LABEL = 40  # characters
MOST_LABELS = 20  # of one person on one record
TO_DECIDE = {
    state.value
    for state in (
        *AWAITING_SCREENING,
        *AWAITING_FULL_TEXT,
        FlowState.AWAITING_RETRIEVAL,
        FlowState.NOT_RETRIEVED,
    )
}


@dataclass(frozen=True)
class Label:
    """A label as somebody may see it; ``author`` is empty for their own."""

    name: str
    is_shared: bool
    author: str = ""


def add_label(
    session: Session,
    *,
    review_id: UUID,
    record_id: UUID,
    name: str,
    by: Actor,
    is_shared: bool = False,
) -> None:
    """Put a label of the caller's on a record, or share one that is there; flushes.

    Raises Invalid for an empty or long name or too many labels, NotFound for a foreign record.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.READ)
    name = " ".join(name.split())
    if not name:
        raise Invalid("Give the label a name.")
    if len(name) > LONGEST_LABEL:
        raise Invalid(f"A label may have {LONGEST_LABEL} characters at most.")
    in_review = (Record.review_id == review_id, Record.id == record_id)
    if session.scalar(select(Record.id).where(*in_review)) is None:
        raise NotFound("There is no such record in this review.")
    labels = session.scalars(select(RecordLabel).where(*_own(review_id, record_id, by))).all()
    if same := next((label for label in labels if label.name == name), None):
        same.is_shared = is_shared
    elif len(labels) >= MOST_LABELS:
        raise Invalid(f"You can put at most {MOST_LABELS} labels on a record. Remove one first.")
    else:
        session.add(
            RecordLabel(
                review_id=review_id,
                account_id=by.account_id,
                record_id=record_id,
                name=name,
                is_shared=is_shared,
            )
        )
    session.flush()


def remove_label(
    session: Session, *, review_id: UUID, record_id: UUID, name: str, by: Actor
) -> None:
    """Take a label of the caller's off a record and its copies, if it is there; flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.READ)
    [cluster] = clusters_of(session, review_id=review_id, record_ids=[record_id]).values()
    session.execute(
        delete(RecordLabel).where(
            RecordLabel.review_id == review_id,
            RecordLabel.account_id == by.account_id,
            RecordLabel.record_id.in_(cluster),
            RecordLabel.name == name,
        )
    )


def own_labels(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID], by: Actor
) -> Mapping[UUID, list[Label]]:
    """Return the caller's own labels on some records or on copies of them, by record."""
    check(session, review_id=review_id, by=by, action=Action.READ)
    own = (RecordLabel.review_id == review_id, RecordLabel.account_id == by.account_id)
    if not record_ids or session.scalar(select(RecordLabel.id).where(*own).limit(1)) is None:
        return {}
    clusters = clusters_of(session, review_id=review_id, record_ids=record_ids)
    members = {member for cluster in clusters.values() for member in cluster}
    given: dict[UUID, dict[str, Label]] = {}
    for record_id, name, is_shared in session.execute(
        select(RecordLabel.record_id, RecordLabel.name, RecordLabel.is_shared)
        .where(*own, RecordLabel.record_id.in_(members))
        .order_by(RecordLabel.name)
    ):
        given.setdefault(record_id, {})[name] = Label(name, is_shared)
    of_cluster = {
        record_id: {
            name: label for member in cluster for name, label in given.get(member, {}).items()
        }
        for record_id, cluster in clusters.items()
    }
    return {record_id: list(labels.values()) for record_id, labels in of_cluster.items() if labels}


def labels_on(session: Session, *, review_id: UUID, record_id: UUID, by: Actor) -> list[Label]:
    """Return the caller's own labels on a record, then those that others share with them.

    A record has the labels of its copies too.
    """
    check(session, review_id=review_id, by=by, action=Action.READ)
    [cluster] = clusters_of(session, review_id=review_id, record_ids=[record_id]).values()
    is_seen = RecordLabel.account_id == by.account_id
    if _is_settled(session, review_id, cluster):
        is_seen = or_(is_seen, RecordLabel.is_shared)
    rows = session.execute(
        select(RecordLabel.name, RecordLabel.is_shared, RecordLabel.account_id, Account.name)
        .join(Account, Account.id == RecordLabel.account_id)
        .where(RecordLabel.review_id == review_id, RecordLabel.record_id.in_(cluster), is_seen)
        .order_by(RecordLabel.name, Account.name)
    )
    labels = {
        (name, account_id): Label(name, is_shared, "" if account_id == by.account_id else author)
        for name, is_shared, account_id, author in rows
    }
    return sorted(labels.values(), key=lambda label: label.author != "")


def own_label_names(session: Session, *, review_id: UUID, by: Actor) -> list[str]:
    """Return the names of the caller's labels, in alphabetical order."""
    check(session, review_id=review_id, by=by, action=Action.READ)
    own = (RecordLabel.review_id == review_id, RecordLabel.account_id == by.account_id)
    names = session.scalars(select(RecordLabel.name).where(*own).distinct())
    return sorted(names, key=str.casefold)


def _is_settled(session: Session, review_id: UUID, cluster: Collection[UUID]) -> bool:
    """Say whether nobody has anything to decide on a cluster, now or at full text."""
    states = flow_states(session, review_id=review_id, only=cluster)
    found = session.scalars(
        select(states.c.flow_state).where(states.c.record_id.in_(cluster))
    ).all()
    return not any(state in TO_DECIDE for state in found) and not any(
        is_any_open(session, review_id=review_id, stage=stage, cluster=cluster) for stage in Stage
    )


def _own(review_id: UUID, record_id: UUID, by: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        RecordLabel.review_id == review_id,
        RecordLabel.record_id == record_id,
        RecordLabel.account_id == by.account_id,
    )
