"""A record reads as its newest correction says; its row, the log and all decisions stay."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from review.corrections.records import (
    correct_record,
    original_fields,
    record_corrections,
    text_of_field,
    undo_record_correction,
)
from review.decisions.history import history
from review.duplicates.deduplication import deduplicate
from review.duplicates.judgements import judge
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.exports import ExportFormat, ExportKind, write_export
from review.searches.records import matching_records
from review.states.clusters import cluster_of
from review.tables import (
    BIBLIOGRAPHIC_FIELDS,
    DuplicateJudgement,
    Record,
    RecordCorrection,
    StoredRecord,
)
from review.verify import verify
from review.vocabulary import Judgement
from tests.factories import make_records, make_review


@pytest.fixture
def cast(session):
    return make_review(session)


@pytest.fixture
def record_id(session, cast):
    [record] = make_records(session, cast.review_id, [{"title": "A pilto", "abstract": None}])
    return record


@pytest.fixture
def correct(session, cast, record_id):
    def act(*, source="The report itself.", why="", by=cast.lead, based_on=None, **fields):
        return correct_record(session, review_id=cast.review_id, record_id=record_id,
                              fields=fields, source=source, why=why, by=by,
                              based_on=based_on)  # fmt: skip

    return act


def record_now(session, record_id):
    return session.get_one(Record, record_id, populate_existing=True)


def test_a_record_reads_as_corrected_and_keeps_what_its_file_said(
    session, cast, record_id, correct
):
    correct(title="A pilot", abstract="What it came to.", authors="Roe, Ann\nDoe, Jo", year="1999",
            doi="https://doi.org/10.1000/ABC", issn="03785955", why="A slip.")  # fmt: skip

    record = record_now(session, record_id)
    assert (record.title, record.abstract) == ("A pilot", "What it came to.")
    assert (record.authors, record.year) == (["Roe, Ann", "Doe, Jo"], 1999)
    assert (record.doi, record.issn) == ("10.1000/abc", "0378-5955")
    stored = session.get_one(StoredRecord, record_id)
    assert (stored.title, stored.abstract, stored.doi) == ("A pilto", None, None)
    assert original_fields(session, record)["title"] == "A pilto"
    assert record.raw == stored.raw
    assert list(verify(session)) == []


def test_it_is_found_and_exported_as_corrected(session, cast, record_id, correct, tmp_path):
    correct(title="A pilot")

    found = matching_records(session, review_id=cast.review_id, text="pilot", limit=5)
    assert [record.id for record in found] == [record_id]
    assert not matching_records(session, review_id=cast.review_id, text="pilto", limit=5)
    file = tmp_path / "records.jsonl"
    write_export(session, target=file, review_id=cast.review_id, kind=ExportKind.RECORDS,
                 format=ExportFormat.JSONL, by=cast.lead)  # fmt: skip
    assert json.loads(file.read_text())["title"] == "A pilot"


@pytest.fixture
def undo(session, cast, record_id):
    def act(number):
        return undo_record_correction(session, review_id=cast.review_id, record_id=record_id,
                                      event_number=number, by=cast.lead)  # fmt: skip

    return act


def test_any_correction_is_undone_while_what_it_changed_stands_and_so_is_an_undoing(
    session, cast, record_id, correct, undo
):
    first, second = correct(title="A pilot"), correct(year="1999")

    undone = undo(first)  # the later one changed something else
    assert record_now(session, record_id).title == "A pilto"
    assert record_now(session, record_id).year == 1999
    undo(undone)
    undo(second)
    undo(first)
    assert record_now(session, record_id).title == "A pilto"
    assert record_now(session, record_id).year != 1999

    lines = record_corrections(session, review_id=cast.review_id, record_id=record_id, by=cast.lead)
    assert [line.undoes for line in lines] == [first, second, undone, first, None, None]
    assert [line.is_undoable for line in lines] == [True, True, False, True, False, False]
    assert [(c.name, c.old, c.new) for c in lines[-1].changes] == [("title", "A pilto", "A pilot")]
    with pytest.raises(NotFound):
        undo(1)


def test_what_was_changed_again_is_undone_from_the_end(session, record_id, correct, undo):
    first, second = correct(title="A pilot"), correct(title="A Pilot")

    with pytest.raises(Conflicting, match="Undo the later one first"):
        undo(first)
    undo(second)
    undo(first)
    assert record_now(session, record_id).title == "A pilto"


def test_two_leads_who_correct_at_once_lose_nothing(session, record_id, correct):
    shown = {
        name: text_of_field(name, getattr(record_now(session, record_id), name))
        for name in BIBLIOGRAPHIC_FIELDS
    }
    correct(**shown | {"abstract": "That the other added."}, based_on=0)
    number = correct(**shown | {"title": "A pilot"}, based_on=0)

    record = record_now(session, record_id)
    assert (record.title, record.abstract) == ("A pilot", "That the other added.")
    with pytest.raises(Conflicting, match="and says now: A pilot"):
        correct(title="Another", based_on=0)
    correct(title="Another", based_on=number)


def test_what_people_type_is_stored_as_they_typed_it(session, record_id, correct):
    correct(abstract="If a <b and c> d,\n\tthen p < 0.05 &amp; so on")

    assert record_now(session, record_id).abstract == "If a <b and c> d, then p < 0.05 &amp; so on"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "not changed anything"),
        ({"title": " A pilto "}, "not changed anything"),
        ({"title": ""}, "title"),
        ({"year": "20"}, "not a year"),
        ({"year": "99999"}, "not a year"),
        ({"doi": "3"}, "not a DOI"),
        ({"url": "not a url"}, "not a web address"),
        ({"url": "javascript:alert(1)"}, "not a web address"),
        ({"issn": "12"}, "not an ISSN"),
        ({"isbn": "12"}, "not an ISBN"),
        ({"pmid": "PMC"}, "not a PubMed number"),
        ({"raw": "TY  - JOUR"}, "no field"),
        ({"title": "A\0pilot"}, "cannot be stored"),
        ({"abstract": "x" * 50_001}, "50,000"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_in_words(session, correct, fields, says):
    with pytest.raises(Invalid, match=says):
        correct(**fields)
    assert session.scalars(select(RecordCorrection)).all() == []


def test_the_source_is_needed_and_only_the_lead_corrects(cast, correct):
    with pytest.raises(Invalid, match="where the correct text is from"):
        correct(title="A pilot", source=" ")
    for other in (cast.reviewer_a, cast.adjudicator, cast.advisor):
        with pytest.raises(NotAllowed):
            correct(title="A pilot", by=other)


def test_the_history_says_what_was_corrected(session, cast, record_id, correct, tmp_path):
    correct(title="A pilot", why="A slip in the source.")

    for person in (cast.lead, cast.reviewer_a, cast.advisor):
        cluster = cluster_of(session, review_id=cast.review_id, record_id=record_id)
        lines = history(session, review_id=cast.review_id, cluster=cluster, by=person)
        assert ("record corrected", "A slip in the source.") in [(x.what, x.why) for x in lines]


TWIN = {"title": "Paying for results in Austria", "authors": ["Doe, Jane"], "year": 2001,
        "journal": "A Journal", "volume": "3", "pages": "1-9", "doi": "10.1000/1"}  # fmt: skip
OTHER = TWIN | {"title": "Something else altogether", "doi": None, "authors": [], "pages": None}


class Pair:
    """Two records, of which either says what the other says once it is corrected."""

    def __init__(self, database, first, second):
        self.database = database
        with database.writing() as session:
            self.cast = make_review(session)
            self.ids = make_records(session, self.cast.review_id, [first, second])

    def dedupe(self):
        return deduplicate(self.database, review_id=self.cast.review_id, by=self.cast.lead)

    def correct(self, which, **fields):
        texts = {name: text_of_field(name, value) for name, value in fields.items()}
        with self.database.writing() as session:
            correct_record(session, review_id=self.cast.review_id, record_id=self.ids[which],
                           fields=texts, source="The report.", by=self.cast.lead)  # fmt: skip

    def judge(self, verdict):
        with self.database.writing() as session:
            judge(session, review_id=self.cast.review_id, left_id=self.ids[0],
                  right_id=self.ids[1], verdict=verdict, by=self.cast.lead)  # fmt: skip

    @property
    def are_merged(self):
        with self.database.reading() as session:
            cluster = cluster_of(session, review_id=self.cast.review_id, record_id=self.ids[0])
        return cluster == tuple(self.ids)

    @property
    def judged(self):
        """The pairs that anybody has judged; the earlier record of each comes first."""
        with self.database.reading() as session:
            rows = session.scalars(select(DuplicateJudgement))
            return {(row.left_id, row.right_id) for row in rows}


@pytest.mark.parametrize("which", [0, 1])
def test_a_corrected_record_is_compared_with_all_others_again(database, which):
    pair = Pair(database, *((OTHER, TWIN) if which == 0 else (TWIN, OTHER)))
    pair.dedupe()
    assert pair.dedupe().n_compared == 0
    assert not pair.are_merged

    pair.correct(which, **TWIN)
    assert pair.dedupe().n_compared == 2
    assert pair.are_merged
    assert pair.judged == {tuple(pair.ids)}

    pair.correct(which, **OTHER)
    pair.dedupe()
    assert not pair.are_merged  # only the model had merged them
    assert pair.judged == {tuple(pair.ids)}


@pytest.mark.parametrize("which", [0, 1])
def test_what_a_person_answered_stays_when_a_record_is_corrected(database, which):
    pair = Pair(database, TWIN, TWIN | {"language": "eng"})
    pair.judge(Judgement.DISTINCT)
    pair.dedupe()

    pair.correct(which, language="German")
    pair.dedupe()
    assert not pair.are_merged
    pair.judge(Judgement.DUPLICATE)
    pair.correct(which, **OTHER)
    pair.dedupe()
    assert pair.are_merged
    assert pair.judged == {tuple(pair.ids)}


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40)


@given(
    stored=st.fixed_dictionaries(
        {name: TEXTS if name == "title" else st.none() | TEXTS.filter(bool)
         for name in BIBLIOGRAPHIC_FIELDS if name not in ("authors", "year")}
    )
)  # fmt: skip
def test_a_form_sent_back_as_it_was_shown_changes_nothing(session, cast, stored):
    [record_id] = make_records(session, cast.review_id, [stored])
    record = record_now(session, record_id)
    shown = {name: text_of_field(name, getattr(record, name)) for name in BIBLIOGRAPHIC_FIELDS}

    with pytest.raises(Invalid, match="not changed anything"):
        correct_record(session, review_id=cast.review_id, record_id=record_id,
                       fields=shown, source="The report.", by=cast.lead)  # fmt: skip
