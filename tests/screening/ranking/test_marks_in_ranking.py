"""Words that reviewers mark weigh like terms of the question, once their record is resolved."""

from review.decisions.decisions import decide
from review.vocabulary import Stage, Verdict
from screening.ranking.explanation import ranks_of
from screening.ranking.runs import current_run, rank_records, refresh_if_stale
from screening.ranking.training_data import with_marks
from tests.factories import make_records, make_review

STAGE = Stage.TITLE_ABSTRACT
TITLES = [
    "Lighthouses of the north", "Harbours of the south", "Vouchers and lighthouses",
    "Rivers of the east", "Vouchers in harbours",
]  # fmt: skip


def include(database, cast, record, by, *marks):
    with database.writing() as session:
        decide(session, review_id=cast.review_id, record_id=record, stage=STAGE, by=by,
               verdict=Verdict.INCLUDE, marked_words=marks)  # fmt: skip


def test_marked_words_move_records_once_the_marked_record_is_resolved(database):
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(
            session, cast.review_id, [{"title": title, "abstract": None} for title in TITLES]
        )
    rank_records(database, review_id=cast.review_id, stage=STAGE, by=cast.lead)

    def position():
        with database.reading() as session:
            run = current_run(session, review_id=cast.review_id, stage=STAGE)
            return ranks_of(session, run=run, record_ids=records)[records[3]].position

    include(database, cast, records[2], cast.reviewer_a, "rivers")
    unresolved = refresh_if_stale(database, review_id=cast.review_id, stage=STAGE)
    before = position()
    include(database, cast, records[2], cast.reviewer_b)
    resolved = refresh_if_stale(database, review_id=cast.review_id, stage=STAGE)

    assert unresolved is None
    assert resolved is not None
    assert position() < before


def test_marks_are_added_to_the_question_once_and_in_any_order():
    assert with_marks("Do bonds work?", ["voucher", "bond", "voucher"]) == (
        with_marks("Do bonds work?", ["bond", "voucher"])
    )
    assert with_marks("Do bonds work?", []) == "Do bonds work?"
