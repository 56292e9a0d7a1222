"""Searches with their counts, by one query however many there are."""

import pytest
from sqlalchemy import event

from review.errors import NotFound
from review.searches.imports import import_file
from review.searches.searches import (
    add_search,
    files_of_search,
    rejected_blocks_of_search,
    search_counts,
    search_of_review,
)
from review.storage.files import FileStore
from review.vocabulary import SearchKind
from tests.factories import make_review

RIS = "TY  - JOUR\nTI  - A title about {name}\nER  - \n"
DAMAGED = "TY  - JOUR\nER  - \n"


@pytest.fixture
def session(database):
    with database.writing() as session:
        cast = make_review(session)
    with database.reading() as session:
        session.info["cast"] = cast
        yield session


@pytest.fixture
def cast(session):
    return session.info["cast"]


@pytest.fixture
def searches(database, cast, tmp_path):
    """Two searches: the first has two files with a rejected block each, the second has none."""
    act = {"review_id": cast.review_id, "by": cast.lead}
    with database.writing() as session:
        first, second = [
            add_search(session, source=source, kind=SearchKind.DATABASE, **act).id
            for source in ("Scopus", "PubMed")
        ]
    files = FileStore(tmp_path / "files")
    for name in ("a", "b"):
        path = tmp_path / f"{name}.ris"
        path.write_text(RIS.format(name=name) + DAMAGED)
        import_file(database, files, path, search_for=lambda _: first, **act)
    return first, second


def test_counts_add_up_the_files_of_each_search(session, cast, searches):
    statements = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2]))

    rows = search_counts(session, review_id=cast.review_id)

    assert [(row.search.id, *row[1:]) for row in rows] == [
        (searches[0], 2, 2, 2), (searches[1], 0, 0, 0),
    ]  # fmt: skip
    assert len(statements) == 1


def test_counts_of_one_search_or_of_the_next_ones(session, cast, searches):
    first, second = searches
    [row] = search_counts(session, review_id=cast.review_id, search_id=second)
    after = search_of_review(session, review_id=cast.review_id, search_id=first).event_number

    assert row.search.id == second
    assert search_counts(session, review_id=cast.review_id, after=after) == [row]
    assert len(search_counts(session, review_id=cast.review_id, limit=1)) == 1


def test_files_and_rejected_blocks_come_in_order(session, cast, searches):
    first, second = searches
    in_review = {"review_id": cast.review_id}

    blocks = rejected_blocks_of_search(session, **in_review, search_id=first, limit=10)

    files = files_of_search(session, **in_review, search_id=first)
    assert [(file.name, withdrawn) for file, withdrawn in files] == [
        ("a.ris", False),
        ("b.ris", False),
    ]
    assert [(block.block, name) for block, name in blocks] == [(2, "a.ris"), (2, "b.ris")]
    assert len(rejected_blocks_of_search(session, **in_review, search_id=first, limit=1)) == 1
    assert rejected_blocks_of_search(session, **in_review, search_id=second, limit=10) == []


def test_a_search_of_another_review_does_not_exist(session, searches):
    stranger = make_review(session)

    with pytest.raises(NotFound):
        search_of_review(session, review_id=stranger.review_id, search_id=searches[0])
    assert search_counts(session, review_id=stranger.review_id) == []
