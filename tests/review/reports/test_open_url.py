"""Where a library's link resolver looks for a report."""

from urllib.parse import parse_qs, urlsplit

from review.reports.open_url import open_url
from review.tables import Record
from tests.factories import make_records, make_review

RESOLVER = "https://resolver.example.org/openurl"


def query_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_an_article_and_a_book_are_named_by_the_keys_of_their_kind(session):
    review_id = make_review(session).review_id
    article, book, chapter = (
        session.get_one(Record, record)
        for record in make_records(session, review_id, [
            {"title": "Bonds & homes", "journal": "A Journal", "doi": "10.1/a b", "pages": "3–9",
             "type": "JOUR", "authors": ["Doe, Jané"], "year": 2001},
            {"title": "A book", "journal": "A Press", "type": "RPRT", "isbn": "9783161484100",
             "authors": [], "year": None},
            {"title": "A chapter", "journal": "A book", "type": "bookSection", "authors": [],
             "year": None},
        ])
    )  # fmt: skip

    assert query_of(open_url(RESOLVER, article)) == {
        "url_ver": "Z39.88-2004", "rft_val_fmt": "info:ofi/fmt:kev:mtx:journal",
        "rft_id": "info:doi/10.1/a b", "rft.atitle": "Bonds & homes", "rft.jtitle": "A Journal",
        "rft.au": "Doe, Jané", "rft.date": "2001", "rft.spage": "3",
    }  # fmt: skip
    assert query_of(open_url(f"{RESOLVER}?institution=1", book)) == {
        "institution": "1", "url_ver": "Z39.88-2004",
        "rft_val_fmt": "info:ofi/fmt:kev:mtx:book", "rft.btitle": "A book", "rft.pub": "A Press",
        "rft.isbn": "9783161484100",
    }  # fmt: skip
    assert query_of(open_url(RESOLVER, chapter)) == {
        "url_ver": "Z39.88-2004", "rft_val_fmt": "info:ofi/fmt:kev:mtx:book",
        "rft.atitle": "A chapter", "rft.btitle": "A book",
    }  # fmt: skip
