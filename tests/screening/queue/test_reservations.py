"""Reservations: where more people screen than a record needs, nobody works for nothing."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from review.decisions.decisions import decide
from review.errors import NotAllowed
from review.events import lock_review
from review.reviews import add_member
from review.storage.database import Database
from review.tables import Decision, Reservation
from review.tables.base import utc_now
from review.vocabulary import Role, Stage, Verdict
from screening.queue.next_records import next_records
from screening.queue.reservations import reserve_next
from tests.factories import make_account, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


def make_team(session, n):
    """Make a review with ``n`` reviewers; return it and them."""
    cast = make_review(session)
    reviewers = [*cast.reviewers]
    for number in range(2, n):
        actor, email = make_account(session, f"reviewer-{number}")
        add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
        reviewers.append(actor)
    return cast, reviewers


def reserve(database, cast, reviewer):
    return reserve_next(database, review_id=cast.review_id, stage=STAGE, by=reviewer)


def make_decision(database, cast, record, *, by, verdict=Verdict.EXCLUDE):
    with database.writing() as session:
        decide(session, review_id=cast.review_id, record_id=record, stage=STAGE,
               verdict=verdict, by=by)  # fmt: skip


def reservations(database):
    with database.reading() as session:
        rows = session.scalars(select(Reservation))
        return {row.account_id: row.record_id for row in rows}


def test_a_record_that_enough_people_have_reserved_goes_to_nobody_else(database):
    with database.writing() as session:
        cast, (ana, ben, eve) = make_team(session, 3)
        [only] = make_records(session, cast.review_id, 1)

    shown = [reserve(database, cast, reviewer) for reviewer in (ana, ben, eve)]

    assert shown == [only, only, None]
    assert reserve(database, cast, ana) == only  # loading the page again shows the same record


def test_a_reservation_ends_by_itself_and_a_decision_counts_in_its_stead(database):
    with database.writing() as session:
        cast, (ana, ben, eve) = make_team(session, 3)
        [only] = make_records(session, cast.review_id, 1)
    for reviewer in (ana, ben):
        reserve(database, cast, reviewer)
    make_decision(database, cast, only, by=ana)
    assert reserve(database, cast, eve) is None  # Ana's decision and Ben's reservation are two

    with database.writing() as session:
        for reservation in session.scalars(select(Reservation)):
            reservation.until = utc_now() - timedelta(seconds=1)

    assert reserve(database, cast, eve) == only
    assert reserve(database, cast, ben) is None


def test_nothing_is_reserved_where_no_more_people_screen_than_a_record_needs(database):
    with database.writing() as session:
        cast, (ana, _) = make_team(session, 2)
        first, _ = make_records(session, cast.review_id, 2)

    assert reserve(database, cast, ana) == first
    assert reservations(database) == {}


def test_a_reservation_keeps_nobody_from_deciding_and_is_for_reviewers_alone(database):
    with database.writing() as session:
        cast, (ana, ben, eve) = make_team(session, 3)
        [only] = make_records(session, cast.review_id, 1)
    for reviewer in (ana, ben):
        reserve(database, cast, reviewer)

    make_decision(database, cast, only, by=eve)

    with pytest.raises(NotAllowed):
        reserve(database, cast, cast.lead)


def test_what_was_decided_does_not_change_what_others_get(database):
    shown = []
    for verdict in (Verdict.INCLUDE, Verdict.EXCLUDE):
        with database.writing() as session:
            cast, (ana, ben, eve) = make_team(session, 3)
            records = make_records(session, cast.review_id, 6)
        reserved = reserve(database, cast, ana)
        make_decision(database, cast, reserved, by=ana, verdict=verdict)
        following = [reserve(database, cast, reviewer) for reviewer in (ben, eve, ana)]
        shown.append([records.index(record) for record in following])

    assert shown[0] == shown[1]


def test_seven_people_at_once_screen_every_record_twice_and_none_for_nothing(database, monkeypatch):
    # Wait however long others write here: who does not wait may screen a record for nothing.
    monkeypatch.setattr(Database, "writing_if_free", Database.writing)
    with database.writing() as session:
        cast, reviewers = make_team(session, 7)
        records = make_records(session, cast.review_id, 30)

    def screen_all(reviewer):
        n = 0
        while (record := reserve(database, cast, reviewer)) is not None:
            make_decision(database, cast, record, by=reviewer)  # a surplus one would raise
            n += 1
        return n

    with ThreadPoolExecutor(len(reviewers)) as pool:
        n_screened = list(pool.map(screen_all, reviewers))

    # Who found everything reserved a moment ago looks again, as people do.
    n_screened.append(sum(screen_all(reviewer) for reviewer in reviewers))
    with database.reading() as session:
        n = Counter(session.scalars(select(Decision.record_id)))
        assert n == dict.fromkeys(records, 2)
        for reviewer in reviewers:
            left = next_records(session, review_id=cast.review_id, stage=STAGE, by=reviewer)
            assert left == []
    assert sum(n_screened) == 60


def test_while_somebody_writes_for_long_screening_goes_on_without_a_reservation(database):
    with database.writing() as session:
        cast, (ana, _, _) = make_team(session, 3)
        [only] = make_records(session, cast.review_id, 1)
    other_process = Database(database.url)

    def lock_now():
        with database.writing() as session:
            lock_review(session, cast.review_id)

    with ThreadPoolExecutor(1) as pool:
        with other_process.writing() as session:
            lock_review(session, cast.review_id)
            waiting = pool.submit(lock_now)  # and takes this process's writer
            time.sleep(0.2)
            started = time.monotonic()
            assert reserve(database, cast, ana) == only
            assert time.monotonic() - started < 10  # a writer waits for thirty seconds
        waiting.result()
    assert reservations(database) == {}
    assert reserve(database, cast, ana) == only
    assert reservations(database) == {ana.account_id: only}
    other_process.dispose()


def test_other_errors_are_not_mistaken_for_a_lock(database):
    with pytest.raises(DBAPIError), database.writing_if_free() as session:
        session.execute(text("SELECT * FROM nowhere"))
