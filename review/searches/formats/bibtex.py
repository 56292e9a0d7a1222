"""BibTeX and BibLaTeX, forgiving: what one entry breaks costs that entry at most."""

import re
from collections.abc import Iterator

from review.searches.formats.building import Blocks, build_record
from review.searches.formats.fields import clean_doi, doi_alone, doi_in_url
from review.searches.formats.latex import to_text
from review.searches.formats.records import RECORD_LIMIT, Block, ParsedRecord
from review.searches.formats.source import Source
from review.searches.formats.tagged import cut, line_start

NOT_BALANCED = "The braces of this entry do not balance; its fields were told apart by their names."

_MACRO_LIMIT = 100_000
ENTRY = re.compile(r"@[ \t]{0,20}([A-Za-z]{2,40})\s{0,100}[{(]")
_KEY = re.compile(r"\s{0,100}([^,={}\"\n]{0,500}),")
_FIELD = re.compile(r"[\s,]{0,1000}([A-Za-z_][\w:.+/-]{0,80})\s{0,100}=\s{0,100}")
_NEXT_FIELD = re.compile(
    r"[\n,][ \t]{0,200}([A-Za-z_][\w:.+/-]{0,80})[ \t]{0,100}=[ \t]{0,100}(?=[{\"\w])"
)
_SWALLOWED = re.compile(
    r"\n[ \t]{0,200}(?:abstract|author|booktitle|date|doi|isbn|issn|journal|journaltitle|keywords|"
    r"month|number|pages|publisher|title|url|volume|year)[ \t]{0,100}=[ \t]{0,100}[{\"\d]",
    re.IGNORECASE,
)
_ESCAPING = re.compile(r"\\.|[{}]", re.DOTALL)
_LITERAL = re.compile(r"[{}]")
_QUOTED = re.compile(r"\\.|[{}\"]", re.DOTALL)
_BARE = re.compile(r"[^\s,#{}\"]{1,500}")
_JOIN = re.compile(r"\s{0,1000}#\s{0,1000}")
_NO_RECORDS = frozenset(("comment", "preamble", "string"))
_MONTH_NAMES = (
    "January February March April May June July August September October November December"
)
_MONTHS = {month[:3].lower(): month for month in _MONTH_NAMES.split()}


def read(source: Source) -> Iterator[Block]:
    """The blocks of a BibTeX file: every entry, entries with equal keys included."""
    blocks = Blocks()
    macros = dict(_MONTHS)
    for line, text in cut(source, _starts, boundary="}\n"):
        opening = ENTRY.match(text.lstrip(" \t\ufeff"))
        if opening is None:
            continue
        kind = opening.group(1).lower()
        if len(text) > RECORD_LIMIT:
            yield blocks.too_long(line=line, raw=text)
        elif kind == "string":
            _learn_macro(text, macros)
        elif kind not in _NO_RECORDS:
            text, faults = source.clean(text)
            entry = Entry(text, macros)
            warnings = [*faults, NOT_BALANCED] if not entry.is_balanced else faults
            raw = text.strip("\n")
            yield blocks.block(to_record(entry), line=line, raw=raw, warnings=warnings)


def _starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Entries at the beginning of a line, or right after the brace that closes another."""
    for found in ENTRY.finditer(text, begin, end):
        start = line_start(text, found.start())
        if start is not None:
            yield start
        elif text[max(0, found.start() - 12) : found.start()].rstrip(" \t")[-1:] in ("}", ")"):
            yield found.start()


def _learn_macro(text: str, macros: dict[str, str]) -> None:
    found = ENTRY.search(text)
    if found and (field := _FIELD.match(text, found.end())):
        value, _ = value_at(text, field.end(), macros)
        macros[field.group(1).lower()] = value[:_MACRO_LIMIT]


class Entry:
    """One entry: its type, its key and its fields, names in lower case, values as LaTeX."""

    def __init__(self, text: str, macros: dict[str, str]) -> None:
        opening = ENTRY.search(text)
        assert opening is not None  # noqa: S101 - entries are cut where this matches
        self.kind = opening.group(1).lower()
        key = _KEY.match(text, opening.end())
        self.key = key.group(1).strip() if key else ""
        self.fields: dict[str, list[str]] = {}
        self.is_balanced = True
        self._read(text, key.end() if key else opening.end(), macros)

    def _read(self, text: str, position: int, macros: dict[str, str]) -> None:
        while found := _FIELD.match(text, position):
            value, position = self._next_value(text, found.end(), macros)
            self.fields.setdefault(found.group(1).lower(), []).append(value)

    def _next_value(self, text: str, begin: int, macros: dict[str, str]) -> tuple[str, int]:
        # Once braces have failed they are not counted again: that keeps the work linear.
        if self.is_balanced:
            value, end = value_at(text, begin, macros)
            if end >= 0 and not _SWALLOWED.search(text, begin, end):
                return value, end
            self.is_balanced = False
        return _up_to_next_field(text, begin)

    def all(self, *names: str) -> list[str]:
        """Every value of these fields, as text."""
        values = [value for name in names for value in self.fields.pop(name, ())]
        return [text for value in values if (text := to_text(value).strip())]

    def first(self, *names: str) -> str | None:
        """The first value that these fields have, as text."""
        return next((value for name in names for value in self.all(name)), None)

    def names(self, name: str) -> list[str]:
        """The people in a field; bodies, which stand in braces, end in a comma."""
        return [_name(one) for value in self.fields.pop(name, ()) for one in _split_and(value)]


def value_at(text: str, position: int, macros: dict[str, str]) -> tuple[str, int]:
    """The value that begins at ``position`` and where it ends; -1 where it never does."""
    parts: list[str] = []
    while position < len(text):
        if text[position] in '{"':
            end = _closing(text, position)
            if end < 0:
                return "", -1
            parts.append(text[position + 1 : end])
            position = end + 1
        elif bare := _BARE.match(text, position):
            parts.append(macros.get(bare.group().lower(), bare.group()))
            position = bare.end()
        else:
            break
        if not (join := _JOIN.match(text, position)):
            break
        position = join.end()
    return "".join(parts), position


def _closing(text: str, position: int) -> int:
    """Where the brace or quote opened at ``position`` closes, or -1."""
    if text[position] == '"':
        return _scan(_QUOTED, text, position + 1, depth=0)
    end = _scan(_ESCAPING, text, position + 1, depth=1)
    # A Windows path that ends in a backslash seems to escape its closing brace.
    return end if end >= 0 else _scan(_LITERAL, text, position + 1, depth=1)


def _scan(tokens: re.Pattern[str], text: str, position: int, *, depth: int) -> int:
    for found in tokens.finditer(text, position):
        sign = found.group()
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0 and tokens is not _QUOTED:
                return found.start()
        elif sign == '"' and depth <= 0:
            return found.start()
    return -1


def _up_to_next_field(text: str, begin: int) -> tuple[str, int]:
    found = _NEXT_FIELD.search(text, begin)
    end = found.start() if found else len(text)
    return text[begin:end].strip(' \t\n,{}()"'), end


def _split_and(value: str) -> Iterator[str]:
    """The names in a list joined by "and", where the word is not inside braces."""
    begin, depth = 0, 0
    for found in re.finditer(r"\\.|[{}]|(?<=\s)and(?=\s)", value, re.DOTALL | re.IGNORECASE):
        token = found.group()
        depth += {"{": 1, "}": -1}.get(token, 0)
        if len(token) == 3 and depth <= 0:
            yield value[begin : found.start()]
            begin = found.end()
    yield value[begin:]


def _name(name: str) -> str:
    name = name.strip()
    text = " ".join(to_text(name).split())
    if name.startswith("{") and _closing(name, 0) == len(name) - 1:
        return f"{text},"
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return f"{parts[0]}, {parts[2]} {parts[1]}" if len(parts) == 3 else text


def to_record(entry: Entry) -> ParsedRecord:
    """The record that an entry describes."""
    links = entry.all("url", "ee", "link")
    kind, key = entry.kind, entry.key
    return build_record(
        title=" : ".join(entry.all("title")[:1] + entry.all("subtitle")[:1]),
        abstract=entry.first("abstract", "abstractnote"),
        authors=entry.names("author"),
        years=entry.all("year", "date", "issued"),
        journal=entry.first("journal", "journaltitle", "journal-title", "booktitle", "fjournal"),
        journal_abbreviation=entry.first(
            "shortjournal", "journal-iso", "journalabbreviation", "abbrev_source_title"
        ),
        volume=entry.first("volume"),
        issue=entry.first("number", "issue"),
        first_page=entry.first("pages", "page"),
        doi=_doi(entry, links),
        pmid=entry.first("pmid", "pubmed_id", "pubmedid"),
        numbers=entry.all("issn", "isbn", "eissn"),
        url=links[0] if links else None,
        type=kind,
        language=entry.first("language", "langid"),
        accession=entry.first("accession", "unique-id", "pmcid", "eprint", "mrnumber"),
        keywords=[
            word
            for value in entry.all("keywords", "keyword", "author_keywords", "keywords-plus")
            for word in re.split(r"[;\n]|,(?!\d)", value)
        ],
        translated_title=entry.first("titletranslation", "translatedtitle", "origtitle"),
        extra={"key": [key], **{name: entry.all(name) for name in list(entry.fields)}},
    )


def _doi(entry: Entry, links: list[str]) -> str | None:
    for value in entry.all("doi"):
        if doi := clean_doi(value):
            return doi
    for name in ("note", "eprint", "howpublished"):
        for value in entry.fields.get(name, ()):
            if len(value) < 300 and (doi := doi_alone(value) or doi_in_url(value)):
                return doi
    return next((doi for link in links if (doi := doi_in_url(link))), None)
