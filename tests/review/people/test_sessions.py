"""How long somebody stays signed in."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from review.people.accounts import (
    MAX_IDLE,
    SESSION_LIFETIME,
    TOUCH_EVERY,
    account_of,
    end_session,
    is_touch_due,
    start_session,
    touch_session,
)
from review.people.secrets import hash_of
from review.tables import LoginSession
from review.tables.base import utc_now

A_MOMENT = timedelta(minutes=1)


@pytest.fixture
def token(session, cast):
    return start_session(session, cast.lead.account_id)


def was(session, token, **ago):
    """Make as if the session had begun, or had been seen, some time ago."""
    times = {column: utc_now() - past for column, past in ago.items()}
    session.execute(
        update(LoginSession).where(LoginSession.token_sha256 == hash_of(token)).values(**times)
    )


@pytest.mark.parametrize(
    ("ago", "is_signed_in"),
    [
        ({"seen_at": timedelta(0)}, True),
        ({"seen_at": MAX_IDLE - A_MOMENT}, True),
        ({"seen_at": MAX_IDLE + A_MOMENT}, False),
        ({"created_at": SESSION_LIFETIME - A_MOMENT}, True),
        ({"created_at": SESSION_LIFETIME + A_MOMENT}, False),  # however busy it is
    ],
)
def test_a_session_ends_when_it_is_idle_and_when_it_is_old(session, cast, token, ago, is_signed_in):
    was(session, token, **ago)

    account = account_of(session, token)

    assert (account is not None) == is_signed_in
    assert account is None or account.id == cast.lead.account_id


def test_working_keeps_a_session_alive(session, token):
    assert not is_touch_due(session, token)
    was(session, token, seen_at=TOUCH_EVERY + A_MOMENT)
    assert is_touch_due(session, token)

    touch_session(session, token)

    assert not is_touch_due(session, token)
    assert not is_touch_due(session, "a token of nobody")


def test_touching_or_ending_a_session_leaves_others_alone(session, cast, token):
    other = start_session(session, cast.reviewer_a.account_id)
    for each in (token, other):
        was(session, each, seen_at=TOUCH_EVERY + A_MOMENT)

    touch_session(session, token)
    end_session(session, token)

    assert account_of(session, token) is None
    assert account_of(session, other).id == cast.reviewer_a.account_id
    assert is_touch_due(session, other)


def test_the_token_of_a_session_is_not_stored(session, token):
    [kept] = session.query(LoginSession).all()

    assert token not in {
        str(getattr(kept, column.key)) for column in LoginSession.__table__.columns
    }
