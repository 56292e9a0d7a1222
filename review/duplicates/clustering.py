"""Where records belong: the clusters that follow from the judgements held about pairs.

The places follow by one rule (review.matching.cluster), from all judgements that any chain links,
so that neither the order of answers nor the order of imports matters.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from review.duplicates.matching import Band, Kind, cluster
from review.errors import Conflicting
from review.states.clusters import Scope, cluster_ids, latest
from review.tables import DuplicateJudgement, Record, StudyReport
from review.vocabulary import Judgement

BY_BAND = {
    Band.JOIN: Judgement.DUPLICATE,
    Band.ASK: Judgement.POSSIBLE,
    Band.APART: Judgement.DISTINCT,
}
BAND_OF = {verdict: band for band, verdict in BY_BAND.items()}
FEW = 500  # records that the database is asked about by name; of more, everything is read
Held = dict[tuple[UUID, UUID], DuplicateJudgement]


def held_judgements(
    session: Session, review_id: UUID, *, of: Collection[UUID] | None = None
) -> Held:
    """Return the judgement that holds on each pair, (earlier, later): the newest one.

    ``of`` limits the answer to pairs with one of these records.
    """
    left_id, right_id = DuplicateJudgement.left_id, DuplicateJudgement.right_id
    rows = latest(
        Scope(review_id),
        DuplicateJudgement,
        left_id,
        right_id,
        where=None if of is None else or_(left_id.in_(of), right_id.in_(of)),
    )
    query = select(DuplicateJudgement).join(rows, rows.c.id == DuplicateJudgement.id)
    return {(row.left_id, row.right_id): row for row in session.scalars(query)}


def held_around(session: Session, review_id: UUID, records: Collection[UUID]) -> Held:
    """Return what holds on every pair with a record that any chain of duplicates links to these.

    That is all that the places of these records depend on; a large review has much more.
    """
    if len(records) > FEW:
        return held_judgements(session, review_id)
    held: Held = {}
    reached, new = set(records), set(records)
    while new:
        found = held_judgements(session, review_id, of=new)
        held |= found
        new = _connected(found.values(), new) - reached
        reached |= new
    return held


def expected_clusters(session: Session, review_id: UUID) -> dict[UUID, UUID]:
    """Return the earliest record of the cluster that each record belongs in, by what is held."""
    return dict(
        _places(session, review_id, list(held_judgements(session, review_id).values()), None)
    )


def moves(
    session: Session,
    review_id: UUID,
    held: Mapping[tuple[UUID, UUID], DuplicateJudgement],
    said: Sequence[dict[str, Any]],
) -> list[tuple[UUID, UUID]]:
    """Return (record, root) for every record that would change its place once ``said`` holds.

    Raises Conflicting where the judgements then contradict each other.  Nothing is written.
    """
    now = dict(held) | {
        (row["left_id"], row["right_id"]): DuplicateJudgement(**row) for row in said
    }
    around = _connected(
        [*held.values(), *now.values()],
        {one for row in said for one in (row["left_id"], row["right_id"])},
    )
    home = cluster_ids(session, Scope(review_id, only=around))
    places = _places(session, review_id, list(now.values()), around)
    return [(record, root) for record, root in places if home[record] != root]


def _connected(judgements: Iterable[DuplicateJudgement], touched: set[UUID]) -> set[UUID]:
    """Return the records that any chain of duplicate judgements links to those touched."""
    return _reached(_links(judgements), touched)


def _reached(linked: Mapping[UUID, set[UUID]], touched: set[UUID]) -> set[UUID]:
    reached, waiting = set(touched), list(touched)
    while waiting:
        new = linked.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


def _links(judgements: Iterable[DuplicateJudgement]) -> dict[UUID, set[UUID]]:
    linked: dict[UUID, set[UUID]] = defaultdict(set)
    for row in judgements:
        if row.verdict is Judgement.DUPLICATE:
            linked[row.left_id].add(row.right_id)
            linked[row.right_id].add(row.left_id)
    return linked


def _places(
    session: Session,
    review_id: UUID,
    held: Sequence[DuplicateJudgement],
    around: Collection[UUID] | None,
) -> list[tuple[UUID, UUID]]:
    """Return (record, root) by the judgements ``held``, in import order."""
    scope = Scope(review_id, only=around)
    ids = session.scalars(
        select(Record.id)
        .where(scope.up_to(Record), scope.limited_to(Record.id))
        .order_by(Record.number)
    ).all()
    place = {record_id: position for position, record_id in enumerate(ids)}
    inside = [row for row in held if row.left_id in place and row.right_id in place]
    labels = _labels(len(ids), inside, place, _of_two_studies(session, review_id, inside, place))
    return [(record_id, ids[label]) for record_id, label in zip(ids, labels, strict=True)]


def placements(moved: Iterable[tuple[UUID, UUID]]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the acts that put records in their new places."""
    return ({"id": uuid4(), "record_id": record, "root_id": root} for record, root in moved)


def _of_two_studies(
    session: Session,
    review_id: UUID,
    held: Iterable[DuplicateJudgement],
    place: Mapping[UUID, int],
) -> list[tuple[int, int]]:
    """Return pairs that chains of judgements link, but that are linked to different studies."""
    acts = session.scalars(
        select(StudyReport)
        .where(StudyReport.review_id == review_id)
        .order_by(StudyReport.event_number)
    )
    study = {act.record_id: act.study_id if act.is_linked else None for act in acts}
    reports = {one: linked for one, linked in study.items() if linked is not None and one in place}
    if len(set(reports.values())) < 2:
        return []
    linked = _links(held)
    return [
        (place[one], place[other])
        for one in reports
        for other in _reached(linked, {one}) & reports.keys()
        if place[one] < place[other] and reports[one] != reports[other]
    ]


def _labels(
    n: int,
    held: Iterable[DuplicateJudgement],
    place: Mapping[UUID, int],
    of_two_studies: Collection[tuple[int, int]],
) -> Sequence[int]:
    together, model = [], []
    apart = list(of_two_studies)
    for row in held:
        pair = (place[row.left_id], place[row.right_id])
        if row.score is not None:
            model.append((*pair, row.score, BAND_OF.get(row.verdict), row.evidence.get("tie", "")))
        elif row.verdict is Judgement.DUPLICATE:
            together.append(pair)
        elif row.verdict in (Judgement.DISTINCT, Judgement.SAME_STUDY):
            apart.append(pair)
    pairs = pd.DataFrame(model, columns=["left", "right", "score", "band", "tie"])
    pairs["kind"] = Kind.DUPLICATE
    try:
        return [int(label) for label in cluster(n, pairs, apart=apart, together=together)]
    except ValueError as error:
        raise Conflicting(
            "This contradicts what a person said before of records in these clusters, or joins "
            "reports of two studies. Undo that answer, or unlink one of the reports, first."
        ) from error
