"""Measure a run of deduplication by a random sample that a person checks.

Two samples are drawn.  Of the merged records: is each one the same report as the record that it
was merged with?  Of the unmerged records: is the most similar other one the same report after
all?  The first gives precision, the second how many duplicates are left, and both together
sensitivity (recall).  Answers are ordinary judgements: a wrong merge is split by them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar
from uuid import UUID

import numpy as np
from scipy.stats import binomtest, hypergeom
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from review.duplicates.clustering import Pair, current_judgements
from review.duplicates.questions import in_import_order, likely_duplicates
from review.events import Actor
from review.permissions import Action, check
from review.states.clusters import Scope, cluster_ids
from review.storage.database import pairs
from review.tables import Event
from review.vocabulary import Act, Judgement

SAMPLE_SIZE = 50  # records of each kind
CONFIDENCE = 0.95
Item = TypeVar("Item")
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
class MergeCheck:
    """What a checked random sample shows about all merges of a run."""

    n_merged: int
    n_checked: int
    n_wrong: int  # of those checked

    @property
    def at_most_wrong(self) -> int:
        """Return the most merges of the run that can be wrong, at 95 % confidence.

        The largest number with which at most ``n_wrong`` of a random sample would be wrong in 5 %
        of samples or more: the exact limit of a sample drawn without putting back
        (Buonaccorsi 1987, doi:10.1080/00031305.1987.10475483).  It holds for a sample whose size
        was chosen beforehand.
        """
        possible = np.arange(self.n_wrong, self.n_merged - (self.n_checked - self.n_wrong) + 1)
        chance = hypergeom.cdf(self.n_wrong, self.n_merged, possible, self.n_checked)
        return int(possible[chance >= 1 - CONFIDENCE][-1])

    @property
    def statement(self) -> str:
        """Return the finding as a sentence for a methods section, without its full stop."""
        return (
            f"At most {self.at_most_wrong:,} of {self.n_merged:,} automatic merges of duplicates "
            f"were wrong, at 95 % confidence: a person checked {self.n_checked:,} at random and "
            f"split {self.n_wrong:,}"
        )


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
    run = _last_run(session, review_id)
    if run is None:
        return None
    roots = cluster_ids(session, Scope(review_id, run))
    answers = _answers_of_people(session, review_id, run)
    merged = _merged(roots, answers)
    alone = [record for record, root in roots.items() if record == root]
    drawn_pairs, drawn_records = _draw(merged, size, run), _draw(alone, size, run)
    on_merged = _answered(drawn_pairs, answers)
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


def merge_check(
    session: Session, *, review_id: UUID, as_of: int | None = None
) -> MergeCheck | None:
    """Return what the sample of the last run shows about its merges, after event ``as_of``.

    None before a run, and until fifty merged records, or all, have been checked in the order in
    which they are drawn.
    """
    run = _last_run(session, review_id, as_of)
    if run is None or not _has_answers(session, review_id, run):
        return None
    answers = _answers_of_people(session, review_id, run, as_of=as_of)
    merged = _merged(cluster_ids(session, Scope(review_id, run)), answers)
    checked = _answered(_draw(merged, len(merged), run), answers)
    if not merged or len(checked) < min(SAMPLE_SIZE, len(merged)):
        return None
    n_wrong = sum(answer is not Judgement.DUPLICATE for answer in checked)
    return MergeCheck(n_merged=len(merged), n_checked=len(checked), n_wrong=n_wrong)


def _last_run(session: Session, review_id: UUID, as_of: int | None = None) -> int | None:
    return session.scalar(
        select(Event.number)
        .where(Event.review_id == review_id, Event.act == Act.DEDUPLICATE, _is_up_to(as_of))
        .order_by(Event.number.desc())
        .limit(1)
    )


def _is_up_to(as_of: int | None) -> ColumnElement[bool]:
    return true() if as_of is None else Event.number <= as_of


def _has_answers(session: Session, review_id: UUID, run: int) -> bool:
    """Say whether anybody answered about a pair after the run; a flow is counted often."""
    answered = select(Event.number).where(
        Event.review_id == review_id, Event.act == Act.JUDGE_PAIR, Event.number > run
    )
    return session.scalar(answered.limit(1)) is not None


def _merged(roots: Mapping[UUID, UUID], answers: "_Answers") -> list[Pair]:
    """Return the merged records, each with the record that it was merged with."""
    return [
        (root, record)
        for record, root in roots.items()
        if record != root and (root, record) not in answers.before_run
    ]


def _answered(drawn: Sequence[Pair], answers: "_Answers") -> list[Judgement]:
    """Return the answers up to the first pair without one.

    The answered beginning of a draw is a random sample too; answers further on are not.
    """
    return [answers.of_pair[pair] for pair in takewhile(answers.of_pair.__contains__, drawn)]


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


def _draw(population: Sequence[Item], size: int, seed: int) -> list[Item]:
    order = np.random.default_rng(seed).permutation(len(population))
    return [population[position] for position in order[:size]]


@dataclass(frozen=True)
class _Answers:
    """The current answers of people about pairs that they looked at one at a time."""

    of_pair: Mapping[Pair, Judgement]  # since the run
    of_sampled: Mapping[UUID, Judgement]  # by the record drawn, compared with its most similar one
    before_run: Collection[Pair]


def _answers_of_people(
    session: Session, review_id: UUID, run: int, *, as_of: int | None = None
) -> _Answers:
    acts = pairs(
        session.execute(
            select(Event.number, Event.detail).where(
                Event.review_id == review_id,
                Event.act.in_((Act.JUDGE_PAIR, Act.UNDO_DUPLICATES)),
                _is_up_to(as_of),
            )
        )
    )
    undone = {detail.get("undone") for _, detail in acts}
    single_answers = {
        number: detail
        for number, detail in acts
        if "verdict" in detail and "above" not in detail and number not in undone
    }
    of_pair, before_run = {}, set()
    for pair, row in current_judgements(session, review_id, as_of=as_of).items():
        if row.event_number in single_answers and row.event_number > run:
            of_pair[pair] = row.verdict
        elif row.event_number in single_answers:
            before_run.add(pair)
    of_sampled = {
        UUID(detail["sampled"]): Judgement(detail["verdict"])
        for number, detail in single_answers.items()
        if number > run and "sampled" in detail
    }
    return _Answers(of_pair, of_sampled, before_run)
