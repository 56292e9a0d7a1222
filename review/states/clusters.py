"""Clusters, the records of one report: stars onto the earliest record, at any event."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
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
    bindparam,
    case,
    exists,
    false,
    func,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from review.errors import NotFound
from review.storage.database import WHOLE_REVIEW
from review.tables import (
    ActRow,
    ClusterMembership,
    FileCorrection,
    Record,
    SearchCorrection,
    StoredSearch,
)

# A query that runs at every decision is built once, with these parameters instead of the ids, and
# reused: SQLAlchemy takes ten times longer to build it than a database takes to answer it.
REVIEW_PARAM: BindParameter[UUID] = bindparam("review_param", type_=Uuid())
RECORDS_PARAM: BindParameter[UUID] = bindparam("records_param", type_=Uuid(), expanding=True)
VIEWER_PARAM: BindParameter[UUID] = bindparam("viewer_param", type_=Uuid())
OPEN_PARAM: BindParameter[UUID] = bindparam("open_param", type_=Uuid(), expanding=True)

_LATER = aliased(ClusterMembership)
Id = UUID | BindParameter[UUID]
Ids = Collection[UUID] | BindParameter[UUID]


@dataclass(frozen=True)
class Viewer:
    """A person who screens: they see no decision of others that could influence their own."""

    account_id: Id
    open_decision_ids: Ids  # everybody's: see `review.states.closing`


@dataclass(frozen=True)
class Scope:
    """The acts that a query reads: one review's, up to an event, on all records or on some.

    ``as_of`` is the number of the last event that counts, None for now.  ``only`` names whole
    clusters by their records, None for every record of the review.  A ``viewer`` sees the review
    without the decisions that are hidden from them (`review.states.rounds.hidden_rounds`).
    """

    review_id: Id
    as_of: int | None = None
    only: Ids | None = None
    viewer: Viewer | None = None

    def up_to(self, table: type[ActRow | Record]) -> ColumnElement[bool]:
        """Return the condition that keeps the review's acts up to the event."""
        in_review = table.review_id == self.review_id
        return in_review if self.as_of is None else in_review & (table.event_number <= self.as_of)

    def limited_to(self, record_id: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
        """Return the condition that keeps acts on the records asked about.

        The records already follow from the clusters; with this condition the database looks each
        one up by its index instead of reading every act of the review.
        """
        return true() if self.only is None else record_id.in_(self.only)


WRITTEN_ONCE = Scope(REVIEW_PARAM, only=RECORDS_PARAM)
"""The scope of a query that is built once; `bind_params` gives the values."""


VIEWER = Viewer(VIEWER_PARAM, OPEN_PARAM)
"""The viewer of a query that is built once."""


def bind_params(
    review_id: UUID,
    record_ids: Collection[UUID] | None = None,
    *,
    viewer: Viewer | None = None,
) -> dict[str, Any]:
    """Return the value of REVIEW_PARAM and, where given, those of RECORDS_PARAM and VIEWER."""
    values: dict[str, Any] = {REVIEW_PARAM.key: review_id}
    if record_ids is not None:
        values[RECORDS_PARAM.key] = list(record_ids)
    if viewer is not None:
        values |= {
            VIEWER_PARAM.key: viewer.account_id,
            OPEN_PARAM.key: viewer.open_decision_ids,
        }
    return values


def latest(
    scope: Scope,
    table: type[ActRow],
    *keys: InstrumentedAttribute[Any],
    where: ColumnElement[bool] | None = None,
) -> Subquery:
    """Return, as a subquery of whole rows, the newest act for each combination of ``keys``.

    ``where`` is a further condition; of ``scope`` the review and the event count.
    """
    recency = func.row_number().over(partition_by=keys, order_by=table.event_number.desc())
    columns = table.__table__.columns  # type: ignore[attr-defined]
    ranked = (
        select(*columns, recency.label("recency"))
        .where(scope.up_to(table), true() if where is None else where)
        .subquery()
    )
    kept = [column for column in ranked.columns if column.name != "recency"]
    return select(*kept).where(ranked.c.recency == 1).subquery()


def members(scope: Scope) -> CTE:
    """Return a row for every record in scope.

    Columns: record_id, cluster_id, number, search_id, event_number, is_withdrawn.  A cluster is
    known by the earliest of its records that is not withdrawn; a record without duplicates is its
    own.  Search and withdrawal are those of the record's file after the scope's event.
    """
    placed = latest(
        scope,
        ClusterMembership,
        ClusterMembership.record_id,
        where=scope.limited_to(ClusterMembership.record_id),
    )
    file = latest(scope, FileCorrection, FileCorrection.import_file_id)
    query = (
        select(
            Record.id.label("record_id"),
            func.coalesce(placed.c.root_id, Record.id).label("cluster_id"),
            Record.number,
            func.coalesce(file.c.search_id, Record.first_search_id).label("search_id"),
            Record.event_number,
            func.coalesce(file.c.is_withdrawn, false()).label("is_withdrawn"),
        )
        .outerjoin(placed, placed.c.record_id == Record.id)
        .outerjoin(file, file.c.import_file_id == Record.import_file_id)
        .where(scope.up_to(Record), scope.limited_to(Record.id))
    )
    size = f"MATERIALIZED {WHOLE_REVIEW}" if scope.only is None else "MATERIALIZED"
    return query.cte().prefix_with(size)


def withdrawn_records(session: Session, review_id: UUID) -> Select[UUID] | None:
    """Return the query for the records whose file is withdrawn; None if no file ever was."""
    corrections = latest(Scope(review_id), FileCorrection, FileCorrection.import_file_id)
    files = select(corrections.c.import_file_id).where(corrections.c.is_withdrawn)
    if session.scalar(files.limit(1)) is None:
        return None
    return select(Record.id).where(Record.review_id == review_id, Record.import_file_id.in_(files))


def searches(scope: Scope) -> Subquery:
    """Return (id, source, kind) of every search of the review, as corrected up to the event."""
    correction = latest(scope, SearchCorrection, SearchCorrection.search_id)
    is_corrected = correction.c.id.is_not(None)
    return (
        select(
            StoredSearch.id,
            case((is_corrected, correction.c.source), else_=StoredSearch.source).label("source"),
            case((is_corrected, correction.c.kind), else_=StoredSearch.kind).label("kind"),
        )
        .outerjoin(correction, correction.c.search_id == StoredSearch.id)
        .where(StoredSearch.review_id == scope.review_id)
        .subquery()
    )


def cluster_ids(
    session: Session, scope: Scope, *, without_withdrawn: bool = False
) -> dict[UUID, UUID]:
    """Return the cluster of every record in scope, in import order."""
    table = members(scope)
    query = select(table.c.record_id, table.c.cluster_id).order_by(table.c.number)
    if without_withdrawn:
        query = query.where(~table.c.is_withdrawn)
    return dict(session.execute(query).all())


def cluster_of(session: Session, *, review_id: UUID, record_id: UUID) -> tuple[UUID, ...]:
    """Return the records of the cluster that a record is in, the earliest first.

    Records that are withdrawn come after all others.  Raises NotFound for a record that is not in
    the review.
    """
    return clusters_of(session, review_id=review_id, record_ids=[record_id])[record_id]


def clusters_of(
    session: Session, *, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, tuple[UUID, ...]]:
    """Return, for each of ``record_ids``, the records of its cluster, the earliest first."""
    roots = _cluster_ids_of(session, review_id, record_ids)
    if set(record_ids) - roots.keys():
        raise NotFound("There is no such record in this review.")
    wanted = set(roots.values())
    candidates = session.scalars(
        select(ClusterMembership.record_id).where(
            ClusterMembership.review_id == review_id, ClusterMembership.root_id.in_(wanted)
        )
    ).all()
    everyone = wanted | set(candidates)
    clusters = roots if everyone == roots.keys() else _cluster_ids_of(session, review_id, everyone)
    records_of: dict[UUID, list[UUID]] = {root: [] for root in wanted}
    for record_id, cluster_id in clusters.items():
        if cluster_id in records_of:
            records_of[cluster_id].append(record_id)
    return {record_id: tuple(records_of[root]) for record_id, root in roots.items()}


def _cluster_ids_of(
    session: Session, review_id: UUID, record_ids: Collection[UUID]
) -> dict[UUID, UUID]:
    """Return the cluster of each of the records in import order, those that are withdrawn last."""
    rows = session.execute(_cluster_ids_query(), bind_params(review_id, record_ids))
    return {row.record_id: row.cluster_id for row in rows}


@cache
def _cluster_ids_query() -> Select[UUID, UUID]:
    table = members(WRITTEN_ONCE)
    order = (table.c.is_withdrawn, table.c.number)
    return select(table.c.record_id, table.c.cluster_id).order_by(*order)


def is_root(record_id: SQLColumnExpression[UUID], review_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a record is not currently another record's duplicate."""
    in_other_cluster = exists().where(
        ClusterMembership.review_id == review_id,
        ClusterMembership.record_id == record_id,
        ClusterMembership.root_id != record_id,
        ~exists().where(
            _LATER.review_id == ClusterMembership.review_id,
            _LATER.record_id == ClusterMembership.record_id,
            _LATER.event_number > ClusterMembership.event_number,
        ),
    )
    return ~in_other_cluster


def latest_in_cluster(
    scope: Scope,
    table: type[ActRow],
    record_id: InstrumentedAttribute[UUID],
    *,
    member: CTE,
    wins: Callable[[Subquery], ColumnElement[bool]],
) -> Subquery:
    """Return, with its cluster_id, the act that counts for each cluster.

    Each record's newest act counts for that record.  Where the records of a cluster differ, an act
    that ``wins`` counts for all of them, so that merging hides nothing; else the newest one does.
    """
    newest = latest(scope, table, record_id, where=scope.limited_to(record_id))
    precedence = func.row_number().over(
        partition_by=member.c.cluster_id,
        order_by=(case((wins(newest), 0), else_=1), newest.c.event_number.desc()),
    )
    ranked = (
        select(member.c.cluster_id, *newest.columns, precedence.label("precedence"))
        .join(member, member.c.record_id == newest.c.record_id)
        .subquery()
    )
    return select(ranked).where(ranked.c.precedence == 1).subquery()
