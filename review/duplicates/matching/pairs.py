"""Find the pairs of records that are, or may be, the same report."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from review.duplicates.matching.bands import Judged, Progress, judge
from review.duplicates.matching.block import candidate_pairs
from review.duplicates.matching.compare import Comparison
from review.duplicates.matching.differences import Difference
from review.duplicates.matching.evidence import gather
from review.duplicates.matching.prepare import FIELDS, Bools, Hashes, Ints, Prepared, prepare
from review.duplicates.matching.veto import PairKind

COLUMNS = ("left", "right", "score", "band", "kind", "is_mergeable", "evidence", "tie")


def find_pairs(
    records: pd.DataFrame,
    *,
    against: pd.DataFrame | None = None,
    terms: Iterable[str] = (),
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the pairs that are or may be one report, and those that only look like it.

    ``records`` has any of ``FIELDS``; whatever is missing counts as unknown.  With ``against``,
    records that were compared before, only pairs with at least one of ``records`` are returned
    and positions count through ``against`` first and ``records`` after it.  A record that says
    exactly what an earlier one says is paired with the first such record only.  ``terms`` are
    texts of the protocol: places, terms and codes, which are not misspellings of one another.

    Columns: left < right (positions), score (0-1, six decimals), band (`merge`, `ask`, or
    `apart` for pairs that a rule keeps from being merged), kind (`duplicate`, `same_study`,
    `different`), is_mergeable (whether neither a rule nor a telling word speaks against merging
    it), evidence (see ``Evidence``), tie (a text that depends on what the two records
    say, not on their positions).  Sorted by score, best first, then by tie.
    """
    tell = on_progress or (lambda _: None)
    everything = _stack(against, records)
    n_old = 0 if against is None else len(against)
    prepared = prepare(everything, terms)
    tell(0.1)
    unique, copies = _equal_records(prepared.fingerprints)
    is_new = np.zeros(len(prepared), dtype=bool)
    is_new[n_old:] = True
    left, right = _candidates(prepared, unique, copies, is_new=is_new)
    tell(0.4)
    used, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    involved = prepared.take(used)
    ends = places[: len(left)].astype(np.int64), places[len(left) :].astype(np.int64)
    judged = judge(involved, *ends, tell=lambda done: tell(0.4 + 0.5 * done))
    frame = _frame(involved, judged, used)
    tell(1.0)
    return frame


def _stack(against: pd.DataFrame | None, records: pd.DataFrame) -> pd.DataFrame:
    frames = [records] if against is None else [against, records]
    known = [frame[[name for name in frame.columns if name in FIELDS]] for frame in frames]
    known = [frame.loc[:, ~frame.columns.duplicated()].astype(object) for frame in known]
    return pd.concat(known, ignore_index=True)


def _equal_records(fingerprints: Hashes) -> tuple[Ints, tuple[Ints, Ints]]:
    """Return the first of each kind of equal records, and pairs (first, copy) for the others."""
    _, first, kind = np.unique(fingerprints, return_index=True, return_inverse=True)
    head = first[kind]
    copies = np.flatnonzero(head != np.arange(len(fingerprints)))
    return np.sort(first), (head[copies], copies)


def _candidates(
    prepared: Prepared, unique: Ints, copies: tuple[Ints, Ints], *, is_new: Bools
) -> tuple[Ints, Ints]:
    left, right = candidate_pairs(prepared.take(unique), is_new[unique])
    heads, others = (ends[is_new[copies[1]]] for ends in copies)  # old records come first
    return np.concatenate([unique[left], heads]), np.concatenate([unique[right], others])


def _frame(records: Prepared, judged: Judged, positions: Ints) -> pd.DataFrame:
    ends = positions[judged.pairs.left], positions[judged.pairs.right]
    frame = pd.DataFrame(
        {
            "left": np.minimum(*ends),
            "right": np.maximum(*ends),
            "score": judged.scores,
            "band": [band.value for band in judged.bands],
            "kind": [(veto.kind if veto else PairKind.DUPLICATE).value for veto in judged.vetoes],
            "is_mergeable": [
                veto is None and difference != Difference.TELLING
                for veto, difference in zip(judged.vetoes, judged.differences, strict=True)
            ],
            "evidence": [
                gather(records, judged.pairs, place, veto=veto)
                for place, veto in enumerate(judged.vetoes)
            ],
            "tie": _ties(records, judged.pairs),
        },
        columns=list(COLUMNS),
    )
    frame["minus_score"] = -frame["score"]
    frame = frame.sort_values(["minus_score", "tie", "left", "right"], kind="stable")
    return frame.drop(columns="minus_score").reset_index(drop=True)


def _ties(records: Prepared, pairs: Comparison) -> list[str]:
    one, other = records.fingerprints[pairs.left], records.fingerprints[pairs.right]
    ends = zip(np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True)
    return [f"{low:016x}{high:016x}" for low, high in ends]
