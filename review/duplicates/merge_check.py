"""What people's answers about a random sample of the merges show about all of them."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import comb
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from review.duplicates.clustering import Pair, current_judgements
from review.states.clusters import Scope, cluster_ids
from review.storage.database import pairs
from review.tables import Event
from review.vocabulary import Act, Judgement

SAMPLE_SIZE = 50  # records of each kind
CONFIDENCE = 0.95
Item = TypeVar("Item")


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
        (Buonaccorsi 1987, *The American Statistician* 41, 215).  Valid for a sample whose size
        was chosen beforehand.
        """
        most = self.n_merged - (self.n_checked - self.n_wrong)
        fewest = self.n_wrong
        while fewest < most:  # the chance falls as the number rises
            middle = (fewest + most + 1) // 2
            if self._chance(middle) >= 1 - CONFIDENCE:
                fewest = middle
            else:
                most = middle - 1
        return fewest

    def _chance(self, n_wrong: int) -> float:
        """Return the chance of finding this few if ``n_wrong`` merges were wrong."""
        n_right = self.n_merged - n_wrong
        samples = sum(
            comb(n_wrong, found) * comb(n_right, self.n_checked - found)
            for found in range(self.n_wrong + 1)
        )
        return samples / comb(self.n_merged, self.n_checked)

    @property
    def statement(self) -> str:
        """Return the finding as a sentence for a methods section, without its full stop."""
        return (
            f"At most {self.at_most_wrong:,} of {self.n_merged:,} automatic merges of duplicates "
            f"were wrong, at 95 % confidence: a person checked {self.n_checked:,} at random and "
            f"split {self.n_wrong:,}"
        )


@dataclass(frozen=True)
class Answers:
    """The current answers of people about pairs that they looked at one at a time."""

    of_pair: Mapping[Pair, Judgement]  # since the run
    of_sampled: Mapping[UUID, Judgement]  # by the record drawn, compared with its most similar one
    before_run: Collection[Pair]


def merge_check(
    session: Session, *, review_id: UUID, as_of: int | None = None
) -> MergeCheck | None:
    """Return what the sample of the last run shows about its merges, after event ``as_of``.

    None before a run, and until fifty merged records, or all, have been checked in the order in
    which they are drawn.
    """
    run = last_run(session, review_id, as_of)
    if run is None or not _has_answers(session, review_id, run):
        return None
    answers = answers_of_people(session, review_id, run, as_of=as_of)
    roots = cluster_ids(session, Scope(review_id, run), without_withdrawn=True)
    merged = merged_records(roots, answers)
    checked = answered(draw(merged, len(merged), run), answers)
    if not merged or len(checked) < min(SAMPLE_SIZE, len(merged)):
        return None
    n_wrong = sum(answer is not Judgement.DUPLICATE for answer in checked)
    return MergeCheck(n_merged=len(merged), n_checked=len(checked), n_wrong=n_wrong)


def last_run(session: Session, review_id: UUID, as_of: int | None = None) -> int | None:
    """Return the event number of the newest run of deduplication, or None."""
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


def merged_records(roots: Mapping[UUID, UUID], answers: Answers) -> list[Pair]:
    """Return the merged records, each with the record that it was merged with."""
    return [
        (root, record)
        for record, root in roots.items()
        if record != root and (root, record) not in answers.before_run
    ]


def answered(drawn: Sequence[Pair], answers: Answers) -> list[Judgement]:
    """Return the answers up to the first pair without one.

    The answered beginning of a draw is a random sample too; answers further on are not.
    """
    return [answers.of_pair[pair] for pair in takewhile(answers.of_pair.__contains__, drawn)]


def draw(population: Sequence[Item], size: int, seed: int) -> list[Item]:
    """Return a random sample of ``size``, the same for everybody; a larger one begins with it."""
    shuffled = list(population)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - a draw, not a secret
    return shuffled[:size]


def answers_of_people(
    session: Session, review_id: UUID, run: int, *, as_of: int | None = None
) -> Answers:
    """Return the answers of people about single pairs, undone ones left out."""
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
    return Answers(of_pair, of_sampled, before_run)
