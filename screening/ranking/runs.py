"""Ranking a review's records at a stage: learn from what is resolved, write the order, use it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from protocols.schema import Protocol
from review.events import MODEL, Actor, last_event, lock_review, record_act
from review.permissions import Action, check
from review.reviews import protocol_of
from review.states.flow import AWAITING, REMOVED, flow_states
from review.states.resolution import resolutions
from review.storage.database import Database
from review.tables import Event, ModelRun, Rank, Record, Search
from review.tables.base import utc_now
from review.vocabulary import FINISHED, Act, Resolution, Stage
from screening.ranking import features
from screening.ranking.features import Features, record_text, tokenise
from screening.ranking.random_sample import with_random_share
from screening.ranking.ranker import RelevanceRanker, in_its_words
from screening.ranking.record_groups import kinds_of, of_kinds_behind

CHUNK = 2000
UNDER_WAY = timedelta(minutes=10)  # after which an order that was begun is given up
LEARNED_FROM = (
    Act.DECIDE, Act.ADJUDICATE, Act.IMPORT_DECISIONS, Act.REOPEN, Act.IMPORT_FILE, Act.DEDUPLICATE,
    Act.JUDGE_PAIR, Act.UNDO_DUPLICATES, Act.REMOVE_RECORD, Act.AMEND_PROTOCOL, Act.STOP,
    Act.END_CALIBRATION,
)  # fmt: skip
# What may still be given to somebody.  A conflict is among it, since a colleague's decision that is
# not resolved must move nothing.


@dataclass(frozen=True)
class Ranking:
    """A finished ranking: how many records, and what it was learned from."""

    n_records: int
    n_training: int
    n_included: int
    fingerprint: str


@dataclass(frozen=True)
class Material:
    """What a ranking starts from, as of one event: records, labels and the question."""

    up_to_event: int
    ids: Sequence[UUID]
    texts: Sequence[str]
    numbers: Sequence[int]
    kinds: Sequence[Sequence[str]]  # see `screening.ranking.record_groups`
    labels: Sequence[int]  # 1 include, 0 exclude, -1 unresolved or not to be learned from
    is_open: Sequence[bool]
    question: str
    random_share: float
    n_read: int  # records that have come to a result

    @property
    def spread(self) -> dict[str, float]:
        """Return what the random share of an order follows from, beside its fingerprint."""
        return {"random_share": self.random_share, "n_open": sum(self.is_open)}


def rank_records(
    database: Database,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    cache: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Ranking:
    """Rank every unique record of a review for a stage and put the order in use.

    A share of the open ones, the protocol's ``random_share``, is the next in random order, and as
    many again belong to groups that the order serves less well (see
    `screening.ranking.record_groups`), where there are any.

    Learning happens outside any transaction; ranks are written in short ones, and the last of
    them makes the new order current.  ``cache`` is a folder where features are kept, so that only
    new texts are read again.
    """
    tell = on_progress or (lambda _: None)
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        material = gather(session, review_id=review_id, stage=stage)
    tell(0.1)
    rows = _features(material.texts, cache)
    tell(0.5)
    ranker = RelevanceRanker(question=material.question).fit(rows, material.labels)
    return _write(database, review_id, stage, material, rows, ranker, tell)


def _write(
    database: Database,
    review_id: UUID,
    stage: Stage,
    material: Material,
    rows: Features,
    ranker: RelevanceRanker,
    tell: Callable[[float], None],
) -> Ranking:
    """Write the order that a ranker gives and put it in use."""
    scores = ranker.score(rows)
    held_out = ranker.held_out(rows, material.labels)
    tell(0.6)
    mixed = with_random_share(
        np.argsort(-scores, kind="stable"),
        numbers=material.numbers,
        is_open=material.is_open,
        share=material.random_share,
        n_read=material.n_read,
        is_behind=of_kinds_behind(material.kinds, material.labels, held_out).tolist(),
    )
    tell(0.7)
    run_id = _begin(database, review_id, stage, material, ranker)
    whys = ranker.explain(rows)
    tell(0.8)
    ranks = [
        {
            "model_run_id": run_id,
            "record_id": material.ids[place],
            "review_id": review_id,
            "position": position,
            "score": float(scores[place]),
            "held_out": None if np.isnan(held_out[place]) else float(held_out[place]),
            "why": asdict(whys[place])
            | {"is_random": place in mixed.of_all, "is_of_kind": place in mixed.of_kinds},
        }
        for position, place in enumerate(mixed.order.tolist(), start=1)
    ]
    for start in range(0, len(ranks), CHUNK):
        with database.writing() as session:
            session.execute(insert(Rank), ranks[start : start + CHUNK])
    _put_in_use(database, review_id, stage, run_id, ranker.fingerprint(), len(ranks))
    tell(1.0)
    return Ranking(
        n_records=len(ranks),
        n_training=sum(label >= 0 for label in material.labels),
        n_included=sum(label == 1 for label in material.labels),
        fingerprint=ranker.fingerprint(),
    )


def keep_up(
    database: Database, *, review_id: UUID, stage: Stage, cache: Path | None = None
) -> Ranking | None:
    """Rank a stage anew where that changes anything; None where the order in use is the same."""
    with database.reading() as session:
        material = gather(session, review_id=review_id, stage=stage)
        current = current_run(session, review_id=review_id, stage=stage)
    rows = _features(material.texts, cache)
    ranker = RelevanceRanker(question=material.question).fit(rows, material.labels)
    if (
        current is not None
        and current.fingerprint == ranker.fingerprint()
        and material.spread.items() <= current.parameters.items()
    ):
        with database.writing() as session:
            session.execute(
                update(ModelRun)
                .where(ModelRun.id == current.id)
                .values(up_to_event=material.up_to_event, started_at=utc_now())
            )
        return None
    return _write(database, review_id, stage, material, rows, ranker, lambda _: None)


def is_due(
    session: Session, *, after_acts: int, after: timedelta, now: datetime | None = None
) -> list[tuple[UUID, Stage]]:
    """Return the reviews and stages whose order in use has fallen behind.

    That is ``after_acts`` acts since it learned that may change what is resolved or which records
    there are, or a single one where the order is older than ``after``.  Stages that nobody has
    ranked are left alone.
    """
    now = now or utc_now()
    ranked = select(ModelRun.review_id, ModelRun.stage).where(ModelRun.ready_at.is_not(None))
    due = []
    for review_id, stage in session.execute(ranked.distinct()):
        run = current_run(session, review_id=review_id, stage=stage)
        if run is None or _is_under_way(session, review_id, stage, now):
            continue
        query = select(func.count()).where(
            Event.review_id == review_id,
            Event.number > run.up_to_event,
            Event.act.in_(LEARNED_FROM),
        )
        n_acts = session.scalar(query.select_from(Event)) or 0
        if n_acts >= after_acts or (n_acts and now - run.started_at >= after):
            due.append((review_id, stage))
    return due


def _is_under_way(session: Session, review_id: UUID, stage: Stage, now: datetime) -> bool:
    """Say whether some process seems to be writing an order of the stage."""
    return bool(
        session.scalar(
            select(ModelRun.id)
            .where(
                ModelRun.review_id == review_id,
                ModelRun.stage == stage,
                ModelRun.ready_at.is_(None),
                ModelRun.started_at > now - UNDER_WAY,
            )
            .limit(1)
        )
    )


def gather(session: Session, *, review_id: UUID, stage: Stage) -> Material:
    """Return the unique records of a review with what is resolved of them, in import order.

    Resolved records alone are learned from, never one reviewer's decision; exclusions for a
    reason that a title or abstract cannot show teach nothing.
    """
    protocol = protocol_of(session, review_id)
    silent = {reason.key for reason in protocol.exclusion_reasons if not reason.teaches_model}
    states = flow_states(session, review_id=review_id)
    settled = resolutions(session, review_id=review_id, stage=stage)
    rows = session.execute(
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
            settled.c.resolution,
            settled.c.exclusion_reason,
            states.c.flow_state,
        )
        .join(Search, Search.id == Record.search_id)
        .join(states, states.c.record_id == Record.id)
        .join(settled, settled.c.cluster_id == Record.id)
        .where(states.c.flow_state.not_in([state.value for state in REMOVED]))
        .order_by(Record.number)
    ).all()
    return Material(
        up_to_event=last_event(session, review_id),
        ids=[row.id for row in rows],
        texts=[_text(row) for row in rows],
        numbers=[row.number for row in rows],
        is_open=[row.flow_state in AWAITING[stage] for row in rows],
        random_share=protocol.random_share,
        n_read=sum(row.resolution in FINISHED for row in rows),
        kinds=[
            kinds_of(row.language, row.source, row.year, is_bare=row.abstract is None)
            for row in rows
        ],
        labels=[_label(row, silent) for row in rows],
        question=question_text(protocol),
    )


def _text(row: Row[Any] | Record) -> str:
    abstracts = [row.abstract, *(one["text"] for one in row.other_abstracts or ())]
    return record_text(row.title, " ".join(filter(None, abstracts)), " ".join(row.keywords))


def question_text(protocol: Protocol) -> str:
    """Return the protocol's own words for what is sought, in all its languages."""

    def parts() -> Iterator[str]:
        yield protocol.question
        yield from protocol.question_framework.elements.values()
        for criterion in protocol.criteria:
            yield criterion.include
            yield from criterion.include_examples
        for concept in protocol.terminology:
            yield concept.label
            for names in concept.names.values():
                yield from names

    return "\n".join(parts())


def current_run(session: Session, *, review_id: UUID, stage: Stage) -> ModelRun | None:
    """Return the model run whose order is in use."""
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


def place_of(session: Session, *, run: ModelRun, record_id: UUID) -> Rank | None:
    """Return a record's place in an order, and why; None where the order does not know it."""
    return session.get(Rank, (run.id, record_id))


def why_of(rank: Rank, record: Record) -> dict[str, Any]:
    """Return what an order says of a record, its terms in the words that the record has.

    Keys: raised, lowered, asked (terms), is_random and is_of_kind.  An order of an older release
    may say less.
    """
    said: dict[str, Any] = rank.why or {}
    words = tokenise(_text(record))
    return {
        **{key: in_its_words(said.get(key, ()), words) for key in ("raised", "lowered")},
        "asked": said.get("asked", []),
        **{key: bool(said.get(key)) for key in ("is_random", "is_of_kind")},
    }


def n_ranked(session: Session, *, run: ModelRun) -> int:
    """Return how many records an order has."""
    return session.scalar(select(func.max(Rank.position)).where(Rank.model_run_id == run.id)) or 0


def _label(row: Row[Any], silent: set[str]) -> int:
    if row.resolution == Resolution.INCLUDE:
        return 1
    if row.resolution == Resolution.EXCLUDE and row.exclusion_reason not in silent:
        return 0
    return -1


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


def _begin(
    database: Database, review_id: UUID, stage: Stage, material: Material, ranker: RelevanceRanker
) -> UUID:
    run_id = uuid4()
    run = ModelRun(
        id=run_id,
        review_id=review_id,
        stage=stage,
        fingerprint=ranker.fingerprint(),
        parameters={k: v for k, v in ranker.get_params().items() if k != "question"}
        | material.spread,
        n_training=sum(label >= 0 for label in material.labels),
        n_included=sum(label == 1 for label in material.labels),
        up_to_event=material.up_to_event,
    )
    with database.writing() as session:
        session.add(run)
    return run_id


def _put_in_use(
    database: Database, review_id: UUID, stage: Stage, run_id: UUID, fingerprint: str, n: int
) -> None:
    with database.writing() as session:
        lock_review(session, review_id)
        before = current_run(session, review_id=review_id, stage=stage)
        outdated = select(ModelRun.id).where(
            ModelRun.review_id == review_id,
            ModelRun.stage == stage,
            ModelRun.id.not_in([run_id] if before is None else [run_id, before.id]),
            # Another process may be writing its own right now.
            or_(ModelRun.ready_at.is_not(None), ModelRun.started_at < utc_now() - UNDER_WAY),
        )
        session.execute(delete(Rank).where(Rank.model_run_id.in_(outdated)))
        session.execute(update(ModelRun).where(ModelRun.id == run_id).values(ready_at=utc_now()))
        record_act(
            session,
            review_id=review_id,
            act=Act.RANK,
            by=MODEL,
            subject=("model_run", run_id),
            detail={"stage": stage, "fingerprint": fingerprint, "n_records": n},
        )
