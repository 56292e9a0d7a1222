"""The list of known contracts of a review: uploaded, replaced, and forgotten where it must be."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from review.events import Actor, record_act
from review.permissions import Action, begin_act
from review.studies.known_contracts.indigo import IndigoFile
from review.studies.known_contracts.projects import Evaluation, KnownProject
from review.tables import ContractList, KnownContract
from review.vocabulary import Act


@dataclass(frozen=True)
class UploadedList:
    """What an upload changed."""

    n_listed: int  # contracts on the list now
    n_new: int
    removed: Collection[str]  # numbers of those that are no longer public


def keep_list(
    session: Session, *, review_id: UUID, found: IndigoFile, name: str, by: Actor
) -> UploadedList:
    """Make a file's projects the review's list of known contracts; flushes.

    A file of some projects changes these; one that lists all there are replaces the list.  What is
    no longer public is deleted, as INDIGO asks of those who use its data; only its number stays,
    where a contract was matched to it.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = {row.key: row for row in _rows(session, review_id)}
    removed = sorted(found.gone(rows))
    listed = ContractList(
        id=uuid4(),
        name=name[:255],
        sha256=found.sha256,
        n_contracts=len((rows.keys() | {project.key for project in found.projects}) - {*removed}),
        n_removed=len(removed),
    )
    event = record_act(
        session,
        review_id=review_id,
        act=Act.LIST_CONTRACTS,
        by=by,
        rows=[listed],
        detail={"contracts": listed.n_contracts, "removed": listed.n_removed},
    )
    _delete(session, review_id, removed)
    n_new = 0
    for project in found.projects:
        row = rows.get(project.key)
        if row is None:
            n_new += 1
            row = KnownContract(id=uuid4(), review_id=review_id, key=project.key)
            session.add(row)
        row.content, row.event_number = asdict(project), event
    session.flush()
    return UploadedList(listed.n_contracts, n_new, removed)


def known_projects(session: Session, *, review_id: UUID) -> list[KnownProject]:
    """Return the contracts on the review's list, by number."""
    return [_project(row.content) for row in _rows(session, review_id)]


def latest_list(
    session: Session, *, review_id: UUID, as_of: int | None = None
) -> ContractList | None:
    """Return the newest list that was uploaded, up to event ``as_of``; None for none."""
    query = select(ContractList).where(ContractList.review_id == review_id)
    if as_of is not None:
        query = query.where(ContractList.event_number <= as_of)
    return session.scalar(query.order_by(ContractList.event_number.desc()).limit(1))


def known_project(session: Session, *, review_id: UUID, key: str) -> KnownProject | None:
    """Return the contract with this number on the list, in any case; None if there is none."""
    content = session.scalar(
        select(KnownContract.content)
        .where(KnownContract.review_id == review_id, func.lower(KnownContract.key) == key.lower())
        .order_by(KnownContract.key)
        .limit(1)
    )
    return None if content is None else _project(content)


def _rows(session: Session, review_id: UUID) -> list[KnownContract]:
    query = select(KnownContract).where(KnownContract.review_id == review_id)
    return list(session.scalars(query.order_by(KnownContract.key)))


def _delete(session: Session, review_id: UUID, keys: Collection[str]) -> None:
    session.execute(
        delete(KnownContract).where(
            KnownContract.review_id == review_id, KnownContract.key.in_(keys)
        )
    )


def _project(content: Mapping[str, Any]) -> KnownProject:
    lists = {key: tuple(value) for key, value in content.items() if isinstance(value, list)}
    evaluations = tuple(Evaluation(**one) for one in content["evaluations"])
    return replace(KnownProject(**{**content, **lists}), evaluations=evaluations)
