"""Simulate screening of labelled records, to see how early the ranker finds relevant ones."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from review.errors import Invalid
from review.events import Actor
from review.permissions import Action, check
from review.storage.database import Database
from review.vocabulary import Stage
from screening.ranking.features import Features, extract, record_text
from screening.ranking.ranker import RelevanceRanker
from screening.ranking.training_data import training_data

# As in ASReview's published simulations: train after every record until 50 are known, and from
# then on whenever there are a twentieth more.
SINGLE_STEPS = 50
GROWTH = 0.05
SEED_OFFSET = 1000  # between a seed and the state that priors are drawn from
MIN_RECORDS = 20  # resolved ones of a review, below which a simulation means little


@dataclass(frozen=True)
class Simulation:
    """The result of a simulation.

    ``order`` has a row for each record screened, without the priors: position (from 1), id, label,
    and the score it had when it was picked.  ``metrics`` has wss95, rrf10, ndcg and atd of that
    order (see `measure`), n (its length), included (relevant records in it) and seconds (the whole
    simulation, with the extraction of features).
    """

    order: pd.DataFrame
    metrics: dict[str, float]


def simulate(
    frame: pd.DataFrame,
    *,
    question: str | None = None,
    priors: Sequence[str] | None = None,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Simulate screening of the records in ``frame`` (columns id, title, abstract, label).

    Screening starts from the labels of ``priors`` (ids).  If these are None, it starts from the
    question alone, or without a question from one relevant and one irrelevant record drawn by
    ``seed``.  ``on_progress`` is called with the number of known records and of all.  Raises
    Invalid for unknown or repeated ids, labels other than 0 and 1, and if the records without
    the priors have only one label.
    """
    started = time.perf_counter()
    y = _labels_of(frame)
    known = _prior_positions(frame, y, question=question, priors=priors, seed=seed)
    features = extract(_texts_of(frame))
    ranker = RelevanceRanker(question=question)
    order, scores = screening_order(features, y, known, ranker=ranker, on_progress=on_progress)
    metrics = measure(y[order].tolist())
    table = pd.DataFrame(
        {
            "position": np.arange(1, len(order) + 1),
            "id": frame["id"].astype(str).to_numpy()[order],
            "label": y[order],
            "score": scores,
        }
    )
    metrics |= {"n": len(order), "included": int(y[order].sum())}
    return Simulation(order=table, metrics=metrics | {"seconds": time.perf_counter() - started})


def simulate_review(
    database: Database,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    seed: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Simulate screening of a review's resolved records, as if nobody had screened them yet.

    It starts from the protocol's question, or with a ``seed`` from two known records without the
    question.  For the lead.  Raises Invalid if too few records are resolved.
    """
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        data = training_data(session, review_id=review_id, stage=stage)
    rows = [
        (str(number), text, "", label)
        for number, text, label in zip(data.numbers, data.texts, data.labels, strict=True)
        if label >= 0
    ]
    frame = pd.DataFrame(rows, columns=["id", "title", "abstract", "label"])
    n_included = int(frame["label"].sum())
    if len(frame) < MIN_RECORDS or min(n_included, len(frame) - n_included) < 2:
        raise Invalid(
            f"A simulation needs at least {MIN_RECORDS} resolved records, at least two of them"
            " included and two excluded. Screen more records first."
        )

    def report(n_known: int, n_total: int) -> None:
        if on_progress:
            on_progress(n_known / n_total)

    question = data.question if seed is None else None
    return simulate(frame, question=question, seed=seed or 0, on_progress=report)


def screening_order(
    features: Features,
    y: NDArray[np.int64],
    known: Sequence[int],
    *,
    ranker: RelevanceRanker,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[list[int], list[float]]:
    """Return the positions of all records but the ``known`` in the order they are screened.

    ``y`` has the label of every record, 1 or 0, shape (n,).  With each position comes the score
    that the record had when it was picked.
    """
    known_labels = np.full(len(y), -1)
    known_labels[list(known)] = y[list(known)]
    order: list[int] = []
    scores: list[float] = []
    while (unknown := np.flatnonzero(known_labels == -1)).size:
        new_scores = ranker.fit(features, known_labels).score(features.take(unknown))
        best = np.argsort(-new_scores, kind="stable")[: _batch_size(len(y) - len(unknown))]
        order += unknown[best].tolist()
        scores += new_scores[best].tolist()
        known_labels[unknown[best]] = y[unknown[best]]
        if on_progress:
            on_progress(len(known) + len(order), len(y))
    return order, scores


def measure(labels: Sequence[int]) -> dict[str, float]:
    """Return wss95, rrf10, ndcg and atd of ``labels`` (0, 1) in screening order, shape (n,).

    wss95: the position where an even spread (recall rounded to whole records) would have reached
    floor(.95 relevant), minus the position where this order did, over n; work saved over sampling
    as in ASReview's published figures, after Cohen et al. 2006 (doi:10.1197/jamia.M1929).  rrf10:
    recall after floor(n / 10) records, and at least one.  ndcg: gain discounted by
    log2(position + 1) over its greatest value (Järvelin & Kekäläinen 2002,
    doi:10.1145/582415.582418).  atd: mean position of a relevant record over n; average time to
    discovery of Ferdinands et al. 2023 (doi:10.1186/s13643-023-02257-7), as a share.  Raises
    Invalid unless both labels occur.
    """
    y = np.asarray(labels, dtype=np.int64)
    n, n_relevant = len(y), int(y.sum())
    if not 0 < n_relevant < n:
        raise Invalid("The records to screen have only one label: there is nothing to measure.")
    found = np.cumsum(y)
    found_evenly = np.round(np.linspace(0, n_relevant, n))
    target = max(int(0.95 * n_relevant), 1)
    saved = int(np.searchsorted(found_evenly, target)) - int(np.searchsorted(found, target))
    discounts = 1 / np.log2(np.arange(2, n + 2))
    return {
        "wss95": saved / n,
        "rrf10": int(found[max(n // 10, 1) - 1]) / n_relevant,
        "ndcg": float(discounts[y == 1].sum() / discounts[:n_relevant].sum()),
        "atd": float((np.flatnonzero(y) + 1).mean()) / n,
    }


def _batch_size(n_known: int) -> int:
    return 1 if n_known < SINGLE_STEPS else int(GROWTH * n_known)


def _prior_positions(
    frame: pd.DataFrame,
    y: NDArray[np.int64],
    *,
    question: str | None,
    priors: Sequence[str] | None,
    seed: int,
) -> list[int]:
    if priors is not None:
        positions = {id_: position for position, id_ in enumerate(frame["id"].astype(str))}
        if unknown := [id_ for id_ in priors if str(id_) not in positions]:
            raise Invalid(f"No record has the id {', '.join(map(str, unknown))}.")
        return sorted({positions[str(id_)] for id_ in priors})
    return [] if question else draw_priors(y, seed=seed)


def draw_priors(y: NDArray[np.int64], *, seed: int) -> list[int]:
    """Return the positions of one relevant and one irrelevant record, drawn by ``seed``."""
    if len(np.unique(y)) < 2:
        raise Invalid("There must be a relevant and an irrelevant record to start from.")
    if not 0 <= SEED_OFFSET + seed < 2**32:
        raise Invalid(f"The seed {seed} is out of range. Give a number from 0 to 1,000,000.")
    draw = np.random.RandomState(SEED_OFFSET + seed)
    return [int(draw.choice(np.flatnonzero(y == label))) for label in (1, 0)]


def _labels_of(frame: pd.DataFrame) -> NDArray[np.int64]:
    if missing := sorted({"id", "title", "abstract", "label"} - set(frame.columns)):
        raise Invalid(f"The table has no column {', '.join(missing)}.")
    if frame["id"].astype(str).duplicated().any():
        raise Invalid("Two records have the same id.")
    if not frame["label"].isin([0, 1]).all():
        raise Invalid("Every label must be 1 (included) or 0 (excluded).")
    return frame["label"].to_numpy(dtype=np.int64)


def _texts_of(frame: pd.DataFrame) -> list[str]:
    parts = frame[["title", "abstract"]].fillna("").astype(str)
    return [record_text(title, abstract) for title, abstract in parts.itertuples(index=False)]
