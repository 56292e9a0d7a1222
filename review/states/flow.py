"""Where every record is: each one in exactly one leaf of the PRISMA flow, as of any event."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Subquery, and_, case, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from review.decisions.stopping import left_to_automation
from review.reviews import protocol_of
from review.states.clusters import Id, Ids, latest_in_cluster, members
from review.states.resolution import Reasons, reasons_of, resolution_tables
from review.tables import ActRow, Record, Removal, Retrieval, Search, StudyReport
from review.vocabulary import RemovalKind, Resolution, RetrievalState, SearchKind, Stage, Stream

FROM_DATABASES = (SearchKind.DATABASE, SearchKind.REGISTER)


class Leaf(StrEnum):
    """The place where a record's way ends, or has come to by now."""

    DUPLICATE = "duplicate"
    REMOVED_AUTOMATION = "removed_automation"
    REMOVED_OTHER = "removed_other"
    UNSCREENED = "unscreened"
    AWAITING_SECOND = "awaiting_second"
    CONFLICT = "conflict"
    NOT_SCREENED = "not_screened"
    MARKED_INELIGIBLE = "marked_ineligible"  # what a stop left to the ranking's judgement
    EXCLUDED = "excluded"
    AWAITING_RETRIEVAL = "awaiting_retrieval"
    NOT_RETRIEVED = "not_retrieved"
    FULL_TEXT_UNSCREENED = "full_text_unscreened"
    FULL_TEXT_AWAITING_SECOND = "full_text_awaiting_second"
    FULL_TEXT_CONFLICT = "full_text_conflict"
    FULL_TEXT_EXCLUDED = "full_text_excluded"
    AWAITING_STUDY = "awaiting_study"
    INCLUDED = "included"


def leaves(
    session: Session,
    *,
    review_id: UUID,
    as_of: int | None = None,
    only: Collection[UUID] | None = None,
) -> CTE:
    """Return one row a record: where it is after event ``as_of``; see ``leaf_table``."""
    reasons = reasons_of(protocol_of(session, review_id, as_of=as_of))
    return leaf_table(review_id, reasons, as_of=as_of, only=only)


def leaf_table(
    review_id: Id,
    reasons: Reasons,
    *,
    as_of: int | None = None,
    only: Ids | None = None,
    resolved: Mapping[Stage, CTE] | None = None,
) -> CTE:
    """Return one row a record: record_id, cluster_id, number, kind, stream, leaf, reason, study_id.

    A cluster goes the way of its earliest record; the other records are duplicates, in the
    stream that they themselves came from.  ``reason`` is the primary exclusion reason at the leaf.
    ``resolved`` are the resolution tables of the stages, where they are at hand.
    """
    member = members(review_id, as_of=as_of, only=only)
    if resolved is None:
        resolved = resolution_tables(review_id, reasons, as_of=as_of, only=only, member=member)
    title_abstract, full_text = resolved[Stage.TITLE_ABSTRACT], resolved[Stage.FULL_TEXT]

    def said(
        table: type[ActRow],
        record_id: InstrumentedAttribute[UUID],
        wins: Callable[[Subquery], ColumnElement[bool]],
    ) -> Subquery:
        return latest_in_cluster(
            table, record_id, member, review_id=review_id, wins=wins, as_of=as_of, only=only
        )

    removal = said(Removal, Removal.record_id, lambda one: one.c.kind != RemovalKind.RESTORED)
    retrieval = said(
        Retrieval, Retrieval.record_id, lambda one: one.c.state == RetrievalState.RETRIEVED
    )
    link = said(StudyReport, StudyReport.record_id, lambda one: one.c.is_linked)
    leaf = _leaf(
        member.c.record_id != member.c.cluster_id,
        # What somebody has decided on is not "removed before screening", whatever its copy was.
        case((title_abstract.c.n_reviewers == 0, removal.c.kind), else_=None),
        title_abstract.c.resolution,
        left_to_automation(review_id, Stage.TITLE_ABSTRACT, as_of),
        retrieval.c.state,
        full_text.c.resolution,
        link.c.is_linked,
    )
    return (
        select(
            member.c.record_id,
            member.c.cluster_id,
            member.c.number,
            Search.kind,
            case(
                (Search.kind.in_(FROM_DATABASES), Stream.DATABASES.value),
                else_=Stream.OTHER.value,
            ).label("stream"),
            leaf.label("leaf"),
            case(
                (leaf == Leaf.EXCLUDED.value, title_abstract.c.exclusion_reason),
                (leaf == Leaf.FULL_TEXT_EXCLUDED.value, full_text.c.exclusion_reason),
                else_=None,
            ).label("reason"),
            case((leaf == Leaf.INCLUDED.value, link.c.study_id), else_=None).label("study_id"),
        )
        .select_from(member)
        .join(Search, Search.id == member.c.search_id)
        .join(title_abstract, title_abstract.c.cluster_id == member.c.cluster_id)
        .join(full_text, full_text.c.cluster_id == member.c.cluster_id)
        .outerjoin(removal, removal.c.cluster_id == member.c.cluster_id)
        .outerjoin(retrieval, retrieval.c.cluster_id == member.c.cluster_id)
        .outerjoin(link, link.c.cluster_id == member.c.cluster_id)
        .cte()
        .prefix_with("MATERIALIZED")
    )


def _leaf(
    is_duplicate: ColumnElement[bool],
    removed: ColumnElement[RemovalKind],
    screened: ColumnElement[str],
    left_to_automation: ColumnElement[bool],
    sought: ColumnElement[RetrievalState],
    read: ColumnElement[str],
    is_linked: ColumnElement[bool],
) -> ColumnElement[str]:
    return case(
        (is_duplicate, Leaf.DUPLICATE.value),
        (removed == RemovalKind.AUTOMATION, Leaf.REMOVED_AUTOMATION.value),
        (removed == RemovalKind.OTHER, Leaf.REMOVED_OTHER.value),
        (screened == Resolution.UNSCREENED.value, Leaf.UNSCREENED.value),
        (screened == Resolution.AWAITING_SECOND.value, Leaf.AWAITING_SECOND.value),
        (screened == Resolution.CONFLICT.value, Leaf.CONFLICT.value),
        (
            and_(screened == Resolution.NOT_SCREENED.value, left_to_automation),
            Leaf.MARKED_INELIGIBLE.value,
        ),
        (screened == Resolution.NOT_SCREENED.value, Leaf.NOT_SCREENED.value),
        (screened == Resolution.EXCLUDE.value, Leaf.EXCLUDED.value),
        (sought == RetrievalState.NOT_RETRIEVED, Leaf.NOT_RETRIEVED.value),
        (
            sought.is_distinct_from(RetrievalState.RETRIEVED),
            Leaf.AWAITING_RETRIEVAL.value,
        ),
        (read == Resolution.AWAITING_SECOND.value, Leaf.FULL_TEXT_AWAITING_SECOND.value),
        (read == Resolution.CONFLICT.value, Leaf.FULL_TEXT_CONFLICT.value),
        (read == Resolution.EXCLUDE.value, Leaf.FULL_TEXT_EXCLUDED.value),
        (and_(read == Resolution.INCLUDE.value, is_linked), Leaf.INCLUDED.value),
        (read == Resolution.INCLUDE.value, Leaf.AWAITING_STUDY.value),
        else_=Leaf.FULL_TEXT_UNSCREENED.value,
    )


def record_rows(
    session: Session,
    *,
    review_id: UUID,
    where: Collection[Leaf] | None = None,
    stream: Stream | None = None,
    kinds: Collection[SearchKind] | None = None,
    reason: str | None = None,
    source: str | None = None,
    study_id: UUID | None = None,
    as_of: int | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[tuple[Record, str, str | None]]:
    """Return (record, leaf, reason) of the records in some leaves, in import order."""
    leaf = leaves(session, review_id=review_id, as_of=as_of)
    query = (
        select(Record, leaf.c.leaf, leaf.c.reason)
        .join(leaf, leaf.c.record_id == Record.id)
        .where(Record.number > after)
        .order_by(Record.number)
        .limit(limit)
    )
    if where is not None:
        query = query.where(leaf.c.leaf.in_([one.value for one in where]))
    if stream is not None:
        query = query.where(leaf.c.stream == stream.value)
    if kinds is not None:
        query = query.where(leaf.c.kind.in_(list(kinds)))
    if reason is not None:
        query = query.where(leaf.c.reason == reason)
    if source is not None:
        query = query.join(Search, Search.id == Record.search_id).where(Search.source == source)
    if study_id is not None:
        query = query.where(leaf.c.study_id == study_id)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]
