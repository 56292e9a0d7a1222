"""Publications: the map frozen with everything it is counted from, and its share links.

Because everything the map is counted from is frozen, readers can filter it and open its cells as
members of the review do.  No names, notes or decisions of people are part of it.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session, defer

from heatmap.frozen import LICENCES, PublicationDetails, freeze
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, canonical, record_act
from review.jobs import JobKind, enqueue
from review.people.secrets import hash_of
from review.permissions import Action, begin_act, check
from review.states.viewers import read_for
from review.tables import Publication, PublicationWithdrawal, ShareLink
from review.tables.base import utc_now
from review.vocabulary import Act

LINK_LIFETIME = timedelta(days=365)
MAX_TITLE = 300
LONGEST_WHY = 1000
ADDRESS = re.compile(r"[a-z0-9][a-z0-9-]{1,58}[a-z0-9]")
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def publish(
    session: Session,
    *,
    review_id: UUID,
    title: str,
    by: Actor,
    key: UUID | None = None,
    details: PublicationDetails | None = None,
) -> Publication:
    """Freeze the map as it is now, under the next number, and ask for its drawings; flushes.

    ``key`` becomes the publication's id, so that a form that is sent twice publishes only once.
    It says what has changed since the publication before, and every public address of the review
    leads to it from now on.  Raises Invalid without a title, for an unknown licence or if the
    protocol has no map, Conflicting for a used key.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if key is not None and session.get(Publication, key) is not None:
        raise Conflicting(
            "This is already published. Its link was shown only once; create another."
        )
    name = " ".join(title.split())
    if not name or len(name) > MAX_TITLE:
        raise Invalid(f"Give the publication a title of at most {MAX_TITLE} characters.")
    read_for(session, lambda: by.account_id)  # nobody publishes what they may not know themselves
    if details is not None and details.licence not in LICENCES:
        raise Invalid(f"Choose one of these licences: {', '.join(LICENCES)}.")
    last = session.scalar(
        select(func.max(Publication.number)).where(Publication.review_id == review_id)
    )
    # What a withdrawn publication said is no longer to be read, in what changed since neither.
    previous = session.scalar(
        select(Publication)
        .where(Publication.id.in_(_readable(review_id)))
        .order_by(Publication.number.desc())
        .limit(1)
    )
    content = freeze(session, review_id, details=details, previous=previous)
    publication = Publication(
        id=key or uuid4(),
        number=(last or 0) + 1,
        title=name,
        up_to_event=content["up_to_event"],
        content=content,
        sha256=hashlib.sha256(canonical(content).encode()).hexdigest(),
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.PUBLISH,
        by=by,
        rows=[publication],
        subject=("publication", publication.id),
        detail={"number": publication.number, "sha256": publication.sha256},
    )
    public_links = ShareLink.review_id == review_id, ShareLink.address.is_not(None)
    session.execute(update(ShareLink).where(*public_links).values(publication_id=publication.id))
    if by.account_id is not None:
        enqueue(
            session,
            review_id=review_id,
            kind=JobKind.DRAW_PUBLICATION,
            arguments={"publication": str(publication.id)},
            by=by,
        )
    return publication


def publications_of(
    session: Session, *, review_id: UUID, by: Actor
) -> list[tuple[Publication, Sequence[ShareLink]]]:
    """Return the review's publications with their share links, the newest first."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    publications = session.scalars(
        select(Publication)
        .where(Publication.review_id == review_id)
        .options(defer(Publication.content))
        .order_by(Publication.number.desc())
    ).all()
    links = session.scalars(
        select(ShareLink).where(ShareLink.review_id == review_id).order_by(ShareLink.created_at)
    ).all()
    return [
        (publication, [link for link in links if link.publication_id == publication.id])
        for publication in publications
    ]


@dataclass(frozen=True)
class PublishedMap:
    """A publication as people of the review find it."""

    number: int
    title: str
    up_to_event: int
    address: str | None  # the public address that opens it, if there is one


def published_for(session: Session, *, review_id: UUID, by: Actor) -> list[PublishedMap]:
    """Return the publications that are not withdrawn, the newest first; for who may see counts."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    rows = session.execute(
        select(Publication.number, Publication.title, Publication.up_to_event)
        .where(Publication.id.in_(_readable(review_id)))
        .order_by(Publication.number.desc())
    ).all()
    public = session.execute(
        select(ShareLink.address, Publication.number)
        .join(Publication, Publication.id == ShareLink.publication_id)
        .where(
            ShareLink.review_id == review_id,
            ShareLink.address.is_not(None),
            ShareLink.revoked_at.is_(None),
            or_(ShareLink.expires_at.is_(None), ShareLink.expires_at > utc_now()),
        )
        .order_by(ShareLink.created_at)
    ).first()
    return [
        PublishedMap(
            number,
            title,
            up_to_event,
            public.address if public is not None and number <= public.number else None,
        )
        for number, title, up_to_event in rows
    ]


def last_details(session: Session, review_id: UUID) -> PublicationDetails:
    """Return the details of the newest publication, to begin the next one with."""
    content = session.scalar(
        select(Publication.content)
        .where(Publication.review_id == review_id)
        .order_by(Publication.number.desc())
        .limit(1)
    )
    return PublicationDetails(**(content or {}).get("details", {}))


def withdraw(
    session: Session, *, review_id: UUID, publication_id: UUID, why: str, by: Actor
) -> None:
    """Withdraw a publication: its links say that it was withdrawn, and why; flushes.

    Public addresses lead to the newest publication that is left.  Raises NotFound for an unknown
    publication, Invalid without a reason, Conflicting if it is withdrawn already.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    publication = _of_review(session, review_id, publication_id)
    if not why.strip() or len(why) > LONGEST_WHY:
        raise Invalid(f"Say why it is withdrawn, in at most {LONGEST_WHY} characters.")
    if withdrawal_of(session, publication_id) is not None:
        raise Conflicting("This publication is withdrawn already.")
    record_act(
        session,
        review_id=review_id,
        act=Act.WITHDRAW_PUBLICATION,
        by=by,
        rows=[PublicationWithdrawal(publication_id=publication_id, why=why.strip())],
        subject=("publication", publication_id),
        detail={"number": publication.number},
    )
    left = session.scalar(_readable(review_id).order_by(Publication.number.desc()).limit(1))
    if left is not None:
        public_links = ShareLink.review_id == review_id, ShareLink.address.is_not(None)
        session.execute(update(ShareLink).where(*public_links).values(publication_id=left))


def withdrawal_of(session: Session, publication_id: UUID) -> PublicationWithdrawal | None:
    """Return that and why a publication was withdrawn; None if it was not."""
    return session.scalar(
        select(PublicationWithdrawal)
        .where(PublicationWithdrawal.publication_id == publication_id)
        .limit(1)
    )


def knows_password(link: ShareLink, password: str) -> bool:
    """Return whether a link needs no password, or this one."""
    return link.password_sha256 is None or hmac.compare_digest(
        link.password_sha256, hash_of(password.strip())
    )


def share(
    session: Session,
    *,
    review_id: UUID,
    publication_id: UUID,
    by: Actor,
    expires_at: datetime | None = None,
    frame_origins: Sequence[str] = (),
    address: str = "",
    password: str = "",
) -> tuple[ShareLink, str]:
    """Return a new link to a publication, and its token, which is not stored; flushes.

    A secret link expires after a year unless ``expires_at`` says otherwise.  With an ``address``
    the link is public: the address is its token, it does not expire, and it leads to the newest
    publication.  ``frame_origins`` are the websites that may show the page in a frame.  With a
    ``password``, readers must know it; it should come from `new_password`.

    Raises NotFound for an unknown publication, Invalid for a time in the past, an address that
    cannot be one or what is not a website, Conflicting for an address that is taken.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    publication = _of_review(session, review_id, publication_id)
    if by.account_id is None:
        raise NotFound("Only people can share a publication.")
    address = address.strip().lower()
    if address:
        _check_address(session, address)
        newest = session.scalar(_readable(review_id).order_by(Publication.number.desc()).limit(1))
        if newest is None:
            raise Conflicting("Every publication is withdrawn. Publish the map again first.")
        publication_id = newest
    expiry = expires_at if address else expires_at or utc_now() + LINK_LIFETIME
    if expiry is not None and expiry <= utc_now():
        raise Invalid("The link would already have expired. Choose a later day.")
    token = address or secrets.token_urlsafe(24)
    link = ShareLink(
        id=uuid4(),
        review_id=review_id,
        publication_id=publication_id,
        token_sha256=hash_of(token),
        address=address or None,
        password_sha256=hash_of(password) if password else None,
        frame_origins=[_origin_of(site) for site in frame_origins],
        created_by=by.account_id,
        expires_at=expiry,
    )
    session.add(link)
    session.flush()
    record_act(
        session,
        review_id=review_id,
        act=Act.SHARE,
        by=by,
        subject=("share_link", link.id),
        detail={"publication": publication.number, "expires_at": expiry, "address": link.address},
    )
    return link, token


def new_password() -> str:
    """Return a password that nobody can guess, so that its hash need not be a slow one."""
    return secrets.token_urlsafe(9)


def revoke(session: Session, *, review_id: UUID, link_id: UUID, by: Actor) -> None:
    """Turn off a share link; does nothing if it is already off.  Flushes."""
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    link = session.get(ShareLink, link_id)
    if link is None or link.review_id != review_id:
        raise NotFound("There is no such link in this review.")
    if link.revoked_at is None:
        link.revoked_at = utc_now()
        session.flush()
        record_act(
            session,
            review_id=review_id,
            act=Act.REVOKE_SHARE,
            by=by,
            subject=("share_link", link.id),
        )


def is_open_link(session: Session, *, review_id: UUID, token: str) -> bool:
    """Return whether a token opens a publication of the review."""
    link = select(ShareLink.id).where(ShareLink.review_id == review_id, *_opened_by(token))
    return session.scalar(link) is not None


def publication_for(
    session: Session, token: str, *, number: int | None = None
) -> tuple[Publication, ShareLink]:
    """Return the publication that a link's token opens, and the link.

    A public address opens an earlier publication too, by its ``number``.  Raises NotFound if the
    token is unknown, its link has expired or was turned off, or the publication was withdrawn.
    """
    row = session.execute(
        select(Publication, ShareLink, PublicationWithdrawal)
        .join(ShareLink, ShareLink.publication_id == Publication.id)
        .outerjoin(PublicationWithdrawal, PublicationWithdrawal.publication_id == Publication.id)
        .where(*_opened_by(token))
        .options(defer(Publication.content))  # large, and not needed for a page that is kept
    ).one_or_none()
    if row is None:
        raise NotFound(
            "This link is invalid, has expired or was turned off. Ask the sender for a new one."
        )
    publication: Publication = row[0]
    link: ShareLink = row[1]
    withdrawal: PublicationWithdrawal | None = row[2]
    if link.address is not None and number not in (None, publication.number):
        earlier = session.scalar(
            select(Publication)
            .where(
                Publication.review_id == link.review_id,
                Publication.number == number,
                Publication.number < publication.number,
            )
            .options(defer(Publication.content))
        )
        if earlier is None:
            raise NotFound("There is no publication with this number at this address.")
        publication, withdrawal = earlier, withdrawal_of(session, earlier.id)
    if withdrawal is not None:
        day = withdrawal.withdrawn_at
        raise NotFound(
            f"This publication was withdrawn on {day.day} {day:%B %Y}. Reason: {withdrawal.why}"
        )
    return publication, link


def numbers_at(session: Session, link: ShareLink) -> list[int]:
    """Return the numbers of the publications that a link opens, the newest first."""
    if link.address is None:
        return []
    newest = select(Publication.number).where(Publication.id == link.publication_id)
    ids = _readable(link.review_id).subquery()
    numbers = (
        select(Publication.number)
        .where(Publication.id.in_(select(ids)), Publication.number <= newest.scalar_subquery())
        .order_by(Publication.number.desc())
    )
    return list(session.scalars(numbers))


def _opened_by(token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        ShareLink.token_sha256 == hash_of(token),
        ShareLink.revoked_at.is_(None),
        or_(ShareLink.expires_at.is_(None), ShareLink.expires_at > utc_now()),
    )


def _readable(review_id: UUID) -> Select[Any]:
    """Select the publications of a review that are not withdrawn."""
    withdrawn = select(PublicationWithdrawal.publication_id)
    return select(Publication.id).where(
        Publication.review_id == review_id, Publication.id.not_in(withdrawn)
    )


def _of_review(session: Session, review_id: UUID, publication_id: UUID) -> Publication:
    publication = session.get(Publication, publication_id)
    if publication is None or publication.review_id != review_id:
        raise NotFound("There is no such publication in this review.")
    return publication


def _check_address(session: Session, address: str) -> None:
    if not ADDRESS.fullmatch(address):
        raise Invalid(
            "A public address has 3 to 60 small letters, digits and hyphens, such as soc-map."
        )
    taken = select(ShareLink.id).where(ShareLink.address == address)
    if session.scalar(taken) is not None:
        raise Conflicting(f"The address '{address}' is taken. Choose another.")


def _origin_of(address: str) -> str:
    """Return a website as a content security policy names it; raise Invalid for anything else."""
    try:
        parts = urlsplit(address.strip())
        port = f":{parts.port}" if parts.port else ""
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise Invalid(f"'{address}' is not a website such as https://www.example.org.") from error
    beyond_host = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("https", "http") or beyond_host or not HOST_NAME.fullmatch(host):
        raise Invalid(f"'{address}' is not a website such as https://www.example.org.")
    return f"{parts.scheme}://{host}{port}"
