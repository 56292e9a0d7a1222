"""Rank a review's records at a stage: train on resolved ones, write the ranking, put it in use."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from review.events import MODEL, Actor, lock_review, record_act
from review.permissions import Action, check
from review.states.closing import open_clusters
from review.storage.database import Database
from review.tables import Event, ModelRun, Rank
from review.tables.base import utc_now
from review.vocabulary import Act, Stage
from screening.ranking import features
from screening.ranking.features import Features
from screening.ranking.random_sample import with_random_share
from screening.ranking.ranker import RelevanceRanker
from screening.ranking.record_groups import are_in_groups_behind
from screening.ranking.training_data import TrainingData, training_data

RANKS_PER_TRANSACTION = 2000
ABANDONED_AFTER = timedelta(minutes=10)  # a ranking that was begun and not finished
NOT_CLOSED = "n_not_closed"  # of a run's parameters: records whose decisions could change then
ACTS_THAT_CHANGE_TRAINING = (
    Act.DECIDE, Act.ADJUDICATE, Act.IMPORT_DECISIONS, Act.REOPEN, Act.IMPORT_FILE, Act.DEDUPLICATE,
    Act.JUDGE_PAIR, Act.UNDO_DUPLICATES, Act.REMOVE_RECORD, Act.AMEND_PROTOCOL, Act.STOP,
    Act.END_CALIBRATION, Act.CLOSE_DECISIONS, Act.CORRECT_RECORD,
)  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    """A finished ranking: how many records it has, and how many it was trained on."""

    n_records: int
    n_training: int
    n_included: int
    fingerprint: str


@dataclass(frozen=True)
class _TrainedRanker:
    """A ranker with the records it was trained on and is about to rank."""

    data: TrainingData
    rows: Features  # of all records, not of labelled ones alone
    ranker: RelevanceRanker


def rank_records(
    database: Database,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    cache: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Ranking:
    """Rank every unique record of a review for a stage and put the ranking in use.

    A share of the open records, the protocol's ``random_share``, are the next ones in random
    order.  As many again are from groups that the ranking serves less well, if there are any (see
    `screening.ranking.record_groups`).

    Training happens outside any transaction.  Ranks are written in short transactions, and the
    last of them puts the new ranking in use.  ``cache`` is a folder where features are kept, so
    that only new texts are tokenised.
    """
    report = on_progress or (lambda _: None)
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        data = training_data(session, review_id=review_id, stage=stage)
    report(0.1)
    rows = _features(data.texts, cache)
    report(0.5)
    return _write(database, _train(data, rows), report)


def refresh_if_stale(
    database: Database, *, review_id: UUID, stage: Stage, cache: Path | None = None
) -> Ranking | None:
    """Rank a stage again if that changes anything; return None if the ranking stays the same."""
    with database.reading() as session:
        data = training_data(session, review_id=review_id, stage=stage)
        current = current_run(session, review_id=review_id, stage=stage)
    trained = _train(data, _features(data.texts, cache))
    if (
        current is not None
        and current.fingerprint == trained.ranker.fingerprint()
        and data.mixing_parameters.items() <= current.parameters.items()
    ):
        with database.writing() as session:
            session.execute(
                update(ModelRun)
                .where(ModelRun.id == current.id)
                .values(
                    up_to_event=data.up_to_event,
                    started_at=utc_now(),
                    parameters=current.parameters | {NOT_CLOSED: data.n_not_closed},
                )
            )
        return None
    return _write(database, trained, lambda _: None)


def is_due(
    session: Session, *, after_acts: int, after: timedelta, now: datetime | None = None
) -> list[tuple[UUID, Stage]]:
    """Return the reviews and stages whose ranking in use should be checked again.

    That is after ``after_acts`` acts that may change which records there are or what is resolved,
    or after a single one if the ranking is older than ``after``; or if decisions have closed since.
    Stages that have never been ranked are left out.
    """
    now = now or utc_now()
    ranked = select(ModelRun.review_id, ModelRun.stage).where(ModelRun.ready_at.is_not(None))
    due = []
    for review_id, stage in session.execute(ranked.distinct()):
        run = current_run(session, review_id=review_id, stage=stage)
        if run is None or _is_being_ranked(session, review_id, stage, now=now):
            continue
        query = select(func.count()).where(
            Event.review_id == review_id,
            Event.number > run.up_to_event,
            Event.act.in_(ACTS_THAT_CHANGE_TRAINING),
        )
        n_acts = session.scalar(query.select_from(Event)) or 0
        is_old = now - run.started_at >= after
        if n_acts >= after_acts or (is_old and (n_acts or _has_any_closed(session, run))):
            due.append((review_id, stage))
    return due


def _has_any_closed(session: Session, run: ModelRun) -> bool:
    """Say whether decisions that were open at a run have closed, as they do with time."""
    before: int = run.parameters.get(NOT_CLOSED, 0)
    if before == 0:
        return False
    return len(open_clusters(session, review_id=run.review_id, stage=run.stage)) < before


def current_run(session: Session, *, review_id: UUID, stage: Stage) -> ModelRun | None:
    """Return the run whose ranking is in use; None before the first."""
    return session.scalar(
        select(ModelRun)
        .where(
            ModelRun.review_id == review_id,
            ModelRun.stage == stage,
            ModelRun.ready_at.is_not(None),
        )
        .order_by(ModelRun.ready_at.desc())
        .limit(1)
    )


def _is_being_ranked(session: Session, review_id: UUID, stage: Stage, *, now: datetime) -> bool:
    """Say whether a process seems to be writing a ranking of the stage."""
    return bool(
        session.scalar(
            select(ModelRun.id)
            .where(
                ModelRun.review_id == review_id,
                ModelRun.stage == stage,
                ModelRun.ready_at.is_(None),
                ModelRun.started_at > now - ABANDONED_AFTER,
            )
            .limit(1)
        )
    )


def _features(texts: Sequence[str], cache: Path | None) -> Features:
    if cache is None:
        return features.extract(texts)
    try:
        cached = features.load(cache)
    except (FileNotFoundError, ValueError):  # none yet, or one that another version wrote
        cached = None
    rows = features.extract(texts, cached=cached)
    rows.save(cache)
    return rows


def _train(data: TrainingData, rows: Features) -> _TrainedRanker:
    ranker = RelevanceRanker(question=data.question_and_marks)
    ranker.fit(rows, data.labels, languages=data.languages)
    return _TrainedRanker(data=data, rows=rows, ranker=ranker)


def _write(database: Database, trained: _TrainedRanker, report: Callable[[float], None]) -> Ranking:
    """Write the ranking of a trained ranker and put it in use."""
    data, rows, ranker = trained.data, trained.rows, trained.ranker
    scores = ranker.score(rows)
    held_out = ranker.held_out_scores(rows, data.labels, languages=data.languages)
    report(0.6)
    mixed = with_random_share(
        np.argsort(-scores, kind="stable"),
        numbers=data.numbers,
        is_open=data.is_open,
        share=data.random_share,
        n_resolved=data.n_resolved,
        is_behind=are_in_groups_behind(data.groups, data.labels, held_out).tolist(),
    )
    report(0.7)
    run_id = _begin(database, trained)
    explanations = ranker.explain(rows)
    report(0.8)
    ranks: list[dict[str, Any]] = [
        {
            "model_run_id": run_id,
            "record_id": data.ids[record],
            "review_id": data.review_id,
            "position": position,
            "score": float(scores[record]),
            "held_out": None if np.isnan(held_out[record]) else float(held_out[record]),
            "why": asdict(explanations[record])
            | {
                "is_random": record in mixed.picked_from_all,
                "is_of_kind": record in mixed.picked_from_groups,
            },
        }
        for position, record in enumerate(mixed.order.tolist(), start=1)
    ]
    for start in range(0, len(ranks), RANKS_PER_TRANSACTION):
        with database.writing() as session:
            session.execute(insert(Rank), ranks[start : start + RANKS_PER_TRANSACTION])
    ranking = Ranking(
        n_records=len(ranks),
        n_training=data.n_training,
        n_included=data.n_included,
        fingerprint=ranker.fingerprint(),
    )
    _put_in_use(database, data, run_id=run_id, ranking=ranking)
    report(1.0)
    return ranking


def _begin(database: Database, trained: _TrainedRanker) -> UUID:
    """Write the run whose ranks come next, not in use yet, and return its id."""
    data, ranker = trained.data, trained.ranker
    parameters = ranker.get_params()
    del parameters["question"]
    run_id = uuid4()
    run = ModelRun(
        id=run_id,
        review_id=data.review_id,
        stage=data.stage,
        fingerprint=ranker.fingerprint(),
        parameters=parameters | data.mixing_parameters | {NOT_CLOSED: data.n_not_closed},
        n_training=data.n_training,
        n_included=data.n_included,
        up_to_event=data.up_to_event,
    )
    with database.writing() as session:
        session.add(run)
    return run_id


def _put_in_use(database: Database, data: TrainingData, *, run_id: UUID, ranking: Ranking) -> None:
    """Put a ranking that is written whole in use, and delete the ranks of outdated ones."""
    review_id, stage = data.review_id, data.stage
    with database.writing() as session:
        lock_review(session, review_id)
        previous = current_run(session, review_id=review_id, stage=stage)
        outdated = select(ModelRun.id).where(
            ModelRun.review_id == review_id,
            ModelRun.stage == stage,
            ModelRun.id.not_in([run_id] if previous is None else [run_id, previous.id]),
            # Another process may be writing its own ranking right now.
            or_(ModelRun.ready_at.is_not(None), ModelRun.started_at < utc_now() - ABANDONED_AFTER),
        )
        session.execute(delete(Rank).where(Rank.model_run_id.in_(outdated)))
        session.execute(update(ModelRun).where(ModelRun.id == run_id).values(ready_at=utc_now()))
        record_act(
            session,
            review_id=review_id,
            act=Act.RANK,
            by=MODEL,
            subject=("model_run", run_id),
            detail={
                "stage": stage,
                "fingerprint": ranking.fingerprint,
                "n_records": ranking.n_records,
            },
        )
