"""The reports behind a map as references, for reference managers."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import asdict

from heatmap.contents import Report
from review.exports import RIS_TAGS, ris_entry
from review.safe_text import safe_cell

_BIBTEX = {"JOUR": "article", "BOOK": "book", "CHAP": "incollection", "CONF": "inproceedings",
           "CPAPER": "inproceedings", "THES": "phdthesis", "RPRT": "techreport"}  # fmt: skip
_HOLDER = {"article": "journal", "incollection": "booktitle", "inproceedings": "booktitle"}
_SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
            "^": r"\textasciicircum{}"} | {sign: f"\\{sign}" for sign in "&%$#_"}  # fmt: skip


def to_ris(reports: Iterable[Report]) -> str:
    """Return the reports as RIS."""
    return "".join(
        ris_entry(
            dict.fromkeys(RIS_TAGS) | asdict(report) | {"other_abstracts": (), "keywords": ()}
        )
        for report in reports
    )


def to_bibtex(reports: Iterable[Report]) -> str:
    """Return the reports as BibTeX, in UTF-8; keys are the first author, the year and a number."""
    return "\n".join(_bibtex(number, report) for number, report in enumerate(reports, start=1))


def _bibtex(number: int, report: Report) -> str:
    kind = _BIBTEX.get(report.type or "", "misc")
    fields = {
        "author": " and ".join(_plain(author) for author in report.authors),
        "title": f"{{{_plain(report.title)}}}",
        "year": str(report.year or ""),
        _HOLDER.get(kind, "howpublished"): _plain(report.journal),
        "volume": _plain(report.volume),
        "number": _plain(report.issue),
        "pages": _plain(report.pages).replace("-", "--") if report.pages else "",
        "doi": _plain(report.doi),
        "url": _plain(report.url),
    }
    family = re.sub(r"\W", "", (report.authors[0] if report.authors else "anon").split(",")[0])
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{family}{report.year or ''}_{number},", *lines, "}", ""])


def _plain(value: str | None) -> str:
    text = " ".join((value or "").split())
    return "".join(_SPECIAL.get(character, character) for character in text)


def to_csv(reports: Iterable[Report]) -> str:
    """Return the reports as CSV that a spreadsheet cannot run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["authors", "year", "title", "journal", "doi", "url"])
    for report in reports:
        fields = ("; ".join(report.authors), report.title, report.journal, report.doi, report.url)
        authors, *others = (safe_cell(field or "") for field in fields)
        writer.writerow([authors, report.year or "", *others])
    return text.getvalue()
