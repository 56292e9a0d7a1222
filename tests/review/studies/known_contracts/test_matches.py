"""Lists are replaced, what turned private is gone, and matches are acts that can be taken back."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from review.errors import NotAllowed, NotFound
from review.reviews import amend_protocol
from review.studies.contracts import add_contract, link_contract
from review.studies.known_contracts.evaluations import evaluations_csv
from review.studies.known_contracts.indigo import IndigoFile
from review.studies.known_contracts.lists import keep_list, known_projects, latest_list
from review.studies.known_contracts.matches import (
    NOT_LISTED,
    OPEN,
    match_automatically,
    match_contract,
    match_questions,
    matches_of,
    project_of,
)
from review.studies.known_contracts.overview import known_overview
from review.studies.known_contracts.projects import Evaluation, KnownProject
from review.tables import KnownContract
from tests.factories import protocol_text
from tests.review.studies.coding_review import CodingReview

FIRST = KnownProject("A-1", "Bridford Rough Sleepers SIB", countries=("GB",), sectors=("Health",))
REPORT = Evaluation("Final report", "https://example.org/a", "2019-05")
SECOND = KnownProject(
    "A-2", "Marwick Youth Jobs", countries=("GB",), start="2015", evaluations=(REPORT,)
)


@pytest.fixture
def coded(session, cast):
    review = CodingReview(session, cast)
    review.add = lambda label: review.do(add_contract, label=label, by=cast.lead).id
    review.upload = lambda *projects, **more: review.do(
        keep_list, found=IndigoFile(list(projects), is_whole=True, **more), name="all.zip",
        by=cast.lead,
    )  # fmt: skip
    return review


def test_a_newer_list_adds_changes_and_deletes(coded):
    coded.upload(FIRST, SECOND)
    renamed = replace(FIRST, name="Bridford Homes")

    kept = coded.upload(renamed, KnownProject("A-3", "Another"))

    assert (kept.n_listed, kept.n_new, kept.removed) == (2, 1, ["A-2"])
    assert coded.do(known_projects) == [renamed, KnownProject("A-3", "Another")]
    texts = coded.session.scalars(select(KnownContract.content)).all()
    assert "Marwick" not in str(texts)
    assert coded.do(latest_list).n_removed == 1


def test_what_turned_private_leaves_the_match_s_number_and_all_codes(coded):
    contract = coded.add("Marwick Youth Jobs")
    coded.upload(FIRST, SECOND)
    coded.do(match_automatically, by=coded.cast.lead)

    coded.do(keep_list, found=IndigoFile(private={"A-2"}), name="one.json", by=coded.cast.lead)

    assert coded.do(matches_of)[contract].key == "A-2"
    assert coded.do(project_of, contract_id=contract) is None
    assert [one.contract.id for one in coded.do(known_overview, by=coded.cast.lead).gone] == [
        contract
    ]
    assert [one.key for one in coded.do(known_projects)] == ["A-1"]


def test_sure_ones_are_matched_by_the_model_and_once_only(coded):
    sure, unlike = coded.add("Bridford rough sleepers SIB"), coded.add("Something else")
    coded.upload(FIRST, SECOND)

    assert coded.do(match_automatically, by=coded.cast.lead) == 1
    assert coded.do(match_automatically, by=coded.cast.lead) == 0

    matches = coded.do(matches_of)
    assert (matches[sure].key, matches[sure].is_automatic) == ("A-1", True)
    assert unlike not in matches
    assert coded.do(match_questions) == []


def test_two_contracts_that_would_be_one_project_are_asked_about(coded):
    pair = {coded.add("Bridford rough sleepers SIB"), coded.add("SIB of Bridford: rough sleepers")}
    coded.upload(FIRST)

    assert coded.do(match_automatically, by=coded.cast.lead) == 0
    assert {one.contract.id for one in coded.do(match_questions)} == pair


def test_a_number_that_coders_wrote_down_counts_before_the_name(coded, session):
    amend = protocol_text().replace(
        "  - {key: costs,",
        "  - {key: number, label: Number, level: contract, type: text, known_from: number}\n"
        "  - {key: costs,",
    )
    coded.do(amend_protocol, protocol_text=amend, why="Numbers.", by=coded.cast.lead)
    contract, twin = coded.add("Bridford rough sleepers SIB"), coded.add("Something else")
    coded.upload(FIRST, SECOND)
    coded.code("number", "a-2", contract_id=contract)

    coded.do(match_automatically, by=coded.cast.lead)
    assert coded.do(matches_of)[contract].key == "A-2"

    coded.code("number", "A-2", contract_id=twin)
    assert coded.do(match_automatically, by=coded.cast.lead) == 0  # somebody has that one


def test_a_person_s_word_counts_and_what_is_taken_back_stays_with_people(coded):
    contract, lead = coded.add("Bridford rough sleepers SIB"), coded.cast.lead
    coded.upload(FIRST, SECOND)
    coded.do(match_automatically, by=lead)

    coded.do(match_contract, contract_id=contract, key="a-2 ", by=lead)
    match = coded.do(matches_of)[contract]
    assert (match.key, match.is_automatic) == ("A-2", False)
    coded.do(match_contract, contract_id=contract, key=OPEN, by=lead)
    assert coded.do(match_automatically, by=lead) == 0
    assert [one.contract.id for one in coded.do(match_questions)] == [contract]
    before = coded.now()
    coded.do(match_contract, contract_id=contract, key=NOT_LISTED, by=lead)
    assert coded.do(match_questions) == []
    assert coded.do(matches_of, as_of=before)[contract].is_open


def test_a_number_that_is_not_listed_and_people_who_may_not_are_refused(coded):
    coded.upload(FIRST)

    with pytest.raises(NotFound, match="no A-9 on the list"):
        coded.do(match_contract, contract_id=coded.contract, key="A-9", by=coded.cast.lead)
    for act, more in (
        (match_contract, {"contract_id": coded.contract, "key": "A-1"}),
        (match_automatically, {}),
        (known_overview, {}),
        (keep_list, {"found": IndigoFile([SECOND]), "name": "x"}),
    ):
        with pytest.raises(NotAllowed):
            coded.do(act, **more, by=coded.cast.reviewer_a)


def test_the_overview_knows_what_nobody_has_studied(coded):
    linked, alone = coded.add("Bridford rough sleepers SIB"), coded.add("Marwick youth jobs")
    coded.do(link_contract, study_id=coded.study, contract_id=linked, by=coded.cast.lead)
    coded.upload(FIRST, SECOND, KnownProject("A-3", "Another one"))
    coded.do(match_automatically, by=coded.cast.lead)

    overview = coded.do(known_overview, by=coded.cast.lead)

    assert {one.contract.id for one in overview.matched} == {linked, alone}
    assert overview.n_automatic == 2
    assert [one.key for one in overview.unstudied] == ["A-2", "A-3"]
    assert [one.id for one in overview.unlike] == [coded.contract]


def test_the_evaluations_make_a_table_to_import():
    text, n = evaluations_csv([FIRST, SECOND])

    assert n == 1
    assert text.splitlines() == [
        "title,url,year,keywords,type",
        "Final report,https://example.org/a,2019,A-2,report",
    ]
