"""Records that a page has ready: the next few are reserved, for a short time, and no others."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from review.decisions.decisions import decide
from review.errors import NotAllowed
from review.reviews import add_member
from review.tables import Reservation
from review.tables.base import utc_now
from review.vocabulary import Role, Stage, Verdict
from screening.queue.reservations import (
    N_RESERVED_AHEAD,
    RESERVED_AHEAD_FOR,
    RESERVED_FOR,
    reserve_ahead,
    reserve_next,
)
from tests.factories import make_account, make_records, make_review

STAGE = Stage.TITLE_ABSTRACT


@pytest.fixture
def team(database):
    """A review that needs one decision on a record, with three reviewers and 12 records."""
    with database.writing() as session:
        cast = make_review(session, needed=1)
        eve, email = make_account(session, "eve")
        add_member(session, review_id=cast.review_id, email=email, role=Role.REVIEWER, by=cast.lead)
        records = make_records(session, cast.review_id, 12)
    return cast, [*cast.reviewers, eve], records


def ahead(database, cast, by, *, limit=12, shown=None):
    scope = {"review_id": cast.review_id, "stage": STAGE, "by": by}
    return reserve_ahead(database, **scope, limit=limit, shown=shown)


def reserved(database, by):
    with database.reading() as session:
        rows = session.scalars(select(Reservation).where(Reservation.account_id == by.account_id))
        return {row.record_id: row.until - utc_now() for row in rows}


def test_the_record_on_the_screen_and_the_next_few_are_reserved_for_a_short_time(database, team):
    cast, (ana, *_), _ = team
    shown = reserve_next(database, review_id=cast.review_id, stage=STAGE, by=ana)

    found = ahead(database, cast, ana, shown=shown)

    periods = reserved(database, ana)
    assert found.are_reserved
    assert found.record_ids[0] == shown
    assert list(periods)
    assert set(periods) == set(found.record_ids[: N_RESERVED_AHEAD + 1])
    assert periods.pop(shown) > RESERVED_AHEAD_FOR
    assert max(periods.values()) <= RESERVED_AHEAD_FOR < RESERVED_FOR


def test_what_is_ready_for_one_reviewer_goes_to_nobody_else_until_it_lapses(database, team):
    cast, (ana, ben, _), _ = team
    first = ahead(database, cast, ana).record_ids[:N_RESERVED_AHEAD]

    assert not set(ahead(database, cast, ben).record_ids) & set(first)
    with database.writing() as session:
        for row in session.scalars(select(Reservation)):
            row.until = utc_now() - timedelta(seconds=1)

    assert set(ahead(database, cast, ben).record_ids) >= set(first)


def test_a_record_that_others_have_decided_on_is_no_longer_handed_out(database, team):
    cast, (ana, ben, _), _ = team
    first, second, *_ = ahead(database, cast, ana).record_ids

    with database.writing() as session:
        decide(session, review_id=cast.review_id, record_id=first, stage=STAGE,
               verdict=Verdict.EXCLUDE, by=ben)  # fmt: skip

    assert ahead(database, cast, ana).record_ids[0] == second


def test_nothing_is_reserved_where_no_more_people_screen_than_a_record_needs(database):
    with database.writing() as session:
        cast = make_review(session)
        records = make_records(session, cast.review_id, 5)

    found = ahead(database, cast, cast.reviewer_a, limit=3)

    assert found.record_ids == records[:3]
    assert not found.are_reserved
    assert reserved(database, cast.reviewer_a) == {}


def test_only_reviewers_get_records(database, team):
    cast, _, _ = team

    with pytest.raises(NotAllowed):
        ahead(database, cast, cast.lead)
