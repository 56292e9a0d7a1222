"""What the log says about rows that are not acts: the review, its members and their names."""

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.external_reviewers import EXTERNAL_DOMAIN, external_name
from review.storage.database import pairs
from review.tables import Account, Decision, Event, ImportedDecision, Membership, Review
from review.vocabulary import Act, Role


def review_row(session: Session, review_id: UUID) -> Iterator[str]:
    """The review's short name and title are those that it was created with."""
    review = session.get_one(Review, review_id)
    created = session.scalar(
        select(Event.detail).where(Event.review_id == review_id, Event.act == Act.CREATE_REVIEW)
    )
    if created is None:
        yield "no event says that the review was created"
        return
    for name, value in (("slug", review.slug), ("title", review.title)):
        if created.get(name) != value:
            yield f"the review's {name} is '{value}', but it was created as '{created.get(name)}'"


def members(session: Session, review_id: UUID) -> Iterator[str]:
    """Every member has the roles that the log gave them and did not take away again."""
    given: set[tuple[UUID, Role]] = set()
    events = session.execute(
        select(Event.act, Event.subject_id, Event.detail)
        .where(Event.review_id == review_id, Event.act.in_((Act.ADD_MEMBER, Act.REMOVE_MEMBER)))
        .order_by(Event.number)
    )
    for act, account_id, detail in events:
        if act is Act.ADD_MEMBER:
            given.add((account_id, Role(detail["new"])))
        else:
            given.discard((account_id, Role(detail["old"])))
    rows = session.execute(
        select(Membership.account_id, Membership.role).where(Membership.review_id == review_id)
    )
    present = {(account_id, role) for account_id, role in rows}
    emails = dict(pairs(session.execute(select(Account.id, Account.email))))
    for account_id, role in sorted(present ^ given):
        who = emails.get(account_id, f"account {account_id}")
        if (account_id, role) in present:
            yield f"{who} has the role {role.value}, which the log does not know of"
        else:
            yield f"{who} has lost the role {role.value}, which the log gave them"


def external_reviewers(session: Session, review_id: UUID) -> Iterator[str]:
    """Accounts of external reviewers have their named author's name, and nobody can sign in."""
    rows = session.execute(
        select(Account, ImportedDecision.named_author)
        .distinct()
        .join(Decision, Decision.reviewer_id == Account.id)
        .join(ImportedDecision, ImportedDecision.decision_id == Decision.id)
        .where(Decision.review_id == review_id, Account.email.endswith(EXTERNAL_DOMAIN))
    )
    authors: dict[Account, set[str]] = defaultdict(set)
    for account, author in rows:
        authors[account].add(external_name(author))
    for account, names in authors.items():
        if account.name not in names:
            yield f"account {account.id} of an external reviewer has another name: {account.name}"
        if account.disabled_at is None or account.password_hash is not None:
            yield f"account {account.id} of an external reviewer can be signed in to"
