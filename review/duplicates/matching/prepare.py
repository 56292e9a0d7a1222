"""Read a table of records, whatever its columns and types, into normalised columns.

What blocking needs is read for every record; what only scoring needs is worked out on first
use, for the records that some pair contains: in an update of a large review that is a few.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from review.duplicates.matching import normalise
from review.searches.registrations import registration_number, registration_numbers

FIELDS = (
    "author", "year", "title", "journal", "volume", "number", "pages", "doi", "abstract", "isbn",
    "pmid", "type", "accession",
)  # fmt: skip
# What a record says of its report; its number in a database is another one in each.
TELLING_FIELDS = tuple(field for field in FIELDS if field != "accession")

SERIAL_FROM = 4

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Hashes = NDArray[np.uint64]

# Titles that many different works carry; found again and again in serials of every field.
_STOCK_TITLE = re.compile(
    r"(?:guest )?(?:(?:guest )?editorial(?: (?:introduction|comments?|notes?|preface))?|editors?"
    r"|introduction|foreword|preface|in this issue|news|index|contents|table of contents"
    r"|book reviews?|letters?|letters? to the editor|obituary|abstracts?|authors? reply|reply"
    r"|in reply|response|comment|commentary|correspondence|erratum|corrigend(?:um|a)"
    r"|corrections?|errata|announcements?|acknowledge?ments?|about the authors?|proceedings"
    r"|from the editors?|editors? (?:note|comments|introduction)|conclusions?"
    r"|introduction to (?:the )?special (?:issue|section).*)"
)
_YEARLY = re.compile(
    r"\b(?:annual|yearly|reports?|statistics|guidelines?|updates?|updated|survey|standards"
    r"|year in review|highlights|recommendations|\d+(?:st|nd|rd|th))\b"
)


@dataclass(frozen=True)
class Prepared:
    """Normalised columns of n records, all of length n and in the records' order."""

    raw: dict[str, list[str]]
    titles: list[str]
    dois: list[str]
    years: Ints  # 0 where unknown
    volumes: list[str]
    first_pages: list[str]
    last_pages: list[str]
    serial: Bools  # whether the table has the same title in four or more issues
    vocabulary: Counter[str]  # in how many different titles of the table each word is
    protocol_words: frozenset[str]
    registrations: list[frozenset[str]]  # numbers of the trials or reviews that each record names
    fingerprints: Hashes  # of everything the record says: equal records, equal fingerprints

    def __len__(self) -> int:
        return len(self.titles)

    def take(self, positions: Ints) -> "Prepared":
        """Return the records at ``positions``, shape (k,), in that order."""
        chosen = positions.tolist()

        def pick(column: list[str]) -> list[str]:
            return [column[position] for position in chosen]

        return Prepared(
            raw={name: pick(column) for name, column in self.raw.items()},
            titles=pick(self.titles),
            dois=pick(self.dois),
            years=self.years[positions],
            volumes=pick(self.volumes),
            first_pages=pick(self.first_pages),
            last_pages=pick(self.last_pages),
            serial=self.serial[positions],
            vocabulary=self.vocabulary,
            protocol_words=self.protocol_words,
            registrations=[self.registrations[position] for position in chosen],
            fingerprints=self.fingerprints[positions],
        )

    def _each(self, field: str, normalised: Callable[[str], str]) -> list[str]:
        memo: dict[str, str] = {}
        for text in self.raw[field]:
            if text not in memo:
                memo[text] = normalised(text)
        return [memo[text] for text in self.raw[field]]

    @cached_property
    def authors(self) -> list[str]:
        """Return the words of the authors' names."""
        return self._each("author", normalise.authors)

    @cached_property
    def journals(self) -> list[str]:
        """Return the words of the journals' names."""
        return self._each("journal", normalise.journal)

    @cached_property
    def abstracts(self) -> list[str]:
        """Return the beginnings of the abstracts."""
        return self._each("abstract", normalise.abstract)

    @cached_property
    def issues(self) -> list[str]:
        """Return the numbers of the issues within their volumes."""
        return self._each("number", normalise.volume)

    @cached_property
    def pmids(self) -> list[str]:
        """Return the PubMed numbers."""
        return self._each("pmid", normalise.pmid)

    @cached_property
    def entries(self) -> Bools:
        """Say for each record whether it is an entry of a register, by its accession number."""
        numbers = [bool(registration_number(text)) for text in self.raw["accession"]]
        return np.array(numbers, dtype=bool)

    @cached_property
    def serials(self) -> list[frozenset[str]]:
        """Return the ISSNs and ISBNs."""
        return [normalise.serials(text) for text in self.raw["isbn"]]

    @cached_property
    def words(self) -> list[list[str]]:
        """Return the words of the titles."""
        return [title.split() for title in self.titles]

    @cached_property
    def cut_short(self) -> Bools:
        """Say for each record whether its title ends in an ellipsis."""
        return np.array([normalise.is_cut_short(text) for text in self.raw["title"]], dtype=bool)

    @cached_property
    def traditional(self) -> Bools:
        """Say for each record whether its title is in traditional Chinese characters."""
        titles = self.raw["title"]
        return np.array([normalise.simplified(text) != text for text in titles], dtype=bool)

    @cached_property
    def names(self) -> list[frozenset[str]]:
        """Return the words that each title writes as names, if it writes few words so."""
        return [normalise.names(text) for text in self.raw["title"]]

    @cached_property
    def half_word(self) -> Bools:
        """Say for each record whether its title is cut short inside a word."""
        titles = self.raw["title"]
        return np.array([normalise.ends_in_half_a_word(text) for text in titles], dtype=bool)

    @cached_property
    def recurring(self) -> Bools:
        """Say for each record whether its title suggests another one like it next year."""
        return np.array([bool(_YEARLY.search(title)) for title in self.titles], dtype=bool)

    @cached_property
    def content(self) -> Ints:
        """Return how many words of each title carry meaning: none in a stock or serial title.

        Scripts that put no blanks between words count one word for every three characters.
        """
        counts = [_count_content(*pair) for pair in zip(self.titles, self.words, strict=True)]
        return np.where(self.serial, 0, np.array(counts, dtype=np.int64))


def _count_content(title: str, words: Sequence[str]) -> int:
    if _STOCK_TITLE.fullmatch(title):
        return 0
    telling = [word for word in words if len(word) > 2 and word not in normalise.STOP_WORDS]
    return len(telling) if title.isascii() else max(len(telling), _n_wide(title) // 3)


def _n_wide(title: str) -> int:
    return sum(char >= "\u2e80" for char in title)


def prepare(records: pd.DataFrame, terms: Iterable[str] = ()) -> Prepared:
    """Return the normalised columns of ``records``; absent columns count as empty.

    ``terms`` are texts of the protocol; their words are known words, not misspellings.
    """
    raw = {field: _texts(records, field) for field in FIELDS}
    pages = [normalise.pages(text) for text in raw["pages"]]
    titles = [normalise.title(text) for text in raw["title"]]
    volumes = [normalise.volume(text) for text in raw["volume"]]
    places = list(map(_place, volumes, raw["number"], [page.first for page in pages]))
    return Prepared(
        raw=raw,
        titles=titles,
        dois=[normalise.doi(text) for text in raw["doi"]],
        years=np.array([normalise.year(text) for text in raw["year"]], dtype=np.int64),
        volumes=volumes,
        first_pages=[page.first for page in pages],
        last_pages=[page.last for page in pages],
        serial=_recurs(titles, places),
        vocabulary=Counter(word for title in set(titles) for word in set(title.split())),
        protocol_words=frozenset(word for term in terms for word in normalise.plain(term).split()),
        registrations=_registrations(raw),
        fingerprints=_fingerprints(raw, len(records)),
    )


def _registrations(raw: dict[str, list[str]]) -> list[frozenset[str]]:
    """Return the registration numbers in each record's accession, title and end of the abstract.

    A record that names more than two is about other people's trials.
    """
    texts = zip(raw["accession"], raw["title"], raw["abstract"], strict=True)
    found = [registration_numbers(f"{a}\n{title}\n{text[-500:]}") for a, title, text in texts]
    return [frozenset(numbers) if len(numbers) <= 2 else frozenset() for numbers in found]


def _recurs(titles: Sequence[str], places: Sequence[tuple[str, str]]) -> Bools:
    """Say for each record whether its title is in four places or more."""
    found: dict[str, set[tuple[str, str]]] = {}
    for title, place in zip(titles, places, strict=True):
        if all(place):
            found.setdefault(title, set()).add(place)
    # Copies of one work name two places at most on the labelled sets, by mistake.
    return np.array([len(found.get(title, ())) >= SERIAL_FROM for title in titles], dtype=bool)


def _place(volume: str, number: str, page: str) -> tuple[str, str]:
    """Return volume and page; the issue where no page is known, as some sources make issues up."""
    return volume, (page or normalise.volume(number)) if number else ""


def _texts(records: pd.DataFrame, field: str) -> list[str]:
    if field not in records.columns:
        return [""] * len(records)
    column = records[field]
    if isinstance(column, pd.DataFrame):  # two columns of one name: the first one counts
        column = column.iloc[:, 0]
    return [value.strip() if isinstance(value, str) else _text(value) for value in column.tolist()]


def _text(value: object) -> str:
    """Return a value of a spreadsheet as the text its author meant: 2010.0 is `2010`."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (float, np.floating)):
        return "" if not np.isfinite(value) else f"{value:.15g}"
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip()
    return str(value).strip()


def _fingerprints(raw: dict[str, list[str]], n: int) -> Hashes:
    prints = np.empty(n, dtype=np.uint64)
    for position, values in enumerate(zip(*(raw[field] for field in TELLING_FIELDS), strict=True)):
        content = "\x1f".join(values).encode("utf-8", errors="surrogatepass")
        digest = hashlib.blake2b(content, digest_size=8).digest()
        prints[position] = int.from_bytes(digest, "little")
    return prints
