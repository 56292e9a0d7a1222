"""A reviewer's records as a list: the same records as in the queue, sorted and searched."""

import pytest

from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.errors import NotAllowed
from review.tables import Record
from review.vocabulary import Stage, Verdict
from screening.queue.assignments import assign
from screening.queue.calibration import begin
from screening.queue.labels import add_label
from screening.queue.listing import Show, Sort, list_records
from screening.queue.next_records import n_left, next_records
from screening.queue.schedule import set_schedule
from tests.factories import decide_both, make_records

TITLES = Stage.TITLE_ABSTRACT
WORKS = [
    {"title": "Bonds in Peru", "authors": ["Zola, É."], "year": 2001, "abstract": "Of Müller."},
    {"title": "apples", "authors": [], "year": None},
    {"title": "Contracts", "authors": ["Müller, A.", "Zola, É."], "year": 2020},
    {"title": "Deeds", "authors": ["bell, C."], "year": 2010},
]


def listed(session, cast, by=None, **values):
    page = list_records(
        session, review_id=cast.review_id, stage=TITLES, by=by or cast.reviewer_a, **values
    )
    return [row.record.title for row in page.rows]


def decide_as(session, cast, record, verdict=Verdict.EXCLUDE, by=None):
    decide(session, review_id=cast.review_id, record_id=record, stage=TITLES, verdict=verdict,
           by=by or cast.reviewer_a)  # fmt: skip


def test_the_list_is_sorted_as_asked_and_has_what_the_queue_has(session, cast):
    make_records(session, cast.review_id, WORKS)

    assert listed(session, cast, sort=Sort.IMPORT) == [work["title"] for work in WORKS]
    assert listed(session, cast, sort=Sort.TITLE)[:2] == ["apples", "Bonds in Peru"]
    assert listed(session, cast, sort=Sort.YEAR) == [
        "Contracts",
        "Deeds",
        "Bonds in Peru",
        "apples",
    ]
    assert listed(session, cast, sort=Sort.AUTHOR) == [
        "Deeds", "Contracts", "Bonds in Peru", "apples"
    ]  # fmt: skip
    assert listed(session, cast, text="müller") == ["Bonds in Peru", "Contracts"]
    assert listed(session, cast, text="100%") == []


def test_a_record_leaves_the_list_as_it_leaves_the_queue(session, cast):
    records = make_records(session, cast.review_id, 12)
    decide_both(session, cast, records[0], Verdict.INCLUDE)
    decide_both(session, cast, records[1], Verdict.INCLUDE)
    decide_as(session, cast, records[2])
    reopen(session, review_id=cast.review_id, record_id=records[1], stage=TITLES, why="Again.",
           by=cast.lead)  # fmt: skip
    scope = {"review_id": cast.review_id, "stage": TITLES, "by": cast.reviewer_a}
    queue = {record.title for record in next_records(session, limit=50, **scope)}

    left = listed(session, cast)

    assert set(left) == queue
    assert len(left) == n_left(session, **scope) == 10
    assert len(listed(session, cast, show=Show.DECIDED, by=cast.reviewer_b)) == 2


def test_pages_follow_each_other_and_miss_nothing(session, cast):
    records = make_records(session, cast.review_id, 30)
    for record in records[3:20]:
        decide_as(session, cast, record)
    for show, n in ((Show.DECIDED, 17), (Show.LEFT, 13)):
        seen, after, has_more = [], None, True
        while has_more:
            page = list_records(session, review_id=cast.review_id, stage=TITLES, show=show,
                                by=cast.reviewer_a, after=after, limit=4)  # fmt: skip
            assert len(page.rows) <= 4
            seen += [row.record.id for row in page.rows]
            after, has_more = seen[-1], page.has_more
            assert len(seen) <= n  # and no page comes twice
            if show is Show.LEFT:  # decided on before the next page is opened
                for row in page.rows[::2]:
                    decide_as(session, cast, row.record.id)
        assert len(seen) == len(set(seen)) == n


def test_own_decisions_and_labels_are_shown_and_no_others(session, cast):
    [first] = make_records(session, cast.review_id, 1)
    decide_as(session, cast, first, Verdict.INCLUDE)
    decide_as(session, cast, first, Verdict.EXCLUDE, by=cast.reviewer_b)
    for by, name in ((cast.reviewer_a, "mine"), (cast.reviewer_b, "theirs")):
        add_label(session, review_id=cast.review_id, record_id=first, name=name, is_shared=True,
                  by=by)  # fmt: skip
    page = list_records(session, review_id=cast.review_id, stage=TITLES, by=cast.reviewer_a,
                        show=Show.DECIDED)  # fmt: skip

    [row] = page.rows
    assert row.own.verdict is Verdict.INCLUDE
    assert [label.name for label in row.labels] == ["mine"]
    assert len(listed(session, cast, show=Show.DECIDED, label="mine")) == 1
    assert listed(session, cast, show=Show.DECIDED, label="theirs") == []


def test_a_paused_stage_has_no_records_left_and_only_reviewers_have_a_list(session, cast):
    make_records(session, cast.review_id, 2)
    set_schedule(session, review_id=cast.review_id, stage=TITLES, is_paused=True, by=cast.lead)
    assert listed(session, cast) == []
    with pytest.raises(NotAllowed):
        listed(session, cast, by=cast.lead)


def test_the_list_has_what_is_assigned_and_then_the_rest_as_the_queue(session, cast):
    records = make_records(session, cast.review_id, [{"language": n} for n in ("en", "es") * 3])
    assign(session, review_id=cast.review_id, account_id=cast.reviewer_a.account_id, workload=1,
           languages=["en"], by=cast.lead)  # fmt: skip
    titles = [session.get_one(Record, record).title for record in records]
    assert listed(session, cast) == titles[::2]
    for record in records[::2]:
        decide_as(session, cast, record)
    scope = {"review_id": cast.review_id, "stage": TITLES, "by": cast.reviewer_a}
    assert listed(session, cast) == [
        record.title for record in next_records(session, limit=50, **scope)
    ]


def test_an_open_calibration_set_comes_first_in_its_order(session, cast):
    make_records(session, cast.review_id, 6)
    begin(session, review_id=cast.review_id, stage=TITLES, label="First", numbers=[5, 2],
          by=cast.lead)  # fmt: skip
    page = list_records(session, review_id=cast.review_id, stage=TITLES, by=cast.reviewer_a)
    assert [row.record.number for row in page.rows] == [5, 2, 1, 3, 4, 6]
