"""Making studies of included reports: what was said to be the same study is offered."""

import re
from uuid import UUID

import pytest

from review.duplicates.judgements import judge
from review.studies.studies import reports_of
from review.vocabulary import Judgement
from tests.factories import include_fully, make_records


@pytest.fixture
def reports(database, people):
    with database.writing() as session:
        records = make_records(
            session,
            people.review_id,
            [{"title": f"A bond, {what}"} for what in ("the preprint", "the article", "unrelated")],
        )
        for record in records:
            include_fully(session, people, record)
        judge(
            session, review_id=people.review_id, left_id=records[0], right_id=records[1],
            verdict=Judgement.SAME_STUDY, by=people.lead,
        )  # fmt: skip
    return records


def test_reports_of_one_study_are_kept_apart_and_offered_together(
    sign_in, database, people, reports
):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/coding"
    preprint, article, other = map(str, reports)

    page = lead.get(place).text
    assert page.count("same study as") == 2
    assert "“A bond, the article”" in page
    made = lead.post(place, {"label": "Doe 2020", "reports": [preprint, other]})
    study = made.headers["location"].rsplit("/", 1)[-1]

    page = lead.get(place).text
    assert re.search(rf'same study as\s+<a href="[^"]+/{study}">Doe 2020</a>', page)
    assert f'<option value="{study}">Doe 2020' in page
    lead.post(place, {"study": study, "reports": [article]})

    assert "Included reports without a study" not in lead.get(place).text
    with database.reading() as session:
        known = reports_of(session, review_id=people.review_id, study_id=UUID(study))
    assert {str(one.id) for one in known} == {preprint, article, other}


def test_a_new_study_needs_a_name_and_a_study_of_another_review_is_none(sign_in, people, reports):
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/coding"

    assert lead.post(place, {"label": " ", "reports": [str(reports[0])]}).status_code == 422
    missing = {"study": str(reports[0]), "reports": [str(reports[0])]}
    assert lead.post(place, missing).status_code == 404
