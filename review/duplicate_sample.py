"""How good a run of deduplication was, from a random sample that a person looks through.

Two things are drawn.  Of the records that were joined: is each one report with the record that it
was joined to?  Of the records that stayed alone: is the most similar other one the same report
after all?  The first gives precision, the second how many copies are left, and both together
sensitivity (recall).  Answers are ordinary ones: a pair that was joined wrongly comes apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import numpy as np
from scipy.stats import binomtest
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.clusters import members
from review.events import Actor
from review.pairs import likely_duplicates
from review.permissions import Action, check
from review.places import held_judgements
from review.tables import Event
from review.vocabulary import Act, Judgement

SIZE = 50  # records of each kind
CONFIDENCE = 0.95
Drawn = TypeVar("Drawn")
Interval = tuple[float, float, float]  # the estimate, and the ends between which it lies


@dataclass(frozen=True)
class Share:
    """A share of what was looked at."""

    n: int
    k: int

    @property
    def interval(self) -> Interval:
        """Return the share with its exact interval at 95 % (Clopper & Pearson 1934)."""
        if not self.n:
            return 0.0, 0.0, 1.0
        ends = binomtest(self.k, self.n).proportion_ci(CONFIDENCE, method="exact")
        return self.k / self.n, float(ends.low), float(ends.high)


@dataclass(frozen=True)
class Sample:
    """A sample with what its answers come to so far."""

    event_number: int  # of the run that it was drawn after
    size: int
    n_joined: int  # duplicates after that run
    n_alone: int  # clusters after that run
    right: Share  # of the joined ones, those that are one report
    missed: Share  # of the others, those whose report another cluster stands for as well
    next: tuple[UUID, UUID] | None  # records to compare, the earlier one first
    was_joined: bool  # the two to compare

    @property
    def copies_left(self) -> Interval:
        """Return about how many copies the run left.

        Of two clusters of one report either may be drawn, so that two misses make one copy.
        """
        share, low, high = self.missed.interval
        return self.n_alone * share / 2, self.n_alone * low / 2, self.n_alone * high / 2

    @property
    def sensitivity(self) -> Interval | None:
        """Return the share of all copies that the run joined; None before there are answers."""
        if not (self.right.n and self.missed.n):
            return None
        joined = self.n_joined * self.right.interval[0]
        left, few, many = (joined / (joined + n) if joined + n else 0.0 for n in self.copies_left)
        return left, many, few


def sample_of_last_run(
    session: Session, *, review_id: UUID, by: Actor, size: int = SIZE
) -> Sample | None:
    """Return the sample of the newest run with its answers so far; None before the first run.

    The draw follows from the run alone: everybody looks through the same one, whatever is
    answered meanwhile, and a larger one begins with the smaller.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    run = session.scalar(
        select(Event.number)
        .where(Event.review_id == review_id, Event.act == Act.DEDUPLICATE)
        .order_by(Event.number.desc())
        .limit(1)
    )
    if run is None:
        return None
    home = _home_after(session, review_id, run)
    joined = [(root, record) for record, root in home.items() if record != root]
    alone = [record for record, root in home.items() if record == root]
    said = _said_by_people(session, review_id)
    pairs = _drawn(joined, size, run)
    records = _drawn(alone, size, run)
    right = {pair: said[pair] for pair in pairs if pair in said}
    missed = _answers_since(said, home, set(records))
    first = next((pair for pair in pairs if pair not in right), None)
    then = next((record for record in records if record not in missed), None)
    return Sample(
        event_number=run,
        size=size,
        n_joined=len(joined),
        n_alone=len(alone),
        right=Share(len(right), sum(one is Judgement.DUPLICATE for one in right.values())),
        missed=Share(len(missed), sum(missed.values())),
        next=first or (then and _with_the_most_similar(session, review_id, then)) or None,
        was_joined=first is not None,
    )


def _home_after(session: Session, review_id: UUID, run: int) -> dict[UUID, UUID]:
    """Return the cluster that each record was in after a run, in import order."""
    member = members(review_id, as_of=run)
    rows = select(member.c.record_id, member.c.cluster_id).order_by(member.c.number)
    return dict(session.execute(rows).all())


def _drawn(population: Sequence[Drawn], size: int, seed: int) -> list[Drawn]:
    order = np.random.default_rng(seed).permutation(len(population))
    return [population[place] for place in order[:size]]


def _said_by_people(session: Session, review_id: UUID) -> dict[tuple[UUID, UUID], Judgement]:
    """Return what people said of pairs that they looked at, one at a time."""
    answers = session.execute(
        select(Event.number, Event.detail).where(
            Event.review_id == review_id, Event.act == Act.JUDGE_PAIR
        )
    )
    looked = {number for number, detail in answers if "above" not in detail}
    return {
        pair: row.verdict
        for pair, row in held_judgements(session, review_id).items()
        if row.event_number in looked
    }


def _answers_since(
    said: dict[tuple[UUID, UUID], Judgement], home: dict[UUID, UUID], drawn: set[UUID]
) -> dict[UUID, bool]:
    """Return of each drawn record that was compared with another cluster's whether it was missed.

    What a person said of a doubtful pair counts too: the run itself did not join it.
    """
    missed: dict[UUID, bool] = {}
    for pair, verdict in said.items():
        homes = [home.get(record, record) for record in pair]
        for cluster in drawn.intersection(homes) if homes[0] != homes[1] else ():
            missed[cluster] = missed.get(cluster, False) or verdict is Judgement.DUPLICATE
    return missed


def _with_the_most_similar(
    session: Session, review_id: UUID, record_id: UUID
) -> tuple[UUID, UUID] | None:
    found = likely_duplicates(
        session, review_id=review_id, record_id=record_id, limit=1, at_least=0
    )
    return (record_id, found[0].id) if found else None
