"""How good a run of deduplication was, from a random sample that a person looks through.

Two things are drawn.  Of the records that were joined: is each one report with the record that it
was joined to?  Of the records that stayed alone: is the most similar other one the same report
after all?  The first gives precision, the second how many copies are left, and both together
sensitivity (recall).  Answers are ordinary ones: a pair that was joined wrongly comes apart.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar
from uuid import UUID

import numpy as np
from scipy.stats import binomtest
from sqlalchemy import select
from sqlalchemy.orm import Session

from review.duplicates.clustering import held_judgements
from review.duplicates.questions import by_number, likely_duplicates
from review.events import Actor
from review.permissions import Action, check
from review.states.clusters import Scope, cluster_ids
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
    sampled: UUID | None  # of the two, the one that was drawn; None where they were joined

    @property
    def copies_left(self) -> Interval:
        """Return about how many copies the run left.

        Of two clusters of one report either may be drawn, so that two misses make one copy.
        """
        share, low, high = self.missed.interval
        return self.n_alone * share / 2, self.n_alone * low / 2, self.n_alone * high / 2

    @property
    def sensitivity(self) -> Interval | None:
        """Return about which share of all copies the run joined; None before there are answers.

        Its ends take the worse, then the better, ends of both shares, and so lie rather too wide.
        """
        if not (self.right.n and self.missed.n):
            return None
        found = [self.n_joined * share for share in self.right.interval]
        left, few, many = self.copies_left
        ends = zip(found, (left, many, few), strict=True)
        share, low, high = (one / (one + n) if one + n else 0.0 for one, n in ends)
        return share, low, high


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
    home = cluster_ids(session, Scope(review_id, run))
    said = _said_by_people(session, review_id, run)
    joined = [
        (root, record)
        for record, root in home.items()
        if record != root and (root, record) not in said.before
    ]
    alone = [record for record, root in home.items() if record == root]
    pairs, records = _drawn(joined, size, run), _drawn(alone, size, run)
    # The answered beginning of a draw is a random sample too; what else was answered is not.
    right = [said.of_pair[pair] for pair in takewhile(said.of_pair.__contains__, pairs)]
    missed = [said.of_sampled[one] for one in takewhile(said.of_sampled.__contains__, records)]
    was_joined = len(right) < len(pairs)
    asked, pair = None, pairs[len(right)] if was_joined else None
    if not was_joined and len(missed) < len(records):
        asked = records[len(missed)]
        pair = _with_the_most_similar(session, review_id, asked, run)
    return Sample(
        event_number=run,
        size=size,
        n_joined=len(joined),
        n_alone=len(alone),
        right=Share(len(right), sum(one is Judgement.DUPLICATE for one in right)),
        missed=Share(len(missed), sum(one is Judgement.DUPLICATE for one in missed)),
        next=pair,
        sampled=asked,
    )


def _with_the_most_similar(
    session: Session, review_id: UUID, record_id: UUID, run: int
) -> tuple[UUID, UUID] | None:
    """Return a record and the one that was most similar to it after the run, the earlier first."""
    found = likely_duplicates(
        session, review_id=review_id, record_id=record_id, limit=1, at_least=0, as_of=run
    )
    return by_number(session, review_id, (record_id, found[0].id)) if found else None


def _drawn(population: Sequence[Drawn], size: int, seed: int) -> list[Drawn]:
    order = np.random.default_rng(seed).permutation(len(population))
    return [population[place] for place in order[:size]]


@dataclass(frozen=True)
class _Said:
    """What people say, by now, of pairs that they looked at one at a time."""

    of_pair: Mapping[tuple[UUID, UUID], Judgement]  # since the run
    of_sampled: Mapping[UUID, Judgement]  # of records that were drawn, and their most similar ones
    before: Collection[tuple[UUID, UUID]]


def _said_by_people(session: Session, review_id: UUID, run: int) -> _Said:
    answers = session.execute(
        select(Event.number, Event.detail).where(
            Event.review_id == review_id, Event.act.in_((Act.JUDGE_PAIR, Act.UNDO_DUPLICATES))
        )
    ).all()
    undone = {detail.get("undone") for _, detail in answers}
    looked = {
        number: detail
        for number, detail in answers
        if "verdict" in detail and "above" not in detail and number not in undone
    }
    of_pair, before = {}, set()
    for pair, row in held_judgements(session, review_id).items():
        if row.event_number in looked and row.event_number > run:
            of_pair[pair] = row.verdict
        elif row.event_number in looked:
            before.add(pair)
    of_sampled = {
        UUID(detail["sampled"]): Judgement(detail["verdict"])
        for number, detail in looked.items()
        if number > run and "sampled" in detail
    }
    return _Said(of_pair, of_sampled, before)
