"""What screening has read, in order: the material of agreement and of stopping.

Both look at rounds that are complete, so they are for leads; nothing of them is a reviewer's to
see while screening goes on.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.clusters import members
from review.flow import Leaf, leaves
from review.prisma import SOUGHT
from review.resolution import resolutions
from review.tables import Decision
from review.vocabulary import Resolution, Stage, Verdict

AT_STAGE = {
    Stage.TITLE_ABSTRACT: frozenset(Leaf)
    - {Leaf.DUPLICATE, Leaf.REMOVED_AUTOMATION, Leaf.REMOVED_OTHER},
    Stage.FULL_TEXT: SOUGHT - {Leaf.AWAITING_RETRIEVAL, Leaf.NOT_RETRIEVED},
}


@dataclass(frozen=True)
class Given:
    """One decision of a cluster's current round."""

    id: UUID
    reviewer_id: UUID
    verdict: Verdict
    supersedes_id: UUID | None
    event_number: int


def count_resolutions(session: Session, *, review_id: UUID, stage: Stage) -> dict[Resolution, int]:
    """Return how many records of the stage have come to what."""
    table = resolutions(session, review_id=review_id, stage=stage)
    leaf = leaves(session, review_id=review_id)
    rows = session.execute(
        select(table.c.resolution, func.count())
        .join(leaf, leaf.c.record_id == table.c.cluster_id)
        .where(leaf.c.leaf.in_([one.value for one in AT_STAGE[stage]]))
        .group_by(table.c.resolution)
    )
    found = {Resolution(one): n for one, n in rows}
    return {one: found.get(one, 0) for one in Resolution}


def labels_as_read(session: Session, *, review_id: UUID, stage: Stage) -> list[int]:
    """Return 1 (included) or 0 (excluded) for each resolved record, in the order they were read.

    A record was read when the first decision of its round was made.
    """
    given = _given(session, review_id=review_id, stage=stage)
    came_to = dict(_resolved(session, review_id, stage))
    read = sorted((said[0].event_number, cluster) for cluster, said in given.items())
    return [
        int(came_to[cluster] is Resolution.INCLUDE) for _, cluster in read if cluster in came_to
    ]


def pairs_of_verdicts(
    session: Session, *, review_id: UUID, stage: Stage
) -> dict[tuple[UUID, UUID], list[tuple[str, str]]]:
    """Return, for each two reviewers, what they said of the records that both decided on.

    Verdicts are those that stood when the second of them had decided: changes after that, and
    what an adjudicator said, do not count.
    """
    pairs: dict[tuple[UUID, UUID], list[tuple[str, str]]] = defaultdict(list)
    for said in _given(session, review_id=review_id, stage=stage).values():
        standing = _when_complete(said)
        if standing is not None:
            (first, one), (second, other) = sorted(standing.items())
            pairs[first, second].append((one.value, other.value))
    return dict(sorted(pairs.items()))


def _when_complete(said: Sequence[Given]) -> dict[UUID, Verdict] | None:
    """Return the two verdicts that stood when a second reviewer had decided; None before that."""
    live: dict[UUID, dict[UUID, Verdict]] = defaultdict(dict)
    for one in said:
        own = live[one.reviewer_id]
        if one.supersedes_id is not None:
            own.pop(one.supersedes_id, None)
        if one.verdict is not Verdict.WITHDRAWN:
            own[one.id] = one.verdict
        deciding = {who: list(kept.values())[-1] for who, kept in live.items() if kept}
        if len(deciding) == 2:
            return deciding
    return None


def _given(session: Session, *, review_id: UUID, stage: Stage) -> dict[UUID, list[Given]]:
    member = members(review_id)
    table = resolutions(session, review_id=review_id, stage=stage, member=member)
    rows = session.execute(
        select(
            member.c.cluster_id,
            Decision.id,
            Decision.reviewer_id,
            Decision.verdict,
            Decision.supersedes_id,
            Decision.event_number,
        )
        .select_from(Decision)
        .join(member, member.c.record_id == Decision.record_id)
        .join(table, table.c.cluster_id == member.c.cluster_id)
        .where(
            Decision.review_id == review_id,
            Decision.stage == stage,
            Decision.round == table.c.round,
        )
        .order_by(Decision.event_number)
    )
    given: dict[UUID, list[Given]] = defaultdict(list)
    for cluster, *said in rows:
        given[cluster].append(Given(*said))
    return given


def _resolved(session: Session, review_id: UUID, stage: Stage) -> Iterator[tuple[UUID, Resolution]]:
    table = resolutions(session, review_id=review_id, stage=stage)
    wanted = [Resolution.INCLUDE.value, Resolution.EXCLUDE.value]
    rows = session.execute(
        select(table.c.cluster_id, table.c.resolution).where(table.c.resolution.in_(wanted))
    )
    for cluster, resolution in rows:
        yield cluster, Resolution(resolution)


def count_conflicts(session: Session, *, review_id: UUID, stage: Stage) -> int:
    """Return how many records of the stage are in conflict; for those who did not decide."""
    return count_resolutions(session, review_id=review_id, stage=stage)[Resolution.CONFLICT]
