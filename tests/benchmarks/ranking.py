"""Measure the ranker on labelled reviews, compared with ASReview's ELAS u4.

    .venv/bin/python tests/benchmarks/ranking.py --sets Sep_2021 Oud_2018 --seeds 3
    .venv/bin/python tests/benchmarks/ranking.py --try question_quarter_at=5,10,20 --seeds 1
    .venv/bin/python tests/benchmarks/ranking.py --scale 100000

ELAS u4 is rebuilt here from its published settings, using only scikit-learn.  Both start from the
same two records and screen in the same growing batches.  Differences are paired and averaged over
seeds within a set, then over sets, with a bootstrap interval over the sets.  Translated sets are
compared with their originals and left out of all means.

With ``--try``, a parameter of the ranker gets each of the values in turn.  For each family of sets
the value with the best mean ATD in all other families is chosen, and the table says what it does in
the family that was left out.  Keep a change only if it helps there.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from screening.progress.simulation import draw_priors, measure, screening_order
from screening.ranking.features import Features, extract, record_text
from screening.ranking.ranker import RelevanceRanker

DATA = Path(__file__).resolve().parents[3] / "shared" / "bench" / "screening"
# Sets that share their topic or makers: a choice that helps one of them may help only their kind.
FAMILIES = ("Cohen", "Geodes", "Wallace")
TWINS = {"Nagtegaal_2019_TR": "Nagtegaal_2019", "Kwok_2020_ES": "Kwok_2020"}  # translations
# Questions of sets that come without one, and the full translated questions of the two translated
# sets, whose files only have a few English words.  Written from the topics alone.
QUESTIONS = Path(__file__).with_name("questions.json")
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


def family_of(name: str) -> str:
    """Return the family of a set; a set of no family is one of its own."""
    name = TWINS.get(name, name)
    first = name.split("_")[0]
    return first if first in FAMILIES else name


def title_of(question: str) -> str:
    """Return the first sentence of a question: all that a protocol in its first hour may have."""
    return question.split(". ")[0]


def measure_set(
    frame: pd.DataFrame, *, question: str | None, seeds: int, parameters: dict[str, Any]
) -> Iterator[dict[str, object]]:
    """Yield the measures of a set for every way to start and every seed."""
    y, rows = frame["label"].to_numpy(dtype=np.int64), extract(texts_of(frame))
    starts = {"question only": question, "title only": question and title_of(question)}
    for way, asked in starts.items():
        if asked:
            yield {"way": way, "seed": 0, **ours(rows, y, [], question=asked, **parameters)}
    for seed in range(seeds):
        known = draw_priors(y, seed=seed)
        yield {"way": "labels only", "seed": seed, **ours(rows, y, known, **parameters)}
        if question:
            figures = ours(rows, y, known, question=question, **parameters)
            yield {"way": "labels and question", "seed": seed, **figures}


def measure_elas(frame: pd.DataFrame, *, seeds: int) -> Iterator[dict[str, object]]:
    """Yield the measures of ELAS u4 from two known records and from none, for every seed."""
    y, elas = frame["label"].to_numpy(dtype=np.int64), ElasU4(texts_of(frame))
    for seed in range(seeds):
        screened = elas.simulate(y, draw_priors(y, seed=seed))
        yield {"way": "ELAS u4", "seed": seed, **figures_of(screened)}
        at_random = elas.simulate(y, [], shuffle=seed)
        yield {"way": "ELAS u4, random start", "seed": seed, **figures_of(at_random)}


def ours(rows: Features, y: Labels, known: list[int], **parameters: Any) -> dict[str, float]:
    """Return the measures of our ranker with these parameters, starting from ``known`` records."""
    order, _ = screening_order(rows, y, known, ranker=RelevanceRanker(**parameters))
    return figures_of(y[order].tolist())


def figures_of(labels: list[int]) -> dict[str, float]:
    """Return the measures of labels in screening order, and how much later than chance began.

    ``late`` is the position of the first relevant record less the mean position in which chance
    finds one, (n + 1) / (relevant + 1).
    """
    chance = (len(labels) + 1) / (sum(labels) + 1)
    measured = measure(labels)
    return {name: measured[name] for name in MEASURES} | {"late": labels.index(1) + 1 - chance}


def report(results: pd.DataFrame) -> None:
    """Print the means of every set, then the paired differences over sets."""
    print(mean_of_sets(results).round(3).to_string(), "\n")
    originals = results[~results["set"].isin(TWINS)]
    means = mean_of_sets(originals)
    base, at_random = (means.xs(way, level="way") for way in ("ELAS u4", "ELAS u4, random start"))
    for way in sorted(set(originals["way"]) - {"ELAS u4"}):
        own = means.xs(way, level="way")
        print_differences(f"{way} minus ELAS u4 with two priors", own - base)
        if way.endswith("only") and way != "labels only":
            print_differences(f"{way} minus ELAS u4 from a random start", own - at_random)
            late = own["late"].sort_values(ascending=False)
            worst = ", ".join(f"{name} {n:.0f}" for name, n in late.head(3).items())
            print(f"  records read to the first relevant one, less chance: worst {worst}")


def mean_of_sets(results: pd.DataFrame) -> pd.DataFrame:
    """Return the measures by set and way to start, as means over seeds."""
    return results.groupby(["set", "way"])[[*MEASURES, "late"]].mean()


def print_differences(title: str, differences: pd.DataFrame) -> None:
    """Print the mean difference of each measure over sets and over families."""
    differences = differences.dropna()
    by_family = differences.groupby(family_of).mean()
    print(f"{title}, {len(differences)} sets in {len(by_family)} families")
    for name in MEASURES:
        column = differences[name]
        low, high = interval(column.to_numpy())
        print(
            f"  {name:6} {column.mean():+.3f}  [{low:+.3f}, {high:+.3f}]"
            f"  over families {by_family[name].mean():+.3f}"
            f"  from {column.min():+.3f} ({column.idxmin()})"
            f" to {column.max():+.3f} ({column.idxmax()})"
        )


def report_tried(results: pd.DataFrame) -> None:
    """Print what each value does, and what the value chosen in other families does in each."""
    originals = results[~results["set"].isin(TWINS)]
    base = mean_of_sets(originals).xs("ELAS u4", level="way")
    tried = originals.dropna(subset="value")
    for way, of_way in tried.groupby("way"):
        by_value = {
            value: (mean_of_sets(lines).xs(way, level="way") - base).dropna()
            for value, lines in of_way.groupby("value")
        }
        for value, differences in by_value.items():
            print_differences(f"{way}, {value}, minus ELAS u4", differences)
        left_out, chosen = left_out_of_family(by_value)
        print_differences(f"{way}, chosen in the other families ({chosen})", left_out)


def left_out_of_family(by_value: dict[Any, pd.DataFrame]) -> tuple[pd.DataFrame, str]:
    """Return each family's differences with the value that is best in all others, and the values.

    The best has the lowest mean ATD over the other families.
    """
    parts, chosen = [], []
    families = next(iter(by_value.values())).groupby(family_of).groups
    for family, sets in families.items():
        means = {
            value: differences.groupby(family_of)["atd"].mean().drop(family).mean()
            for value, differences in by_value.items()
        }
        best = min(means, key=means.__getitem__)
        chosen.append(best)
        parts.append(by_value[best].loc[sets])
    counts = ", ".join(f"{value} {chosen.count(value)} times" for value in sorted(set(chosen)))
    return pd.concat(parts), counts


def report_baseline(results: pd.DataFrame, *, published: Collection[str]) -> None:
    """Print how the rebuilt ELAS u4 compares with ASReview's published figures."""
    elas = results[(results["way"] == "ELAS u4") & results["set"].isin(published)]
    means = elas.groupby("set")[MEASURES].mean().mean()
    n = elas["set"].nunique()
    figures = ", ".join(f"{name} {means[name]:.3f} ({PUBLISHED[name]:.3f})" for name in MEASURES)
    print(f"ELAS u4 here (and as published, 17 reviews): {n} reviews, {figures}")


def report_twins(results: pd.DataFrame) -> None:
    """Print how much worse the translated reviews are than their originals."""
    means = results.groupby(["way", "set"])[MEASURES].mean()
    for twin, original in TWINS.items():
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


def parsed_values(text: str) -> tuple[str, list[float]]:
    """Return the name and the values in ``name=1,2,3``."""
    name, _, values = text.partition("=")
    return name, [float(value) for value in values.split(",")]


def measure_all(options: argparse.Namespace) -> pd.DataFrame:
    """Return the measures of every set, with the value tried if there are several."""
    names = options.sets or sorted(
        path.name.removesuffix(".csv.gz") for path in options.data.glob("*.gz")
    )
    questions = json.loads((options.data / "questions.json").read_text(encoding="utf-8"))
    questions |= json.loads(QUESTIONS.read_text(encoding="utf-8"))
    name_tried, values = options.tried or ("", [])
    settings: list[dict[str, Any]] = [{name_tried: value} for value in values] or [{}]
    results: list[dict[str, object]] = []
    for name in names:
        frame = pd.read_csv(options.data / f"{name}.csv.gz")
        question = None if options.no_question else questions.get(name)
        results += [{"set": name, **line} for line in measure_elas(frame, seeds=options.seeds)]
        for parameters in settings:
            lines = measure_set(
                frame, question=question, seeds=options.seeds, parameters=parameters
            )
            value = parameters.get(name_tried)
            results += [{"set": name, "value": value, **line} for line in lines]
        print(name, flush=True)
    return pd.DataFrame(results)


def main() -> None:
    """Print the comparison, or only the times with ``--scale``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the labelled sets")
    parser.add_argument("--sets", nargs="*", help="names of sets; default: all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-question", action="store_true", help="two priors, labels only")
    parser.add_argument("--try", dest="tried", type=parsed_values, help="parameter=value,value")
    parser.add_argument("--scale", type=int, help="only measure times, on this many texts")
    options = parser.parse_args()
    if options.scale:
        take_times(spliced_texts(options.data, n=options.scale))
        return
    results = measure_all(options)
    if options.tried:
        report_tried(results)
        return
    report(results)
    first_sets = json.loads((options.data / "questions.json").read_text(encoding="utf-8"))
    report_baseline(results, published=first_sets.keys() - TWINS.keys())
    report_twins(results)


if __name__ == "__main__":
    main()
