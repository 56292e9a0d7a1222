"""Which records stand for the same report: stars onto the earliest, as of any event."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Select,
    SQLColumnExpression,
    Subquery,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from review.errors import NotFound
from review.storage.database import WHOLE_REVIEW
from review.tables import ActRow, Placement, Record

# A query that is asked at every decision is written once, with these in place of the ids, and used
# again: writing it takes SQLAlchemy ten times longer than a database takes to answer it.
THE_REVIEW: BindParameter[UUID] = bindparam("the_review", type_=Uuid())
THE_RECORDS: BindParameter[UUID] = bindparam("the_records", type_=Uuid(), expanding=True)

_LATER = aliased(Placement)
Id = UUID | BindParameter[UUID]
Ids = Collection[UUID] | BindParameter[UUID]


def up_to(table: type[ActRow], review_id: Id, as_of: int | None) -> ColumnElement[bool]:
    """Return the condition that keeps a review's acts up to an event; all of them for None."""
    mine = table.review_id == review_id
    return mine if as_of is None else and_(mine, table.event_number <= as_of)


def among(record_id: SQLColumnExpression[UUID], only: Ids | None) -> ColumnElement[bool]:
    """Return the condition that keeps acts on ``only`` these records; all of them for None.

    The records follow from the clusters asked about anyway; said again, the database looks each
    one up by its index instead of reading every act of the review.
    """
    return true() if only is None else record_id.in_(only)


def latest(
    table: type[ActRow],
    *keys: InstrumentedAttribute[Any],
    review_id: Id,
    as_of: int | None,
    where: ColumnElement[bool] | None = None,
) -> Subquery:
    """Return, as a subquery of whole rows, the newest act for each combination of ``keys``."""
    recency = func.row_number().over(partition_by=keys, order_by=table.event_number.desc())
    columns = table.__table__.columns  # type: ignore[attr-defined]
    ranked = (
        select(*columns, recency.label("recency"))
        .where(up_to(table, review_id, as_of), true() if where is None else where)
        .subquery()
    )
    kept = [column for column in ranked.columns if column.name != "recency"]
    return select(*kept).where(ranked.c.recency == 1).subquery()


def members(review_id: Id, *, as_of: int | None = None, only: Ids | None = None) -> CTE:
    """Return (record_id, cluster_id, number, search_id) of every record, or of ``only`` these.

    A cluster is known by its earliest record; a record without duplicates is its own.
    """
    placed = latest(
        Placement,
        Placement.record_id,
        review_id=review_id,
        as_of=as_of,
        where=among(Placement.record_id, only),
    )
    query = (
        select(
            Record.id.label("record_id"),
            func.coalesce(placed.c.root_id, Record.id).label("cluster_id"),
            Record.number,
            Record.search_id,
            Record.event_number,
        )
        .outerjoin(placed, placed.c.record_id == Record.id)
        .where(up_to(Record, review_id, as_of), among(Record.id, only))
    )
    size = f"MATERIALIZED {WHOLE_REVIEW}" if only is None else "MATERIALIZED"
    return query.cte().prefix_with(size)


def homes(
    session: Session, review_id: UUID, *, as_of: int | None = None, only: Ids | None = None
) -> dict[UUID, UUID]:
    """Return the cluster of every record, or of ``only`` these, in import order."""
    table = members(review_id, as_of=as_of, only=only)
    query = select(table.c.record_id, table.c.cluster_id).order_by(table.c.number)
    return dict(session.execute(query).all())


def cluster_of(session: Session, *, review_id: UUID, record_id: UUID) -> tuple[UUID, ...]:
    """Return the records of the cluster that a record is in, the earliest first.

    Raises NotFound for a record of another review, or of none.
    """
    return clusters_of(session, review_id=review_id, record_ids=[record_id])[record_id]


def clusters_of(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, tuple[UUID, ...]]:
    """Return, for each of ``record_ids``, the records of its cluster, the earliest first."""
    roots = _homes(session, review_id, record_ids)
    if set(record_ids) - roots.keys():
        raise NotFound("There is no such record in this review.")
    wanted = set(roots.values())
    candidates = session.scalars(
        select(Placement.record_id).where(
            Placement.review_id == review_id, Placement.root_id.in_(wanted)
        )
    ).all()
    all_of_them = wanted | set(candidates)
    homes = roots if all_of_them == roots.keys() else _homes(session, review_id, all_of_them)
    found: dict[UUID, list[UUID]] = {root: [] for root in wanted}
    for record_id, cluster_id in homes.items():
        if cluster_id in found:
            found[cluster_id].append(record_id)
    return {record_id: tuple(found[root]) for record_id, root in roots.items()}


def _homes(session: Session, review_id: UUID, record_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the cluster of each of the records, in import order."""
    rows = session.execute(_homes_query(), these(review_id, record_ids))
    return {row.record_id: row.cluster_id for row in rows}


@cache
def _homes_query() -> Select[UUID, UUID]:
    table = members(THE_REVIEW, only=THE_RECORDS)
    return select(table.c.record_id, table.c.cluster_id).order_by(table.c.number)


def these(review_id: UUID, record_ids: Collection[UUID]) -> dict[str, Any]:
    """Return the parameters of a query that was written once."""
    return {"the_review": review_id, "the_records": list(record_ids)}


def is_root(record_id: SQLColumnExpression[UUID], review_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a record is not, by now, somebody's duplicate."""
    elsewhere = exists().where(
        Placement.review_id == review_id,
        Placement.record_id == record_id,
        Placement.root_id != record_id,
        ~exists().where(
            _LATER.review_id == Placement.review_id,
            _LATER.record_id == Placement.record_id,
            _LATER.event_number > Placement.event_number,
        ),
    )
    return ~elsewhere


def latest_in_cluster(
    table: type[ActRow],
    record_id: InstrumentedAttribute[UUID],
    member: CTE,
    *,
    review_id: Id,
    wins: Callable[[Subquery], ColumnElement[bool]],
    as_of: int | None = None,
    only: Ids | None = None,
) -> Subquery:
    """Return, with its cluster_id, the act that speaks for each cluster.

    Each record's newest act is its word.  Where the records of a cluster differ, a word that
    ``wins`` speaks for all of them, so that joining hides nothing; else the newest one does.
    """
    newest = latest(
        table, record_id, review_id=review_id, as_of=as_of, where=among(record_id, only)
    )
    standing = func.row_number().over(
        partition_by=member.c.cluster_id,
        order_by=(case((wins(newest), 0), else_=1), newest.c.event_number.desc()),
    )
    ranked = (
        select(member.c.cluster_id, *newest.columns, standing.label("standing"))
        .join(member, member.c.record_id == newest.c.record_id)
        .subquery()
    )
    return select(ranked).where(ranked.c.standing == 1).subquery()
