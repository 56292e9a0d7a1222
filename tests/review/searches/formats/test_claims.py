"""Decisions in the exports of other programs, word for word."""

import pytest

from review.searches.formats import DecisionClaim, ParsedRecord, claims


def record(**extra):
    """Return a record with fields that no reader knows."""
    return ParsedRecord(title="A bond", extra={name: [text] for name, text in extra.items()})


def test_rayyan_names_every_reviewer_in_the_notes():
    notes = (
        'RAYYAN-INCLUSION: {"Ana"=>"Included", "Ben O\'Hara"=>"Excluded", "Cy"=>"Maybe"} | '
        "RAYYAN-LABELS: urgent | RAYYAN-EXCLUSION-REASONS: wrong population,no contract | "
        'USER-NOTES: {"Ben O\'Hara"=>["not a bond", "see p. 3"]}'
    )

    assert claims(record(notes=notes)) == [
        DecisionClaim(author="Ana", verdict="Included"),
        DecisionClaim(
            author="Ben O'Hara", verdict="Excluded",
            reasons=("wrong population", "no contract"), note="not a bond see p. 3",
        ),
        DecisionClaim(author="Cy", verdict="Maybe"),
    ]  # fmt: skip


def test_asreview_has_columns_of_its_own_and_notes_in_ris():
    table_row = record(
        asreview_label="1", asreview_time="2026-03-01 10:00", asreview_note="check",
        asreview_user_name="Ana", asreview_user_email="ana@example.org", included="0",
    )  # fmt: skip
    assert claims(table_row) == [
        DecisionClaim("Ana", "ana@example.org", "1", (), "check", "2026-03-01 10:00")
    ]
    assert claims(record(N1="ASReview_irrelevant")) == [DecisionClaim(verdict="irrelevant")]
    assert claims(record(N1="ASReview_not_seen")) == [DecisionClaim()]


def test_covidence_gives_a_reason_in_the_notes_of_a_list():
    assert claims(record(Notes="Exclusion reason: Wrong population; 2023-01-02 Ana")) == [
        DecisionClaim(reasons=("Wrong population",))
    ]


def test_a_plain_table_is_read_by_its_headings():
    row = record(Decision="Exclude", Reviewer="Ben", **{"Exclusion reason": "Date"}, Comment="old")
    assert claims(row) == [DecisionClaim("Ben", "", "Exclude", ("Date",), "old")]


@pytest.mark.parametrize("label", ["", "-1", "NaN", "not seen"])
def test_a_record_that_nobody_decided_on_claims_no_verdict(label):
    assert [claim.verdict for claim in claims(record(asreview_label=label))] == [""]


def test_damaged_notes_are_read_quickly_as_far_as_possible():
    text = 'RAYYAN-INCLUSION: {"Ana"=>"Included", ' + '"' * 50_000
    assert claims(record(notes=text)) == [DecisionClaim()]
    text = "RAYYAN-INCLUSION: {} | USER-NOTES: {" + '"a"=>["' * 20_000
    assert [claim.verdict for claim in claims(record(notes=text))] == [""]
