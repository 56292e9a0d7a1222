"""Leases: where more people screen than it takes, nobody reads for nothing."""

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
from screening.queue.reservations import take_next
from tests.factories import make_account, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


def team(session, n):
    """A review with ``n`` reviewers; its people."""
    cast = make_review(session)
    people = [*cast.reviewers]
    for place in range(2, n):
        actor, email = make_account(session, f"reviewer-{place}")
        add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
        people.append(actor)
    return cast, people


def taken(database, cast, who):
    return take_next(database, review_id=cast.review_id, stage=STAGE, by=who)


def decided(database, cast, record, who, verdict=Verdict.EXCLUDE):
    with database.writing() as session:
        decide(session, review_id=cast.review_id, record_id=record, stage=STAGE,
               verdict=verdict, by=who)  # fmt: skip


def leases(database):
    with database.reading() as session:
        return {one.account_id: one.record_id for one in session.scalars(select(Reservation))}


def test_a_record_on_as_many_screens_as_it_takes_goes_to_nobody_else(database):
    with database.writing() as session:
        cast, (ana, ben, eve) = team(session, 3)
        [only] = make_records(session, cast.review_id, 1)

    shown = [taken(database, cast, who) for who in (ana, ben, eve)]

    assert shown == [only, only, None]
    assert taken(database, cast, ana) == only  # a page that is loaded anew shows the same


def test_a_lease_ends_by_itself_and_a_decision_takes_its_place(database):
    with database.writing() as session:
        cast, (ana, ben, eve) = team(session, 3)
        [only] = make_records(session, cast.review_id, 1)
    for who in (ana, ben):
        taken(database, cast, who)
    decided(database, cast, only, ana)
    assert taken(database, cast, eve) is None  # Ana's decision and Ben's screen are two

    with database.writing() as session:
        for lease in session.scalars(select(Reservation)):
            lease.until = utc_now() - timedelta(seconds=1)

    assert taken(database, cast, eve) == only
    assert taken(database, cast, ben) is None


def test_nothing_is_held_where_no_more_people_screen_than_it_takes(database):
    with database.writing() as session:
        cast, (ana, _) = team(session, 2)
        first, _ = make_records(session, cast.review_id, 2)

    assert taken(database, cast, ana) == first
    assert leases(database) == {}


def test_a_lease_keeps_nobody_from_deciding_and_is_for_reviewers_alone(database):
    with database.writing() as session:
        cast, (ana, ben, eve) = team(session, 3)
        [only] = make_records(session, cast.review_id, 1)
    for who in (ana, ben):
        taken(database, cast, who)

    decided(database, cast, only, eve)

    with pytest.raises(NotAllowed):
        taken(database, cast, cast.lead)


def test_what_was_decided_changes_nothing_of_what_is_held(database):
    shown = []
    for verdict in (Verdict.INCLUDE, Verdict.EXCLUDE):
        with database.writing() as session:
            cast, (ana, ben, eve) = team(session, 3)
            records = make_records(session, cast.review_id, 6)
        decided(database, cast, taken(database, cast, ana), ana, verdict)
        mine = [taken(database, cast, who) for who in (ben, eve, ana)]
        shown.append([records.index(one) for one in mine])

    assert shown[0] == shown[1]


def test_seven_people_at_once_read_every_record_twice_and_nothing_for_nothing(
    database, monkeypatch
):
    # However long the others write here: who does not wait for them may read for nothing.
    monkeypatch.setattr(Database, "writing_if_free", Database.writing)
    with database.writing() as session:
        cast, people = team(session, 7)
        records = make_records(session, cast.review_id, 30)

    def read_all(who):
        n = 0
        while (record := taken(database, cast, who)) is not None:
            decided(database, cast, record, who)  # a surplus decision would raise
            n += 1
        return n

    with ThreadPoolExecutor(len(people)) as pool:
        read = list(pool.map(read_all, people))

    # Who found everything on others' screens a moment ago looks again, as people do.
    read.append(sum(read_all(who) for who in people))
    with database.reading() as session:
        n = Counter(session.scalars(select(Decision.record_id)))
        assert n == dict.fromkeys(records, 2)
        for who in people:
            assert next_records(session, review_id=cast.review_id, stage=STAGE, by=who) == []
    assert sum(read) == 60


def test_while_somebody_writes_for_long_reading_goes_on_without_a_lease(database):
    with database.writing() as session:
        cast, (ana, _, _) = team(session, 3)
        [only] = make_records(session, cast.review_id, 1)
    other = Database(database.url)  # another process

    def decide_now():
        with database.writing() as session:
            lock_review(session, cast.review_id)

    with ThreadPoolExecutor(1) as pool:
        with other.writing() as session:
            lock_review(session, cast.review_id)
            waits = pool.submit(decide_now)  # and has this process's writer
            time.sleep(0.2)
            began = time.monotonic()
            assert taken(database, cast, ana) == only
            assert time.monotonic() - began < 10  # a writer waits for thirty seconds
        waits.result()
    assert leases(database) == {}
    assert taken(database, cast, ana) == only
    assert leases(database) == {ana.account_id: only}
    other.dispose()


def test_other_troubles_than_a_lock_are_not_taken_for_one(database):
    with pytest.raises(DBAPIError), database.writing_if_free() as session:
        session.execute(text("SELECT * FROM nowhere"))
