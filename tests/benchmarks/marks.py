"""Measure what the ranking gains from words that reviewers mark as the reason for including.

    .venv/bin/python tests/benchmarks/marks.py --sets Sep_2021 Cohen_ADHD --seeds 1
    .venv/bin/python tests/benchmarks/marks.py --sets Sep_2021 Cohen_ADHD --question title

Labelled reviews are simulated from their question alone, and with each seed's two known records.
At each included record a made-up reviewer marks three words of its title and abstract: those of
the whole question with the greatest TF-IDF weight, then others; with ``--reviewer any``, those with
the greatest weight, whatever the question says.  The ranking starts from the whole question, or
with ``--question title`` from its first sentence.  Prints the means without and with marks, and
the paired differences with a bootstrap interval over sets.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from ranking import DATA, interval, texts_of
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from screening.progress.simulation import draw_priors, measure
from screening.ranking.features import Features, extract, tokenise
from screening.ranking.ranker import RelevanceRanker
from screening.ranking.training_data import with_marks

MEASURES = ["rrf10", "wss95", "atd"]
N_MARKS = 3  # for each included record
SHORTEST = 3  # letters of a word worth marking
Reviewer = Callable[[str], Sequence[str]]


def rarity(texts: Sequence[str]) -> Mapping[str, float]:
    """Return the inverse document frequency of every word."""
    counts = Counter(word for text in texts for word in set(tokenise(text)))
    return {word: float(np.log(len(texts) / n)) for word, n in counts.items()}


def reviewer(texts: Sequence[str], wanted: str) -> Reviewer:
    """Return a made-up reviewer, who marks words of ``wanted`` first."""
    rarities, known = rarity(texts), set(tokenise(wanted))

    def mark(text: str) -> list[str]:
        counts = Counter(word for word in tokenise(text) if len(word) >= SHORTEST)
        weights = {
            word: (word in known, (1 + np.log(n)) * rarities[word])
            for word, n in counts.items()
            if word not in ENGLISH_STOP_WORDS
        }
        return sorted(weights, key=lambda word: (weights[word], word), reverse=True)[:N_MARKS]

    return mark


def screen(
    rows: Features, y: np.ndarray, known: Sequence[int], *, question: str,
    marks_of: Callable[[int], Sequence[str]] | None,
) -> list[int]:  # fmt: skip
    """Return the labels in the order of screening, in batches as simulations have them."""
    labels, marks, order = np.full(len(y), -1), list[str](), list[int]()
    next_records = np.array(known, dtype=np.intp)
    while True:
        labels[next_records] = y[next_records]
        if marks_of:
            marks += [word for row in next_records if y[row] for word in marks_of(row)]
        unknown = np.flatnonzero(labels == -1)
        if not len(unknown):
            return order
        ranker = RelevanceRanker(question=with_marks(question, marks))
        scores = ranker.fit(rows, labels).score(rows.take(unknown))
        n_known = len(y) - len(unknown)
        n_next = 1 if n_known < 50 else int(0.05 * n_known)
        next_records = unknown[np.argsort(-scores, kind="stable")[:n_next]]
        order += y[next_records].tolist()


def compare(frame: pd.DataFrame, question: str, options: argparse.Namespace) -> list[dict]:
    """Return the measures without and with marks, from each start."""
    texts, y = texts_of(frame), frame["label"].to_numpy()
    rows = extract(texts)
    mark = reviewer(texts, question if options.reviewer == "question" else "")
    start = question.split(". ")[0] if options.question == "title" else question
    starts = {"question": []} | {f"seed {n}": draw_priors(y, seed=n) for n in range(options.seeds)}
    results = []
    for name, known in starts.items():
        for way, marks_of in (("without", None), ("with", lambda row: mark(texts[row]))):
            measured = measure(screen(rows, y, known, question=start, marks_of=marks_of))
            kind = "question alone" if name == "question" else "two known records"
            results.append(
                {"start": kind, "marks": way, **{name: measured[name] for name in MEASURES}}
            )
    return results


def report(results: pd.DataFrame) -> None:
    """Print the means, and the paired differences over sets."""
    means = results.groupby(["start", "marks", "set"])[MEASURES].mean()
    print(means.groupby(["start", "marks"]).mean().round(3).to_string())
    for start in means.index.unique("start"):
        differences = means.loc[start].loc["with"] - means.loc[start].loc["without"]
        print(f"{start}: with marks minus without, {len(differences)} sets")
        for name in MEASURES:
            values = differences[name].to_numpy()
            low, high = interval(values)
            print(
                f"  {name:6} {values.mean():+.3f}  [{low:+.3f}, {high:+.3f}]"
                f"  from {values.min():+.3f} to {values.max():+.3f}"
            )


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the labelled sets")
    parser.add_argument("--sets", nargs="*", help="names of sets; default: all with a question")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--question", choices=["whole", "title"], default="whole")
    parser.add_argument("--reviewer", choices=["question", "any"], default="question")
    options = parser.parse_args()
    if not options.data.is_dir():
        raise SystemExit(f"There is no {options.data} here. Put the labelled sets there.")
    questions = json.loads((options.data / "questions.json").read_text(encoding="utf-8"))
    tables = []
    for name in options.sets or questions:
        frame = pd.read_csv(options.data / f"{name}.csv.gz")
        tables.append(pd.DataFrame(compare(frame, questions[name], options)).assign(set=name))
        print(tables[-1].round(3).to_string(index=False), flush=True)
    report(pd.concat(tables))


if __name__ == "__main__":
    main()
