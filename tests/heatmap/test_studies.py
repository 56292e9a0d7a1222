"""What is behind a part of a map, by study, and its references for other programs."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import rispy

from heatmap.contents import CellContent, QuotedValue, Report
from heatmap.references import to_bibtex, to_csv, to_ris
from heatmap.studies import by_study, quotes_of, summarise, tags_of, themes_of
from protocols.loader import load_file
from tests.hostile_texts import HOSTILE

PROTOCOL = load_file(Path("protocols/social-outcomes-contracting.yaml")).protocol
FRAMEWORK = PROTOCOL.frameworks[0]
REPORT = Report(
    record_id=None,
    title="A bond & a {half}: 50% of $5",
    authors=["Doe, Jane", "Roe, R"],
    year=2015,
    journal="Journal_of #Bonds",
    doi="10.5555/a",
    url=None,
    type="JOUR",
    volume="3",
    issue="2",
    pages="1-9",
    abstract="What came of it.",
)


def value(key: str, words: str, quote: str | None = None) -> QuotedValue:
    return QuotedValue(PROTOCOL.item(key).label, words, quote, "4" if quote else None, key)


def content(study: int, contract: int | None, *values: QuotedValue) -> CellContent:
    return CellContent(UUID(int=study), f"Study {study}",
                       None if contract is None else UUID(int=contract),
                       None if contract is None else f"Contract {contract}",
                       [REPORT], list(values))  # fmt: skip


HIGH, MEDIUM = value("quality_appraisal", "High"), value("quality_appraisal", "Medium")
DESIGN = value("study_design", "Qualitative")
CONTENTS = [
    content(1, 10, HIGH, DESIGN, value("country", "Kenya"), value("direction_of_effect", "Benefit"),
            value("equity", "Present", "It was fair."), value("satisfaction", "Absent")),
    content(1, 11, HIGH, DESIGN, value("country", "Ghana"), value("direction_of_effect", "Mixed"),
            value("satisfaction", "Present")),
    content(2, 10, MEDIUM, value("study_design", "Systematic review"), value("country", "Kenya")),
]  # fmt: skip


def test_a_study_is_there_once_with_its_contracts():
    studies = by_study(CONTENTS, PROTOCOL)

    assert [study.label for study in studies] == ["Study 1", "Study 2"]
    first = studies[0]
    assert [(one.label, one.country) for one in first.contracts] == [
        ("Contract 10", "Kenya"), ("Contract 11", "Ghana")
    ]  # fmt: skip
    assert [one.value for one in first.values] == ["High", "Qualitative"]  # once, of the study
    assert [one.value for one in tags_of(first, FRAMEWORK, PROTOCOL)] == ["High", "Qualitative"]
    assert [one.quote for one in quotes_of(first, FRAMEWORK, PROTOCOL)] == ["It was fair."]


def test_quality_and_findings_are_summed_up_apart():
    summary = summarise(by_study(CONTENTS, PROTOCOL), FRAMEWORK, PROTOCOL)

    assert (summary.n_studies, summary.n_contracts, summary.n_reports) == (2, 2, 2)
    assert [(one.label, one.n) for one in summary.quality] == [("High", 1), ("Medium", 1)]
    assert [(one.label, one.n) for one in summary.findings] == [
        ("Benefit", 1),
        ("Mixed", 1),
        ("", 1),
    ]
    assert {one.label: one.n for one in summary.themes if one.n} == {
        "Equity": 1, "Participant or provider satisfaction": 1
    }  # fmt: skip
    assert not summary.lacks_review
    assert summarise(by_study(CONTENTS[:2], PROTOCOL), FRAMEWORK, PROTOCOL).lacks_review is False
    two = [content(1, 10, HIGH, DESIGN), content(2, 11, HIGH, DESIGN)]
    assert summarise(by_study(two, PROTOCOL), FRAMEWORK, PROTOCOL).lacks_review


def test_themes_come_with_what_is_said_of_each_contract():
    themes = themes_of(by_study(CONTENTS, PROTOCOL)[0], FRAMEWORK, PROTOCOL)

    assert [(one.label, one.values) for one in themes[:2]] == [
        ("Equity", ["Present", ""]),
        ("Participant or provider satisfaction", ["Absent", "Present"]),
    ]
    assert not any(one.is_present for one in themes[2:])


def test_values_of_older_publications_are_known_by_their_labels():
    old = content(1, 10, QuotedValue("Quality appraisal", "High", None, None))
    [study] = by_study([old], PROTOCOL)
    assert study.words_of("quality_appraisal") == ["High"]


def test_references_read_back():
    [entry] = rispy.loads(to_ris([REPORT]))
    assert entry["title"] == REPORT.title
    assert entry["authors"] == REPORT.authors
    assert (entry["year"], entry["doi"], entry["abstract"]) == (
        "2015",
        "10.5555/a",
        "What came of it.",
    )

    bibtex = to_bibtex([REPORT, REPORT])
    assert bibtex.count("@article{Doe2015_") == 2
    assert r"{{A bond \& a \{half\}: 50\% of \$5}}" in bibtex
    assert r"journal = {Journal\_of \#Bonds}" in bibtex
    assert "pages = {1--9}" in bibtex
    [line] = csv.DictReader(io.StringIO(to_csv([REPORT])))
    assert line["authors"] == "Doe, Jane; Roe, R"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_title_breaks_a_list_of_references(text):
    reports = [replace(REPORT, title=text, authors=[text], journal=text), REPORT]

    assert len(rispy.loads(to_ris(reports))) == 2
    bibtex = to_bibtex(reports)
    assert bibtex.count("\n@article{") == 1
    assert unescaped_braces(bibtex) == 0
    assert len(list(csv.reader(io.StringIO(to_csv(reports))))) == 3


def unescaped_braces(bibtex: str) -> int:
    depth = 0
    for before, sign in zip(" " + bibtex, bibtex, strict=False):
        if before != "\\":
            depth += {"{": 1, "}": -1}.get(sign, 0)
    return depth
