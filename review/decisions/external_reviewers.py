"""Whom an imported decision counts for: the member that its author is, or an external reviewer."""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.errors import Invalid
from review.reviews import members_of
from review.tables import Account, Code, Decision, ImportedDecision
from review.tables.base import utc_now

EXTERNAL_DOMAIN = "@stand-in.invalid"  # RFC 2606: an address that can never be anybody's
EXTERNAL = " (imported)"  # at the end of the account's name


def external_name(author: str) -> str:
    """Return the name of the account of an external reviewer."""
    return f"{author[: 255 - len(EXTERNAL)]}{EXTERNAL}"


def suggested_member(author: str, email: str, people: Iterable[Account]) -> str:
    """Return the e-mail address of the member who seems to be a named author, "" for nobody."""
    names = {author.strip().casefold(), email.strip().casefold()} - {""}
    return next(
        (one.email for one in people if {one.email.casefold(), one.name.casefold()} & names), ""
    )


class NamedAuthors:
    """The accounts of the people whom a file names as having decided."""

    def __init__(
        self, session: Session, review_id: UUID, email_by_author: Mapping[str, str]
    ) -> None:
        """Find the members and the earlier external reviewers of a review.

        ``email_by_author`` says which member an author is, "" for none; raises Invalid where the
        address is not a member's.
        """
        self.session, self.email_by_author = session, email_by_author
        self.members = {account.email: account.id for account, _ in members_of(session, review_id)}
        rows = session.execute(
            select(ImportedDecision.named_author, Account.id)
            .distinct()
            .join(Decision, Decision.id == ImportedDecision.decision_id)
            .join(Account, Account.id == Decision.reviewer_id)
            .where(ImportedDecision.review_id == review_id, Account.email.endswith(EXTERNAL_DOMAIN))
        )
        self.external = {author.casefold(): account_id for author, account_id in rows}
        coders = session.execute(
            select(Account.name, Account.id)
            .distinct()
            .join(Code, Code.coder_id == Account.id)
            .where(Code.review_id == review_id, Account.email.endswith(EXTERNAL_DOMAIN))
        )
        for name, account_id in coders:
            self.external.setdefault(name.removesuffix(EXTERNAL).casefold(), account_id)
        for author, email in email_by_author.items():
            if email and email not in self.members:
                raise Invalid(
                    f"{email} is not a member of this review. Choose a member for {author}, "
                    "or nobody."
                )

    def account_of(self, author: str, email: str) -> UUID:
        """Return the account of a named author: a member's, or an external reviewer's.

        ``email`` is the address in the file; it counts where nobody chose one.  An external
        reviewer who is new is added and flushed.
        """
        address = self.email_by_author.get(author, email).strip().lower()
        if address in self.members:
            return self.members[address]
        if author.casefold() not in self.external:
            account = Account(
                id=uuid4(),
                email=f"{uuid4().hex}{EXTERNAL_DOMAIN}",
                name=external_name(author),
                password_hash=None,
                disabled_at=utc_now(),
            )
            self.session.add(account)
            self.session.flush()
            self.external[author.casefold()] = account.id
        return self.external[author.casefold()]
