"""The appraisal of a study: the rule by one's own answers, a reason to differ, and the table."""

import pytest

from protocols.appraisal import checklists, overall_entry
from protocols.editing import with_entry
from review.errors import Invalid
from review.lists.studies import appraisal_list
from review.reviews import amend_protocol, protocol_of
from review.studies.appraisal import appraisal_tables, check_reason, judgement_of
from tests.factories import protocol_text

QUESTIONS = [question["key"] for question in checklists()["qualitative"].questions]


def with_checklist(text: str) -> str:
    for entry in [*checklists()["qualitative"].entries("design", ["case"]), overall_entry()]:
        text = with_entry(text, "codebook", number=None, entry=entry)
    return text


@pytest.fixture
def appraised(review):
    review.do(amend_protocol, protocol_text=with_checklist(protocol_text()), why="Quality.",
              by=review.cast.lead)  # fmt: skip
    return review


def _answer(review, by, **different):
    for key in QUESTIONS:
        review.code(key, different.get(key, "yes"), by=by, study_id=review.study)


def _check(review, by, value, details=""):
    item = protocol_of(review.session, review.cast.review_id).item("overall_quality")
    review.do(check_reason, study_id=review.study, item=item, value=value, details=details, by=by)


def test_the_rule_follows_ones_own_answers_once_all_are_given(appraised):
    a, b = appraised.cast.reviewers
    assert appraised.do(judgement_of, study_id=appraised.study, by=a) is None
    appraised.code("design", "case", by=a, study_id=appraised.study)
    _answer(appraised, a, qualitative_analysis="partly")

    rule = appraised.do(judgement_of, study_id=appraised.study, by=a)

    assert (rule.level, [item.key for item in rule.weaknesses]) == (
        "medium", ["qualitative_analysis"],
    )  # fmt: skip
    assert appraised.do(judgement_of, study_id=appraised.study, by=b) is None


def test_another_judgement_than_the_rules_needs_a_reason(appraised):
    a, b = appraised.cast.reviewers
    appraised.code("design", "case", by=a, study_id=appraised.study)
    _answer(appraised, a)

    with pytest.raises(Invalid, match="the rule says High"):
        _check(appraised, a, "low")
    _check(appraised, a, "high")
    _check(appraised, a, "low", details="All who were asked are paid by the payer.")
    _check(appraised, a, {"special": "unclear"})
    _check(appraised, b, "low")  # who has answered nothing


def test_the_table_has_what_counts_and_the_studies_that_are_asked_about(session, appraised):
    a, b = appraised.cast.reviewers
    for coder in (a, b):
        appraised.code("design", "case", by=coder, study_id=appraised.study)
        _answer(appraised, coder, qualitative_sample="no" if coder is a else "partly")
        appraised.code("overall_quality", "low", by=coder, study_id=appraised.study,
                       details="A reason.")  # fmt: skip

    [table] = appraised.do(appraisal_tables)
    [row] = table.studies

    assert table.group == "appraisal_qualitative"
    assert set(row.values) == set(QUESTIONS) - {"qualitative_sample"}  # on which they differ
    assert (row.overall, row.rule) == ("low", None)
    appraised.code("qualitative_sample", "partly", by=a, study_id=appraised.study)
    [row] = appraised.do(appraisal_tables)[0].studies
    assert row.rule.level == "high"
    listed = list(appraisal_list(session, appraised.cast.review_id).rows)
    assert len(listed) == len(QUESTIONS)
    assert listed[0][5:7] == ("low", "high")


def test_a_study_of_another_design_is_not_in_the_table(appraised):
    appraised.code("design", "trial", study_id=appraised.study)
    [table] = appraised.do(appraisal_tables)
    assert table.studies == []


def test_a_study_of_two_checklists_is_judged_by_both_as_on_its_form(appraised):
    text = with_checklist(protocol_text())
    for entry in checklists()["economic"].entries("design", ["case"]):
        text = with_entry(text, "codebook", number=None, entry=entry)
    appraised.do(amend_protocol, protocol_text=text, why="Costs too.", by=appraised.cast.lead)
    economic = [question["key"] for question in checklists()["economic"].questions]
    for coder in appraised.cast.reviewers:
        appraised.code("design", "case", by=coder, study_id=appraised.study)
        _answer(appraised, coder)
        for key in economic:
            value = "no" if key == "economic_costs" else "yes"
            appraised.code(key, value, by=coder, study_id=appraised.study)

    rules = [table.studies[0].rule.level for table in appraised.do(appraisal_tables)]
    own = appraised.do(judgement_of, study_id=appraised.study, by=appraised.cast.reviewer_a)
    assert rules == ["low", "low"] == [own.level] * 2
