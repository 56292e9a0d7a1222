"""A coding sheet of GO Lab's shape: from nothing to codes, again without effect, and out again."""

import pytest
from sqlalchemy import select

from protocols.loader import read_shipped
from review.decisions.closing import close_decisions
from review.decisions.decisions import decide
from review.duplicates.judgements import judge
from review.errors import Invalid, NotAllowed
from review.prisma.counts import count_flow
from review.reports.retrieval import retrieve
from review.reviews import protocol_of
from review.storage.files import FileStore, sha256_of
from review.studies.agreement import coded_values
from review.studies.coding_sheets.importing import SheetChoices
from review.studies.coding_sheets.loading import SheetFile, load_sheet
from review.studies.coding_sheets.matching import alike_names
from review.studies.coding_sheets.sheet import read_sheet
from review.studies.coding_sheets.writing import coding_workbook
from review.studies.contracts import link_contract
from review.tables import Account, AgreedCode, Code, Contract, Decision, Record, Study
from review.verify import verify
from review.vocabulary import Judgement, RetrievalState, Stage, Verdict
from tests.factories import decide_both, make_records, make_review
from tests.review.studies.coding_sheets.sheets import rows_of_sheet, write_workbook


@pytest.fixture
def sheets_review(database):
    with database.writing() as session:
        return make_review(session, text=read_shipped("social-outcomes-contracting"))


@pytest.fixture
def load(database, sheets_review, tmp_path):
    """A function that loads a workbook into the review."""

    def do(path, **choices):
        with database.reading() as session:
            protocol = protocol_of(session, sheets_review.review_id)
        sheet = read_sheet(path, name=path.name, protocol=protocol)
        include = choices.pop("include", True)
        file = SheetFile(sheet, path.name, sha256_of(path), SheetChoices(**choices), include)
        store = FileStore(tmp_path / "files")
        about = {"review_id": sheets_review.review_id, "by": sheets_review.lead}
        return sheet, load_sheet(database, store, file, **about)

    return do


def test_a_workbook_is_loaded_from_nothing_and_again_without_effect(
    database, sheets_review, load, tmp_path
):
    path = write_workbook(tmp_path / "coding.xlsx", rows_of_sheet(12, 30))

    sheet, first = load(path)
    _, again = load(path)

    assert (len(sheet.studies), first.n_new_studies, first.left) == (12, 12, [])
    assert first.n_links == 30
    assert first.n_codes == sum(
        len(study.codes) + sum(len(one.codes) for one in study.contracts) for study in sheet.studies
    )
    assert (again.event_number, again.n_codes, again.n_new_contracts) == (None, 0, 0)
    with database.reading() as session:
        coders = session.scalars(
            select(Account.name).join(Code, Code.coder_id == Account.id).distinct()
        ).all()
        assert set(coders) == {f"{name} (imported)" for name in sheet.coders}
        assert list(verify(session)) == []
        assert count_flow(session, review_id=sheets_review.review_id).counts["new_studies"] == 12


def said_by(sheet):
    """What a sheet says, in the order of its studies' numbers, without its places."""

    def codes(made):
        return sorted((one.item.key, repr(one.value), one.details or "") for one in made)

    return sorted(
        (sorted(study.numbers.items()), study.title, study.coder, codes(study.codes),
         sorted((one.name, codes(one.codes)) for one in study.contracts))
        for study in sheet.studies
    )  # fmt: skip


def test_the_workbook_that_comes_out_says_what_the_one_that_came_in_said(
    database, sheets_review, load, tmp_path
):
    rows = [row for row in rows_of_sheet(20, 40) if row[17] != "N/A"]
    came_in, _ = load(write_workbook(tmp_path / "in.xlsx", rows), are_agreed=True)

    with database.reading() as session:
        content = coding_workbook(session, review_id=sheets_review.review_id, by=sheets_review.lead)
        protocol = protocol_of(session, sheets_review.review_id)
    path = tmp_path / "out.xlsx"
    path.write_bytes(content)
    went_out = read_sheet(path, name="out.xlsx", protocol=protocol)

    assert said_by(went_out) == said_by(came_in)
    _, again = load(path)
    assert (again.n_codes, again.n_new_studies, again.left) == (0, 0, [])


def test_what_awaits_a_second_coder_is_in_no_sheet_of_somebody_else(
    database, sheets_review, load, tmp_path
):
    load(write_workbook(tmp_path / "in.xlsx", rows_of_sheet(3, 3)))

    with database.reading() as session:
        content = coding_workbook(session, review_id=sheets_review.review_id, by=sheets_review.lead)
        protocol = protocol_of(session, sheets_review.review_id)
    (tmp_path / "out.xlsx").write_bytes(content)
    sheet = read_sheet(tmp_path / "out.xlsx", name="out.xlsx", protocol=protocol)

    coded = {code.item.key for one in sheet.studies for c in one.contracts for code in c.codes}
    assert "country" in coded
    assert "outcome_area" not in coded  # which two must code


def test_what_the_codebook_does_not_have_is_unclear_and_keeps_its_words(database, load, tmp_path):
    sheet, report = load(write_workbook(tmp_path / "in.xlsx", rows_of_sheet(10, 10)))

    assert report.n_unclear == len(sheet.unclear) > 0
    with database.reading() as session:
        kept = session.scalars(select(Code).where(Code.item == "service_provider_type")).all()
    unclear = [code for code in kept if code.value == {"special": "unclear"}]
    assert {code.details for code in unclear} == {"Faith group"}
    assert all("is not one of its values" in code.note for code in unclear)


def test_a_coder_who_is_a_member_codes_in_their_own_name_and_agreed_values_count(
    database, sheets_review, load, tmp_path
):
    path = write_workbook(tmp_path / "in.xlsx", rows_of_sheet(6, 6))
    people = {"Ana Ardent": sheets_review.emails["reviewer_a"]}

    sheet, _ = load(path, people=people, are_agreed=True)

    own = [study for study in sheet.studies if study.coder == "Ana Ardent"]
    with database.reading() as session:
        by_a = sheets_review.reviewer_a.account_id
        n = session.scalars(select(Code.id).where(Code.coder_id == by_a)).all()
        decided = session.scalars(select(Decision.id).where(Decision.reviewer_id == by_a)).all()
        states = {
            (value.item, value.state)
            for value in coded_values(session, review_id=sheets_review.review_id)
        }
        assert session.scalars(select(AgreedCode.id)).all()
    assert len(n) == sum(len(s.codes) + sum(len(c.codes) for c in s.contracts) for s in own)
    assert len(decided) == 2 * len(own)  # at both stages
    assert ("outcome_area", "agreed") in states
    assert not any(state == "awaiting_second" for _, state in states)


def test_studies_that_the_review_does_not_include_are_left_and_named(load, tmp_path):
    path = write_workbook(tmp_path / "in.xlsx", rows_of_sheet(3, 4))

    _, report = load(path, include=False)

    assert report.event_number is None
    assert [why for _, _, why in report.left] == [
        "No record in this review could be matched to it with certainty."
    ] * 3


def test_a_table_with_its_own_headings_and_one_heading_row_is_read(load, database, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "Study title;Coder;Project name;Country;Outcome area;Costs details;Mood\n"
        "Paying for results in Tarn Valley schools;Ana;Tarn bond;Kenia;Bildung;High at first;fine\n"
        ";;Tarn bond two;Kenya;Education;;\n"
        ";;TARN BOND;Kenya;Health;;\n"
    )

    sheet, report = load(path, same_as={"Tarn bond two": "Tarn bond"})

    assert [column.heading for column in sheet.not_imported] == ["Mood"]

    assert [column.means for column in sheet.columns] == [
        "title", "coder", "contract", "country", "outcome_area", "details:costs", ""
    ]  # fmt: skip
    assert report.n_new_contracts == 1
    with database.reading() as session:
        [contract] = session.scalars(select(Contract)).all()
        values = {code.item: code for code in session.scalars(select(Code))}
    assert contract.label == "Tarn bond"
    assert values["country"].value == "KE"
    assert (values["costs"].value, values["costs"].details) == (
        {"special": "unclear"},
        "High at first",
    )
    assert values["outcome_area"].details == "Bildung"
    assert [row for row, _, _ in report.left] == [3, 4]  # the same coder says something else there


def test_names_that_may_mean_one_contract_are_asked_about(database, sheets_review, load, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "Title,Contract\nPaying for results in Vellaby,Vellaby Social Impact Bond\n"
        ",The Vellaby SIB of 2014\n,Ostrava Hills fund 1\n,Ostrava Hills fund 2\n"
    )

    sheet, _ = load(path, include=False)

    with database.reading() as session:
        assert alike_names(session, sheets_review.review_id, sheet) == [
            ("The Vellaby SIB of 2014", "Vellaby Social Impact Bond")
        ]


def test_a_sheet_without_studies_is_refused_and_only_the_lead_loads_one(
    database, sheets_review, load, tmp_path
):
    path = tmp_path / "own.csv"
    path.write_text("Mood,Country\nfine,Kenya\n")
    with pytest.raises(Invalid, match="which column has the titles"):
        load(path)
    path.write_text("Title,Country\nPaying for results,Kenya\n")
    with database.reading() as session:
        protocol = protocol_of(session, sheets_review.review_id)
    file = SheetFile(read_sheet(path, name="own.csv", protocol=protocol), "own.csv", "0" * 64)
    with pytest.raises(NotAllowed):
        load_sheet(database, FileStore(tmp_path / "files"), file,
                   review_id=sheets_review.review_id, by=sheets_review.reviewer_a)  # fmt: skip


def write(path, text):
    path.write_text(text)
    return path


def n_of(database, table):
    with database.reading() as session:
        return len(session.scalars(select(table.id)).all())


HEAD = "Study ID,Title,Coder,Project name,Country,Outcome area\n"


def test_each_coders_rows_of_a_study_are_their_own(database, load, tmp_path):
    path = write(tmp_path / "two.csv", HEAD + (
        "S1,Paying for results in Vellaby,Ana,Vellaby bond,Kenya,Health\n"
        "S1,Paying for results in Vellaby,Ben,Vellaby bond,Uganda,Education\n"
        "S2,Paying for results in Northmoor,Ana,Northmoor bond,Kenya,Health\n"
        "S1,,ben,Vellaby bond two,Uganda,Health\n"
    ))  # fmt: skip

    _, report = load(path, are_agreed=True)

    with database.reading() as session:
        said = session.execute(
            select(Account.name, Contract.label, Code.item, Code.value)
            .join(Account, Account.id == Code.coder_id)
            .join(Contract, Contract.id == Code.contract_id)
            .where(Code.item == "country")
        ).all()
    assert {tuple(row) for row in said} == {
        ("Ana (imported)", "Vellaby bond", "country", "KE"),
        ("Ana (imported)", "Northmoor bond", "country", "KE"),
        ("Ben (imported)", "Vellaby bond", "country", "UG"),
        ("Ben (imported)", "Vellaby bond two", "country", "UG"),
    }
    assert (n_of(database, Study), n_of(database, Record)) == (2, 2)
    assert n_of(database, AgreedCode) == 2  # not for the bond on which Ana and Ben differ
    assert [why for _, _, why in report.left] == ["Coders differ, so nothing was agreed."]


def test_odd_sheets_come_in_once(database, load, tmp_path):
    """Short titles, line ends in cells, long names, formulas, a link that was taken back."""
    long = "bond " * 80
    path = write(tmp_path / "odd.csv", HEAD + (
        "S1,Short one,Ana,Vellaby bond,Kenya,Health\n"
        '"S2","Second study\rof outcomes contracts there",Ana,Tarn bond,Kenya,Health\n'
        f"S3,Third study of outcomes contracts elsewhere,{'Ana' * 100},{long},Kenya,Health\n"
        "S4,=Fourth study of outcomes contracts,Ana,-bond,Kenya,Health\n"
        "S5,,Ana,Bond of a study without a title,Kenya,Health\n"
    ))  # fmt: skip

    sheet, first = load(path)
    before = [n_of(database, table) for table in (Record, Study, Contract, Code, Account, Decision)]
    _, again = load(path)

    assert first.n_new_studies == 4
    assert [(row, why) for row, _, why in first.left] == [
        (6, "No record in this review could be matched to it with certainty.")
    ]
    assert again.n_codes == again.n_links == 0
    after = [n_of(database, table) for table in (Record, Study, Contract, Code, Account, Decision)]
    assert after == before
    with database.reading() as session:
        titles = set(session.scalars(select(Record.title)))
        third = session.scalar(select(Study.label).where(Study.label.startswith("Third")))
    assert "=Fourth study of outcomes contracts" in titles
    assert third == "Third study of outcomes contracts elsewhere"
    assert not list(sheet.without_study)


def test_a_link_that_somebody_took_back_stays_so(database, sheets_review, load, tmp_path):
    path = write(tmp_path / "a.csv", HEAD + "S1,Paying for results,Ana,Tarn bond,Kenya,Health\n")
    load(path)
    with database.writing() as session:
        [study], [contract] = (session.scalars(select(t.id)).all() for t in (Study, Contract))
        link_contract(session, review_id=sheets_review.review_id, study_id=study, linked=False,
                      contract_id=contract, by=sheets_review.lead)  # fmt: skip

    _, again = load(path)

    assert again.n_links == 0
    assert [why for _, _, why in again.left] == [
        "Someone has unlinked this contract from the study."
    ]


def test_a_copy_of_a_record_and_a_decision_that_may_change(database, sheets_review, load, tmp_path):
    about = {"review_id": sheets_review.review_id}
    title = "Paying for results in the schools of Tarn Valley"
    with database.writing() as session:
        root, copy, open_one = make_records(
            session, sheets_review.review_id,
            [{"title": title}, {"title": title}, {"title": "What was paid for in Quillon Bay"}],
        )  # fmt: skip
        judge(session, left_id=root, right_id=copy, verdict=Judgement.DUPLICATE,
              by=sheets_review.lead, **about)  # fmt: skip
        decide(session, record_id=open_one, stage=Stage.TITLE_ABSTRACT, verdict=Verdict.EXCLUDE,
               exclusion_reason=None, by=sheets_review.reviewer_a, **about)  # fmt: skip
    path = write(tmp_path / "a.csv", HEAD + (
        f"S1,{title},Ana,Tarn bond,Kenya,Health\n"
        "S2,What was paid for in Quillon Bay,Ana,Quillon bond,Kenya,Health\n"
    ))  # fmt: skip

    _, report = load(path)

    assert report.n_new_studies == 1
    assert [why for _, _, why in report.left] == [
        "Its report is not included on the full text, or a decision on it may still change."
    ]


def test_a_report_whose_inclusion_may_still_change_gets_no_study(
    database, sheets_review, load, tmp_path
):
    about = {"review_id": sheets_review.review_id}
    with database.writing() as session:
        [record] = make_records(session, sheets_review.review_id, [{"title": "What was paid for"}])
        decide_both(session, sheets_review, record, Verdict.INCLUDE)
        for reviewer in sheets_review.reviewers:
            close_decisions(session, stage=Stage.TITLE_ABSTRACT, by=reviewer, **about)
        retrieve(session, record_id=record, state=RetrievalState.RETRIEVED,
                 by=sheets_review.lead, **about)  # fmt: skip
        decide_both(session, sheets_review, record, Verdict.INCLUDE, stage=Stage.FULL_TEXT)
    path = write(tmp_path / "a.csv", HEAD + "S1,What was paid for,Ana,Tarn bond,Kenya,Health\n")

    _, early = load(path, include=False)
    with database.writing() as session:
        for reviewer in sheets_review.reviewers:
            close_decisions(session, stage=Stage.FULL_TEXT, by=reviewer, **about)
    _, later = load(path, include=False)

    assert (early.n_new_studies, later.n_new_studies) == (0, 1)


def test_who_is_no_member_is_refused_before_anything_is_saved(database, load, tmp_path):
    path = write(tmp_path / "a.csv", HEAD + "S1,Paying for results,Ana,Tarn bond,Kenya,Health\n")

    with pytest.raises(Invalid, match="not a member"):
        load(path, people={"Ana": "nobody@example.org"})

    assert n_of(database, Record) == 0


def test_several_names_of_one_contract_lead_to_one(database, load, tmp_path):
    path = write(tmp_path / "a.csv", HEAD + (
        "S1,Paying for results in Vellaby,Ana,Tarn bond pilot,Kenya,Health\n"
        ",,,TARN BOND TWO,Kenya,Health\n,,,Tarn bond,Kenya,Health\n"
    ))  # fmt: skip

    load(path, same_as={"Tarn bond pilot": "Tarn bond two", "Tarn bond two": "Tarn bond",
                        "Tarn bond": "Tarn bond pilot"})  # fmt: skip

    assert n_of(database, Contract) == 1


def test_two_columns_of_one_meaning_and_marked_formulas_are_read(database, sheets_review, tmp_path):
    path = write(tmp_path / "a.csv", "Title,Land,Other land,Scale (people)\nA,Kenya,,'-5\n")
    with database.reading() as session:
        protocol = protocol_of(session, sheets_review.review_id)
    chosen = {0: "title", 1: "country", 2: "country", 3: "scale"}

    sheet = read_sheet(path, name="a.csv", protocol=protocol, chosen=chosen)

    [contract] = sheet.studies[0].contracts
    assert {code.item.key: code.value for code in contract.codes} == {"country": "KE", "scale": -5}
