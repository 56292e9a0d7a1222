"""The review, its people, and its protocol with an amendment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from protocols.loader import read_shipped
from review.decisions.closing import close_decisions
from review.events import OPERATOR, Actor
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.reviews import add_member, amend_protocol, create_review
from review.vocabulary import Role, Stage

PROTOCOL = "social-outcomes-contracting"
TITLE = "Demonstration (synthetic): social outcomes contracting"
ROLES: Mapping[str, Sequence[Role]] = {
    "lead": (Role.LEAD, Role.ADJUDICATOR),
    "reviewer 1": (Role.REVIEWER,),
    "reviewer 2": (Role.REVIEWER,),
    "advisor": (Role.ADVISOR,),
}
NAMES = {
    "lead": "Lea (demo lead)",
    "reviewer 1": "Ana (demo reviewer)",
    "reviewer 2": "Ben (demo reviewer)",
    "advisor": "Ada (demo advisor)",
}

BEFORE_AMENDMENT = "      - A fee-for-service contract with a target but no money attached to it."
ADDED = "      - A bonus for single managers, paid by their own employer."
WHY_AMENDED = (
    "Both reviewers met papers on the pay of managers while screening the first records and asked "
    "whether these count. They do not, and the protocol now says so with an example."
)


@dataclass(frozen=True)
class Cast:
    """The demonstration review and its people."""

    review_id: UUID
    lead: Actor
    reviewers: tuple[Actor, Actor]


def close_all(session: Session, cast: Cast, stage: Stage) -> None:
    """Let both reviewers close their decisions at a stage, as at the end of a day."""
    for reviewer in cast.reviewers:
        close_decisions(session, review_id=cast.review_id, stage=stage, by=reviewer)


def make_review(session: Session, *, slug: str, logins: Mapping[str, str], password: str) -> Cast:
    """Create the review and an account for each person; return both."""
    review = create_review(
        session, slug=slug, title=TITLE, protocol_text=read_shipped(PROTOCOL), by=OPERATOR
    )
    people = {}
    for login, email in logins.items():
        account = add_account(
            session,
            email=email,
            name=NAMES[login],
            password_hash=hash_password(password),
        )
        people[login] = Actor.person(account.id)
        for role in ROLES[login]:
            add_member(session, review_id=review.id, email=email, role=role, by=OPERATOR)
    return Cast(review.id, people["lead"], (people["reviewer 1"], people["reviewer 2"]))


def amend(session: Session, cast: Cast) -> None:
    """Amend the protocol with one more example."""
    text = read_shipped(PROTOCOL).replace(BEFORE_AMENDMENT, f"{BEFORE_AMENDMENT}\n{ADDED}")
    amend_protocol(
        session, review_id=cast.review_id, protocol_text=text, why=WHY_AMENDED, by=cast.lead
    )
