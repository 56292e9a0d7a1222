"""Measure a run of deduplication by a random sample that a person checks.

Two samples are drawn.  Of the merged records: is each one the same report as the record that it
was merged with?  Of the unmerged records: is the most similar other one the same report after
all?  The first gives precision, the second how many duplicates are left, and both together
sensitivity (recall).  Answers are ordinary judgements: a wrong merge is split by them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from uuid import UUID

from scipy.stats import binomtest
from sqlalchemy.orm import Session

from review.duplicates.clustering import Pair
from review.duplicates.merge_check import (
    CONFIDENCE,
    SAMPLE_SIZE,
    answered,
    answers_of_people,
    draw,
    last_run,
    merged_records,
)
from review.duplicates.questions import in_import_order, likely_duplicates
from review.events import Actor
from review.permissions import Action, check
from review.states.clusters import Scope, cluster_ids
from review.vocabulary import Judgement

Interval = tuple[float, float, float]  # the estimate, and the ends of its interval


@dataclass(frozen=True)
class Proportion:
    """k of n checked items."""

    n: int
    k: int

    @property
    def interval(self) -> Interval:
        """Return k / n with its exact 95 % interval (Clopper & Pearson 1934)."""
        if not self.n:
            return 0.0, 0.0, 1.0
        ends = binomtest(self.k, self.n).proportion_ci(CONFIDENCE, method="exact")
        return self.k / self.n, float(ends.low), float(ends.high)


@dataclass(frozen=True)
class DuplicateSample:
    """A sample of one run, and what its answers show so far."""

    event_number: int  # of the run
    size: int
    n_merged: int  # duplicates after the run
    n_alone: int  # clusters after the run
    correct: Proportion  # of the merged records, those that are duplicates
    missed: Proportion  # of the clusters, those that have a duplicate in another cluster
    next_pair: Pair | None  # records to compare next; None once all are answered
    sampled: UUID | None  # the one of next_pair that was drawn; None if the two were merged

    @property
    def copies_left(self) -> Interval:
        """Return an estimate of the number of duplicates that the run missed.

        Of two clusters of one report either may be drawn, so that two misses make one duplicate.
        """
        rate, low, high = self.missed.interval
        return self.n_alone * rate / 2, self.n_alone * low / 2, self.n_alone * high / 2

    @property
    def sensitivity(self) -> Interval | None:
        """Return an estimate of the share of all duplicates that the run merged, from 0 to 1.

        None before both kinds have answers.  Its ends combine the worse, then the better, ends of
        both proportions, so the interval is wider than it needs to be.
        """
        if not (self.correct.n and self.missed.n):
            return None
        found = [self.n_merged * rate for rate in self.correct.interval]
        left, fewest, most = self.copies_left
        ends = zip(found, (left, most, fewest), strict=True)
        rate, low, high = (
            n_found / (n_found + n_left) if n_found + n_left else 0.0 for n_found, n_left in ends
        )
        return rate, low, high


def sample_of_last_run(
    session: Session, *, review_id: UUID, by: Actor, size: int = SAMPLE_SIZE
) -> DuplicateSample | None:
    """Return the sample of the newest run with its answers so far; None before the first run.

    The draw depends on the run alone: everybody checks the same records, whatever is answered
    meanwhile, and a larger sample begins with the smaller one.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    run = last_run(session, review_id)
    if run is None:
        return None
    roots = cluster_ids(session, Scope(review_id, run), without_withdrawn=True)
    answers = answers_of_people(session, review_id, run)
    merged = merged_records(roots, answers)
    alone = [record for record, root in roots.items() if record == root]
    drawn_pairs, drawn_records = draw(merged, size, run), draw(alone, size, run)
    on_merged = answered(drawn_pairs, answers)
    on_alone = [
        answers.of_sampled[record]
        for record in takewhile(answers.of_sampled.__contains__, drawn_records)
    ]
    sampled, next_pair = None, None
    if len(on_merged) < len(drawn_pairs):
        next_pair = drawn_pairs[len(on_merged)]
    elif len(on_alone) < len(drawn_records):
        sampled = drawn_records[len(on_alone)]
        next_pair = _with_most_similar(session, review_id, sampled, run=run)
    return DuplicateSample(
        event_number=run,
        size=size,
        n_merged=len(merged),
        n_alone=len(alone),
        correct=_duplicates_among(on_merged),
        missed=_duplicates_among(on_alone),
        next_pair=next_pair,
        sampled=sampled,
    )


def _duplicates_among(answers: Sequence[Judgement]) -> Proportion:
    return Proportion(len(answers), sum(answer is Judgement.DUPLICATE for answer in answers))


def _with_most_similar(
    session: Session, review_id: UUID, record_id: UUID, *, run: int
) -> Pair | None:
    """Return a record and the most similar one of another cluster after the run, in order."""
    similar = likely_duplicates(
        session, review_id=review_id, record_id=record_id, limit=1, min_likeness=0, as_of=run
    )
    return in_import_order(session, review_id, (record_id, similar[0].id)) if similar else None
