"""The state of every record in the PRISMA flow, at any event."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache, partial
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, case, select
from sqlalchemy.orm import Session

from review.reviews import protocol_of
from review.states.clusters import Scope, latest_in_cluster, members, searches
from review.states.resolution import Reasons, reasons_of, resolution_tables
from review.states.stops import left_to_automation
from review.states.viewers import viewer_of
from review.tables import Record, Removal, Retrieval, StudyReport
from review.vocabulary import RemovalKind, Resolution, RetrievalState, SearchKind, Stage, Stream

FROM_DATABASES = (SearchKind.DATABASE, SearchKind.REGISTER)


class FlowState(StrEnum):
    """How far a record is in the PRISMA flow; every record is in exactly one of these states."""

    WITHDRAWN = "withdrawn"  # its file or search was withdrawn: it is no longer in the flow
    DUPLICATE = "duplicate"
    REMOVED_AUTOMATION = "removed_automation"
    REMOVED_OTHER = "removed_other"
    UNSCREENED = "unscreened"
    AWAITING_SECOND = "awaiting_second"
    CONFLICT = "conflict"
    NOT_SCREENED = "not_screened"
    MARKED_INELIGIBLE = "marked_ineligible"  # left unscreened by a stop that relied on the ranking
    EXCLUDED = "excluded"
    AWAITING_RETRIEVAL = "awaiting_retrieval"
    NOT_RETRIEVED = "not_retrieved"
    FULL_TEXT_UNSCREENED = "full_text_unscreened"
    FULL_TEXT_AWAITING_SECOND = "full_text_awaiting_second"
    FULL_TEXT_CONFLICT = "full_text_conflict"
    FULL_TEXT_EXCLUDED = "full_text_excluded"
    AWAITING_STUDY = "awaiting_study"
    INCLUDED = "included"


BY_AUTOMATION = frozenset({FlowState.REMOVED_AUTOMATION, FlowState.MARKED_INELIGIBLE})
"""Removed before screening by automation tools (PRISMA 2020, item 16a)."""

OPEN = {
    Stage.TITLE_ABSTRACT: frozenset({FlowState.UNSCREENED, FlowState.AWAITING_SECOND}),
    Stage.FULL_TEXT: frozenset(
        {FlowState.FULL_TEXT_UNSCREENED, FlowState.FULL_TEXT_AWAITING_SECOND}
    ),
}
"""At each stage, the states of records that still need a reviewer's decision."""

REMOVED = frozenset(
    {
        FlowState.WITHDRAWN,
        FlowState.DUPLICATE,
        FlowState.REMOVED_AUTOMATION,
        FlowState.REMOVED_OTHER,
    }
)
"""States of records that nobody screens."""

AWAITING_SCREENING = OPEN[Stage.TITLE_ABSTRACT] | {FlowState.CONFLICT}
AWAITING_FULL_TEXT = OPEN[Stage.FULL_TEXT] | {FlowState.FULL_TEXT_CONFLICT}
AWAITING = {Stage.TITLE_ABSTRACT: AWAITING_SCREENING, Stage.FULL_TEXT: AWAITING_FULL_TEXT}
"""At each stage, the states of records without a final decision, conflicts among them."""

INCLUDED = frozenset({FlowState.AWAITING_STUDY, FlowState.INCLUDED})
ASSESSED = INCLUDED | {FlowState.FULL_TEXT_EXCLUDED}
RETRIEVED = ASSESSED | AWAITING_FULL_TEXT
SOUGHT = RETRIEVED | {FlowState.AWAITING_RETRIEVAL, FlowState.NOT_RETRIEVED}
SCREENED = SOUGHT | {FlowState.EXCLUDED}


def flow_states(
    session: Session,
    *,
    review_id: UUID,
    as_of: int | None = None,
    only: Collection[UUID] | None = None,
) -> CTE:
    """Return `flow_state_table` under the protocol that was in force after event ``as_of``.

    It is the table as the person whom the session reads for may see it.
    """
    reasons = reasons_of(protocol_of(session, review_id, as_of=as_of))
    scope = Scope(review_id, as_of, only, viewer_of(session, review_id))
    return _whole_review(scope, reasons) if only is None else flow_state_table(scope, reasons)


@lru_cache(maxsize=64)
def _whole_review(scope: Scope, reasons: Reasons) -> CTE:
    """Return `flow_state_table`, built once: that takes longer than reading a small review."""
    return flow_state_table(scope, reasons)


def flow_state_table(
    scope: Scope, reasons: Reasons, *, resolved: Mapping[Stage, CTE] | None = None
) -> CTE:
    """Return one row for each record in ``scope``.

    Columns: record_id, cluster_id, number, kind, stream, flow_state, reason, study_id.  The
    earliest record of a cluster has the state of the cluster; the others are duplicates, each in
    the stream of its own source.  ``reason`` is the primary exclusion reason.  ``resolved`` has
    the resolution table of each stage, where the caller has built them.
    """
    member, search = members(scope), searches(scope)
    if resolved is None:
        resolved = resolution_tables(scope, reasons, member=member)
    title_abstract, full_text = resolved[Stage.TITLE_ABSTRACT], resolved[Stage.FULL_TEXT]
    act = partial(latest_in_cluster, scope, member=member)
    removal = act(Removal, Removal.record_id, wins=lambda act: act.c.kind != RemovalKind.RESTORED)
    retrieval = act(
        Retrieval, Retrieval.record_id, wins=lambda act: act.c.state == RetrievalState.RETRIEVED
    )
    link = act(StudyReport, StudyReport.record_id, wins=lambda act: act.c.is_linked)
    state = _flow_state(
        is_withdrawn=member.c.is_withdrawn,
        is_duplicate=member.c.record_id != member.c.cluster_id,
        # A record with a decision was not "removed before screening", whatever its copy was.
        removed=case((title_abstract.c.n_reviewers == 0, removal.c.kind), else_=None),
        title_abstract=title_abstract.c.resolution,
        left_to_automation=left_to_automation(scope, Stage.TITLE_ABSTRACT),
        retrieval=retrieval.c.state,
        full_text=full_text.c.resolution,
        is_linked=link.c.is_linked,
    )
    return (
        select(
            member.c.record_id,
            member.c.cluster_id,
            member.c.number,
            search.c.kind,
            case(
                (search.c.kind.in_(FROM_DATABASES), Stream.DATABASES.value),
                else_=Stream.OTHER.value,
            ).label("stream"),
            state.label("flow_state"),
            case(
                (state == FlowState.EXCLUDED.value, title_abstract.c.exclusion_reason),
                (state == FlowState.FULL_TEXT_EXCLUDED.value, full_text.c.exclusion_reason),
                else_=None,
            ).label("reason"),
            case((state == FlowState.INCLUDED.value, link.c.study_id), else_=None).label(
                "study_id"
            ),
        )
        .select_from(member)
        .join(search, search.c.id == member.c.search_id)
        .join(title_abstract, title_abstract.c.cluster_id == member.c.cluster_id)
        .join(full_text, full_text.c.cluster_id == member.c.cluster_id)
        .outerjoin(removal, removal.c.cluster_id == member.c.cluster_id)
        .outerjoin(retrieval, retrieval.c.cluster_id == member.c.cluster_id)
        .outerjoin(link, link.c.cluster_id == member.c.cluster_id)
        .cte()
        .prefix_with("MATERIALIZED")
    )


def _flow_state(
    *,
    is_withdrawn: ColumnElement[bool],
    is_duplicate: ColumnElement[bool],
    removed: ColumnElement[RemovalKind],
    title_abstract: ColumnElement[str],
    left_to_automation: ColumnElement[bool],
    retrieval: ColumnElement[RetrievalState],
    full_text: ColumnElement[str],
    is_linked: ColumnElement[bool],
) -> ColumnElement[str]:
    """Return the state as one CASE: the first condition that is true decides."""
    return case(
        (is_withdrawn, FlowState.WITHDRAWN.value),
        (is_duplicate, FlowState.DUPLICATE.value),
        (removed == RemovalKind.AUTOMATION, FlowState.REMOVED_AUTOMATION.value),
        (removed == RemovalKind.OTHER, FlowState.REMOVED_OTHER.value),
        (title_abstract == Resolution.UNSCREENED.value, FlowState.UNSCREENED.value),
        (title_abstract == Resolution.AWAITING_SECOND.value, FlowState.AWAITING_SECOND.value),
        (title_abstract == Resolution.CONFLICT.value, FlowState.CONFLICT.value),
        (
            and_(title_abstract == Resolution.NOT_SCREENED.value, left_to_automation),
            FlowState.MARKED_INELIGIBLE.value,
        ),
        (title_abstract == Resolution.NOT_SCREENED.value, FlowState.NOT_SCREENED.value),
        (title_abstract == Resolution.EXCLUDE.value, FlowState.EXCLUDED.value),
        (retrieval == RetrievalState.NOT_RETRIEVED, FlowState.NOT_RETRIEVED.value),
        (
            retrieval.is_distinct_from(RetrievalState.RETRIEVED),
            FlowState.AWAITING_RETRIEVAL.value,
        ),
        (full_text == Resolution.AWAITING_SECOND.value, FlowState.FULL_TEXT_AWAITING_SECOND.value),
        (full_text == Resolution.CONFLICT.value, FlowState.FULL_TEXT_CONFLICT.value),
        (full_text == Resolution.EXCLUDE.value, FlowState.FULL_TEXT_EXCLUDED.value),
        (and_(full_text == Resolution.INCLUDE.value, is_linked), FlowState.INCLUDED.value),
        (full_text == Resolution.INCLUDE.value, FlowState.AWAITING_STUDY.value),
        else_=FlowState.FULL_TEXT_UNSCREENED.value,
    )


def record_rows(
    session: Session,
    *,
    review_id: UUID,
    states: Collection[FlowState] | None = None,
    stream: Stream | None = None,
    kinds: Collection[SearchKind] | None = None,
    reason: str | None = None,
    source: str | None = None,
    study_id: UUID | None = None,
    as_of: int | None = None,
    after: int = 0,
    limit: int | None = 100,
) -> list[tuple[Record, str, str | None]]:
    """Return (record, flow state, reason) of the records in some states, in import order.

    At most ``limit`` of them, or all for None.
    """
    table = flow_states(session, review_id=review_id, as_of=as_of)
    query = (
        select(Record, table.c.flow_state, table.c.reason)
        .join(table, table.c.record_id == Record.id)
        .where(Record.number > after)
        .order_by(Record.number)
        .limit(limit)
    )
    if states is not None:
        query = query.where(table.c.flow_state.in_([state.value for state in states]))
    if stream is not None:
        query = query.where(table.c.stream == stream.value)
    if kinds is not None:
        query = query.where(table.c.kind.in_(list(kinds)))
    if reason is not None:
        query = query.where(table.c.reason == reason)
    if source is not None:
        scope = Scope(review_id, as_of)
        search, member = searches(scope), members(scope)
        query = (
            query.join(member, member.c.record_id == Record.id)
            .join(search, search.c.id == member.c.search_id)
            .where(search.c.source == source)
        )
    if study_id is not None:
        query = query.where(table.c.study_id == study_id)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]
