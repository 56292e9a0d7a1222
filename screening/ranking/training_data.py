"""What a ranking is trained on: a review's records, their labels, and its question."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Row, select
from sqlalchemy.orm import Session

from protocols.schema import Protocol
from review.decisions.situation import IS_LIVE
from review.events import last_event
from review.reviews import protocol_of
from review.searches.formats.languages import language_of
from review.states.closing import open_clusters
from review.states.clusters import Scope, members
from review.states.flow import AWAITING, REMOVED, flow_states
from review.states.resolution import resolutions
from review.tables import Decision, MarkedWords, Record, Search
from review.vocabulary import FINISHED, Resolution, Stage, Verdict
from screening.ranking.features import record_text
from screening.ranking.record_groups import GROUPINGS, groups_of


@dataclass(frozen=True)
class MarkedTerms:
    """Words that reviewers marked as the reason for decisions on resolved records.

    A group of words is there once for each decision that it was marked for.
    """

    included: Sequence[str] = ()
    excluded: Sequence[str] = ()


@dataclass(frozen=True)
class TrainingData:
    """The unique records of a review as of one event, in import order.

    Sequences have an element for each record.
    """

    review_id: UUID
    stage: Stage
    up_to_event: int
    ids: Sequence[UUID]
    texts: Sequence[str]
    numbers: Sequence[int]
    groups: Sequence[Sequence[str]]  # see `screening.ranking.record_groups`
    labels: Sequence[int]  # 1 include, 0 exclude, -1 unresolved or not used for training
    is_open: Sequence[bool]
    question: str
    random_share: float
    n_resolved: int
    n_not_closed: int  # records that wait for decisions to close before anything is learned
    marks: MarkedTerms

    @property
    def languages(self) -> list[str]:
        """Return the language of each record, empty if it is not known."""
        return [groups[GROUPINGS.index("language")] for groups in self.groups]

    @property
    def n_training(self) -> int:
        """Return the number of labelled records."""
        return sum(label >= 0 for label in self.labels)

    @property
    def n_included(self) -> int:
        """Return the number of records with the label 1."""
        return sum(label == 1 for label in self.labels)

    @property
    def question_and_marks(self) -> str:
        """Return the text that the ranking starts from: the question and the marked words."""
        return with_marks(self.question, self.marks.included)

    @property
    def mixing_parameters(self) -> dict[str, float]:
        """Return what random picks depend on, in addition to the ranker's fingerprint."""
        return {"random_share": self.random_share, "n_open": sum(self.is_open)}


def training_data(session: Session, *, review_id: UUID, stage: Stage) -> TrainingData:
    """Return the unique records of a review with the labels of those that are resolved.

    A single reviewer's decision never gives a label, and no decision does that its author may still
    change: the order of reading must not reveal to them whether others agreed.  Exclusions for a
    reason that a title or abstract cannot show give none either.
    """
    protocol = protocol_of(session, review_id)
    hidden_reasons = {
        reason.key for reason in protocol.exclusion_reasons if not reason.teaches_model
    }
    resolved = resolutions(session, review_id=review_id, stage=stage)
    not_closed = open_clusters(session, review_id=review_id, stage=stage)
    rows = _unique_records(session, review_id, resolved)
    return TrainingData(
        review_id=review_id,
        stage=stage,
        up_to_event=last_event(session, review_id),
        ids=[row.id for row in rows],
        texts=[full_record_text(row) for row in rows],
        numbers=[row.number for row in rows],
        # A record in conflict counts as open: a decision that is not resolved must move nothing.
        is_open=[row.flow_state in AWAITING[stage] or row.id in not_closed for row in rows],
        random_share=protocol.random_share,
        n_not_closed=len(not_closed),
        n_resolved=sum(row.resolution in FINISHED and row.id not in not_closed for row in rows),
        groups=[
            groups_of(
                language=row.language,
                source=row.source,
                year=row.year,
                has_abstract=row.abstract is not None,
            )
            for row in rows
        ],
        labels=[-1 if row.id in not_closed else _label(row, hidden_reasons) for row in rows],
        question=question_text(protocol),
        marks=_marked_terms(
            session, Scope(review_id), stage=stage, resolved=resolved, not_closed=not_closed
        ),
    )


def _unique_records(session: Session, review_id: UUID, resolved: CTE) -> Sequence[Row[Any]]:
    """Return what is learned from about each unique record that is not removed, in import order."""
    states = flow_states(session, review_id=review_id)
    return session.execute(
        select(
            Record.id,
            Record.number,
            Record.title,
            Record.abstract,
            Record.keywords,
            Record.other_abstracts,
            Record.language,
            Record.year,
            Search.source,
            resolved.c.resolution,
            resolved.c.exclusion_reason,
            states.c.flow_state,
        )
        .join(Search, Search.id == Record.search_id)
        .join(states, states.c.record_id == Record.id)
        .join(resolved, resolved.c.cluster_id == Record.id)
        .where(states.c.flow_state.not_in([state.value for state in REMOVED]))
        .order_by(Record.number)
    ).all()


def _marked_terms(
    session: Session, scope: Scope, *, stage: Stage, resolved: CTE, not_closed: Collection[UUID]
) -> MarkedTerms:
    """Return the marks of live decisions that agree with the resolution of their record.

    Records with a decision that is ``not_closed`` are left out.
    """
    member = members(scope)
    agreeing = {
        Resolution.INCLUDE: (Verdict.INCLUDE, Verdict.MAYBE),
        Resolution.EXCLUDE: (Verdict.EXCLUDE,),
    }
    query = (
        select(MarkedWords.words)
        .join(Decision, Decision.id == MarkedWords.decision_id)
        .join(member, member.c.record_id == Decision.record_id)
        .join(resolved, resolved.c.cluster_id == member.c.cluster_id)
        .where(
            scope.up_to(Decision),
            Decision.stage == stage,
            Decision.round == resolved.c.round,
            resolved.c.cluster_id.not_in(not_closed),
            IS_LIVE,
        )
        .order_by(MarkedWords.words, Decision.id)
    )
    included, excluded = (
        tuple(
            session.scalars(
                query.where(
                    resolved.c.resolution == resolution.value, Decision.verdict.in_(verdicts)
                )
            )
        )
        for resolution, verdicts in agreeing.items()
    )
    return MarkedTerms(included, excluded)


def full_record_text(record: Row[Any] | Record) -> str:
    """Return the title, all abstracts and the keywords of a record as one text."""
    other_abstracts = (other["text"] for other in record.other_abstracts or ())
    abstracts = " ".join(filter(None, [record.abstract, *other_abstracts]))
    return record_text(record.title, abstracts, " ".join(record.keywords))


def with_marks(question: str, marks: Sequence[str]) -> str:
    """Return a question with the words marked on included records added, each once.

    So they weigh like terms of the question, and fade as it does (docs/adr/0026).
    """
    return "\n".join([question, *sorted(set(marks))])


def question_text(protocol: Protocol) -> str:
    """Return the protocol's own words for what the review looks for, in all its languages.

    A ``*`` at the end of a highlighted term means any ending there too (see `match_question`).
    """
    return "\n".join(question_phrasings(protocol).values())


def question_phrasings(protocol: Protocol) -> dict[str, str]:
    """Return the protocol's own words for what the review looks for, by language (ISO 639-1).

    Each language has its phrasings, the names of concepts and the highlighted terms that favour
    including, with their ``*``.  The question, the criteria and the labels themselves are in the
    language that the question is recognised to be in, else in the first of the protocol's.
    """
    parts: dict[str, list[str]] = defaultdict(list)
    recognised = language_of(protocol.question, None)
    own = recognised if recognised in protocol.languages else protocol.languages[0]
    parts[own] += [protocol.question, *protocol.question_framework.elements.values()]
    for criterion in protocol.criteria:
        parts[own] += [criterion.include, *criterion.include_examples]
    for language, texts in protocol.phrasings.items():
        parts[language] += texts
    for concept in protocol.terminology:
        parts[own].append(concept.label)
        for language, names in concept.names.items():
            parts[language] += names
    for highlights in protocol.highlights:
        parts[highlights.language] += highlights.include
    return {language: "\n".join(texts) for language, texts in parts.items() if texts}


def _label(row: Row[Any], hidden_reasons: set[str]) -> int:
    if row.resolution == Resolution.INCLUDE:
        return 1
    if row.resolution == Resolution.EXCLUDE and row.exclusion_reason not in hidden_reasons:
        return 0
    return -1
