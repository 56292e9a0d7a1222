"""Publications: a state of the map, frozen with everything it is counted from, and its links.

What is frozen is what a map is counted from, so that readers may filter it and open its cells as
the review's own people do.  Nobody's name, note or decision is part of it.
"""

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from heatmap.cells import HeatMap, count
from heatmap.coded import Coded, items_of, read_coded
from heatmap.contents import Line, Pair, Passage, Report, lines_of, pairs_in
from protocols.schema import Protocol
from review.decisions.stopping import stop_in_force
from review.errors import Conflicting, Invalid, NotFound
from review.events import Actor, canonical, last_event, record_act
from review.jobs import JobKind, enqueue
from review.people.secrets import hash_of
from review.permissions import Action, begin_act, check
from review.reviews import protocol_state
from review.studies.coding import Subject
from review.tables import Event, Publication, Review, Search, ShareLink
from review.tables.base import utc_now
from review.vocabulary import Act

LIFETIME = timedelta(days=365)
MAX_TITLE = 300
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def publish(
    session: Session, *, review_id: UUID, title: str, by: Actor, key: UUID | None = None
) -> Publication:
    """Freeze the map as it is now, under the next number, and have it drawn; flushes.

    A form that is sent twice says so by its ``key``, which becomes the publication's id.  Raises
    Invalid without a title, or where the protocol has no map; Conflicting for a key used before.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if key is not None and session.get(Publication, key) is not None:
        raise Conflicting(
            "This is already published. Its link was shown only once; create another."
        )
    name = " ".join(title.split())
    if not name or len(name) > MAX_TITLE:
        raise Invalid(f"Give the publication a title of at most {MAX_TITLE} characters.")
    content = freeze(session, review_id)
    last = session.scalar(
        select(func.max(Publication.number)).where(Publication.review_id == review_id)
    )
    made = Publication(
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
        rows=[made],
        subject=("publication", made.id),
        detail={"number": made.number, "sha256": made.sha256},
    )
    if by.account_id is not None:
        asked = {"publication": str(made.id)}
        enqueue(session, review_id=review_id, kind=JobKind.DRAW_PUBLICATION, arguments=asked, by=by)
    return made


def freeze(session: Session, review_id: UUID) -> dict[str, Any]:
    """Return everything that the review's maps are counted from, as plain data."""
    state = protocol_state(session, review_id)
    if not state.protocol.frameworks:
        raise Invalid("The protocol has no framework, so there is no map to publish.")
    keys = [key for one in state.protocol.frameworks for key in items_of(state.protocol, one)]
    if hidden := sorted({key for key in keys if not state.protocol.item(key).public}):
        raise Invalid(
            f"The map uses items that the protocol keeps private: {', '.join(hidden)}. Remove them "
            "from the map, or make them public."
        )
    coded = read_coded(session, review_id=review_id, items=keys)
    pairs: list[Pair] = []
    for study in coded.studies:
        pairs += [(study, one) for one in coded.contracts.get(study, [])] or [(study, None)]
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
        "protocol": _public(state.protocol),
        "protocol_version": state.number,
        "coded": _coded_as_data(coded),
        "lines": [
            _line_as_data(line)
            for line in lines_of(session, review_id=review_id, pairs=pairs, is_public=True)
        ],
    }


def _public(protocol: Protocol) -> dict[str, Any]:
    """Return the protocol without the items that stay in the review."""
    shown = tuple(item for item in protocol.codebook if item.public)
    return protocol.model_copy(update={"codebook": shown}).model_dump(mode="json")


def searched_to(session: Session, review_id: UUID) -> date | None:
    """Return the day of the latest search, up to which the evidence reaches; None where unsaid."""
    return session.scalar(select(func.max(Search.run_on)).where(Search.review_id == review_id))


def map_of(content: Mapping[str, Any], **asked: Any) -> HeatMap:
    """Return a map of a publication; ``asked`` as for ``heatmap.cells.count``."""
    return count(
        _coded(content["coded"]),
        protocol=Protocol.model_validate(content["protocol"]),
        as_of=content["up_to_event"],
        stopped=content.get("stopped"),  # none in publications of older releases
        **asked,
    )


def maps_of(content: Mapping[str, Any]) -> Iterator[HeatMap]:
    """Yield every map of a publication, unfiltered, by contract and by study."""
    for framework in Protocol.model_validate(content["protocol"]).frameworks:
        for unit in ("contract", "study"):
            yield map_of(content, framework=framework.key, unit=unit)


def cell_of(content: Mapping[str, Any], heatmap: HeatMap, row: str, *, column: str) -> list[Line]:
    """Return the lines behind one cell of a publication's map."""
    wanted = set(pairs_in(heatmap, row, column))
    lines = (_line(line) for line in content["lines"])
    return [line for line in lines if (line.study_id, line.contract_id) in wanted]


def publications_of(
    session: Session, *, review_id: UUID, by: Actor
) -> list[tuple[Publication, Sequence[ShareLink]]]:
    """Return the review's publications, the newest first, each with its links."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    made = session.scalars(
        select(Publication)
        .where(Publication.review_id == review_id)
        .options(defer(Publication.content))
        .order_by(Publication.number.desc())
    ).all()
    links = session.scalars(
        select(ShareLink).where(ShareLink.review_id == review_id).order_by(ShareLink.created_at)
    ).all()
    return [(one, [link for link in links if link.publication_id == one.id]) for one in made]


def share(
    session: Session,
    *,
    review_id: UUID,
    publication_id: UUID,
    by: Actor,
    expires_at: datetime | None = None,
    frame_origins: Sequence[str] = (),
) -> tuple[ShareLink, str]:
    """Return a new link to a publication and its token, which is shown this once; flushes.

    The link ends after a year where no other moment is given.  ``frame_origins`` are the sites
    that may show the page in a frame.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    publication = session.get(Publication, publication_id)
    if publication is None or publication.review_id != review_id or by.account_id is None:
        raise NotFound("There is no such publication in this review.")
    until = expires_at or utc_now() + LIFETIME
    if until <= utc_now():
        raise Invalid("The link would already have expired. Choose a later day.")
    token = secrets.token_urlsafe(24)
    link = ShareLink(
        id=uuid4(),
        review_id=review_id,
        publication_id=publication_id,
        token_sha256=hash_of(token),
        frame_origins=[_origin(one) for one in frame_origins],
        created_by=by.account_id,
        expires_at=until,
    )
    session.add(link)
    session.flush()
    record_act(
        session,
        review_id=review_id,
        act=Act.SHARE,
        by=by,
        subject=("share_link", link.id),
        detail={"publication": publication.number, "expires_at": until},
    )
    return link, token


def revoke(session: Session, *, review_id: UUID, link_id: UUID, by: Actor) -> None:
    """End a link now; again is harmless.  Flushes."""
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


def shared(session: Session, token: str) -> tuple[Publication, ShareLink]:
    """Return the publication that a link's token opens.

    Raises NotFound for an unknown token as for one that has ended.
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


def _coded_as_data(coded: Coded) -> dict[str, Any]:
    return {
        "studies": [str(one) for one in coded.studies],
        "n_reports": {str(study): n for study, n in coded.n_reports.items()},
        "contracts": {
            str(study): [str(one) for one in held]
            for study, held in coded.contracts.items()
            if study in coded.n_reports
        },
        "values": [
            [_text(subject.study_id), _text(subject.contract_id), item, value]
            for (subject, item), value in coded.values.items()
        ],
        "coded_studies": sorted(str(one) for one in coded.coded_studies),
    }


def _coded(data: Mapping[str, Any]) -> Coded:
    return Coded(
        studies=[UUID(one) for one in data["studies"]],
        n_reports={UUID(study): n for study, n in data["n_reports"].items()},
        contracts={
            UUID(study): [UUID(one) for one in held] for study, held in data["contracts"].items()
        },
        values={
            (Subject(_id(study), _id(contract)), item): value
            for study, contract, item, value in data["values"]
        },
        coded_studies=frozenset(UUID(one) for one in data["coded_studies"]),
    )


def _line_as_data(line: Line) -> dict[str, Any]:
    data = asdict(line)
    for report in data["reports"]:
        del report["record_id"]
    return data | {"study_id": str(line.study_id), "contract_id": _text(line.contract_id)}


def _line(data: Mapping[str, Any]) -> Line:
    return Line(
        study_id=UUID(data["study_id"]),
        study=data["study"],
        contract_id=_id(data["contract_id"]),
        contract=data["contract"],
        reports=[Report(record_id=None, **one) for one in data["reports"]],
        passages=[Passage(**one) for one in data["passages"]],
    )


def _origin(given: str) -> str:
    """Return a site as a content security policy names it; raise Invalid for anything else."""
    try:
        parts = urlsplit(given.strip())
        port = f":{parts.port}" if parts.port else ""
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError as error:
        raise Invalid(f"'{given}' is not a website such as https://www.example.org.") from error
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in ("https", "http") or more or not HOST.fullmatch(host):
        raise Invalid(f"'{given}' is not a website such as https://www.example.org.")
    return f"{parts.scheme}://{host}{port}"


def _text(given: UUID | None) -> str | None:
    return None if given is None else str(given)


def _id(given: str | None) -> UUID | None:
    return None if given is None else UUID(given)
