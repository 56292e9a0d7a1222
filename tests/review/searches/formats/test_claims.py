"""What exports of other programs say of decisions, word for word."""

import pytest

from review.searches.formats import Claim, ParsedRecord, claims


def record(**extra):
    """A record with fields that no reader knows."""
    return ParsedRecord(title="A bond", extra={name: [text] for name, text in extra.items()})


def test_rayyan_names_every_reviewer_in_the_notes():
    notes = (
        'RAYYAN-INCLUSION: {"Ana"=>"Included", "Ben O\'Hara"=>"Excluded", "Cy"=>"Maybe"} | '
        "RAYYAN-LABELS: urgent | RAYYAN-EXCLUSION-REASONS: wrong population,no contract | "
        'USER-NOTES: {"Ben O\'Hara"=>["not a bond", "see p. 3"]}'
    )

    assert claims(record(notes=notes)) == [
        Claim(author="Ana", verdict="Included"),
        Claim(
            author="Ben O'Hara", verdict="Excluded",
            reasons=("wrong population", "no contract"), note="not a bond see p. 3",
        ),
        Claim(author="Cy", verdict="Maybe"),
    ]  # fmt: skip


def test_asreview_has_columns_of_its_own_and_notes_in_ris():
    of_a_table = record(
        asreview_label="1", asreview_time="2026-03-01 10:00", asreview_note="check",
        asreview_user_name="Ana", asreview_user_email="ana@example.org", included="0",
    )  # fmt: skip
    assert claims(of_a_table) == [
        Claim("Ana", "ana@example.org", "1", (), "check", "2026-03-01 10:00")
    ]
    assert claims(record(N1="ASReview_irrelevant")) == [Claim(verdict="irrelevant")]
    assert claims(record(N1="ASReview_not_seen")) == [Claim()]


def test_covidence_gives_a_reason_in_the_notes_of_a_list():
    assert claims(record(Notes="Exclusion reason: Wrong population; 2023-01-02 Ana")) == [
        Claim(reasons=("Wrong population",))
    ]


def test_a_plain_table_is_read_by_its_headings():
    row = record(Decision="Exclude", Reviewer="Ben", **{"Exclusion reason": "Date"}, Comment="old")
    assert claims(row) == [Claim("Ben", "", "Exclude", ("Date",), "old")]


@pytest.mark.parametrize("said", ["", "-1", "NaN", "not seen"])
def test_a_record_that_nobody_decided_on_claims_no_verdict(said):
    assert [one.verdict for one in claims(record(asreview_label=said))] == [""]


def test_notes_that_are_damaged_take_no_time_and_say_what_they_can():
    text = 'RAYYAN-INCLUSION: {"Ana"=>"Included", ' + '"' * 50_000
    assert claims(record(notes=text)) == [Claim()]
    text = "USER-NOTES: {" + '"a"=>["' * 20_000
    assert [one.verdict for one in claims(record(notes="RAYYAN-INCLUSION: {} | " + text))] == [""]
