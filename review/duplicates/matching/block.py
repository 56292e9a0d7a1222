"""Candidate pairs: a few likely partners for each record instead of all n²/2 pairs.

A block is a group of records that share a key (a DOI, two rare words of the title, first author
and page …).  Small blocks give all their pairs; in large ones each record meets its nearest
neighbours in two sorted orders (Hernández & Stolfo 1995, doi:10.1145/223784.223807).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from review.duplicates.matching.prepare import Bools, Hashes, Ints, Prepared

# 20 records give 190 pairs; beyond that a block costs more than it finds on the benchmark sets.
SMALL_BLOCK = 20
NEIGHBOURS = 8
RARE_WORDS = 4
# A pair of words that over 2,000 titles share says little; other keys find those records.
LARGEST_WORD_BLOCK = 2000

Progress = Callable[[float], None]


def candidate_pairs(
    records: Prepared, is_new: Bools, on_progress: Progress = lambda _: None
) -> tuple[Ints, Ints]:
    """Return positions (left, right), each of shape (m,), left < right, in ascending order.

    Each pair has at least one record where ``is_new``, shape (n,), is true.  No two records are
    expected to be equal in all fields.
    """
    orders = _sorted_orders(records)
    found = [np.empty(0, dtype=np.int64)]
    keys = list(_keys(records))
    for done, (owners, values) in enumerate(keys, start=1):
        found.append(np.unique(_pairs_of_key(owners, values, is_new, orders=orders)))
        on_progress(done / len(keys))
    codes = np.unique(np.concatenate(found))
    return codes // max(len(records), 1), codes % max(len(records), 1)


def _sorted_orders(records: Prepared) -> tuple[Ints, Ints]:
    """Return ranks of the records by title and by year, volume and page; ties by fingerprint."""
    squashed = [title.replace(" ", "") for title in records.titles]
    frame = pd.DataFrame(
        {
            "title": squashed, "year": records.years, "volume": records.volumes,
            "page": records.first_pages, "print": records.fingerprints,
        }
    )  # fmt: skip
    ranks = []
    for columns in (["title", "year", "page", "print"], ["year", "volume", "page", "print"]):
        order = frame.sort_values(columns, kind="stable").index.to_numpy()
        rank = np.empty(len(records), dtype=np.int64)
        rank[order] = np.arange(len(records))
        ranks.append(rank)
    return ranks[0], ranks[1]


def _keys(records: Prepared) -> Iterable[tuple[Ints, Hashes]]:
    """Yield, key by key, the records that have it and its hashed values."""
    years = [str(year) if year else "" for year in records.years.tolist()]
    squashed = [title.replace(" ", "") for title in records.titles]
    authors = [_first_author(text) for text in records.raw["author"]]
    volumes, pages = records.volumes, records.first_pages
    yield _key(records.dois)
    yield _key(records.raw["pmid"])
    yield _each(records.registrations)
    yield _key(squashed)
    yield _key([title[:30] if len(title) >= 30 else "" for title in squashed])
    yield _key([title[:12] for title in squashed], years)
    yield _key([title[-12:] for title in squashed], years)
    yield _key(authors, pages)
    yield _key(authors, years, volumes)
    yield _key(volumes, pages, years)
    yield _key(
        [text[:50].casefold() if len(text) > 100 else "" for text in records.raw["abstract"]]
    )
    yield _rare_word_pairs(records.titles)


def _key(*parts: Sequence[str]) -> tuple[Ints, Hashes]:
    owners = [place for place, values in enumerate(zip(*parts, strict=True)) if all(values)]
    texts = ["\x1f".join(values) for values in zip(*parts, strict=True) if all(values)]
    return np.array(owners, dtype=np.int64), _hash(texts)


def _each(values: Sequence[frozenset[str]]) -> tuple[Ints, Hashes]:
    """Return each record as often as it has values, with their hashes."""
    owners = [place for place, own in enumerate(values) for _ in own]
    return np.array(owners, dtype=np.int64), _hash([value for own in values for value in own])


def _hash(texts: Sequence[str]) -> Hashes:
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    return pd.util.hash_array(np.array(clean, dtype=object), categorize=False)


def _first_author(text: str) -> str:
    found = re.search(r"[^\W\d_]{2,}", text[:200])
    return found[0].casefold() if found else ""


def _rare_word_pairs(titles: Sequence[str]) -> tuple[Ints, Hashes]:
    """Return pairs of each title's four rarest words, ignoring words of one title only."""
    split = [sorted(set(title.split())) for title in titles]
    owners = np.repeat(np.arange(len(titles)), [len(words) for words in split])
    codes, vocabulary = pd.factorize(np.array([w for words in split for w in words], dtype=object))
    if not len(codes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
    frequency = np.bincount(codes)
    prints = _hash(list(vocabulary))
    shared = frequency[codes] > 1
    owners, codes = owners[shared], codes[shared]
    order = np.lexsort((prints[codes], frequency[codes], owners))
    owners, codes = owners[order], codes[order]
    place = _place_within(owners)
    table = np.full((len(titles), RARE_WORDS), -1, dtype=np.int64)
    rare = place < RARE_WORDS
    table[owners[rare], place[rare]] = codes[rare]
    return _combine(table, prints)


def _combine(table: Ints, prints: Hashes) -> tuple[Ints, Hashes]:
    owners, values = [], []
    for one, other in combinations(range(RARE_WORDS), 2):
        has_both = np.flatnonzero((table[:, one] >= 0) & (table[:, other] >= 0))
        low, high = prints[table[has_both, one]], prints[table[has_both, other]]
        owners.append(has_both)
        mixed = np.minimum(low, high) * np.uint64(0x9E3779B97F4A7C15) + np.maximum(low, high)
        values.append(mixed)
    return np.concatenate(owners), np.concatenate(values)


def _place_within(sorted_groups: Ints) -> Ints:
    """Return 0, 1, 2 … within each run of equal values."""
    starts = np.r_[True, sorted_groups[1:] != sorted_groups[:-1]]
    counter = np.arange(len(sorted_groups))
    return np.asarray(counter - np.maximum.accumulate(np.where(starts, counter, 0)), dtype=np.int64)


def _pairs_of_key(
    owners: Ints, values: Hashes, is_new: Bools, *, orders: tuple[Ints, Ints]
) -> Ints:
    """Return pairs coded as left * n + right, with repetitions."""
    _, block, size = np.unique(values, return_inverse=True, return_counts=True)
    has_new = np.bincount(block, weights=is_new[owners], minlength=len(size)) > 0
    wanted = has_new & (size > 1)
    found = [np.empty(0, dtype=np.int64)]
    for order, blocks, reach in (
        (orders[0], wanted & (size <= SMALL_BLOCK), SMALL_BLOCK),
        (orders[0], wanted & (size > SMALL_BLOCK), NEIGHBOURS),
        (orders[1], wanted & (size > SMALL_BLOCK) & (size <= LARGEST_WORD_BLOCK), NEIGHBOURS),
    ):
        inside = blocks[block]
        found += _neighbours(owners[inside], block[inside], order, reach=reach, is_new=is_new)
    return np.concatenate(found)


def _neighbours(owners: Ints, block: Ints, order: Ints, *, reach: int, is_new: Bools) -> list[Ints]:
    """Pair each record with the next ``reach`` records of its block in the given order."""
    sequence = np.lexsort((order[owners], block))
    owners, block = owners[sequence], block[sequence]
    found = []
    for step in range(1, reach):
        same = block[step:] == block[:-step]
        if not same.any():
            break
        one, other = owners[step:][same], owners[:-step][same]
        keep = (one != other) & (is_new[one] | is_new[other])
        one, other = one[keep], other[keep]
        found.append(np.minimum(one, other) * len(order) + np.maximum(one, other))
    return found
