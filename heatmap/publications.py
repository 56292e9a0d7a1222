"""Publications: the map frozen with everything it is counted from, and its share links.

Because everything the map is counted from is frozen, readers can filter it and open its cells as
members of the review do.  No names, notes or decisions of people are part of it.
"""

import hashlib
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from heatmap.axes import mapped_items
from heatmap.cells import UNITS, HeatMap, MapSource, count, searched_to
from heatmap.coded import CodedStudies, read_coded
from heatmap.contents import CellContent, Pair, QuotedValue, Report, contents_of
from protocols.schema import Protocol
from review.decisions.stopping import stop_in_force
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, canonical, last_event, record_act
from review.jobs import JobKind, enqueue
from review.people.secrets import hash_of
from review.permissions import Action, begin_act, check
from review.reviews import protocol_state
from review.states.viewers import read_for
from review.studies.coding import Subject
from review.tables import Event, Publication, Review, ShareLink
from review.tables.base import utc_now
from review.vocabulary import Act

LINK_LIFETIME = timedelta(days=365)
MAX_TITLE = 300
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def publish(
    session: Session, *, review_id: UUID, title: str, by: Actor, key: UUID | None = None
) -> Publication:
    """Freeze the map as it is now, under the next number, and ask for its drawings; flushes.

    ``key`` becomes the publication's id, so that a form that is sent twice publishes only once.
    Raises Invalid without a title or if the protocol has no map, Conflicting for a used key.
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
    content = freeze(session, review_id)
    last = session.scalar(
        select(func.max(Publication.number)).where(Publication.review_id == review_id)
    )
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
    if by.account_id is not None:
        enqueue(
            session,
            review_id=review_id,
            kind=JobKind.DRAW_PUBLICATION,
            arguments={"publication": str(publication.id)},
            by=by,
        )
    return publication


def freeze(session: Session, review_id: UUID) -> dict[str, Any]:
    """Return everything that the review's maps are counted from, as plain data."""
    state = protocol_state(session, review_id)
    if not state.protocol.frameworks:
        raise Invalid("The protocol has no framework, so there is no map to publish.")
    items = mapped_items(state.protocol)
    if private := sorted({item.key for item in items if not item.public}):
        raise Invalid(
            f"The map uses items that the protocol keeps private: {', '.join(private)}. Remove"
            " them from the map, or make them public."
        )
    coded = read_coded(session, review_id=review_id, items=[item.key for item in items])
    pairs: list[Pair] = []
    for study in coded.studies:
        contracts = coded.contracts.get(study, [])
        pairs += [(study, contract) for contract in contracts] or [(study, None)]
    number = last_event(session, review_id)
    searched = searched_to(session, review_id)
    stop = stop_in_force(session, review_id)
    head = select(Event.hash).where(Event.review_id == review_id, Event.number == number)
    return {
        "review": session.get_one(Review, review_id).title,
        "question": state.protocol.question,
        "made_at": utc_now().isoformat(timespec="seconds"),
        "searched_to": searched.isoformat() if searched else None,
        "stopped": stop.sentence if stop else None,
        "up_to_event": number,
        "head": session.scalar(head),
        "protocol": _public_protocol(state.protocol),
        "protocol_version": state.number,
        "coded": _coded_as_data(coded),
        "lines": [
            _content_as_data(content)
            for content in contents_of(session, review_id=review_id, pairs=pairs, is_public=True)
        ],
    }


def _public_protocol(protocol: Protocol) -> dict[str, Any]:
    """Return the protocol as data, without the items that it keeps private."""
    public = tuple(item for item in protocol.codebook if item.public)
    return protocol.model_copy(update={"codebook": public}).model_dump(mode="json")


def published_map(
    content: Mapping[str, Any], *, number: int | None = None, **options: Any
) -> HeatMap:
    """Return a map of a publication; the ``options`` are those of `heatmap.cells.count`."""
    day = content["searched_to"]
    source = MapSource(
        review=content["review"],
        day=datetime.fromisoformat(content["made_at"]).date(),
        number=number,
        searched_to=date.fromisoformat(day) if day else None,
    )
    return count(
        _coded_from(content["coded"], content["lines"]),
        source=source,
        protocol=Protocol.model_validate(content["protocol"]),
        as_of=content["up_to_event"],
        stopped=content.get("stopped"),  # none in publications of older releases
        **options,
    )


def published_maps(publication: Publication) -> Iterator[HeatMap]:
    """Yield every map of a publication, unfiltered, in every unit."""
    content, number = publication.content, publication.number
    for framework in Protocol.model_validate(content["protocol"]).frameworks:
        for unit in UNITS:
            yield published_map(content, number=number, framework=framework.key, unit=unit)


def published_contents(content: Mapping[str, Any], pairs: Collection[Pair]) -> list[CellContent]:
    """Return what a publication has of pairs of study and contract."""
    wanted = {(str(study), _id_as_text(contract)) for study, contract in pairs}
    return [
        _content_from(line)
        for line in content["lines"]
        if (line["study_id"], line["contract_id"]) in wanted
    ]


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


def share(
    session: Session,
    *,
    review_id: UUID,
    publication_id: UUID,
    by: Actor,
    expires_at: datetime | None = None,
    frame_origins: Sequence[str] = (),
) -> tuple[ShareLink, str]:
    """Return a new share link to a publication, and its token, which is not stored; flushes.

    Without ``expires_at`` the link expires after a year.  ``frame_origins`` are the websites that
    may show the page in a frame.  Raises NotFound for an unknown publication, Invalid for a time in
    the past or an address that is not a website.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    publication = session.get(Publication, publication_id)
    if publication is None or publication.review_id != review_id or by.account_id is None:
        raise NotFound("There is no such publication in this review.")
    expiry = expires_at or utc_now() + LINK_LIFETIME
    if expiry <= utc_now():
        raise Invalid("The link would already have expired. Choose a later day.")
    token = secrets.token_urlsafe(24)
    link = ShareLink(
        id=uuid4(),
        review_id=review_id,
        publication_id=publication_id,
        token_sha256=hash_of(token),
        frame_origins=[_origin_of(address) for address in frame_origins],
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
        detail={"publication": publication.number, "expires_at": expiry},
    )
    return link, token


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
    link = select(ShareLink.id).where(
        ShareLink.review_id == review_id,
        ShareLink.token_sha256 == hash_of(token),
        ShareLink.revoked_at.is_(None),
        ShareLink.expires_at > utc_now(),
    )
    return session.scalar(link) is not None


def publication_for(session: Session, token: str) -> tuple[Publication, ShareLink]:
    """Return the publication that a share link's token opens, and the link.

    Raises NotFound if the token is unknown, or its link has expired or was turned off.
    """
    row = session.execute(
        select(Publication, ShareLink)
        .join(ShareLink, ShareLink.publication_id == Publication.id)
        .where(
            ShareLink.token_sha256 == hash_of(token),
            ShareLink.revoked_at.is_(None),
            ShareLink.expires_at > utc_now(),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            "This link is invalid, has expired or was turned off. Ask the sender for a new one."
        )
    return row[0], row[1]


def _coded_as_data(coded: CodedStudies) -> dict[str, Any]:
    studies = {*coded.studies, *coded.excluded}
    contracts = {contract for study in studies for contract in coded.contracts.get(study, ())}
    return {
        "studies": [str(study) for study in coded.studies],
        "n_reports": {str(study): n for study, n in coded.n_reports.items()},
        "contracts": {
            str(study): [str(contract) for contract in contracts]
            for study, contracts in coded.contracts.items()
            if study in coded.n_reports or study in coded.excluded
        },
        "values": [
            [_id_as_text(subject.study_id), _id_as_text(subject.contract_id), item, value]
            for (subject, item), value in coded.values.items()
            if subject.study_id in studies or subject.contract_id in contracts
        ],
        "coded_studies": sorted(str(study) for study in coded.coded_studies),
        "years": {str(study): list(years) for study, years in coded.years.items()},
        "excluded": {str(study): list(reasons) for study, reasons in coded.excluded.items()},
    }


def _coded_from(data: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> CodedStudies:
    return CodedStudies(
        studies=[UUID(study) for study in data["studies"]],
        n_reports={UUID(study): n for study, n in data["n_reports"].items()},
        contracts={
            UUID(study): [UUID(contract) for contract in contracts]
            for study, contracts in data["contracts"].items()
        },
        values={
            (Subject(_id_from(study), _id_from(contract)), item): value
            for study, contract, item, value in data["values"]
        },
        coded_studies=frozenset(UUID(study) for study in data["coded_studies"]),
        years={UUID(study): years for study, years in data.get("years", {}).items()},
        excluded={UUID(study): why for study, why in data.get("excluded", {}).items()},
        labels={UUID(line["study_id"]): line["study"] for line in lines}
        | {UUID(line["contract_id"]): line["contract"] for line in lines if line["contract_id"]},
    )


def _content_as_data(content: CellContent) -> dict[str, Any]:
    data = asdict(content)
    for report in data["reports"]:
        del report["record_id"]
    return data | {
        "study_id": str(content.study_id),
        "contract_id": _id_as_text(content.contract_id),
    }


def _content_from(data: Mapping[str, Any]) -> CellContent:
    return CellContent(
        study_id=UUID(data["study_id"]),
        study=data["study"],
        contract_id=_id_from(data["contract_id"]),
        contract=data["contract"],
        reports=[Report(record_id=None, **report) for report in data["reports"]],
        passages=[QuotedValue(**value) for value in data["passages"]],
    )


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


def _id_as_text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _id_from(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
