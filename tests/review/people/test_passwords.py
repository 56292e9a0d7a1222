"""However many passwords are checked at once, few threads hash, each with its memory."""

import threading
from concurrent.futures import ThreadPoolExecutor

from review.people.passwords import hash_password, is_password

PASSWORD = "three plain words"


def test_two_threads_hash_whatever_is_asked_of_them():
    known = hash_password(PASSWORD)
    tried = [PASSWORD, "not the right words"] * 10

    with ThreadPoolExecutor(20) as people:
        found = list(people.map(lambda password: is_password(password, known), tried))

    assert found == [True, False] * 10
    hashing = [thread for thread in threading.enumerate() if thread.name.startswith("hashing")]
    assert len(hashing) == 2


def test_nobody_has_the_password_of_an_account_without_one():
    assert not is_password("", None)
    assert not is_password(PASSWORD, None)
