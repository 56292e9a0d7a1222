"""A closed account can do nothing from the next request on, and what it did stays."""

import pytest
from sqlalchemy import func, select

from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.people.accounts import account_of, add_account, start_session
from review.people.closing import close_account, reopen_account
from review.people.invitations import find_invitation, invite
from review.people.sign_in import begin_attempt, complete_attempt
from review.people.tokens import TokenScope, account_by_token, issue_token
from review.permissions import Action, check
from review.tables import Decision
from review.vocabulary import Role, Verdict
from tests.factories import decide_both, make_records, make_review

PASSWORD = "three plain words"


def sign_in(session, email):
    attempt = begin_attempt(session, email=email, client="a client", known_as="")
    attempt.check(PASSWORD)
    return complete_attempt(session, attempt)


def test_sessions_tokens_roles_and_invitations_end_at_once_and_decisions_stay(session):
    cast = make_review(session, password=PASSWORD)
    lead, email = cast.lead.account_id, cast.emails["lead"]
    [record] = make_records(session, cast.review_id)
    decide_both(session, cast, record, Verdict.INCLUDE)
    token = start_session(session, lead)
    program = issue_token(session, account_id=lead, name="a", scopes=[TokenScope.READ])
    _, invitation = invite(session, review_id=cast.review_id, name="A", roles=[Role.REVIEWER],
                           by=cast.lead)  # fmt: skip

    without_lead = close_account(session, f" {email.upper()} ")
    for name in ("reviewer_a", "advisor"):
        assert close_account(session, cast.emails[name]) == []

    assert without_lead == [cast.slug]
    assert account_of(session, token) is None
    assert account_by_token(session, program) is None
    with pytest.raises(NotAllowed, match="do not match"):
        sign_in(session, email)
    with pytest.raises(NotFound):
        check(session, review_id=cast.review_id, by=cast.lead, action=Action.VIEW)
    with pytest.raises(NotFound):
        find_invitation(session, invitation)
    assert session.scalar(select(func.count()).select_from(Decision)) == 2


def test_a_reopened_account_has_its_password_and_roles_but_no_session_or_token(session):
    cast = make_review(session, password=PASSWORD)
    lead, email = cast.lead.account_id, cast.emails["lead"]
    token = start_session(session, lead)
    program = issue_token(session, account_id=lead, name="a", scopes=[TokenScope.READ])
    close_account(session, email)

    reopen_account(session, email)

    assert sign_in(session, email) == lead
    check(session, review_id=cast.review_id, by=cast.lead, action=Action.MANAGE)
    assert account_of(session, token) is None
    assert account_by_token(session, program) is None


def test_what_makes_no_sense_is_refused_in_words(session):
    cast = make_review(session, password=PASSWORD)
    email = cast.emails["lead"]
    nobody = add_account(session, email="nobody@example.org", name="", password_hash=None)
    close_account(session, nobody.email)

    with pytest.raises(Conflicting, match="is open"):
        reopen_account(session, email)
    close_account(session, email)
    with pytest.raises(Conflicting, match="closed already"):
        close_account(session, email)
    with pytest.raises(Invalid, match="not an account that someone can sign in to"):
        reopen_account(session, nobody.email)
    with pytest.raises(NotFound):
        close_account(session, "unknown@example.org")
