"""What is refused to everybody: acts of nobody, unusable accounts, texts and invitations."""

from uuid import uuid4

import pytest

from review.errors import Conflicting, Invalid, NotAllowed, NotFound
from review.events import MODEL, OPERATOR, lock_review
from review.jobs import JobKind, enqueue
from review.people.accounts import add_account, find_account
from review.people.invitations import invite
from review.people.passwords import MIN_PASSWORD, hash_password
from review.permissions import PERSON_ONLY, Action, check
from review.searches.searches import add_search
from review.vocabulary import Role, SearchKind


@pytest.mark.parametrize("by", [OPERATOR, MODEL], ids=["operator", "model"])
def test_what_only_a_person_can_do_is_refused_to_the_operator_and_the_model(session, cast, by):
    for action in Action:
        if action in PERSON_ONLY:
            with pytest.raises(NotAllowed, match="Only a person"):
                check(session, review_id=cast.review_id, by=by, action=action)
        else:
            check(session, review_id=cast.review_id, by=by, action=action)


@pytest.mark.parametrize("by", [OPERATOR, MODEL], ids=["operator", "model"])
def test_a_job_is_started_by_a_person(session, cast, by):
    with pytest.raises(NotAllowed, match="Only a person"):
        enqueue(session, review_id=cast.review_id, kind=JobKind.DEDUPLICATE, arguments={}, by=by)


def test_nobody_acts_in_a_review_that_does_not_exist(session):
    with pytest.raises(NotFound):
        lock_review(session, uuid4())


def test_a_text_that_databases_cannot_store_is_refused(session, cast):
    with pytest.raises(Invalid, match="cannot be stored"):
        add_search(session, review_id=cast.review_id, source="Sco\0pus", kind=SearchKind.DATABASE,
                   by=cast.lead)  # fmt: skip


@pytest.mark.parametrize("email", ["", "ada", "ada@", "a b@example.org", f"{'a' * 250}@b.org"])
def test_what_is_no_address_gets_no_account(session, email):
    with pytest.raises(Invalid, match="not an e-mail address"):
        add_account(session, email=email, name="Ada", password_hash=None)


def test_an_address_has_one_account_however_it_is_written(session, cast):
    email = cast.emails["lead"]

    with pytest.raises(Conflicting):
        add_account(session, email=f" {email.upper()} ", name="Again", password_hash=None)

    assert find_account(session, email.upper()).id == cast.lead.account_id
    with pytest.raises(NotFound):
        find_account(session, "nobody@example.org")


def test_a_short_password_is_refused():
    with pytest.raises(Invalid, match=str(MIN_PASSWORD)):
        hash_password("x" * (MIN_PASSWORD - 1))


@pytest.mark.parametrize(
    ("name", "roles"), [(" ", [Role.REVIEWER]), ("x" * 256, [Role.REVIEWER]), ("Ada", [])]
)
def test_an_invitation_is_for_somebody_with_a_role(session, cast, name, roles):
    with pytest.raises(Invalid):
        invite(session, review_id=cast.review_id, name=name, roles=roles, by=cast.lead)
