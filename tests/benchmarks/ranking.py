"""Measure the ranker on labelled reviews, compared with ASReview's ELAS u4.

    .venv/bin/python tests/benchmarks/ranking.py --sets Sep_2021 Oud_2018 --seeds 3
    .venv/bin/python tests/benchmarks/ranking.py --scale 100000

ELAS u4 is rebuilt here from its published settings, using only scikit-learn.  Both start from the
same two records and screen in the same growing batches.  Differences are paired and averaged over
seeds within a set, then over sets, with a bootstrap interval over the sets.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from screening.progress.simulation import draw_priors, measure, simulate
from screening.ranking.features import Features, extract, record_text
from screening.ranking.ranker import RelevanceRanker

DATA = Path(__file__).resolve().parents[3] / "shared" / "bench" / "screening"
# The two translated reviews get the full translated question of their original, because their files
# only have a few English words, which do not occur in their texts.
TWINS = {
    "Nagtegaal_2019_TR": (
        "Nagtegaal_2019",
        "Sağlık çalışanlarını kanıta dayalı tıbba yönlendirmek için dürtme. Hekimler, hemşireler "
        "ve pratisyen hekimler gibi sağlık çalışanlarının davranışlarını veya kararlarını "
        "değiştirmeyi amaçlayan varsayılan seçenekler, hatırlatıcılar, sosyal normlar, akran "
        "karşılaştırmalı geri bildirim, çerçeveleme veya hesap verebilirlik gibi dürtmeleri ya da "
        "seçim mimarisi müdahalelerini sınayan ampirik çalışmaları dahil ediyoruz. Sonuçlar "
        "kılavuzlara uyum, reçete yazma, tetkik isteme, el hijyeni veya aşılamadır. Finansal "
        "teşvikler, yalnızca eğitime dayalı müdahaleler ve hastalarla ilgili çalışmalar hariç "
        "tutulmuştur.",
    ),
    "Kwok_2020_ES": (
        "Kwok_2020",
        "Metagenómica de virus en animales de granja. Incluimos estudios que aplican la "
        "secuenciación metagenómica o la secuenciación de nueva generación de alto rendimiento "
        "para detectar virus, el viroma, en muestras de ganado como cerdos, bovinos, aves de "
        "corral, ovejas y cabras. Se excluyen los estudios solo de bacterias, plantas, seres "
        "humanos o fauna silvestre y los estudios basados únicamente en PCR.",
    ),
}
PUBLISHED = {"wss95": 0.603, "rrf10": 0.646, "ndcg": 0.753, "atd": 0.112}  # means of ELAS u4
MEASURES = ["wss95", "rrf10", "ndcg", "atd"]
Labels = NDArray[np.int64]


class ElasU4:
    """ASReview 3's default: TF-IDF 1-2-grams, linear SVM, included records weighted 9.8 times."""

    def __init__(self, texts: Sequence[str]) -> None:
        vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, max_df=0.95)
        self.X: csr_matrix = vectors.fit_transform(texts)

    def rank(self, rows: NDArray[np.intp], y: Labels, pool: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return ``pool``, likeliest first, after learning the labels ``y`` of ``rows``."""
        weights = np.where(y == 1, 1.0, (y == 1).sum() / (9.8 * (y == 0).sum()))
        model = LinearSVC(C=0.11, loss="squared_hinge", random_state=0)
        model.fit(self.X[rows], y, sample_weight=weights * len(y) / weights.sum())
        return pool[np.argsort(-model.decision_function(self.X[pool]), kind="stable")]

    def simulate(self, y: Labels, known: Sequence[int], *, shuffle: int | None = None) -> list[int]:
        """Return the labels in screening order, which is random until both labels are known."""
        screened = list(known)
        drawn = np.random.RandomState(shuffle).permutation(len(y))
        while len(screened) < len(y):
            rows = np.array(screened, dtype=np.intp)
            pool = np.setdiff1d(np.arange(len(y)), rows)
            if len(np.unique(y[rows])) == 2:
                ranked = self.rank(rows, y[rows], pool)
            else:
                ranked = drawn[np.isin(drawn, pool)]
            n_next = 1 if len(screened) < 50 else int(0.05 * len(screened))
            screened += ranked[:n_next].tolist()
        return y[screened[len(known) :]].tolist()


def compare(
    frame: pd.DataFrame, *, question: str | None, seeds: int
) -> Iterator[dict[str, object]]:
    """Yield the measures for every way to start and every seed."""
    y, ids = frame["label"].to_numpy(), frame["id"].astype(str)
    elas = ElasU4(texts_of(frame))
    ask = {"question only": simulate(frame, question=question).metrics} if question else {}
    for seed in range(seeds):
        known = draw_priors(y, seed=seed)
        priors = ids.iloc[known].tolist()
        ways = ask | {
            "ELAS u4": measure(elas.simulate(y, known)),
            "ELAS u4, random start": measure(elas.simulate(y, [], shuffle=seed)),
            "labels only": simulate(frame, priors=priors).metrics,
        }
        if question:
            ways["labels and question"] = simulate(frame, priors=priors, question=question).metrics
        for way, metrics in ways.items():
            yield {"way": way, "seed": seed, **{name: metrics[name] for name in MEASURES}}


def report(results: pd.DataFrame) -> None:
    """Print the means of every set, then the paired differences over sets."""
    means = results.groupby(["set", "way"])[MEASURES].mean()
    print(means.round(3).to_string(), "\n")
    base = means.xs("ELAS u4", level="way")
    for way in sorted(set(results["way"]) - {"ELAS u4"}):
        difference = (means.xs(way, level="way") - base).dropna()
        print(f"{way} minus ELAS u4 with two priors, {len(difference)} sets")
        for name in MEASURES:
            low, high = interval(difference[name].to_numpy())
            print(
                f"  {name:6} {difference[name].mean():+.3f}  [{low:+.3f}, {high:+.3f}]"
                f"  from {difference[name].min():+.3f} ({difference[name].idxmin()})"
                f" to {difference[name].max():+.3f} ({difference[name].idxmax()})"
            )


def report_baseline(results: pd.DataFrame) -> None:
    """Print how the rebuilt ELAS u4 compares with ASReview's published figures."""
    ours = results[(results["way"] == "ELAS u4") & ~results["set"].isin(TWINS)]
    means = ours.groupby("set")[MEASURES].mean().mean()
    n = ours["set"].nunique()
    figures = ", ".join(f"{name} {means[name]:.3f} ({PUBLISHED[name]:.3f})" for name in MEASURES)
    print(f"ELAS u4 here (and as published, 17 reviews): {n} reviews, {figures}")


def report_twins(results: pd.DataFrame) -> None:
    """Print how much worse the translated reviews are than their originals."""
    means = results.groupby(["way", "set"])[MEASURES].mean()
    for twin, (original, _) in TWINS.items():
        for way in means.index.unique("way"):
            if (way, twin) in means.index and (way, original) in means.index:
                lost = means.loc[way, twin] - means.loc[way, original]
                figures = ", ".join(f"{name} {lost[name]:+.3f}" for name in MEASURES)
                print(f"{twin} minus {original}, {way}: {figures}")


def interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean."""
    drawn = np.random.default_rng(0).choice(differences, size=(5000, len(differences)))
    low, high = np.quantile(drawn.mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def take_times(texts: list[str], *, n_labels: int = 500) -> None:
    """Print the cost of features, of training and of ranking, for siftmap and ELAS u4."""
    spent: dict[str, float] = {}
    features: Features = timed(spent, "features, ours", lambda: extract(texts))
    y = np.full(len(texts), -1)
    y[:n_labels] = np.arange(min(n_labels, len(texts))) % 20 == 0
    ranker = RelevanceRanker()
    timed(spent, "first fit and rank, ours", lambda: ranker.fit(features, y).rank(features))
    again = timed(spent, "retrain and rank, ours", lambda: ranker.fit(features, y).rank(features))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    more = [f"{text} again" for text in texts[:1000]]
    timed(spent, "1,000 more texts, ours", lambda: features.extend(more))
    elas: ElasU4 = timed(spent, "features, ELAS u4", lambda: ElasU4(texts))
    rows, pool = np.flatnonzero(y >= 0), np.flatnonzero(y == -1)
    timed(spent, "retrain and rank, ELAS u4", lambda: elas.rank(rows, y[rows], pool))
    assert len(again) == len(texts)
    print(f"{len(texts)} texts; peak of ours {peak:.2f} GB")
    for what, seconds in spent.items():
        print(f"  {what:28} {seconds:8.3f} CPU s")


def timed(spent: dict[str, float], what: str, work: Callable[[], Any]) -> Any:
    """Return the result of ``work`` and note its CPU time in ``spent``."""
    began = time.process_time()
    result = work()
    spent[what] = time.process_time() - began
    return result


def texts_of(frame: pd.DataFrame) -> list[str]:
    """Return the title and abstract of each record as one text."""
    parts = frame[["title", "abstract"]].fillna("").astype(str)
    return [record_text(title, abstract) for title, abstract in parts.itertuples(index=False)]


def spliced_texts(folder: Path, *, n: int) -> list[str]:
    """Return ``n`` texts of real length, each made of the halves of two real texts."""
    frames = [pd.read_csv(path) for path in sorted(folder.glob("*.csv.gz"))]
    words = [text.split() for text in texts_of(pd.concat(frames))]
    drawn = np.random.default_rng(0).integers(len(words), size=(n, 2)).tolist()
    halves = ((words[a][: len(words[a]) // 2], words[b][len(words[b]) // 2 :]) for a, b in drawn)
    return [" ".join(first + second) for first, second in halves]


def main() -> None:
    """Print the comparison, or only the times with ``--scale``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the labelled sets")
    parser.add_argument("--sets", nargs="*", help="names of sets; default: all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-question", action="store_true", help="two priors, labels only")
    parser.add_argument("--scale", type=int, help="only measure times, on this many texts")
    options = parser.parse_args()
    if options.scale:
        take_times(spliced_texts(options.data, n=options.scale))
        return
    names = options.sets or sorted(
        path.name.removesuffix(".csv.gz") for path in options.data.glob("*.gz")
    )
    questions = json.loads((options.data / "questions.json").read_text(encoding="utf-8"))
    questions |= {name: question for name, (_, question) in TWINS.items()}
    results: list[dict[str, object]] = []
    for name in names:
        frame = pd.read_csv(options.data / f"{name}.csv.gz")
        question = None if options.no_question else questions.get(name)
        lines = compare(frame, question=question, seeds=options.seeds)
        results += [{"set": name, **line} for line in lines]
        print(name, flush=True)
    report(pd.DataFrame(results))
    report_baseline(pd.DataFrame(results))
    report_twins(pd.DataFrame(results))


if __name__ == "__main__":
    main()
