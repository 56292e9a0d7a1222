"""Tidy single values: DOIs, years, pages, numbers, and text without markup."""

import html
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

_TAGS = re.compile(
    r"</?(?:i|b|u|em|strong|sub|sup|p|br|span|div|font|inf|scp|sc|bold|italic|title|sec|"
    r"jats:[a-z]+)(?:\s[^<>]{0,200})?\s?/?>",
    re.IGNORECASE,
)
_BLOCK_TAGS = re.compile(
    r"</?(?:p|br|div|sec|title|jats:(?:p|sec|title))\b[^<>]{0,200}>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")

_DOI = re.compile(r"10\.\d{4,9}(?:\.\d{1,9})*/[^\s\"<>|\\]+")
# Entries of CENTRAL and of the Cochrane Library's other databases, ISRCTN, and F1000's comments.
_ENTRY_DOI = re.compile(
    r"10\.1002/(?:central|cl(?:central|hta|eed|dare|cmr|about))/|10\.1186/isrctn\d|10\.3410/f\.\d"
)
_DOI_ONLY = re.compile(
    r"\W{0,4}(?:(?:https?://)?(?:dx\.)?doi(?:\.org/|\s?:|\s)?\s?)?:?\s?(10\.\d{4,9}/\S+)\W{0,4}",
    re.IGNORECASE,
)
_DOI_IN_URL = re.compile(r"(?:doi\.org/|/doi/|[?&;]doi=|id=doi:|doi:)", re.IGNORECASE)
_URL_TAIL = re.compile(r"/(?:full|abstract|pdf|epdf|summary|fulltext|html|meta)$", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_COMPACT_DATE = re.compile(r"\s*((?:19|20)\d\d)(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\b")
_ISSN = re.compile(r"(?<![\dXx])(?<!\d-)(\d{4})-?(\d{3}[\dXx])(?![\dXx-])")
_ISBN = re.compile(r"(?<!\d)(97[89](?:[- ]?\d){10}|\d(?:[- ]?\d){8}[- ]?[\dXx])(?![\dXx])")
_PMID = re.compile(r"(?<!\d)[1-9]\d{0,7}(?!\d)")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_DASH = re.compile(r"\s?-{1,3}\s?")
_PAGE_WORD = re.compile(r"pp?\.? ?(?=\d)")  # `p17 - 31`, `pp. 3-9`
_TWO_SPACES = re.compile("  ")
_LONG = 100  # characters of a text, below which one look at all of them is fastest
_SHORT = 40  # characters of a text that is likely to come again
_MOST_ESCAPES = 6


def tidy(text: str) -> str:
    """Return ``text`` on one line with single spaces, without inline markup or HTML entities."""
    if "&" in text:
        text = unescaped(text)
    if "<" in text:
        text = _TAGS.sub("", _BLOCK_TAGS.sub(" ", text))
    return one_line(text)


def unescaped(text: str) -> str:
    """Return ``text`` with HTML entities as characters, however often they were escaped.

    Every export of an export escapes the ampersands again: `&amp;amp;lt;` is `<`.
    """
    for _ in range(_MOST_ESCAPES):
        if "&" not in text or not _ENTITY.search(text):
            break
        text = html.unescape(text)
    return text


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one space."""
    # The plain space is the only white space that is printable, so most texts need no splitting.
    # Looking for each kind is faster than isprintable() in abstracts, most of which are ASCII.
    if len(text) > _LONG and text.isascii():
        is_plain = not (
            _TWO_SPACES.search(text)
            or "\n" in text or "\t" in text or "\r" in text or "\v" in text or "\f" in text
            or "\x1c" in text or "\x1d" in text or "\x1e" in text or "\x1f" in text
        )  # fmt: skip
    else:
        is_plain = "  " not in text and text.isprintable()
    return text.strip() if is_plain else " ".join(text.split())


def are_tidy(texts: list[str]) -> bool:
    """Return whether ``tidy`` would change none of these texts, none of which is empty."""
    joined = f"|{'|'.join(texts)}|"
    return joined.isprintable() and not (
        "&" in joined or "<" in joined or "  " in joined
        or " |" in joined or "| " in joined or "||" in joined or "\uff1b" in joined
    )  # fmt: skip


def tidy_or_none(text: str | None) -> str | None:
    """Return ``tidy(text)``, or None for an empty text."""
    if not text:
        return None
    return (_tidy_short(text) if len(text) < _SHORT else tidy(text)) or None


@lru_cache(maxsize=4096)
def _tidy_short(text: str) -> str:
    """Return ``tidy(text)``; journals, types and volumes are the same in many records."""
    return tidy(text)


_NOTICE = re.compile(
    r"(?<=[.!?)\]\"”»…])\s{1,3}(?:\(PsycINFO Database Record )?"
    r"(?:©|\(c\)|Copyright(?: ?(?:©|\(c\)))?) ?(?:19|20)\d\d.{0,200}$",
    re.IGNORECASE | re.DOTALL,
)
_NOTICE_LENGTH = 260
_SHORTEST_ABSTRACT = 40


def without_notice(abstract: str | None) -> tuple[str | None, str | None]:
    """Return an abstract without the copyright notice at its end, and the notice."""
    if not abstract:
        return abstract, None
    start = max(0, len(abstract) - _NOTICE_LENGTH)
    end = abstract[start:].lower()
    if not ("©" in end or "(c)" in end or "copyright" in end):
        return abstract, None
    match = _NOTICE.search(abstract, start)
    if match is None or match.start() < _SHORTEST_ABSTRACT:
        return abstract, None
    return abstract[: match.start()], match.group().strip()


def number_or_none(text: str | None) -> str | None:
    """Return ``tidy_or_none(text)``, with None also for the "nan" that scripts leave."""
    if not text:
        return None
    value = tidy_or_none(text)
    return None if value in ("nan", "NaN", "None", "null") else value


@lru_cache(maxsize=4)  # a reader looks for it in many places, and then the record is built
def clean_doi(text: str | None) -> str | None:
    """Return the first DOI in ``text``, in lower case from "10." on, or None.

    The DOI of an entry in a register or database is not the DOI of the work that it is about.
    """
    if not text or ("10." not in text and "%" not in text):
        return None
    if "%" in text:
        text = unquote(text)
    text = unescaped(text)
    for match in _DOI.finditer(text):
        doi = _trim_doi(match.group().lower())
        if doi and not _ENTRY_DOI.match(doi):
            return doi
    return None


def _trim_doi(doi: str) -> str:
    """Return ``doi`` without the punctuation or closing bracket of the sentence around it."""
    while doi and not doi[-1].isalnum():
        last = doi[-1]
        unbalanced = last in ")]}" and doi.count(last) > doi.count(
            {")": "(", "]": "[", "}": "{"}[last]
        )
        if last not in ".,;:'\u2019\u201d*" and not unbalanced:
            return doi
        doi = doi[:-1]
    return doi


def doi_in_url(url: str) -> str | None:
    """Return the DOI in a link to a resolver or a publisher's page, or None."""
    if not (match := _DOI_IN_URL.search(url)):
        return None
    rest = url[match.end() :]
    if match.group()[0] in "?&;" or match.group().lower().startswith("id="):
        rest = rest.split("&", 1)[0]
    rest = unquote(rest).split("?", 1)[0].split("#", 1)[0].split("&", 1)[0]
    return clean_doi(_URL_TAIL.sub("", rest))


def doi_alone(text: str) -> str | None:
    """Return the DOI if ``text`` is only a DOI, as in "doi: 10.1000/182", else None."""
    match = _DOI_ONLY.fullmatch(text.strip())
    return clean_doi(match.group(1)) if match else None


def find_year(texts: Iterable[str]) -> int | None:
    """Return the first year from 1500 to 2099 in ``texts``, or None."""
    for text in texts:
        if match := _YEAR.search(text) or _COMPACT_DATE.match(text):
            return int(match.group(1))
    return None


def find_issn(texts: Iterable[str]) -> str | None:
    """Return the first ISSN, as 1234-567X, or None."""
    return next(filter(None, map(_issn, texts)), None)


def find_isbn(texts: Iterable[str]) -> str | None:
    """Return the first ISBN of ten or thirteen digits, without hyphens, or None."""
    return next(filter(None, map(_isbn, texts)), None)


@lru_cache(maxsize=1024)  # all articles of a journal have the same
def _issn(text: str) -> str | None:
    match = _ISSN.search(text)
    return f"{match.group(1)}-{match.group(2).upper()}" if match else None


@lru_cache(maxsize=1024)
def _isbn(text: str) -> str | None:
    match = _ISBN.search(text)
    return re.sub("[- ]", "", match.group()).upper() if match else None


def find_pmid(text: str | None) -> str | None:
    """Return the first number in ``text`` that can be a PubMed identifier, or None."""
    match = _PMID.search(text) if text else None
    return match.group() if match else None


def join_pages(first: str | None, last: str | None = None) -> str | None:
    """Return one range of pages, or None if the source says that there are none."""
    first, last = number_or_none(first) or "", number_or_none(last) or ""
    if not first and not last:
        return None
    if first.isdecimal() and last.isdecimal():  # as nearly always
        return first if first == last else f"{first}-{last}"
    joined = f"{first}-{last}" if first and last and last != first and "-" not in first else first
    joined = joined or last
    if joined[:1] == "p":
        joined = _PAGE_WORD.sub("", joined, count=1)
    if not joined.isascii():
        joined = joined.translate(_DASHES)
    if "-" in joined:
        joined = _DASH.sub("-", joined)
    # Ovid writes "No Pagination Specified", which its RIS cuts into "No" and "Specified".
    if joined.lower() in (
        "no-specified",
        "no pagination specified",
        "no-pagination specified",
        "-",
    ):
        return None
    return joined or None
