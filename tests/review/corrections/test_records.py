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
from review.decisions.blinding import history
from review.duplicates.judgements import deduplicate
from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.exports import ExportFormat, ExportKind, write_export
from review.searches.records import matching_records
from review.states.clusters import cluster_of
from review.tables import BIBLIOGRAPHIC_FIELDS, Record, RecordCorrection, StoredRecord
from review.verify import verify
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
    def act(*, source="The report itself.", why="", by=cast.lead, **fields):
        return correct_record(session, review_id=cast.review_id, record_id=record_id,
                              fields=fields, source=source, why=why, by=by)  # fmt: skip

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


def test_corrections_are_undone_one_by_one_and_the_undoing_too(session, cast, record_id, correct):
    def undo(number):
        return undo_record_correction(session, review_id=cast.review_id, record_id=record_id,
                                      event_number=number, by=cast.lead)  # fmt: skip

    first, second = correct(title="A pilot"), correct(year="1999")
    with pytest.raises(Conflicting, match="corrected again since"):
        undo(first)
    undone = undo(second)
    assert record_now(session, record_id).year != 1999
    assert record_now(session, record_id).title == "A pilot"
    undo(undone)
    assert record_now(session, record_id).year == 1999

    lines = record_corrections(session, review_id=cast.review_id, record_id=record_id, by=cast.lead)
    assert [line.undoes for line in lines] == [undone, second, None, None]
    assert [line.is_undoable for line in lines] == [True, False, False, False]
    assert [(c.name, c.old, c.new) for c in lines[-1].changes] == [("title", "A pilto", "A pilot")]
    with pytest.raises(NotFound):
        undo(1)


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


def test_a_corrected_record_is_compared_with_all_others_again(database):
    twin = {"title": "Paying for results in Austria", "authors": ["Doe, Jane"], "year": 2001,
            "journal": "A Journal", "volume": "3", "pages": "1-9", "doi": "10.1000/1"}  # fmt: skip
    wrong = twin | {"title": "Something else altogether", "doi": None, "authors": [], "pages": None}
    with database.writing() as session:
        cast = make_review(session)
        first, second = make_records(session, cast.review_id, [twin, wrong])
    deduplicate(database, review_id=cast.review_id, by=cast.lead)
    assert deduplicate(database, review_id=cast.review_id, by=cast.lead).n_compared == 0

    with database.writing() as session:
        right = {name: text_of_field(name, value) for name, value in twin.items()}
        correct_record(session, review_id=cast.review_id, record_id=second, fields=right,
                       source="The report.", by=cast.lead)  # fmt: skip
    assert deduplicate(database, review_id=cast.review_id, by=cast.lead).n_compared == 2
    with database.reading() as session:
        assert cluster_of(session, review_id=cast.review_id, record_id=first) == (first, second)


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
