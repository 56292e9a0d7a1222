"""Who an imported decision counts for: the member it was claimed of, or a stand-in."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.reviews import members_of
from review.tables import Account, Decision, ImportedDecision
from review.tables.base import utc_now

STAND_IN = "@stand-in.invalid"  # RFC 2606: an address that can never be anybody's


class ClaimedPeople:
    """The accounts that claimed authors decide under."""

    def __init__(self, session: Session, review_id: UUID, chosen: Mapping[str, str]) -> None:
        self.session, self.chosen = session, chosen
        self.members = {account.email: account.id for account, _ in members_of(session, review_id)}
        stand_ins = session.execute(
            select(ImportedDecision.named_author, Account.id)
            .distinct()
            .join(Decision, Decision.id == ImportedDecision.decision_id)
            .join(Account, Account.id == Decision.reviewer_id)
            .where(ImportedDecision.review_id == review_id, Account.email.endswith(STAND_IN))
        )
        self.known = {author: account_id for author, account_id in stand_ins}  # noqa: C416 - a row is not a pair to mypy
        for author, email in chosen.items():
            if email and email not in self.members:
                raise Invalid(f"{author} cannot stand for {email}, who is no member here.")

    def account_of(self, author: str, email: str) -> UUID:
        """Return the account of a claimed author: the member they are, or a stand-in."""
        address = self.chosen.get(author, email).strip().lower()
        if address in self.members:
            return self.members[address]
        if author not in self.known:
            stand_in = Account(
                id=uuid4(),
                email=f"{uuid4().hex}{STAND_IN}",
                name=f"{author} (imported)"[:255],
                password_hash=None,
                disabled_at=utc_now(),
            )
            self.session.add(stand_in)
            self.session.flush()
            self.known[author] = stand_in.id
        return self.known[author]
