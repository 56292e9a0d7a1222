"""Clusters: which records belong together by the current judgements about pairs.

One rule (review.duplicates.partition) decides, from all judgements that are linked by any
chain of duplicates, so that neither the order of answers nor the order of imports matters.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from review.duplicates.partition import Band, partition
from review.errors import Conflicting
from review.states.clusters import Scope, cluster_ids, latest
from review.tables import DuplicateJudgement, Record, StudyReport
from review.vocabulary import Judgement

JUDGEMENT_OF_BAND = {
    Band.MERGE: Judgement.DUPLICATE,
    Band.ASK: Judgement.POSSIBLE,
    Band.APART: Judgement.DISTINCT,
}
KEEPS_APART = (Judgement.DISTINCT, Judgement.SAME_STUDY)
MAX_IDS = 500  # records that a query names one by one; for more, all judgements are read

Pair = tuple[UUID, UUID]  # two records, the earlier one first
JudgementsByPair = dict[Pair, DuplicateJudgement]


def current_judgements(
    session: Session,
    review_id: UUID,
    *,
    of: Collection[UUID] | None = None,
    as_of: int | None = None,
) -> JudgementsByPair:
    """Return the newest judgement on each pair of records, after event ``as_of`` (None: now).

    ``of`` limits the answer to pairs with one of these records.
    """
    left_id, right_id = DuplicateJudgement.left_id, DuplicateJudgement.right_id
    rows = latest(
        Scope(review_id, as_of),
        DuplicateJudgement,
        left_id,
        right_id,
        where=None if of is None else or_(left_id.in_(of), right_id.in_(of)),
    )
    query = select(DuplicateJudgement).join(rows, rows.c.id == DuplicateJudgement.id)
    return {(row.left_id, row.right_id): row for row in session.scalars(query)}


def judgements_linked_to(
    session: Session, review_id: UUID, records: Collection[UUID]
) -> JudgementsByPair:
    """Return the current judgements on all pairs that a chain of duplicates links to ``records``.

    The clusters of these records depend on nothing else; a large review has many more judgements.
    """
    if len(records) > MAX_IDS:
        return current_judgements(session, review_id)
    judgements: JudgementsByPair = {}
    reached, frontier = set(records), set(records)
    while frontier:
        of_frontier = current_judgements(session, review_id, of=frontier)
        judgements |= of_frontier
        frontier = _connected(of_frontier.values(), frontier) - reached
        reached |= frontier
    return judgements


def expected_clusters(session: Session, review_id: UUID) -> dict[UUID, UUID]:
    """Return the root (earliest record) of each record's cluster by the current judgements."""
    judgements = list(current_judgements(session, review_id).values())
    return dict(_memberships(session, Scope(review_id), judgements))


def changed_memberships(
    session: Session,
    review_id: UUID,
    current: Mapping[Pair, DuplicateJudgement],
    *,
    new: Sequence[dict[str, Any]],
) -> list[Pair]:
    """Return (record, root) for each record that changes its cluster once ``new`` is in force.

    ``current`` has the judgements so far, ``new`` the columns of those to be written.  Raises
    Conflicting if the judgements then contradict each other.  Writes nothing.
    """
    combined = dict(current) | {
        (row["left_id"], row["right_id"]): DuplicateJudgement(**row) for row in new
    }
    affected = _connected(
        [*current.values(), *combined.values()],
        {record for row in new for record in (row["left_id"], row["right_id"])},
    )
    scope = Scope(review_id, only=affected)
    old_roots = cluster_ids(session, scope)
    memberships = _memberships(session, scope, list(combined.values()))
    return [(record, root) for record, root in memberships if old_roots[record] != root]


def regrouped(session: Session, review_id: UUID, records: Collection[UUID]) -> list[Pair]:
    """Return (record, root) for each record whose root changes once ``records`` are in or out.

    Whether they are withdrawn has been written already.  Writes nothing.
    """
    judgements = list(judgements_linked_to(session, review_id, records).values())
    affected = _connected(judgements, set(records))
    scope = Scope(review_id, only=affected if len(affected) <= MAX_IDS else None)
    old_roots = cluster_ids(session, scope)
    memberships = _memberships(session, scope, judgements)
    return [
        (record, root)
        for record, root in memberships
        if record in affected and old_roots[record] != root
    ]


def membership_rows(changed: Iterable[Pair]) -> Iterator[dict[str, Any]]:
    """Yield the row of ClusterMembership for each (record, root)."""
    return ({"id": uuid4(), "record_id": record, "root_id": root} for record, root in changed)


def _connected(judgements: Iterable[DuplicateJudgement], start: set[UUID]) -> set[UUID]:
    """Return the records that any chain of duplicates links to ``start``, including those."""
    return _reachable(_links(judgements), start)


def _reachable(links: Mapping[UUID, set[UUID]], start: set[UUID]) -> set[UUID]:
    reached, waiting = set(start), list(start)
    while waiting:
        new = links.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


def _links(judgements: Iterable[DuplicateJudgement]) -> dict[UUID, set[UUID]]:
    links: dict[UUID, set[UUID]] = defaultdict(set)
    for row in judgements:
        if row.verdict is Judgement.DUPLICATE:
            links[row.left_id].add(row.right_id)
            links[row.right_id].add(row.left_id)
    return links


def _memberships(
    session: Session, scope: Scope, judgements: Sequence[DuplicateJudgement]
) -> list[Pair]:
    """Return (record, root) of every record in scope by ``judgements``.

    A root is the earliest of its cluster's records that are not withdrawn.
    """
    ids = session.scalars(
        select(Record.id)
        .where(scope.up_to(Record), scope.limited_to(Record.id))
        .order_by(Record.is_withdrawn, Record.number)
    ).all()
    positions = {record_id: position for position, record_id in enumerate(ids)}
    inside = [row for row in judgements if row.left_id in positions and row.right_id in positions]
    of_two_studies = _pairs_of_two_studies(session, scope, inside, positions=positions)
    labels = _labels(positions, inside, of_two_studies)
    return [(record_id, ids[label]) for record_id, label in zip(ids, labels, strict=True)]


def _pairs_of_two_studies(
    session: Session,
    scope: Scope,
    judgements: Iterable[DuplicateJudgement],
    *,
    positions: Mapping[UUID, int],
) -> list[tuple[int, int]]:
    """Return pairs that chains of judgements link, but that are linked to different studies."""
    acts = session.scalars(
        select(StudyReport)
        .where(StudyReport.review_id == scope.review_id)
        .order_by(StudyReport.event_number)
    )
    latest_study = {act.record_id: act.study_id if act.is_linked else None for act in acts}
    studies = {
        record: study
        for record, study in latest_study.items()
        if study is not None and record in positions
    }
    if len(set(studies.values())) < 2:
        return []
    links = _links(judgements)
    return [
        (positions[left], positions[right])
        for left in studies
        for right in _reachable(links, {left}) & studies.keys()
        if positions[left] < positions[right] and studies[left] != studies[right]
    ]


def _labels(
    positions: Mapping[UUID, int],
    judgements: Iterable[DuplicateJudgement],
    of_two_studies: Collection[tuple[int, int]],
) -> Sequence[int]:
    """Return the position of each record's root; raise Conflicting for contradictory answers."""
    together, apart = [], list(of_two_studies)
    vetoed, likely = [], []
    for row in judgements:
        pair = (positions[row.left_id], positions[row.right_id])
        if row.score is not None:
            if row.verdict is Judgement.DUPLICATE:
                likely.append((-row.score, row.evidence.get("tie", ""), pair))
            elif row.verdict is Judgement.DISTINCT:
                vetoed.append(pair)
        elif row.verdict is Judgement.DUPLICATE:
            together.append(pair)
        elif row.verdict in KEEPS_APART:
            apart.append(pair)
    best_first = [pair for _, _, pair in sorted(likely)]
    try:
        return partition(
            len(positions), apart=apart, together=together, vetoed=vetoed, best_first=best_first
        )
    except ValueError as error:
        raise Conflicting(
            "This contradicts an earlier answer about these records, or would merge reports of "
            "two studies. Undo that answer, or unlink one of the reports, first."
        ) from error
