"""The queue: one ranking for all, each reviewer's own position in it, and nothing unreachable."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from review.decisions.closing import close_decisions
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.decisions.stopping import stop_screening
from review.duplicates.judgements import judge
from review.errors import NotAllowed
from review.events import OPERATOR
from review.reports.retrieval import remove, retrieve
from review.reviews import add_member, amend_protocol
from review.storage.database import Database
from review.tables import ModelRun, Rank, Record
from review.verify import verify
from review.vocabulary import Judgement, RemovalKind, RetrievalState, Role, Stage, Verdict
from screening.queue.calibration import begin, end
from screening.queue.next_records import n_left, next_records, skip
from screening.ranking.explanation import n_ranked
from screening.ranking.runs import current_run, is_due, rank_records, refresh_if_stale
from screening.ranking.training_data import training_data
from tests.databases import KINDS
from tests.factories import decide_both, make_records, make_review, protocol_text

TOPICS = ["social impact bonds and youth employment", "steel bridges", "outcomes contracts",
          "marine algae", "payment by results for young people out of work", "tax law"]  # fmt: skip


def queue_of(session, cast, reviewer=None, *, stage=Stage.TITLE_ABSTRACT, limit=50):
    records = next_records(session, review_id=cast.review_id, stage=stage,
                           by=reviewer or cast.reviewer_a, limit=limit)  # fmt: skip
    return [record.id for record in records]


def make_decision(session, cast, record, *, verdict=Verdict.INCLUDE, by=None, **more):
    return decide(session, review_id=cast.review_id, record_id=record, verdict=verdict,
                  stage=Stage.TITLE_ABSTRACT, by=by or cast.reviewer_a, **more)  # fmt: skip


def test_before_any_ranking_records_come_in_import_order_and_leave_once_decided(session, cast):
    records = make_records(session, cast.review_id, 25)

    before = queue_of(session, cast)
    make_decision(session, cast, records[0])

    assert before == records
    assert queue_of(session, cast) == records[1:]
    assert queue_of(session, cast, cast.reviewer_b) == records


def test_skipped_records_come_back_at_the_end_the_longest_ago_first(session, cast):
    first, second, third, fourth = make_records(session, cast.review_id, 4)

    for record in (second, first, second):
        skip(session, review_id=cast.review_id, record_id=record, stage=Stage.TITLE_ABSTRACT,
             by=cast.reviewer_a)  # fmt: skip

    assert queue_of(session, cast) == [third, fourth, first, second]
    assert queue_of(session, cast, cast.reviewer_b) == [first, second, third, fourth]


def test_what_is_left_is_counted_for_each_reviewer(session, cast):
    first, second, *_ = make_records(session, cast.review_id, 4)

    def left_for(reviewer):
        return n_left(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=reviewer)

    make_decision(session, cast, first)
    decide_both(session, cast, second, Verdict.EXCLUDE)

    assert (left_for(cast.reviewer_a), left_for(cast.reviewer_b)) == (2, 3)


def test_duplicates_removed_stopped_and_complete_records_are_not_offered(session, cast):
    first, twin, removed, complete, last = make_records(session, cast.review_id, 5)
    judge(session, review_id=cast.review_id, left_id=first, right_id=twin,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    remove(session, review_id=cast.review_id, record_id=removed, kind=RemovalKind.OTHER,
           why="Retracted.", by=cast.lead)  # fmt: skip
    decide_both(session, cast, complete, Verdict.EXCLUDE)

    before = queue_of(session, cast)
    stop_screening(session, review_id=cast.review_id, rule="Enough.", numbers={}, by=cast.lead)

    assert before == [first, last]
    assert queue_of(session, cast) == []


def test_a_decision_on_a_duplicate_counts_for_its_cluster(session, cast):
    first, twin = make_records(session, cast.review_id, 2)
    make_decision(session, cast, twin)
    judge(session, review_id=cast.review_id, left_id=first, right_id=twin,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    assert queue_of(session, cast) == []
    assert queue_of(session, cast, cast.reviewer_b) == [first]


def test_withdrawn_and_reopened_records_return(session):
    cast = make_review(session, closes_after=20)
    first, second = make_records(session, cast.review_id, 2)
    own = make_decision(session, cast, first)
    decide_both(session, cast, second, Verdict.EXCLUDE)

    make_decision(session, cast, first, verdict=Verdict.WITHDRAWN, supersedes_id=own.id)
    for reviewer in cast.reviewers:
        close_decisions(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=reviewer)
    reopen(session, review_id=cast.review_id, record_id=second, stage=Stage.TITLE_ABSTRACT,
           why="A new criterion.", by=cast.lead)  # fmt: skip

    assert queue_of(session, cast) == [first, second]


def test_full_texts_are_offered_once_they_are_retrieved(session, cast):
    sought, found = make_records(session, cast.review_id, 2)
    for record in (sought, found):
        decide_both(session, cast, record, Verdict.INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=found, state=RetrievalState.RETRIEVED,
             by=cast.lead)  # fmt: skip
    retrieve(session, review_id=cast.review_id, record_id=sought, state=RetrievalState.REQUESTED,
             by=cast.lead)  # fmt: skip

    assert queue_of(session, cast, stage=Stage.FULL_TEXT) == [found]


def test_a_full_text_that_was_retrieved_for_a_copy_is_offered(session, cast):
    first, copy = make_records(session, cast.review_id, 2)
    for record in (first, copy):
        decide_both(session, cast, record, Verdict.INCLUDE)
    retrieve(session, review_id=cast.review_id, record_id=copy, state=RetrievalState.RETRIEVED,
             by=cast.lead)  # fmt: skip
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip

    assert queue_of(session, cast, stage=Stage.FULL_TEXT) == [first]


def test_a_queue_is_for_reviewers(session, cast):
    with pytest.raises(NotAllowed):
        queue_of(session, cast, cast.lead)


def make_ranking(database: Database, tmp_path) -> tuple[list[int], list[float], str]:
    """Rank the same review in a database; return its numbers, scores and fingerprint by rank."""
    with database.writing() as session:
        cast = make_review(session)
        fields = [{"title": topic, "abstract": f"We study {topic}."} for topic in TOPICS * 4]
        records = make_records(session, cast.review_id, fields)
        decide_both(session, cast, records[0], Verdict.INCLUDE)
        decide_both(session, cast, records[1], Verdict.EXCLUDE)
    rank_records(database, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=OPERATOR,
                 cache=tmp_path / "features")  # fmt: skip
    with database.reading() as session:
        run = current_run(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT)
        rows = session.query(Record.number, Rank.score).join(Rank, Rank.record_id == Record.id)
        ranked = rows.filter(Rank.model_run_id == run.id).order_by(Rank.position).all()
        assert queue_of(session, cast, limit=1) == [records[ranked[1][0] - 1]]
        return [number for number, _ in ranked], [score for _, score in ranked], run.fingerprint


@pytest.mark.both_databases
def test_the_same_acts_give_the_same_ranks_on_both_databases(templates, tmp_path):
    databases = [Database(templates.fresh(kind)) for kind in KINDS]

    sqlite, postgresql = (
        make_ranking(database, tmp_path / database.url[:6]) for database in databases
    )

    assert sqlite == postgresql
    assert sorted(sqlite[0]) == list(range(1, len(TOPICS) * 4 + 1))
    for database in databases:
        database.dispose()


def test_the_ranking_starts_from_the_question_and_then_learns(database, tmp_path):
    with database.writing() as session:
        cast = make_review(session)
        fields = [{"title": topic, "abstract": f"We study {topic}."} for topic in TOPICS * 4]
        records = make_records(session, cast.review_id, fields)

    rank_records(database, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=OPERATOR)
    with database.writing() as session:
        cold = queue_of(session, cast)
        for record in records[1::6][:2]:  # it turns out that this review is about steel bridges
            decide_both(session, cast, record, Verdict.INCLUDE)
        for record in records[0::6][:2]:
            decide_both(session, cast, record, Verdict.EXCLUDE)
    rank_records(database, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=OPERATOR)

    with database.reading() as session:
        warm = queue_of(session, cast)
    assert cold[0] in records[0::6] + records[4::6]
    assert set(warm[:2]) == set(records[1::6][2:])
    assert len(warm) == len(records) - 4


def test_the_ranker_learns_only_from_resolved_records_and_reasons_that_a_text_shows(session, cast):
    first, second, third, fourth = make_records(session, cast.review_id, 4)
    make_decision(session, cast, first)
    decide_both(session, cast, second, Verdict.EXCLUDE, reason="date")
    decide_both(session, cast, third, Verdict.EXCLUDE, reason="population")
    decide_both(session, cast, fourth, Verdict.INCLUDE)

    data = training_data(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT)

    assert dict(zip(data.ids, data.labels, strict=True)) == {
        first: -1, second: -1, third: 0, fourth: 1,
    }  # fmt: skip


def test_records_imported_after_a_ranking_are_reachable(database):
    with database.writing() as session:
        cast = make_review(session)
        old = make_records(session, cast.review_id, 3)
    rank_records(database, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=OPERATOR)
    with database.writing() as session:
        new = make_records(session, cast.review_id, 3)
        queue = queue_of(session, cast)

    assert set(queue[:3]) == set(old)
    assert queue[3:] == new


def test_after_a_merge_is_undone_and_others_follow_only_roots_are_offered(session, cast):
    first, twin, second, copy = make_records(session, cast.review_id, 4)
    for left, right in ((first, twin), (second, copy)):
        judge(session, review_id=cast.review_id, left_id=left, right_id=right,
              verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    judge(session, review_id=cast.review_id, left_id=first, right_id=twin,
          verdict=Judgement.DISTINCT, by=cast.lead)  # fmt: skip
    make_decision(session, cast, second)  # so that its copy, if offered, would come without it

    assert queue_of(session, cast) == [first, twin]


def test_many_reviewers_split_the_records_so_that_each_gets_enough_decisions(session):
    cast = make_review(session)
    more = [cast.lead, cast.advisor, cast.outsider]
    for name in ("lead", "advisor", "outsider"):
        add_member(session, review_id=cast.review_id, email=cast.emails[name], role=Role.REVIEWER,
                   by=OPERATOR)  # fmt: skip
    records = make_records(session, cast.review_id, 20)
    team = [*cast.reviewers, *more]

    first = {reviewer: queue_of(session, cast, reviewer)[:8] for reviewer in team}

    n_reviewers = [sum(record in own for own in first.values()) for record in records]
    assert n_reviewers == [2] * 20  # everybody starts with some, and each record is in two queues
    assert all(sorted(queue_of(session, cast, reviewer), key=str) == sorted(records, key=str)
               for reviewer in team)  # fmt: skip
    for reviewer in team:
        for record in first[reviewer]:
            make_decision(session, cast, record, by=reviewer)
    assert [queue_of(session, cast, reviewer) for reviewer in team] == [[]] * 5


def test_a_rule_that_asks_for_less_later_hides_no_record_that_awaits_its_second(session):
    cast = make_review(session, needed=2)
    [record] = make_records(session, cast.review_id)
    make_decision(session, cast, record)

    amend_protocol(session, review_id=cast.review_id, protocol_text=protocol_text(needed=1),
                   why="Too much work.", by=cast.lead)  # fmt: skip

    assert queue_of(session, cast, cast.reviewer_b) == [record]


def test_what_a_stop_or_a_removal_set_aside_is_not_counted_as_left(session, cast):
    first, second, third, copy = make_records(session, cast.review_id, 4)
    remove(session, review_id=cast.review_id, record_id=third, kind=RemovalKind.AUTOMATION,
           why="A tool said so.", by=cast.lead)  # fmt: skip
    judge(session, review_id=cast.review_id, left_id=first, right_id=copy,
          verdict=Judgement.DUPLICATE, by=cast.lead)  # fmt: skip
    make_decision(session, cast, copy)  # one decision on a copy: its report still awaits the second
    stop_screening(session, review_id=cast.review_id, rule="Enough.", numbers={}, by=cast.lead)
    [late] = make_records(session, cast.review_id)

    def left_for(reviewer):
        return n_left(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=reviewer)

    assert queue_of(session, cast, cast.reviewer_b) == [first, late]
    assert left_for(cast.reviewer_b) == 2
    assert second not in queue_of(session, cast)


def test_a_ranking_is_due_after_so_many_acts_or_so_long(database):
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(session, cast.review_id, 12)
    rank_records(database, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=cast.lead)

    def due_after(after_acts, after):
        with database.reading() as session:
            return is_due(session, after_acts=after_acts, after=after)

    assert due_after(1, timedelta(0)) == []  # nothing has happened since
    with database.writing() as session:
        make_decision(session, cast, records[0])
        make_decision(session, cast, records[1])
    assert due_after(3, timedelta(days=1)) == []
    assert due_after(2, timedelta(days=1)) == [(cast.review_id, Stage.TITLE_ABSTRACT)]
    assert due_after(3, timedelta(0)) == [(cast.review_id, Stage.TITLE_ABSTRACT)]


def test_the_end_of_a_calibration_set_makes_a_ranking_due(database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 2)
        calibration_id = begin(session, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT,
                               label="One", n=1, by=cast.lead).id  # fmt: skip
    rank_records(database, review_id=cast.review_id, stage=Stage.TITLE_ABSTRACT, by=cast.lead)
    with database.writing() as session:
        end(session, review_id=cast.review_id, calibration_set_id=calibration_id, by=cast.lead)
        session.flush()
        assert is_due(session, after_acts=1, after=timedelta(0))


def test_a_stale_ranking_is_replaced_only_where_something_was_resolved(database):
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(session, cast.review_id, 12)
    stage, review_id = Stage.TITLE_ABSTRACT, cast.review_id
    rank_records(database, review_id=review_id, stage=stage, by=cast.lead)
    with database.writing() as session:
        before = current_run(session, review_id=review_id, stage=stage).id
        make_decision(session, cast, records[0])  # one of two decisions: nothing is resolved

    assert refresh_if_stale(database, review_id=review_id, stage=stage) is None
    with database.writing() as session:
        assert current_run(session, review_id=review_id, stage=stage).id == before
        assert is_due(session, after_acts=1, after=timedelta(0)) == []
        decide_both(session, cast, records[1], Verdict.INCLUDE)

    assert refresh_if_stale(database, review_id=review_id, stage=stage).n_training == 1
    with database.reading() as session:
        assert current_run(session, review_id=review_id, stage=stage).id != before
        assert list(verify(session)) == []


def test_an_old_ranking_that_is_still_right_is_not_computed_after_every_act(database):
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(session, cast.review_id, 12)
    stage, review_id, quarter = Stage.TITLE_ABSTRACT, cast.review_id, timedelta(minutes=15)
    rank_records(database, review_id=review_id, stage=stage, by=cast.lead)
    with database.writing() as session:
        current_run(session, review_id=review_id, stage=stage).started_at -= timedelta(hours=1)
        make_decision(session, cast, records[0])
        session.flush()
        assert is_due(session, after_acts=50, after=quarter) == [(review_id, stage)]

    assert refresh_if_stale(database, review_id=review_id, stage=stage) is None

    with database.writing() as session:
        make_decision(session, cast, records[1])
        session.flush()
        assert is_due(session, after_acts=50, after=quarter) == []


def test_another_random_share_gives_another_ranking(database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 40)
    stage, review_id = Stage.TITLE_ABSTRACT, cast.review_id
    rank_records(database, review_id=review_id, stage=stage, by=cast.lead)
    assert refresh_if_stale(database, review_id=review_id, stage=stage) is None
    with database.writing() as session:
        amend_protocol(
            session, review_id=review_id, protocol_text=protocol_text() + "\nrandom_share: 0.5\n",
            why="More chance.", by=cast.lead,
        )  # fmt: skip

    assert refresh_if_stale(database, review_id=review_id, stage=stage) is not None
    with database.reading() as session:
        run = current_run(session, review_id=review_id, stage=stage)
        ranks = session.scalars(select(Rank).where(Rank.model_run_id == run.id)).all()
    assert sum(rank.why["is_random"] for rank in ranks) == 20


def test_a_ranking_that_another_process_is_writing_is_left_alone(database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 4)
    stage, review_id = Stage.TITLE_ABSTRACT, cast.review_id
    with database.writing() as session:
        data = training_data(session, review_id=review_id, stage=stage)
    rank_records(database, review_id=review_id, stage=stage, by=cast.lead)
    with database.writing() as session:
        first = current_run(session, review_id=review_id, stage=stage)
        session.add(unfinished := ModelRun(
            review_id=review_id, stage=stage, fingerprint="x", parameters={}, n_training=0,
            n_included=0, up_to_event=first.up_to_event,
        ))  # fmt: skip
        session.flush()
        session.add(Rank(model_run_id=unfinished.id, record_id=data.ids[0], review_id=review_id,
                         position=1, score=0.0))  # fmt: skip
        unfinished_id = unfinished.id
        assert is_due(session, after_acts=0, after=timedelta(0)) == []

    for _ in range(2):
        rank_records(database, review_id=review_id, stage=stage, by=cast.lead)

    with database.reading() as session:
        assert session.get(Rank, (unfinished_id, data.ids[0])) is not None


def test_a_review_that_nobody_ranked_is_left_alone(database):
    with database.writing() as session:
        cast = make_review(session)
        decide_both(session, cast, make_records(session, cast.review_id, 1)[0], Verdict.INCLUDE)
        assert is_due(session, after_acts=1, after=timedelta(0)) == []


def test_a_rank_is_stored_with_its_terms_and_whether_it_was_picked_at_random(database):
    with database.writing() as session:
        cast = make_review(session)
        make_records(session, cast.review_id, 40)
        stage = Stage.TITLE_ABSTRACT
    rank_records(database, review_id=cast.review_id, stage=stage, by=cast.lead)

    with database.reading() as session:
        run = current_run(session, review_id=cast.review_id, stage=stage)
        ranks = session.scalars(select(Rank).order_by(Rank.position)).all()
        assert n_ranked(session, run=run) == 40
    assert [rank.position for rank in ranks if rank.why["is_random"]] == [20, 40]
    keys = {"raised", "lowered", "asked", "is_random", "is_of_kind"}
    assert all(set(rank.why) == keys for rank in ranks)
