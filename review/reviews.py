"""Reviews, their protocol versions and their members."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from protocols.loader import load
from protocols.schema import Protocol
from review.errors import Conflicting, Invalid, NotFound
from review.events import PROTOCOL_CACHE, Actor, record_act
from review.permissions import Action, begin_act
from review.tables import Account, Code, Membership, ProtocolVersion, Record, Review, StageRule
from review.tables.base import utc_now
from review.vocabulary import Act, Role, Stage

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True)
class ProtocolState:
    """A version of a review's protocol: its number and content."""

    number: int
    protocol: Protocol


def create_review(
    session: Session, *, slug: str, title: str | None, protocol_text: str, by: Actor
) -> Review:
    """Create a review with a protocol; a person who does so becomes its lead.  Flushes.

    Raises ProtocolErrors for a faulty protocol, Invalid for a slug that cannot be part of an
    address, Conflicting for a slug in use.
    """
    if not SLUG.fullmatch(slug):
        raise Invalid(
            f"'{slug}' cannot be part of an address. Use lower-case letters, digits and hyphens."
        )
    if session.scalar(select(Review.id).where(Review.slug == slug)):
        raise Conflicting(f"There is already a review called '{slug}'. Choose another name.")
    protocol = load(protocol_text).protocol
    review = Review(id=uuid4(), slug=slug, title=title or protocol.title)
    session.add(review)
    session.flush()
    record_act(
        session,
        review_id=review.id,
        act=Act.CREATE_REVIEW,
        by=by,
        rows=_version_rows(protocol_text, protocol, number=1, why=None),
        subject=("review", review.id),
        detail={"slug": slug, "title": review.title},
    )
    if by.account_id is not None:
        give_role(session, review_id=review.id, account_id=by.account_id, role=Role.LEAD, by=by)
    return review


def amend_protocol(
    session: Session, *, review_id: UUID, protocol_text: str, why: str, by: Actor
) -> int:
    """Put a new version of the protocol in force and return its number; flushes.

    Rounds that have begun keep the rules of their protocol version.  Raises Invalid without a
    reason, Conflicting if a coded item would get another type or level.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if not why.strip():
        raise Invalid("Give a reason for this amendment.")
    current = protocol_state(session, review_id)
    protocol = load(protocol_text).protocol
    check_codes_keep_meaning(session, review_id, old=current.protocol, new=protocol)
    rows = _version_rows(protocol_text, protocol, number=current.number + 1, why=why)
    record_act(session, review_id=review_id, act=Act.AMEND_PROTOCOL, by=by, rows=rows)
    session.info.pop(PROTOCOL_CACHE, None)
    return current.number + 1


def protocol_state(session: Session, review_id: UUID, *, as_of: int | None = None) -> ProtocolState:
    """Return the protocol in force after event ``as_of`` (None: now), with its version number.

    A session reads the current one once, and again after its transaction begins an act.  Raises
    NotFound for an unknown review, or an event before its first protocol.
    """
    cache: dict[UUID, ProtocolState] = session.info.setdefault(PROTOCOL_CACHE, {})
    if as_of is None and review_id in cache:
        return cache[review_id]
    query = select(ProtocolVersion.number, ProtocolVersion.text).where(
        ProtocolVersion.review_id == review_id
    )
    if as_of is not None:
        query = query.where(ProtocolVersion.event_number <= as_of)
    row = session.execute(query.order_by(ProtocolVersion.number.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("There is no such review, or it had no protocol at that time.")
    state = ProtocolState(row.number, load(row.text).protocol)
    if as_of is None:
        cache[review_id] = state
    return state


def protocol_of(session: Session, review_id: UUID, *, as_of: int | None = None) -> Protocol:
    """Return the protocol in force after event ``as_of`` (None: now)."""
    return protocol_state(session, review_id, as_of=as_of).protocol


def reason_labels(session: Session, review_id: UUID, *, as_of: int | None = None) -> dict[str, str]:
    """Return the label of each exclusion reason that any version of the protocol has had.

    Versions count up to event ``as_of`` (None: now), and of two labels the newer one does.  So a
    reason that was taken out keeps its name wherever it was given.
    """
    query = select(ProtocolVersion.text).where(ProtocolVersion.review_id == review_id)
    if as_of is not None:
        query = query.where(ProtocolVersion.event_number <= as_of)
    return {
        reason.key: reason.label
        for text in session.scalars(query.order_by(ProtocolVersion.number))
        for reason in load(text).protocol.exclusion_reasons
    }


def version_of_protocol(session: Session, *, review_id: UUID, number: int) -> ProtocolVersion:
    """Return one version of a review's protocol as it is stored: its text, hash and date."""
    return session.scalars(
        select(ProtocolVersion).where(
            ProtocolVersion.review_id == review_id, ProtocolVersion.number == number
        )
    ).one()


def versions_of_protocol(session: Session, review_id: UUID) -> Sequence[ProtocolVersion]:
    """Return the versions of the review's protocol, the newest first."""
    return session.scalars(
        select(ProtocolVersion)
        .where(ProtocolVersion.review_id == review_id)
        .order_by(ProtocolVersion.number.desc())
    ).all()


def find_review(session: Session, slug: str) -> Review:
    """Return the review with a slug; raise NotFound if there is none."""
    review = session.scalar(select(Review).where(Review.slug == slug))
    if review is None:
        raise NotFound(
            f"There is no review called '{slug}' that you can open. "
            "Check the name, or ask its lead."
        )
    return review


def add_member(session: Session, *, review_id: UUID, email: str, role: Role, by: Actor) -> None:
    """Give the account with ``email`` a role; repeating it is harmless.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    account_id = account_id_of(session, email)
    give_role(session, review_id=review_id, account_id=account_id, role=role, by=by)


def remove_member(session: Session, *, review_id: UUID, email: str, role: Role, by: Actor) -> None:
    """Take a role away; what the person decided and coded stays.  Flushes.

    Raises Conflicting for the last lead.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    account_id = account_id_of(session, email)
    if role is Role.LEAD and _n_leads(session, review_id) == 1:
        raise Conflicting("A review needs a lead. Give someone else the role first.")
    removed_ids = session.scalars(
        delete(Membership)
        .where(
            Membership.review_id == review_id,
            Membership.account_id == account_id,
            Membership.role == role,
        )
        .returning(Membership.id)
    ).all()
    if removed_ids:
        record_act(
            session,
            review_id=review_id,
            act=Act.REMOVE_MEMBER,
            by=by,
            subject=("account", account_id),
            detail={"old": role, "new": None},
        )


def members_of(session: Session, review_id: UUID) -> list[tuple[Account, list[Role]]]:
    """Return every member with their roles, by name."""
    rows = session.execute(
        select(Account, Membership.role)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.review_id == review_id)
        .order_by(Account.name, Account.email, Membership.role)
    )
    roles: dict[Account, list[Role]] = {}
    for account, role in rows:
        roles.setdefault(account, []).append(role)
    return list(roles.items())


def reviews_of(session: Session, *, account_id: UUID) -> list[tuple[Review, list[Role]]]:
    """Return every review that an account is a member of, by slug, with its roles there."""
    rows = session.execute(
        select(Review, Membership.role)
        .join(Membership, Membership.review_id == Review.id)
        .where(Membership.account_id == account_id)
        .order_by(Review.slug, Membership.role)
    )
    roles: dict[Review, list[Role]] = {}
    for review, role in rows:
        roles.setdefault(review, []).append(role)
    return list(roles.items())


def free_slug(session: Session, title: str) -> str:
    """Return a slug made of a review's title, which no other review has."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain)[:56].strip("-") or "review"
    taken = set(session.scalars(select(Review.slug).where(Review.slug.startswith(base))))
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)


def reviews_with_sizes(session: Session) -> list[tuple[Review, int]]:
    """Return every review of this server, by slug, with its number of records."""
    n_records = (
        select(Record.review_id, func.count().label("n")).group_by(Record.review_id).subquery()
    )
    rows = session.execute(
        select(Review, func.coalesce(n_records.c.n, 0))
        .outerjoin(n_records, n_records.c.review_id == Review.id)
        .order_by(Review.slug)
    )
    return [(review, n) for review, n in rows]


def check_codes_keep_meaning(
    session: Session, review_id: UUID, *, old: Protocol, new: Protocol
) -> None:
    """Raise Conflicting if a coded item would be of another type or level than its codes."""
    coded_keys = set(
        session.scalars(select(Code.item).where(Code.review_id == review_id).distinct())
    )
    old_kinds = {
        item.key: (item.type, item.level) for item in old.codebook if item.key in coded_keys
    }
    new_kinds = {item.key: (item.type, item.level) for item in new.codebook}
    changed = sorted(key for key, kind in old_kinds.items() if new_kinds.get(key, kind) != kind)
    if changed:
        raise Conflicting(
            "The type and level of items that are already coded cannot change: "
            f"{', '.join(changed)}. Add an item with another key instead."
        )


def _n_leads(session: Session, review_id: UUID) -> int:
    return len(
        session.scalars(
            select(Membership.id).where(
                Membership.review_id == review_id, Membership.role == Role.LEAD
            )
        ).all()
    )


def _version_rows(
    text: str, protocol: Protocol, *, number: int, why: str | None
) -> list[ProtocolVersion | StageRule]:
    version = ProtocolVersion(
        id=uuid4(), number=number, text=text, sha256=load(text).sha256, why=why, made_at=utc_now()
    )
    rules = [
        StageRule(
            id=uuid4(),
            protocol_version_id=version.id,
            version=number,
            stage=stage,
            **protocol.stages.model_dump()[stage.value],
        )
        for stage in Stage
    ]
    return [version, *rules]


def account_id_of(session: Session, email: str) -> UUID:
    """Return the id of the account with an e-mail address; raise NotFound if there is none."""
    account_id = session.scalar(select(Account.id).where(Account.email == email.strip().lower()))
    if account_id is None:
        raise NotFound(f"There is no account for {email}. Add it first with `siftmap user add`.")
    return account_id


def give_role(
    session: Session,
    *,
    review_id: UUID,
    account_id: UUID,
    role: Role,
    by: Actor,
    invited_by: UUID | None = None,
) -> None:
    """Give an account a role; repeating it is harmless.  Flushes.

    The caller checks that ``by`` may do so.
    """
    existing = select(Membership.id).where(
        Membership.review_id == review_id,
        Membership.account_id == account_id,
        Membership.role == role,
    )
    if session.scalar(existing):
        return
    session.add(Membership(review_id=review_id, account_id=account_id, role=role))
    detail: dict[str, object] = {"old": None, "new": role}
    if invited_by is not None:
        detail["invited_by"] = invited_by
    record_act(
        session,
        review_id=review_id,
        act=Act.ADD_MEMBER,
        by=by,
        subject=("account", account_id),
        detail=detail,
    )
