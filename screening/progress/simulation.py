"""Replay a finished review with the ranker, to see how early it would have found what counts."""

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
from screening.ranking.runs import gather

# As ASReview's published simulations: learn from every record until 50 are known, then each time
# from a twentieth more.
SINGLE_STEPS = 50
GROWTH = 0.05
LEAST = 20  # records of a review's own, below which a replay says nothing


@dataclass(frozen=True)
class Simulation:
    """What a replay gives.

    ``order`` has a line per record read, priors left out: position (from 1), id, label and the
    score it had when it was picked.  ``metrics`` has wss95, rrf10, ndcg and atd of that order
    (see `measure`), n (its length), included (relevant records in it) and seconds (the whole
    replay, reading the texts too).
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
    """Replay the labelled records of ``frame`` (columns id, title, abstract, label).

    Reading starts from the labels of ``priors`` (ids); where these are None, from the question
    alone, or without a question from one relevant and one irrelevant record drawn by ``seed``.
    ``on_progress`` is told how many records are known, and of how many.  Raises ValueError for
    unknown ids, equal ids, other labels than 0 and 1, and where what is left to read once the
    priors are set aside holds only one label.
    """
    began = time.perf_counter()
    y = _labels_of(frame)
    known = _start(frame, y, question=question, priors=priors, seed=seed)
    features = extract(_texts_of(frame))
    order, scores = _replay(features, y, known, question=question, on_progress=on_progress)
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
    return Simulation(order=table, metrics=metrics | {"seconds": time.perf_counter() - began})


def replay_own(
    database: Database,
    *,
    review_id: UUID,
    stage: Stage,
    by: Actor,
    seed: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Simulation:
    """Replay the records of a review that have come to a result, as if nobody had read them yet.

    Begun from the protocol's question, or with a ``seed`` from two known records without it.  For
    the lead.  Raises Invalid where there is too little to replay.
    """
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        material = gather(session, review_id=review_id, stage=stage)
    rows = [
        (str(number), text, "", label)
        for number, text, label in zip(
            material.numbers, material.texts, material.labels, strict=True
        )
        if label >= 0
    ]
    frame = pd.DataFrame(rows, columns=["id", "title", "abstract", "label"])
    n_included = int(frame["label"].sum())
    if len(frame) < LEAST or min(n_included, len(frame) - n_included) < 2:
        raise Invalid(f"A replay needs {LEAST} records with a result, two of each kind at least.")

    def tell(n_known: int, n_total: int) -> None:
        if on_progress:
            on_progress(n_known / n_total)

    question = material.question if seed is None else None
    return simulate(frame, question=question, seed=seed or 0, on_progress=tell)


def measure(labels: Sequence[int]) -> dict[str, float]:
    """Return wss95, rrf10, ndcg and atd of ``labels`` (0, 1) in order of reading, shape (n,).

    wss95: the place where an even spread (recall rounded to whole records) would have reached
    floor(.95 relevant), less the place where the order did, over n; work saved over sampling as
    in ASReview's published figures, after Cohen et al. 2006 (doi:10.1197/jamia.M1929).  rrf10:
    recall after floor(n / 10) records, and at least one.  ndcg: gain discounted by log2(place + 1)
    over its greatest value (Järvelin & Kekäläinen 2002, doi:10.1145/582415.582418).  atd: mean
    place of a relevant record over n; average time to discovery of Ferdinands et al. 2023
    (doi:10.1186/s13643-023-02257-7), as a share.  Raises ValueError unless both labels occur.
    """
    y = np.asarray(labels, dtype=np.int64)
    n, n_relevant = len(y), int(y.sum())
    if not 0 < n_relevant < n:
        raise ValueError("The records to read hold only one label: there is nothing to measure.")
    found = np.cumsum(y)
    by_chance = np.round(np.linspace(0, n_relevant, n))
    enough = max(int(0.95 * n_relevant), 1)
    saved = int(np.searchsorted(by_chance, enough)) - int(np.searchsorted(found, enough))
    discounts = 1 / np.log2(np.arange(2, n + 2))
    return {
        "wss95": saved / n,
        "rrf10": int(found[max(n // 10, 1) - 1]) / n_relevant,
        "ndcg": float(discounts[y == 1].sum() / discounts[:n_relevant].sum()),
        "atd": float((np.flatnonzero(y) + 1).mean()) / n,
    }


def _replay(
    features: Features,
    y: NDArray[np.int64],
    known: Sequence[int],
    *,
    question: str | None,
    on_progress: Callable[[int, int], None] | None,
) -> tuple[list[int], list[float]]:
    read = np.full(len(y), -1)
    read[list(known)] = y[list(known)]
    order: list[int] = []
    scores: list[float] = []
    ranker = RelevanceRanker(question=question)
    while (unread := np.flatnonzero(read == -1)).size:
        found = ranker.fit(features, read).score(features.take(unread))
        best = np.argsort(-found, kind="stable")[: _batch(len(y) - len(unread))]
        order += unread[best].tolist()
        scores += found[best].tolist()
        read[unread[best]] = y[unread[best]]
        if on_progress:
            on_progress(len(known) + len(order), len(y))
    return order, scores


def _batch(n_known: int) -> int:
    return 1 if n_known < SINGLE_STEPS else int(GROWTH * n_known)


def _start(
    frame: pd.DataFrame,
    y: NDArray[np.int64],
    *,
    question: str | None,
    priors: Sequence[str] | None,
    seed: int,
) -> list[int]:
    if priors is not None:
        places = {name: place for place, name in enumerate(frame["id"].astype(str))}
        if strangers := [name for name in priors if str(name) not in places]:
            raise ValueError(f"No record has the id {', '.join(map(str, strangers))}.")
        return sorted({places[str(name)] for name in priors})
    return [] if question else draw_priors(y, seed=seed)


def draw_priors(y: NDArray[np.int64], *, seed: int) -> list[int]:
    """Return the places of one relevant and one irrelevant record, drawn by ``seed``."""
    if len(np.unique(y)) < 2:
        raise ValueError("There is no relevant and irrelevant record to start from.")
    draw = np.random.RandomState(1000 + seed)
    return [int(draw.choice(np.flatnonzero(y == label))) for label in (1, 0)]


def _labels_of(frame: pd.DataFrame) -> NDArray[np.int64]:
    if missing := sorted({"id", "title", "abstract", "label"} - set(frame.columns)):
        raise ValueError(f"The table has no column {', '.join(missing)}.")
    if frame["id"].astype(str).duplicated().any():
        raise ValueError("Two records have the same id.")
    if not frame["label"].isin([0, 1]).all():
        raise ValueError("Every label must be 1 (included) or 0 (excluded).")
    return frame["label"].to_numpy(dtype=np.int64)


def _texts_of(frame: pd.DataFrame) -> list[str]:
    parts = frame[["title", "abstract"]].fillna("").astype(str)
    return [record_text(title, abstract) for title, abstract in parts.itertuples(index=False)]
