"""Texts as counts of words and word pairs, cached so that only new texts are tokenised."""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, hstack

from review.storage.files import sha256_of, write_whole, written_whole

T = TypeVar("T")

# Raise this whenever `tokenise` changes: features cached by another version are refused.
VERSION = 1

# Scripts without spaces between words (Thai, Lao, Burmese, Khmer, kana, Han). In them each
# character counts as a word, and a pair of words is the usual character bigram.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
ASCII_WORD = re.compile(r"\w\w+")


def record_text(title: str | None, abstract: str | None = None, keywords: str | None = None) -> str:
    """Return the text a record is ranked on, without the parts that are missing."""
    return " ".join(part for part in (title, abstract, keywords) if part)


def tokenise(text: str) -> list[str]:
    """Return the words of ``text`` in order, case folded, in any script.

    A word has two or more letters, digits or marks, or is one character of a script that is
    written without spaces.  Dotted and dotless i count as the same letter, since "I" may be either.
    """
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    word, unspaced = _patterns()
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = folded.replace("i\u0307", "i").replace("ı", "i")
    return word.findall(unspaced.sub(r" \g<0> ", folded))


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    # `re` does not count a vowel sign as part of a word, which would split Hindi and Tamil words.
    marks = "".join(c for c in map(chr, range(0x300, 0x1E950)) if unicodedata.category(c)[0] == "M")
    return re.compile(rf"[\w{marks}]{{2,}}|[{UNSPACED}]"), re.compile(rf"[{UNSPACED}][{marks}]*")


@dataclass(frozen=True, eq=False)
class Features:
    """Selected rows of a collection of texts, each text kept as the sequence of its words.

    Whatever words are weighted by (how many texts contain them, how long texts are) refers to the
    whole collection, so a row has the same weights in every selection of rows.  The content
    depends only on the texts and their order, whatever was cached before.
    """

    text_digests: tuple[str, ...]  # of the collection, shape (n,)
    words: tuple[str, ...]  # sorted
    tokens: NDArray[np.int32]  # positions in `words`, the texts end to end
    offsets: NDArray[np.int64]  # shape (n + 1,): text i is tokens[offsets[i]:offsets[i + 1]]
    rows: NDArray[np.intp]  # positions of the selected texts
    derived: dict[Hashable, Any] = field(default_factory=dict, repr=False)  # shared by selections

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def n_texts(self) -> int:
        """The number of texts in the collection."""
        return len(self.text_digests)

    @property
    def digests(self) -> tuple[str, ...]:
        """The sha256 of each selected text, shape (len(self),)."""
        return tuple(self.text_digests[row] for row in self.rows)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of words in each text of the collection, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def collection_digest(self) -> str:
        """The sha256 of the collection's texts in their order."""
        return self.derive_once(
            "collection_digest",
            lambda: hashlib.sha256("\n".join(self.text_digests).encode()).hexdigest(),
        )

    def derive_once(self, key: Hashable, derive: Callable[[], T]) -> T:
        """Return the result of ``derive``, computed once per ``key`` for all selections of rows."""
        if key not in self.derived:
            self.derived[key] = derive()
        value: T = self.derived[key]
        return value

    def take(self, rows: ArrayLike) -> Self:
        """Return the rows at positions ``rows``, or where a mask is true; there may be none."""
        selected = np.asarray(rows)
        if selected.dtype != np.bool_:
            selected = selected.astype(np.intp)
        return replace(self, rows=self.rows[selected])

    def extend(self, texts: Sequence[str]) -> "Features":
        """Return the features of the collection's texts followed by ``texts``, all selected."""
        added = [digest_of(text) for text in texts]
        return _assemble(
            [*self.text_digests, *added], known=self, texts=dict(zip(added, texts, strict=True))
        )

    def counts(
        self,
        ngram_range: tuple[int, int] = (1, 2),
        *,
        max_df: float = 1.0,
    ) -> csr_array:
        """Return how often each n-gram occurs in each text of the collection, shape (n, n_grams).

        N-grams found in more than the share ``max_df`` of the texts are left out, unless they are
        in only one text.
        """
        counts, _ = self._n_grams(ngram_range, max_df)
        return counts

    def terms(
        self,
        columns: NDArray[np.intp],
        ngram_range: tuple[int, int] = (1, 2),
        *,
        max_df: float = 1.0,
    ) -> list[str]:
        """Return the n-grams of these columns of `counts`, their words joined with a blank."""
        _, first_uses = self._n_grams(ngram_range, max_df)
        return [
            " ".join(self.words[token] for token in self.tokens[start : start + size])
            for start, size in first_uses[columns].tolist()
        ]

    def _n_grams(
        self, ngram_range: tuple[int, int], max_df: float
    ) -> tuple[csr_array, NDArray[np.int64]]:
        """Return the counts, and each column's first start in ``tokens`` and number of words."""
        key = ("n_grams", tuple(ngram_range), max_df)
        return self.derive_once(key, lambda: self._count_n_grams(ngram_range, max_df))

    def _count_n_grams(
        self, ngram_range: tuple[int, int], max_df: float
    ) -> tuple[csr_array, NDArray[np.int64]]:
        shortest, longest = ngram_range
        ends = np.repeat(self.offsets[1:], self.lengths)
        starts = np.arange(len(self.tokens))
        tokens, n_words = self.tokens.astype(np.int64), len(self.words)
        grams, n_grams = tokens, n_words
        blocks, first_uses = [], []
        for size in range(1, longest + 1):
            if size > 1:
                fits = starts + size <= ends[starts]
                starts = starts[fits]
                keys = grams[fits] * n_words + tokens[starts + size - 1]
                distinct, grams = np.unique(keys, return_inverse=True)
                n_grams = len(distinct)
            if size >= shortest:
                block = self._count(starts, grams, n_grams)
                kept = _uncommon(block, max_df=max_df)
                first = np.zeros(block.shape[1], dtype=np.int64)
                first[grams[::-1]] = starts[::-1]
                blocks.append(block[:, kept])
                first_uses.append(np.column_stack([first[kept], np.full(len(kept), size)]))
        return csr_array(hstack(blocks, format="csr")), np.concatenate(first_uses)

    def _count(
        self, starts: NDArray[np.int64], grams: NDArray[np.int64], n_grams: int
    ) -> csr_array:
        bounds = np.searchsorted(starts, self.offsets).astype(np.int32)
        ones = np.ones(len(grams), dtype=np.int32)
        counts = csr_array(
            (ones, grams.astype(np.int32), bounds), shape=(self.n_texts, max(n_grams, 1))
        )
        counts.sum_duplicates()
        return counts

    def save(self, folder: Path) -> None:
        """Write the collection to ``folder`` as arrays and JSON, replacing an earlier one."""
        with written_whole(folder / "features.npz") as file:
            np.savez(file, tokens=self.tokens, offsets=self.offsets)
        metadata = {
            "version": VERSION,
            "arrays_sha256": sha256_of(folder / "features.npz"),
            "digests": self.text_digests,
            "words": self.words,
        }
        write_whole(folder / "features.json", json.dumps(metadata).encode())


def extract(texts: Sequence[str], *, cached: Features | None = None) -> Features:
    """Return the features of exactly ``texts``, in their order, all selected.

    Only texts that are not in ``cached`` are tokenised; the result is the same without it.
    """
    order = [digest_of(text) for text in texts]
    return _assemble(order, known=cached, texts=dict(zip(order, texts, strict=True)))


def load(folder: Path) -> Features:
    """Return the collection that `Features.save` wrote to ``folder``.

    Raises FileNotFoundError if there is none, and ValueError if it is damaged or was written by
    another version.  In either case extract the features again.
    """
    metadata = json.loads((folder / "features.json").read_text(encoding="utf-8"))
    if metadata.get("version") != VERSION:
        raise ValueError(
            f"The features in {folder} were written by another version. Extract them again."
        )
    if metadata["arrays_sha256"] != sha256_of(folder / "features.npz"):
        raise ValueError(f"The features in {folder} are damaged. Extract them again.")
    with np.load(folder / "features.npz", allow_pickle=False) as arrays:
        return Features(
            text_digests=tuple(metadata["digests"]),
            words=tuple(metadata["words"]),
            tokens=arrays["tokens"],
            offsets=arrays["offsets"],
            rows=np.arange(len(metadata["digests"])),
        )


def digest_of(text: str) -> str:
    """Return the sha256 of ``text``, by which a cached text is recognised."""
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def _assemble(
    order: Sequence[str], *, known: Features | None, texts: Mapping[str, str]
) -> Features:
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    sequences: dict[str, NDArray[np.int32]] = {}
    if known is not None:
        ids.update((word, number) for number, word in enumerate(known.words))
        sequences.update(zip(known.text_digests, _sequences(known), strict=True))
    for digest, text in texts.items():
        if digest not in sequences:
            sequences[digest] = np.array([ids[word] for word in tokenise(text)], dtype=np.int32)
    chosen = [sequences[digest] for digest in order]
    words, tokens = _renumber(
        list(ids), np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int32)
    )
    return Features(
        text_digests=tuple(order),
        words=words,
        tokens=tokens,
        offsets=np.cumsum([0, *map(len, chosen)], dtype=np.int64),
        rows=np.arange(len(order)),
    )


def _sequences(features: Features) -> Iterator[NDArray[np.int32]]:
    for start, end in zip(features.offsets[:-1], features.offsets[1:], strict=True):
        yield features.tokens[start:end]


def _renumber(
    words: Sequence[str], tokens: NDArray[np.int32]
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    # In alphabetical order, so that the order in which texts were read makes no difference.
    used = np.flatnonzero(np.bincount(tokens, minlength=len(words)))
    in_order = sorted(used.tolist(), key=words.__getitem__)
    new_numbers = np.zeros(len(words), dtype=np.int32)
    new_numbers[in_order] = np.arange(len(in_order), dtype=np.int32)
    return tuple(words[number] for number in in_order), new_numbers[tokens]


def _uncommon(counts: csr_array, *, max_df: float) -> NDArray[np.intp]:
    n_texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.flatnonzero(n_texts_with <= max(max_df * counts.shape[0], 1))
