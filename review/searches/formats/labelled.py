"""Text with a label of two letters before each value: `TI: `, `AU: `.

The Cochrane Library writes it as "Citation and abstract"; EconLit and other databases of EBSCO and
ProQuest write it too, each with its own choice of labels.
"""

import re
from collections.abc import Iterator

from review.searches.formats.building import build_record, marked_blocks
from review.searches.formats.fields import clean_doi, doi_in_url
from review.searches.formats.names import split_names
from review.searches.formats.records import Block, ParsedRecord
from review.searches.formats.ris import take_abstract, take_other_abstracts
from review.searches.formats.source import TextSource
from review.searches.formats.sources import SourceLine, split_source
from review.searches.formats.tagged import Starts, Tags, after_blank_line, line_start

MARK = re.compile(r"Record #?\d{1,7} of \d{1,7}\s{1,9}[A-Z][A-Z0-9]: ")
_FIRST = re.compile(r"Record #?\d{1,7} of \d|(?:ID|AN|UI|TI|AU):[ \t]")
_KNOWN_WORDS = (
    "AB AD AF AN AU BT CC DE DI DO DOI DP DT ED EI IB ID IP IS ISBN ISSN JN JO JT KW KY LA LG LK "
    "NO NR NT PB PD PG PM PMID PP PT PU PY SN SO SU TI UI UR URL US VI VL VO XR YR"
)
_KNOWN = frozenset(_KNOWN_WORDS.split())
_LINE = re.compile(r"[ \t\ufeff]{0,3}([A-Z][A-Z0-9]{1,3}):(?:[ \t]+(.*)|[ \t]*$)")
_CENTRAL = "10.1002/central/"  # the register's entry, not the article it is about


def read(source: TextSource) -> Iterator[Block]:
    """Yield the blocks of a file with labels; a heading before the first is not a block."""
    return marked_blocks(source, _FIRST, _split_line, to_record=to_record, starts=_starts())


def _starts() -> Starts:
    """Return where records begin: `Record` lines, or a first label again after an empty line.

    A record may have many authors, so theirs is a first label only after a title.
    """
    seen: set[str] = set()

    def starts(text: str, begin: int, end: int) -> Iterator[int]:
        for match in _FIRST.finditer(text, begin, end):
            start = line_start(text, match.start())
            if start is None:
                continue
            label = match.group()[:2]
            is_again = ("TI" if label == "AU" else label) in seen
            if label == "Re" or (is_again and after_blank_line(text, start)):
                seen.clear()
                yield start
            seen.add(label)

    return starts


def _split_line(line: str) -> tuple[str, str] | None:
    """Return the label and value of a line, or None for a wrapped line, such as "OR: 2.1"."""
    match = _LINE.match(line)
    if match is None or match.group(1) not in _KNOWN:
        return None
    label, value = match.group(1), match.group(2) or ""
    is_prose = label == "US" and not value.startswith("http")
    return None if is_prose else (label, value)


def to_record(tags: Tags) -> ParsedRecord:
    """Return the record that these labels describe; journal and pages may come from the source."""
    years = [*tags.take_all("YR", "PY", "PD", "DP"), *tags.get("SO", ())]
    source = " ".join(" ".join(tags.pop("SO", ())).split())
    is_link = source.startswith("http")
    parts = SourceLine() if is_link else split_source(source)
    keywords = tags.take_all("KY", "KW", "DE", "SU")
    url = tags.take_first("US", "UR", "URL", "LK") or (source if is_link else None)
    return build_record(
        title=tags.take_first("TI"),
        abstract=take_abstract(tags, "AB"),
        other_abstracts=take_other_abstracts(tags, "AB"),
        authors=_authors(tags.take_all("AU")),
        years=years,
        journal=tags.take_first("JN", "JT", "JO", "BT") or parts.journal,
        volume=tags.take_first("VL", "VO", "VI") or parts.volume,
        issue=tags.take_first("NO", "IP", "NR") or parts.issue,
        first_page=tags.take_first("PG", "PP") or parts.pages,
        doi=_doi(tags, url or ""),
        pmid=_pmid(tags),
        numbers=tags.take_all("SN", "IS", "ISSN", "IB", "ISBN"),
        url=url,
        type=tags.take_first("PT", "DT"),
        language=tags.take_first("LA", "LG"),
        accession=tags.take_first("AN", "UI", "ID"),
        keywords=[word for value in keywords for word in re.split(r"[;\n]", value)],
        extra=tags,
    )


def _authors(values: list[str]) -> list[str]:
    """Return the names, which have a label each, or are in one value with separators."""
    names = [
        name
        for value in values
        for name in (" ".join(value.split()).split(";") if ";" in value else value.split("\n"))
    ]
    return split_names(names[0]) if len(names) == 1 and "," in names[0] else names


def _doi(tags: Tags, url: str) -> str | None:
    named = (clean_doi(value) for value in tags.take_all("DOI", "DO", "DI"))
    dois = [*named, doi_in_url(url)]
    return next((doi for doi in dois if doi and not doi.startswith(_CENTRAL)), None)


def _pmid(tags: Tags) -> str | None:
    """Return the PubMed id, which the Cochrane Library may give as another number (XR)."""
    others = (value for value in tags.get("XR", ()) if value.startswith("PUBMED"))
    return tags.take_first("PM", "PMID") or next(others, None)
