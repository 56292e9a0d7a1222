"""Studies of included reports, and the form of their codes: differences, contracts, progress."""

import re
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import select

from api.demonstration.pdf import pdf_of
from review.corrections.records import correct_record
from review.drafts import draft_text
from review.duplicates.judgements import judge
from review.reviews import amend_protocol
from review.studies.studies import reports_of
from review.tables import AgreedCode
from review.vocabulary import Judgement
from tests.api.conftest import work_off
from tests.factories import include_fully, make_records, protocol_text
from tests.review.studies.coding_review import CodingReview

FRAGMENT = {"HX-Request": "true"}


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
    assert page.count("may be the same study as") == 2
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


@pytest.fixture
def coded(database, people):
    """A study with a contract, whose area two coders gave differently, each with a quote."""
    with database.writing() as session:
        review = CodingReview(session, people)
        for coder, value in zip(people.reviewers, ("work", "home"), strict=True):
            review.code(
                "area", value, by=coder, contract_id=review.contract,
                report_id=review.report, quote=f"It says {value}.", page="2",
            )  # fmt: skip
        return SimpleNamespace(
            study=review.study, contract=review.contract, report=review.report,
            place=f"/reviews/{people.slug}/coding/{review.study}",
        )  # fmt: skip


def test_a_coder_who_quoted_takes_the_others_value_on_the_form(sign_in, database, people, coded):
    coder = sign_in(people.reviewer_a)
    place = f"{coded.place}?contract={coded.contract}"

    page = coder.get(place).text
    assert "coders disagree" in page
    assert "It says home." in page
    [other] = re.findall(r'name="take" value="([^"]+)"', page)
    sent = {"item": "area", "contract": str(coded.contract), "take": other,
            "quote": "It says work.", "page": "2", "report": str(coded.report)}  # fmt: skip
    assert coder.post(f"{coded.place}/codes", sent).status_code == 303

    assert re.search(r"agreed value:\s*<strong>Homelessness", coder.get(place).text)
    with database.reading() as session:
        [agreed] = session.scalars(select(AgreedCode))
        assert (agreed.value, agreed.quote, agreed.basis) == ("home", "It says home.", "consensus")


def test_the_lead_decides_with_a_value_and_a_quote_of_their_own(sign_in, database, people, coded):
    lead = sign_in(people.lead)
    sent = {"item": "area", "contract": str(coded.contract), "value": "work",
            "settle": "adjudication", "quote": "It says both.",
            "report": str(coded.report)}  # fmt: skip

    assert lead.post(f"{coded.place}/codes", sent).status_code == 303

    with database.reading() as session:
        [agreed] = session.scalars(select(AgreedCode))
        assert (agreed.value, agreed.quote) == ("work", "It says both.")


def test_differences_are_worked_off_one_by_one(sign_in, database, people, coded):
    coder, lead = sign_in(people.reviewer_b), sign_in(people.lead)
    place = f"/reviews/{people.slug}/coding-differences"

    assert "1 difference between coders" in coder.get(f"/reviews/{people.slug}/coding").text
    page = coder.get(place).text
    assert "It says work." in page
    assert "It says home." in page
    [other] = re.findall(r'name="code" value="([^"]+)"', page)
    of_lead = lead.get(place).text
    assert len(re.findall(r'name="code"', of_lead)) == 2
    assert re.search(
        r'<th scope="row">Outcome area</th>\s*<td class="n">1</td>\s*<td class="n">0 \(0 %\)',
        of_lead,
    )
    assert "Agreement per item" not in page
    assert coder.post(place, {"code": other}).status_code == 303

    assert "No differences on anything that you have coded" in coder.get(place).text
    assert "There are no unresolved differences" in lead.get(place).text
    assert "difference between coders" not in coder.get(f"/reviews/{people.slug}/coding").text


def test_details_how_sure_and_a_note_are_kept_with_a_code(sign_in, people, coded):
    coder = sign_in(people.reviewer_a)
    sent = {"item": "costs", "contract": str(coded.contract), "value": "present",
            "details": "Twice the grant.", "confidence": "unsure",
            "note": "See table 2."}  # fmt: skip

    assert coder.post(f"{coded.place}/codes", sent).status_code == 303

    page = coder.get(f"{coded.place}?contract={coded.contract}").text
    assert "Twice the grant." in page
    assert 'value="See table 2."' in page
    assert re.search(r'value="unsure" selected', page)


def test_a_name_like_a_known_one_is_asked_about_and_a_new_one_is_made(sign_in, people, coded):
    coder = sign_in(people.reviewer_a)
    contracts = f"{coded.place}/contracts"
    first = coder.post(contracts, {"label": "Lusiwera: bond for long term conditions"})
    assert first.status_code == 303

    asked = coder.post(contracts, {"label": "Lusiwera SIB, long-term conditions"})
    assert asked.status_code == 200
    assert "It is this one" in asked.text
    assert "Lusiwera: bond for long term conditions" in asked.text
    assert coder.get(coded.place).text.count("Lusiwera") == 1
    made = coder.post(contracts, {"label": "Lusiwera SIB, long-term conditions", "is_new": "true"})
    assert made.status_code == 303

    page = coder.get(coded.place).text
    assert "Lusiwera SIB, long-term conditions" in page


def test_a_wrong_contract_is_unlinked_and_linked_again_with_its_codes(sign_in, people, coded):
    coder = sign_in(people.reviewer_a)
    place = f"{coded.place}?contract={coded.contract}"

    assert coder.post(f"{coded.place}/contracts/{coded.contract}/unlink", {}).status_code == 303
    page = coder.get(coded.place).text
    assert "was unlinked from this study" in page
    assert f"?contract={coded.contract}" not in page
    again = coder.post(f"{coded.place}/contracts", {"contract": str(coded.contract)})
    assert again.status_code == 303

    assert "It says work." in coder.get(place).text
    assert "was unlinked" not in coder.get(place).text


def test_the_list_says_how_many_of_the_values_are_coded(sign_in, people, coded):
    place = f"/reviews/{people.slug}/coding"

    # One item of the study and six of its contract.
    assert "1 of 7 values coded by you" in sign_in(people.reviewer_a).get(place).text
    assert "1 of 7 values coded" in sign_in(people.lead).get(place).text
    form = sign_in(people.reviewer_a).get(coded.place).text
    assert re.search(
        r"The study\s*<span[^>]*><span data-tally>0</span> of <span data-tally-of>1<", form
    )
    of_contract = r"Contract of Doe 2001\s*<span[^>]*><span data-tally>1</span> of <[^>]+>6<"
    assert re.search(of_contract, form)


def test_what_is_known_is_confirmed_and_the_rest_of_a_group_marked_on_the_form(
    sign_in, people, coded
):
    coder = sign_in(people.reviewer_a)
    place = f"{coded.place}?contract={coded.contract}"
    about = {"contract": str(coded.contract)}

    done = coder.post(f"{coded.place}/rest", about | {"group": "themes", "value": "absent"})
    assert done.status_code == 303
    assert "1 of 1" not in coder.get(coded.place).text
    page = coder.get(place).text
    assert len(re.findall(r'value="absent"[^>]*aria-pressed="true"', page)) == 2
    rest = about | {"value": "not_reported"}
    assert coder.post(f"{coded.place}/rest", rest).status_code == 303  # of the items in no group
    assert "6</span> of <span data-tally-of>6" in coder.get(place).text
    assert coder.post(f"{coded.place}/rest", rest).status_code == 422
    assert coder.post(f"{coded.place}/facts", about | {"items": ["area"]}).status_code == 303


def test_a_value_agreed_meanwhile_is_not_replaced_by_a_coder(sign_in, database, people, coded):
    coder, lead = sign_in(people.reviewer_a), sign_in(people.lead)
    place = f"/reviews/{people.slug}/coding-differences"
    [other] = re.findall(r'name="code" value="([^"]+)"', coder.get(place).text)
    sent = {"item": "area", "contract": str(coded.contract), "value": "work",
            "settle": "adjudication"}  # fmt: skip
    lead.post(f"{coded.place}/codes", sent)

    answer = coder.post(place, {"code": other})

    assert answer.status_code == 409
    assert "resolved meanwhile" in answer.text
    with database.reading() as session:
        assert [row.value for row in session.scalars(select(AgreedCode))] == ["work"]


def test_the_report_is_read_as_text_or_as_printed_beside_the_form(app, sign_in, people, coded):
    lead, coder = sign_in(people.lead), sign_in(people.reviewer_a)
    pdf = pdf_of("A bond", "Doe, Jane", ["It says work. And more.", "The second page."])
    place = f"/reviews/{people.slug}/reports/{coded.report}/full-text"
    lead.post(place, files={"file": ("a.pdf", pdf)})
    work_off(app)
    form = f"{coded.place}?contract={coded.contract}"

    text, printed = coder.get(form).text, coder.get(f"{form}&view=page").text

    assert '<mark class="own">It says work</mark>. And more.' in text
    assert "</svg>" not in text
    assert printed.count('<div class="printed" data-page=') == 2
    assert ">The second page.</text>" in printed
    assert printed.count('<rect class="quote"') == 1
    assert f"/reports/{coded.report}/pages/2" in printed


def test_values_are_kept_or_coded_again_after_the_codebook_changed(
    database, sign_in, people, coded
):
    coder, place = sign_in(people.reviewer_a), f"/reviews/{people.slug}/coding"
    assert "to look at again" not in coder.get(place).text
    text = protocol_text().replace("label: Outcome area,", "label: Outcome area, help: The main,")
    with database.writing() as session:
        amend_protocol(
            session, review_id=people.review_id, protocol_text=text, why="So.", by=people.lead
        )

    assert "1 value to look at again" in coder.get(place).text
    assert "2 values to look at again" in sign_in(people.lead).get(place).text
    page = coder.get(f"{place}-again").text
    assert "Its question or help has changed." in page
    assert "It says work" in page
    assert "Reviewer_B" not in page
    of_lead = sign_in(people.lead).get(f"{place}-again").text
    assert "Reviewer_B" in of_lead
    [code] = re.findall(r'name="code" value="([^"]+)"', page)
    coder.post(f"{place}-again", {"code": code})
    assert "to look at again" not in coder.get(place).text


def test_a_coder_clears_their_value_and_puts_it_back(sign_in, database, people, coded):
    coder, place = sign_in(people.reviewer_a), coded.place
    form = {"item": "design", "value": "trial", "quote": "We drew lots."}
    page = coder.post(f"{place}/codes", form, headers=FRAGMENT).text
    [own] = re.findall(r'name="clear" value="([^"]+)"', page)

    page = coder.post(f"{place}/codes", {"item": "design", "clear": own}, headers=FRAGMENT).text

    assert "Not coded by you" in page
    assert "you cleared:" in page
    coder.post(f"{place}/codes", {"item": "design", "restore": own}, headers=FRAGMENT)
    page = coder.get(place).text
    assert "We drew lots." in page
    assert "you cleared:" not in page


def test_the_lead_merges_two_studies_splits_them_and_undoes_it(sign_in, people, reports):
    lead, coder = sign_in(people.lead), sign_in(people.reviewer_a)
    place = f"/reviews/{people.slug}/coding"
    preprint, article, other = map(str, reports)
    one, two = (
        lead.post(place, {"label": label, "reports": records}).headers["location"]
        for label, records in (("Doe 2019", [preprint]), ("Doe 2020", [article, other]))
    )
    coder.post(f"{two}/codes", {"item": "design", "value": "case", "quote": "One city."})
    coder.post(f"{one}/codes", {"item": "design", "value": "trial"})
    assert "may be the same as Doe 2020" in lead.get(place).text
    assert "marked as the same study" in lead.get(f"{one}/reports").text

    merged = lead.post(f"{two}/reports/merge", {"into": one.rsplit("/", 1)[-1]})

    assert merged.headers["location"] == f"{one}/reports"
    page = lead.get(f"{one}/reports").text
    assert "From Doe 2020 to Doe 2019:" in page
    assert "Values that were not moved from Doe 2020" in page
    assert "One city." in page
    assert "Doe 2020" not in coder.get(place).text
    assert "This study was merged into" in coder.get(two).text
    refused = coder.post(f"{two}/codes", {"item": "design", "value": "trial"})
    assert refused.status_code == 409
    assert "Doe 2020 was merged into Doe 2019." in refused.text

    [undo] = re.findall(r'action="([^"]+/undo)"', page)
    lead.post(undo)
    assert "Doe 2020" in coder.get(place).text
    split = lead.post(f"{two}/reports", {"reports": other, "label": "Roe 2021", "contracts": ""})
    assert "A bond, unrelated" in lead.get(split.headers["location"]).text
    assert lead.post(f"{two}/reports", {"label": "Nothing"}).status_code == 422
    assert coder.get(f"{two}/reports").status_code == 403


def test_a_text_suggests_values_that_a_coder_uses_with_their_sentence(
    sign_in, database, people, coded
):
    sentence = "The bond was launched in Kenya."
    with database.writing() as session:
        correct_record(
            session, review_id=people.review_id, record_id=coded.report, by=people.lead,
            fields={"abstract": f"It paid for homes. {sentence}"}, source="The report.",
        )  # fmt: skip
    coder, place = sign_in(people.reviewer_b), f"{coded.place}/suggestions"
    page = coder.get(place, params={"contract": str(coded.contract)}).text
    assert sentence in page
    assert "<html" in page
    part = coder.get(place, params={"contract": str(coded.contract)}, headers=FRAGMENT).text
    assert "<html" not in part
    fields = dict(re.findall(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"', part))
    assert (fields["item"], fields["value"], fields["quote"]) == ("country", "KE", sentence)

    assert coder.post(f"{coded.place}/codes", fields).status_code == 303

    page = coder.get(place, params={"contract": str(coded.contract)}).text
    assert "The text suggests nothing" in page
    assert coder.get(place, params={"report": str(people.review_id)}).status_code == 404
    assert sign_in(people.advisor).get(place).status_code == 403


def test_a_checklist_is_added_answered_judged_and_shown(sign_in, database, people, coded):
    lead, coder = sign_in(people.lead), sign_in(people.reviewer_a)
    base = f"/reviews/{people.slug}"
    assert "has no checklist" in lead.get(f"{base}/appraisal").text
    checklist = {"checklist": "qualitative", "values": ["design case"]}
    assert lead.post(f"{base}/protocol/checklists", {"checklist": "none"}).status_code == 422
    assert lead.post(f"{base}/protocol/checklists", {"checklist": "qualitative"}).status_code == 422
    lead.post(f"{base}/protocol/checklists", checklist)
    assert lead.post(f"{base}/protocol/checklists", checklist).status_code == 422
    with database.reading() as session:
        text = draft_text(session, people.review_id)
    lead.post(f"{base}/protocol/draft", {"text": text, "why": "We appraise quality."})
    keys = re.findall(
        r'<form [^>]*id="(qualitative_[a-z]+)"[^>]*hidden', coder.get(coded.place).text
    )
    assert len(keys) == 7

    coder.post(f"{coded.place}/codes", {"item": "design", "value": "case"})
    for key in keys:
        page = coder.post(f"{coded.place}/codes", {"item": key, "value": "yes"}, headers=FRAGMENT)

    assert re.search(r"the rule says\s*<strong>High</strong>", page.text)  # with the last answer
    judged = {"item": "overall_quality", "value": "low"}
    refused = coder.post(f"{coded.place}/codes", judged)
    assert (refused.status_code, "say why under" in refused.text) == (422, True)
    judged["details"] = "The payer chose who was asked."
    assert coder.post(f"{coded.place}/codes", judged).status_code == 303

    page = lead.get(f"{base}/appraisal").text
    assert "Qualitative studies" in page
    assert "not coded or not agreed" in page  # a second coder is needed
    assert lead.get(f"{base}/lists/appraisal.csv").text.count("Doe 2001") == 7
