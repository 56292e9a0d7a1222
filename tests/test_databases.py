"""The databases of the tests: copies that keep apart, and that go when their test ends."""

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from review.storage.database import Database
from tests.databases import Templates


def is_there(url: str) -> bool:
    database = Database(url)
    try:
        with database.reading() as session:
            session.execute(text("SELECT 1 FROM review")).all()
    except OperationalError:
        return False
    finally:
        database.dispose()
    return True


def test_a_test_s_databases_go_with_it_even_while_somebody_is_connected(
    templates: Templates, kind: str
) -> None:
    kept = templates.fresh(kind)
    with templates.dropping():
        made = templates.fresh(kind), templates.clone(kept), templates.empty(kind)
        connected = Database(made[0])
        with connected.reading() as session:
            session.execute(text("SELECT 1 FROM review")).all()

    assert [is_there(url) for url in (kept, *made)] == [True, False, False, False]
    connected.dispose()


def test_a_database_to_keep_outlives_its_test(templates: Templates, kind: str) -> None:
    with templates.dropping():
        kept = templates.fresh(kind, keep=True)

    assert is_there(kept)
