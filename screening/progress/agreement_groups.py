"""How far reviewers agreed at a stage: overall, by pair, and by group of records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, combinations
from typing import Literal
from uuid import UUID

import krippendorff
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from review.events import Actor
from review.people.accounts import names_of
from review.tables import Decision, Record, Search
from review.vocabulary import Stage, Verdict
from screening.progress.agreement import Agreement, agreement
from screening.progress.history import RoundDecision, complete_decisions, pairs_in

Kind = Literal["language", "search", "week"]
Verdicts = Sequence[tuple[UUID, Verdict]]  # of one record, by reviewer


@dataclass(frozen=True)
class ReasonAgreement:
    """How far two reviewers agreed that a record is out for one reason."""

    n_both: int  # both gave it
    n_included: int  # one gave it, and the other included the record
    n_otherwise: int  # one gave it, and the other gave another reason or none

    @property
    def n_differing(self) -> int:
        """Return how often one of two gave it and the other did not."""
        return self.n_included + self.n_otherwise

    @property
    def specific(self) -> float:
        """Return the chance that the other gives it too where one does, 0 to 1.

        It is the specific agreement of Cicchetti & Feinstein 1990,
        doi:10.1016/0895-4356(90)90159-M, for one category.
        """
        both = 2 * self.n_both
        return both / (both + self.n_differing)


@dataclass(frozen=True)
class ReviewerAgreement:
    """The agreement of reviewers at a stage, before any conflict was resolved."""

    overall: Agreement
    alpha: float | None
    by_pair: Mapping[tuple[UUID, UUID], Agreement]
    by_group: Mapping[Kind, Mapping[str, Agreement]]  # kinds with at least two groups
    by_reason: Mapping[str, ReasonAgreement]  # by key, those that differ most often first


def stage_agreement(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> ReviewerAgreement:
    """Return how far reviewers agreed; for the lead.

    *Maybe* counts as include.  A record's week is that of its last decision and begins on Monday.
    """
    complete = complete_decisions(session, review_id=review_id, stage=stage, by=by)
    judged = {
        record_id: [(decision.reviewer_id, decision.verdict) for decision in decisions]
        for record_id, decisions in complete.items()
    }
    pairs = pairs_in(judged.values())
    groups: dict[Kind, dict[str, list[Verdicts]]] = {"language": {}, "search": {}, "week": {}}
    for record_id, language, source in session.execute(
        select(Record.id, Record.language, Search.source)
        .join(Search, Search.id == Record.search_id)
        .where(Record.review_id == review_id)
    ):
        if record_id in judged:
            groups["language"].setdefault(language or "", []).append(judged[record_id])
            groups["search"].setdefault(source, []).append(judged[record_id])
    for record_id, monday in _weeks(session, review_id, stage).items():
        if record_id in judged:
            groups["week"].setdefault(monday.isoformat(), []).append(judged[record_id])
    return ReviewerAgreement(
        overall=_agreement_of(judged.values()),
        alpha=alpha(list(judged.values())),
        by_pair={two: agreement(verdicts) for two, verdicts in pairs.items()},
        by_group={
            kind: {name: _agreement_of(named[name]) for name in sorted(named)}
            for kind, named in groups.items()
            if len(named) > 1
        },
        by_reason=reason_agreement(complete.values()),
    )


AGREEMENT_COLUMNS = (
    "stage", "of", "name", "records", "both include", "only the first includes",
    "only the second includes", "both exclude", "raw agreement", "kappa", "kappa from", "kappa to",
    "alpha", "PABAK", "AC1", "positive agreement", "negative agreement",
)  # fmt: skip
"""The columns of `agreement_lines`."""


def agreement_lines(session: Session, *, review_id: UUID, by: Actor) -> Iterator[Sequence[object]]:
    """Yield the agreement at each stage as rows: over all records, by pair and by group."""
    for stage in Stage:
        found = stage_agreement(session, review_id=review_id, stage=stage, by=by)
        names = names_of(session, {person for two in found.by_pair for person in two})
        yield _line(stage, found.overall, of="all", alpha=found.alpha)
        for (first, second), numbers in found.by_pair.items():
            two = f"{names[first]}; {names[second]}"
            yield _line(stage, numbers, of="pair", name=two)
        for kind, groups in found.by_group.items():
            for name, numbers in groups.items():
                yield _line(stage, numbers, of=kind, name=name)


def _line(
    stage: Stage, found: Agreement, *, of: str, name: str = "", alpha: float | None = None
) -> tuple[object, ...]:
    low, high = found.kappa_interval or (None, None)
    return (
        stage.replace("_", " "), of, name, found.n, found.both_include, found.first_only,
        found.second_only, found.both_exclude, found.raw, found.kappa, low, high, alpha,
        found.pabak, found.ac1, found.positive, found.negative,
    )  # fmt: skip


def reason_agreement(records: Iterable[Sequence[RoundDecision]]) -> dict[str, ReasonAgreement]:
    """Return how far every two reviewers of a record agreed on each reason that was given."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for decisions in records:
        for one, other in combinations(decisions, 2):
            reasons = {one.exclusion_reason, other.exclusion_reason} - {None}
            is_included = any(made.verdict is not Verdict.EXCLUDE for made in (one, other))
            for reason in filter(None, reasons):
                both = one.exclusion_reason == other.exclusion_reason
                kind = "both" if both else "included" if is_included else "otherwise"
                counts[reason][kind] += 1
    found = {
        reason: ReasonAgreement(n["both"], n["included"], n["otherwise"])
        for reason, n in counts.items()
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1].n_differing, item[0])))


def alpha(judged: Sequence[Verdicts]) -> float | None:
    """Return Krippendorff's alpha for include against exclude, any number of reviewers a record.

    None where it is not defined: without two decisions on a record, or with one verdict alone.

    References
    ----------
    Krippendorff 2019, Content Analysis, 4th edition, chapter 12, doi:10.4135/9781071878781.
    """
    counts = [
        [n[False], n[True]]
        for verdicts in judged
        if (n := Counter(verdict is not Verdict.EXCLUDE for _, verdict in verdicts)).total() > 1
    ]
    if not counts or any(sum(column) == 0 for column in zip(*counts, strict=True)):
        return None
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def _agreement_of(judged: Iterable[Verdicts]) -> Agreement:
    pairs = pairs_in(judged)
    return agreement(list(chain.from_iterable(pairs.values())))


def _weeks(session: Session, review_id: UUID, stage: Stage) -> dict[UUID, date]:
    """Return the Monday before the last decision on each record."""
    rows = session.execute(
        select(Decision.record_id, func.max(Decision.decided_at))
        .where(Decision.review_id == review_id, Decision.stage == stage)
        .group_by(Decision.record_id)
    )
    return {record_id: at.date() - timedelta(days=at.weekday()) for record_id, at in rows}
