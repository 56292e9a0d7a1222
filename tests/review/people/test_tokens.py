"""Tokens for programs: valid for their owner until they end, and never stored in clear."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from review.errors import Invalid, NotFound
from review.people.idempotency import KeyReused, claim_key, keep_answer
from review.people.tokens import TokenScope, account_by_token, issue_token, revoke_token, tokens_of
from review.tables import Account, ApiToken
from review.tables.base import utc_now


def issue(session, owner, **changes):
    fields = {"name": "Nightly script", "scopes": [TokenScope.READ]} | changes
    return issue_token(session, account_id=owner.account_id, **fields)


def test_a_token_is_its_owners_with_the_scopes_it_was_given(session, cast):
    token = issue(session, cast.lead, scopes=[TokenScope.WRITE, TokenScope.READ, TokenScope.READ])

    account, scopes = account_by_token(session, token)

    assert token.startswith("siftmap_")
    assert account.id == cast.lead.account_id
    assert scopes == {TokenScope.READ, TokenScope.WRITE}


def test_the_token_itself_is_not_stored(session, cast):
    token = issue(session, cast.lead)

    [kept] = tokens_of(session, cast.lead.account_id)
    stored = " ".join(str(getattr(kept, column.key)) for column in ApiToken.__table__.columns)

    assert token not in stored
    assert token.removeprefix("siftmap_") not in stored


@pytest.mark.parametrize("token", ["", "siftmap_", "siftmap_" + "x" * 43, "\ud800", "\0"])
def test_a_token_that_was_never_issued_belongs_to_nobody(session, cast, token):
    issue(session, cast.lead)

    assert account_by_token(session, token) is None


def test_a_revoked_token_belongs_to_nobody_and_others_stay_valid(session, cast):
    token, other_token = (
        issue(session, cast.lead, name="one"),
        issue(session, cast.lead, name="two"),
    )
    first = session.scalar(select(ApiToken).where(ApiToken.name == "one"))

    for _ in range(2):
        revoke_token(session, account_id=cast.lead.account_id, token_id=first.id)

    assert account_by_token(session, token) is None
    assert account_by_token(session, other_token) is not None


def test_a_token_expires_at_its_end(session, cast):
    token = issue(session, cast.lead, expires_at=utc_now() + timedelta(days=1))
    [kept] = tokens_of(session, cast.lead.account_id)

    kept.expires_at = utc_now() - timedelta(seconds=1)
    session.flush()

    assert account_by_token(session, token) is None


def test_a_disabled_account_has_no_tokens_that_work(session, cast):
    token = issue(session, cast.lead)

    session.get_one(Account, cast.lead.account_id).disabled_at = utc_now()
    session.flush()

    assert account_by_token(session, token) is None


def test_nobody_revokes_somebody_elses_token(session, cast):
    token = issue(session, cast.lead)
    [kept] = tokens_of(session, cast.lead.account_id)

    with pytest.raises(NotFound):
        revoke_token(session, account_id=cast.reviewer_a.account_id, token_id=kept.id)

    assert account_by_token(session, token) is not None
    assert not tokens_of(session, cast.reviewer_a.account_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "}, {"name": "x" * 256}, {"name": "a\0b"}, {"scopes": []},
        {"expires_at": utc_now() - timedelta(days=1)},
    ],
)  # fmt: skip
def test_a_token_without_name_or_scope_or_future_is_refused(session, cast, wrong):
    with pytest.raises(Invalid):
        issue(session, cast.lead, **wrong)


def test_a_key_is_claimed_once_and_then_gives_the_answer(session, cast):
    def claim(request, by=cast.lead):
        return claim_key(session, account_id=by.account_id, key="one", request_sha256=request * 64)

    first = claim("a")
    keep_answer(session, first.id, {"status": 201})

    assert first.answer is None
    assert (claim("a").id, claim("a").answer) == (None, {"status": 201})
    assert claim("b", cast.reviewer_a).answer is None  # keys are each account's own
    with pytest.raises(KeyReused):
        claim("b")
