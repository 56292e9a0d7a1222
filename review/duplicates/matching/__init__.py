"""Find records of the same report: DataFrame in, pairs, clusters and questions out.

    pairs = find_pairs(records)
    labels = cluster(len(records), pairs)
    asked = questions(len(records), labels, pairs)

Nothing here touches a database, changes a record or depends on the records' order.
"""

from review.duplicates.matching.accepted import bands_accepting
from review.duplicates.matching.cluster import cluster, questions
from review.duplicates.matching.evidence import Evidence, explain
from review.duplicates.matching.pairs import find_pairs
from review.duplicates.matching.prepare import FIELDS
from review.duplicates.matching.table import dedupe_table
from review.duplicates.matching.veto import PairKind
from review.duplicates.partition import Band

__all__ = [
    "FIELDS", "Band", "Evidence", "PairKind", "bands_accepting", "cluster", "dedupe_table",
    "explain", "find_pairs", "questions",
]  # fmt: skip
