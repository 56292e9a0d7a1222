"""Count the blocks of a file without the readers, so that the two counts can be compared."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from review.searches.formats.counting_ris import RisCount
from review.searches.formats.records import Format
from review.searches.formats.source import TextSource
from review.searches.formats.tables import HEAD_ROWS, find_layout
from review.searches.formats.workbook import iter_rows

_OVERLAP = 256

# Each begins with the newline (or the tag) before the mark, so that marks in mid-line do not count.
_MARKS = {
    Format.PUBMED_XML: re.compile(r"<Pubmed(?:Book)?Article(?=[\s/>])"),
    Format.ENDNOTE_XML: re.compile(r"<record(?=[\s/>])"),
    Format.EBSCO_XML: re.compile(r"<controlInfo(?=[\s/>])"),
    Format.ICTRP_XML: re.compile(r"<TrialID(?=[\s/>])"),
    Format.ZOTERO_RDF: re.compile(r"<z:itemType>(?!\s*(?:attachment|note|annotation)\b)"),
    Format.BIBTEX: re.compile(
        r"[\n})][ \t\ufeff]{0,8}@[ \t]{0,8}"
        r"(?!(?:comment|string|preamble|set|xdata|control|ieeetranbstctl|bstcontrol)\b)"
        r"[A-Za-z]{2,40}\s{0,8}[{(]",
        re.IGNORECASE,
    ),
    Format.TRIALS_JSON: re.compile(r'"protocolSection"(?=\s{0,9}:)'),
    Format.OPENALEX: re.compile(r'"id"\s{0,9}:\s{0,9}"https://openalex\.org/W(?=\d)'),
    # A reference has its number alone.
    Format.LENS: re.compile(r'"lens_id"\s{0,9}:\s{0,9}"[\w-]{1,40}"\s{0,9},'),
    Format.PUBMED_TEXT: re.compile(r"\sPMID:\s\d"),
    Format.OVID: re.compile(r"\n[ \t\ufeff]{0,8}<\d{1,7}[ \t]?\.?[ \t]?>[ \t]*(?=\n)"),
    Format.REFWORKS: re.compile(r"\nRT (?=[A-Z])"),
}


# The line that begins a record, the line that ends it, and lines that only records have.
_STRETCHES = {
    Format.WOS: (
        re.compile(r"PT(?: [A-Z]| ?$)"),
        re.compile(r"ER\s*$"),
        re.compile(r"(?:TI|AU|UT) \S"),
    ),
}


def count_blocks(path: Path, *, format: Format, encoding: str) -> int:  # noqa: A002
    """Return how many records begin in the file; for tables, how many rows are filled."""
    if format is Format.XLSX:
        return _count_sheet(path)
    source = TextSource(path, encoding=encoding)
    if format in (Format.CSV, Format.TSV):
        return _count_rows(source)
    if format is Format.RIS:
        return RisCount().count(source.lines())
    if format in _STRETCHES:
        mark, end, titled = _STRETCHES[format]
        return _count_stretches(source, mark, end, titled=titled)
    if format is Format.NBIB:
        return _count_pubmed(source)
    if format is Format.REFER:
        return _count_tagged(source, _refer_tag, ("0",), title="T")
    if format is Format.CNKI:
        return _count_tagged(source, _cnki_tag, ("Reference Type", "SrcDatabase"), title="Title")
    if format is Format.LABELLED:
        return _count_labelled(source)
    if format is Format.PROQUEST:
        return _count_titles(source)
    if format is Format.CSL_JSON:
        return _count_objects(source)
    return _count_marks(source, _MARKS[format])


def _count_marks(source: TextSource, mark: re.Pattern[str]) -> int:
    """Return the matches of ``mark``; each chunk is searched with the end of the last one."""
    n, text, counted_to = 0, "\n", 0
    for chunk in source:
        text += chunk
        safe = len(text) - _OVERLAP
        for match in mark.finditer(text, counted_to):
            if match.start() >= safe:
                break
            n += 1
            counted_to = match.end()
        cut = max(min(safe, len(text)), 0)
        text, counted_to = text[cut:], max(counted_to - cut, 0)
    return n + len(mark.findall(f"{text}\n", counted_to))


def _count_stretches(
    source: TextSource, mark: re.Pattern[str], end: re.Pattern[str], *, titled: re.Pattern[str]
) -> int:
    """Return the lines that begin a record, plus records that lost that line."""
    n, is_marked, is_titled = 0, False, False
    for line in source.lines():
        line = line.lstrip(" \t\ufeff\x0c")
        if line.startswith("PT") and mark.match(line):
            n += 1 + (is_titled and not is_marked)
            is_marked, is_titled = True, False
        elif line.startswith("ER") and end.match(line):
            n += is_titled and not is_marked
            is_marked = is_titled = False
        elif not is_marked and not is_titled:
            is_titled = bool(titled.match(line))
    return n + (is_titled and not is_marked)


def _count_pubmed(source: TextSource) -> int:
    """Return the `PMID-` lines, plus later paragraphs that begin a record without one."""
    n, is_titled, is_after_blank = 0, True, True
    first = re.compile(r"(?:OWN|STAT|PMCR?|TI)[ \t]{0,3}-")
    title = re.compile(r"B?TI[ \t]{0,3}-")
    for line in source.lines():
        line = line.lstrip(" \t\ufeff")
        is_first = is_after_blank and is_titled and first.match(line)
        if is_first or re.match(r"PMID[ \t]{0,3}-", line):
            n += 1
            is_titled = False
        is_titled = is_titled or bool(title.match(line))
        is_after_blank = not line.strip()
    return n


def _count_tagged(
    source: TextSource, tag_of: Callable[[str], str], kinds: tuple[str, ...], *, title: str
) -> int:
    """Return how often a kind of work, a title after an empty line, or the first tag comes again.

    ``tag_of`` returns the tag of a line, or an empty text.
    """
    n, first, last, is_after_blank = 0, "", "", True
    seen: list[str] = []
    for line in source.lines():
        text = line.strip("\ufeff \t\n")
        if tag := tag_of(text):
            is_titled, is_kind = title in seen, tag in kinds
            is_again = any(kind in seen for kind in kinds) and (
                is_kind or (tag == first and is_titled)
            )
            if not seen or (
                tag != last and (is_again or (is_after_blank and (is_kind or is_titled)))
            ):
                n, seen, first = n + 1, [], tag
            seen.append(tag)
        last, is_after_blank = tag, not text
    return n


def _refer_tag(text: str) -> str:
    is_tag = text[:1] == "%" and (text[1:2].isalnum() or text[1:2] == "@")
    return text[1] if is_tag and text[2:3] in ("", " ", "\t") else ""


def _cnki_tag(text: str) -> str:
    """Return the tag in `{Title}: …` or `Title-题名: …`."""
    name, colon, _ = text[:70].replace("：", ":", 1).partition(":")
    name = name.strip()
    if not colon or not name:
        return ""
    if name[0] == "{" and name[-1] == "}":
        return name[1:-1]
    tag, hyphen, chinese = name.partition("-")
    return tag if hyphen and chinese and tag.isalpha() and tag.isascii() else ""


def _count_labelled(source: TextSource) -> int:
    """Return the lines that number the records; without any, the titles."""
    n_numbered, n_titles = 0, 0
    for line in source.lines():
        words = line.split()
        n_numbered += words[:1] == ["Record"] and len(words) == 4 and words[2] == "of"
        n_titles += words[:1] == ["TI:"]
    return n_numbered or n_titles


def _count_titles(source: TextSource) -> int:
    """Return the lines that begin with "Title:", or with ProQuest's number if there are more."""
    n_titles, n_numbers = 0, 0
    for line in source.lines():
        name = line.partition(":")[0].strip().lower()
        n_titles += name == "title"
        n_numbers += name == "proquest document id"
    return max(n_titles, n_numbers)


def _count_rows(source: TextSource) -> int:
    """Return the filled rows below the headings; a row ends at a newline outside quotes."""
    lines = source.lines()
    head = list(islice(lines, HEAD_ROWS * 5))
    layout = find_layout(head)
    heading = layout.heading_row if layout else 0
    delimiter = layout.delimiter if layout else ","
    has_quotes = layout is None or layout.is_quoted
    n, quotes, filled = 0, 0, False
    for line in _chained(head, lines):
        quotes += line.count('"') if has_quotes else 0
        filled = filled or bool(line.replace('"', "").replace(delimiter, "").strip())
        if quotes % 2 == 0:
            n += filled
            quotes, filled = 0, False
    return max(n + filled - heading - 1, 0)


def _chained(head: list[str], rest: Iterator[str]) -> Iterator[str]:
    yield from head
    yield from rest


def _count_objects(source: TextSource) -> int:
    """Return the objects at the outermost level of braces, ignoring braces in strings."""
    n, depth = 0, 0
    rest = ""
    for chunk in source:
        text = rest + chunk
        last = text.rfind("\n") + 1 or len(text)
        text, rest = text[:last], text[last:]
        for sign in re.findall(r'"(?:[^"\\]|\\.)*"|[{}]', text):
            n += sign == "{" and depth == 0
            depth += {"{": 1, "}": -1}.get(sign, 0)
    return n


def _count_sheet(path: Path) -> int:
    rows = [cells for _, cells in islice(iter_rows(path), HEAD_ROWS)]
    layout = find_layout(["\t".join(cells) + "\n" for cells in rows])
    heading = layout.heading_row if layout else 0
    return max(sum(1 for _ in iter_rows(path)) - heading - 1, 0)
