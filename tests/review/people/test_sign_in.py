"""However attempts to sign in arrive, no more passwords are checked than the limits allow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier

import pytest
from sqlalchemy import update

from review.errors import NotAllowed
from review.people.accounts import change_password
from review.people.passwords import hash_password
from review.people.sign_in import (
    ATTEMPT_WINDOW,
    MAX_FOR_ACCOUNT,
    MAX_FOR_ACCOUNT_FROM_CLIENT,
    MAX_FROM_CLIENT,
    MAX_FROM_KNOWN,
    SignInAttempt,
    TooManyAttempts,
    begin_attempt,
    complete_attempt,
)
from review.tables import Account, LoginAttempt
from review.tables.base import utc_now
from tests.factories import make_account

PASSWORD = "three plain words"
ADA = "ada@example.org"


def begin(database, email=ADA, client="192.0.2.1", known_as="") -> SignInAttempt | None:
    """Begin an attempt in a transaction of its own; None if its password is not to be checked."""
    try:
        with database.writing() as session:
            return begin_attempt(session, email=email, client=client, known_as=known_as)
    except TooManyAttempts:
        return None


def n_begun(attempts) -> int:
    return sum(attempt is not None for attempt in attempts)


def test_of_sixty_attempts_at_once_ten_are_checked(database):
    together = Barrier(20)

    def attempt(number: int) -> SignInAttempt | None:
        together.wait()
        return begin(database, client=f"192.0.2.{number}")

    with ThreadPoolExecutor(20) as threads:
        attempts = list(threads.map(attempt, range(60)))

    assert n_begun(attempts) == MAX_FOR_ACCOUNT == 10


def test_of_nine_attempts_from_each_of_eight_clients_ten_are_checked(database):
    clients = [f"192.0.2.{number}" for number in range(8)]

    attempts = [begin(database, client=client) for _, client in product(range(9), clients)]

    assert n_begun(attempts) == MAX_FOR_ACCOUNT


def test_of_nine_attempts_on_each_of_eight_accounts_ten_are_checked(database):
    emails = [f"person-{number}@example.org" for number in range(8)]

    attempts = [begin(database, email=email) for _, email in product(range(9), emails)]

    assert n_begun(attempts) == MAX_FROM_CLIENT


def test_one_client_leaves_attempts_to_the_owner_elsewhere(database):
    of_attacker = [begin(database) for _ in range(60)]
    of_owner = begin(database, client="198.51.100.7")

    assert n_begun(of_attacker) == MAX_FOR_ACCOUNT_FROM_CLIENT < MAX_FOR_ACCOUNT
    assert of_owner is not None


def test_a_known_browser_has_attempts_of_its_own_and_not_many(database):
    for number in range(20):
        begin(database, client=f"192.0.2.{number}")

    stranger = begin(database, client="198.51.100.7")
    known = [begin(database, client="192.0.2.1", known_as="laptop") for _ in range(20)]
    other_account = begin(database, "eve@example.org", "192.0.2.1", known_as="laptop")

    assert stranger is None
    assert n_begun(known) == MAX_FROM_KNOWN
    assert other_account is not None


def test_the_spelling_of_an_address_starts_no_new_count(database):
    spellings = [ADA, ADA.upper(), f" {ADA} "]

    attempts = [begin(database, spellings[n % 3], f"192.0.2.{n}") for n in range(30)]

    assert n_begun(attempts) == MAX_FOR_ACCOUNT


def test_right_passwords_are_not_counted(database):
    with database.writing() as session:
        _, email = make_account(session, "ada", PASSWORD)

    for _ in range(2 * MAX_FOR_ACCOUNT):
        attempt = begin(database, email)
        attempt.check(PASSWORD)
        with database.writing() as session:
            complete_attempt(session, attempt)

    with database.reading() as session:
        assert session.query(LoginAttempt).count() == 0


def test_attempts_that_never_ended_count_until_five_minutes_have_passed(database):
    attempts = [begin(database) for _ in range(10)]
    with database.writing() as session:
        session.execute(update(LoginAttempt).values(at=utc_now() - ATTEMPT_WINDOW))

    later = begin(database)

    assert n_begun(attempts) == MAX_FOR_ACCOUNT_FROM_CLIENT
    assert later is not None
    assert timedelta(minutes=5) == ATTEMPT_WINDOW
    with database.reading() as session:
        assert session.query(LoginAttempt).count() == 3


def test_unknown_accounts_are_counted_and_refused_like_known_ones(database):
    with database.writing() as session:
        _, email = make_account(session, "ada", PASSWORD)

    outcomes = []
    for address in (email, "nobody@example.org"):
        attempts = [begin(database, address, f"192.0.{len(address)}.{n}") for n in range(12)]
        with pytest.raises(NotAllowed) as refusal:
            attempts[0].check("not the right words")
        outcomes.append((n_begun(attempts), str(refusal.value)))

    assert outcomes[0] == outcomes[1]


def new_password(session, account_id):
    change_password(session, account_id, hash_password("another good password"))


def disabled(session, account_id):
    session.get_one(Account, account_id).disabled_at = utc_now()


@pytest.mark.parametrize("change", [new_password, disabled])
def test_what_changes_while_a_password_is_checked_counts(database, change):
    with database.writing() as session:
        person, email = make_account(session, "ada", PASSWORD)
    attempt = begin(database, email)
    attempt.check(PASSWORD)
    with database.writing() as session:
        change(session, person.account_id)

    with pytest.raises(NotAllowed), database.writing() as session:
        complete_attempt(session, attempt)
