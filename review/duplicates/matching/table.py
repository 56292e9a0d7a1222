"""De-duplicate one table on its own, without a review or a database."""

from collections.abc import Callable

import pandas as pd

from review.duplicates.matching.cluster import cluster, questions
from review.duplicates.matching.pairs import find_pairs


def dedupe_table(
    records: pd.DataFrame, *, on_progress: Callable[[float], None] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (clusters, questions) for a table with `id`, as a column or the index, and FIELDS.

    Clusters has one row per record in the table's order: id and cluster_id, the id of the
    cluster's first record.  Questions has left, right (ids) and score, likeliest first.
    Raises ValueError where an id occurs twice.
    """
    ids = records["id"] if "id" in records.columns else records.index.to_series()
    ids = ids.reset_index(drop=True)
    if ids.duplicated().any():
        twice = ids[ids.duplicated()].iloc[0]
        raise ValueError(f"The id {twice!r} occurs more than once; ids must be unique.")
    pairs = find_pairs(records, on_progress=on_progress)
    labels = cluster(len(records), pairs)
    asked = questions(len(records), labels, pairs)
    clusters = pd.DataFrame({"id": ids, "cluster_id": ids.to_numpy()[labels]})
    possible = pd.DataFrame(
        {side: ids.to_numpy()[asked[side].to_numpy()] for side in ("left", "right")}
    )
    return clusters, possible.assign(score=asked["score"].to_numpy())
