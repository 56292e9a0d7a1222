"""Many values in one press: what is known is confirmed, copied, or the same for the rest."""

import pytest

from review.errors import Invalid, NotAllowed
from review.reviews import amend_protocol
from review.studies.batches import (
    CodingForm,
    code_rest,
    confirm_facts,
    copies_from,
    copy_codes,
    known_facts,
    shared_choices,
)
from review.studies.coding import codes_of
from review.studies.contracts import add_contract, link_contract
from review.verify import verify
from tests.factories import protocol_text

FACTS = """
  - {key: authors, label: Authors, level: study, type: text, prefill: authors}
  - {key: year, label: Year, level: study, type: year, prefill: year, earliest: 2020}
  - {key: address, label: Address, level: study, type: web_address, prefill: url}
  - {key: spoken, label: Language, level: study, type: many_of, prefill: language,
      values: [{key: english, label: English}]}
  - {key: name, label: Name, level: contract, type: text, prefill: contract_name}
frameworks:"""


@pytest.fixture
def facts(session, review):
    """The review with items that the record or the contract answers."""
    text = protocol_text().replace("\nframeworks:", FACTS, 1)
    amend_protocol(session, review_id=review.cast.review_id, protocol_text=text,
                   why="To fill in.", by=review.cast.lead)  # fmt: skip
    return review


def form(review, by, contract=None):
    return CodingForm(review.cast.review_id, review.study, contract, by)


def own(review, by, study=None, contract=None):
    rows = review.do(codes_of, study_id=study, contract_id=contract)
    return {row.item: row.value for row in rows if row.coder_id == by.account_id}


def test_facts_are_offered_and_coded_only_once_they_are_confirmed(session, facts):
    a = facts.cast.reviewer_a
    known = {one.item.key: one.value for one in known_facts(session, form(facts, a))}
    assert set(known) <= {"authors", "year", "address", "spoken"}
    assert known["authors"]
    assert own(facts, a, facts.study) == {}
    n = confirm_facts(session, form(facts, a), ["authors", "design", "name"])

    assert n == 1
    assert own(facts, a, facts.study) == {"authors": known["authors"]}
    assert "authors" not in {one.item.key for one in known_facts(session, form(facts, a))}
    assert own(facts, facts.cast.reviewer_b, facts.study) == {}
    assert [fault.what for fault in verify(session)] == []


def test_the_name_of_a_contract_is_known_and_a_year_out_of_bounds_is_not_offered(session, facts):
    a = facts.cast.reviewer_a

    [name] = known_facts(session, form(facts, a, facts.contract))
    assert (name.item.key, name.value) == ("name", "Contract of Doe 2001")
    years = [one.value for one in known_facts(session, form(facts, a)) if one.item.key == "year"]
    assert all(year >= 2020 for year in years)


def test_values_are_copied_with_their_quotes_and_replace_nothing(session, review):
    a, b = review.cast.reviewers
    second = review.do(add_contract, label="Another bond", by=a).id
    review.do(link_contract, study_id=review.study, contract_id=second, by=a)
    first = {"contract_id": review.contract}
    review.code("contract_type", "sib", quote="A bond.", report_id=review.report, **first)
    review.code("country", "KE", **first)
    review.code("costs", "present", study_id=review.study, details="High.", **first)
    review.code("area", "work", by=b, **first)
    review.code("country", "UG", contract_id=second)
    to = form(review, a, second)

    offered = [one.item.key for one in copies_from(session, to, review.contract)]
    assert offered == ["contract_type", "costs"]
    chosen = ["contract_type", "costs", "country", "area"]
    assert copy_codes(session, to, review.contract, items=chosen) == 2

    assert own(review, a, contract=second) == {"contract_type": "sib", "country": "UG"}
    [copied] = review.do(codes_of, study_id=review.study, contract_id=second)
    assert (copied.value, copied.details) == ("present", "High.")
    [quoted] = [
        row for row in review.do(codes_of, study_id=None, contract_id=second)
        if row.item == "contract_type"
    ]  # fmt: skip
    assert (quoted.quote, quoted.report_id) == ("A bond.", review.report)
    assert copies_from(session, to, review.contract) == []


def test_the_rest_of_a_group_gets_one_value_and_what_is_coded_keeps_its_own(session, review):
    a = review.cast.reviewer_a
    subject = {"study_id": review.study, "contract_id": review.contract}
    review.code("costs", "present", by=a, **subject)
    of_a = form(review, a, review.contract)

    with pytest.raises(Invalid), session.begin_nested():
        code_rest(session, of_a, group="themes", value="perhaps")
    assert code_rest(session, of_a, group="themes", value="absent") == 1

    assert own(review, a, review.study, review.contract) == {"costs": "present", "equity": "absent"}
    with pytest.raises(Invalid, match="every item of this group"), session.begin_nested():
        code_rest(session, of_a, group="themes", value="absent")
    of_advisor = form(review, review.cast.advisor, review.contract)
    with pytest.raises(NotAllowed), session.begin_nested():
        code_rest(session, of_advisor, group="themes", value="absent")


def test_choices_are_shared_only_where_every_item_has_them(review):
    themes = review.protocol().group("themes")

    assert shared_choices(themes) == [("present", "Present"), ("absent", "Absent")]
    assert shared_choices([*themes, review.protocol().item("design")]) == []
    assert shared_choices([review.protocol().item("secondary")]) == []
    assert shared_choices([]) == []
