"""Count the blocks of a file without the readers, so that the two counts can be compared."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

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
        r"[\n})][ \t\ufeff]{0,8}@[ \t]{0,8}(?!(?:comment|string|preamble)\b)"
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
    Format.CNKI: re.compile(
        r"\n[ \t\ufeff]{0,8}(?:\{Reference Type\}|SrcDatabase-[^\s:：]{1,20})[ \t]?[:：]"
    ),
}


# The line that begins a record, the line that ends it, and lines that only records have.
_STRETCHES = {
    Format.RIS: (
        re.compile(r"TY[ \t]{0,4}[-\u2013](?=[ \t\nA-Z]|$)"),
        re.compile(r"ER[ \t]{0,4}-"),
        re.compile(r"(?:TI|T1|AU|A1|AB|N2|DO)[ \t]{1,4}-[ \t]*\S"),
    ),
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
    if format in _STRETCHES:
        mark, end, titled = _STRETCHES[format]
        return _count_stretches(source, mark, end, titled=titled)
    if format is Format.NBIB:
        return _count_pubmed(source)
    if format is Format.REFER:
        return _count_refer(source)
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
        if line[:2] in ("TY", "PT") and mark.match(line):
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


def _count_refer(source: TextSource) -> int:
    """Return the `%0` lines, two in a row as one; without any, the paragraphs with a tag."""
    n, n_paragraphs, was_mark, is_after_blank = 0, 0, False, True
    for line in source.lines():
        is_mark = bool(re.match(r"\s{0,3}%0(?:\s|$)", line))
        n += is_mark and not was_mark
        n_paragraphs += is_after_blank and bool(re.match(r"\s{0,3}%[A-Z@]\s", line))
        was_mark, is_after_blank = is_mark, not line.strip()
    return n or n_paragraphs


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
    n, quotes, filled = 0, 0, False
    for line in _chained(head, lines):
        quotes += line.count('"')
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
