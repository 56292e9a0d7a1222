"""What Crossref and OpenAlex say about a DOI is proposed, text by text, and nothing is saved."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from urllib.parse import unquote

import pytest

from api.web.doi_look_up import MOST_BYTES, DoiLookUp
from tests.api.conftest import browse, make_app
from tests.api.pages.test_correct_record import fields_of
from tests.factories import make_records

WORK = {
    "DOI": "10.1000/abc", "title": ["Paying for <i>results</i>"],
    "container-title": ["A Journal"], "author": [
        {"given": "Jane", "family": "Doe"}, {"name": "A Research Group"}],
    "issued": {"date-parts": [[2019, 3]]}, "ISSN": ["0378-5955"], "language": "en",
    "abstract": "<jats:title>Abstract</jats:title><jats:p>What it came to.</jats:p>",
}  # fmt: skip
ABSTRACT = {"What": [0], "it": [1], "came": [2], "to": [3]}
OPEN_WORK = {
    "title": "Paying for results!", "publication_year": 2020,
    "abstract_inverted_index": ABSTRACT, "authorships": [{"author": {"display_name": "Jane Doe"}}],
}  # fmt: skip
CROSSREF, OPENALEX = "/works/10.1000/abc", "/works/doi:10.1000/abc"


class Indexes:
    """Both indexes on one local server: what they answer, and what they were asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes]] = {
            CROSSREF: (200, json.dumps({"message": WORK}).encode()),
            OPENALEX: (200, json.dumps(OPEN_WORK).encode()),
        }


@contextmanager
def serving_indexes() -> Iterator[Indexes]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            indexes.asked.append(self.path)
            status, content = indexes.answers.get(unquote(self.path.partition("?")[0]), (404, b""))
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    indexes = Indexes(f"http://127.0.0.1:{server.server_address[1]}")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield indexes
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def indexes():
    with serving_indexes() as indexes:
        yield indexes


@pytest.fixture
def app(database, tmp_path, indexes):
    app = make_app(database, tmp_path)
    settings = app.state.settings.model_copy(
        update={"crossref_url": indexes.address, "openalex_url": indexes.address,
                "contact_email": "lead+a@example.org"}
    )  # fmt: skip
    app.state.doi_look_up = DoiLookUp(settings)
    return app


@pytest.fixture
def place(database, people):
    with database.writing() as session:
        [record] = make_records(session, people.review_id, [
            {"title": "Paying for results", "abstract": None, "year": 2019, "language": "eng",
             "doi": "10.1000/abc"}])  # fmt: skip
    return f"/reviews/{people.slug}/records/{record}"


@pytest.fixture
def lead(app, database, people):
    return browse(app, database, people.lead)


def uses(page):
    return re.findall(r'name="use" value="([^"]+)"', page)


def test_what_differs_is_proposed_and_taken_one_by_one(lead, place, indexes):
    fields = fields_of(lead.get(f"{place}/correct").text)
    page = lead.post(f"{place}/look-up", fields).text

    assert uses(page) == [
        "OpenAlex title", "Crossref authors", "Crossref abstract", "OpenAlex abstract",
        "Crossref journal", "OpenAlex year", "Crossref issn",
    ]  # fmt: skip
    assert "7 texts differ" in page
    assert fields_of(page) == fields
    assert set(indexes.asked) == {
        "/works/10.1000%2Fabc?mailto=lead%2Ba%40example.org",
        "/works/doi:10.1000%2Fabc?mailto=lead%2Ba%40example.org",
    }  # fmt: skip

    page = lead.post(f"{place}/look-up", fields | {"use": "Crossref abstract"}).text
    fields = fields_of(page)
    assert (fields["abstract"], fields["source"]) == ("What it came to.", "Crossref")
    assert "OpenAlex abstract" not in uses(page)  # it says the same
    fields = fields_of(lead.post(f"{place}/look-up", fields | {"use": "OpenAlex year"}).text)
    assert (fields["year"], fields["source"]) == ("2020", "Crossref, OpenAlex")
    assert len(indexes.asked) == 2  # each index was asked once

    assert "This record has no abstract." in lead.get(place).text  # nothing was saved so far
    lead.post(f"{place}/correct", fields)
    page = lead.get(place).text
    assert "What it came to." in page
    assert "source: Crossref, OpenAlex" in page


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (404, b"", "OpenAlex does not know this DOI."),
        (500, b"", "OpenAlex answered error 500."),
        (302, b"", "OpenAlex answered error 302."),
        (200, b"<html>", "OpenAlex sent something that cannot be read."),
        (200, b"[]", "OpenAlex sent something that cannot be read."),
        (200, b"[" * 100_000, "OpenAlex sent something that cannot be read."),
        (200, b" " * (MOST_BYTES + 1), "OpenAlex sent too much"),
    ],
)
def test_what_an_index_answers_wrongly_is_said_and_the_other_is_used(
    lead, place, indexes, status, content, says
):
    indexes.answers[OPENALEX] = (status, content)
    page = lead.post(f"{place}/look-up", fields_of(lead.get(f"{place}/correct").text))

    assert page.status_code == 200
    assert says in page.text
    assert "Crossref abstract" in uses(page.text)


def test_a_doi_leads_nowhere_else_on_the_server_of_an_index(lead, place, indexes):
    fields = fields_of(lead.get(f"{place}/correct").text)
    lead.post(f"{place}/look-up", fields | {"doi": "10.1000/../../admin?x=1#y"})

    assert all(path.startswith("/works/") and ".." not in path.split("/") for path in indexes.asked)


def test_what_was_typed_stays_while_others_are_looked_up(lead, place, app):
    app.state.doi_look_up._places = BoundedSemaphore(1)
    app.state.doi_look_up._places.acquire()
    fields = fields_of(lead.get(f"{place}/correct").text) | {"title": "What I typed"}

    page = lead.post(f"{place}/look-up", fields).text

    assert "Several DOIs are being looked up" in page
    assert fields_of(page)["title"] == "What I typed"


def test_a_doi_that_is_far_too_long_is_a_problem_in_words(lead, place, indexes):
    fields = fields_of(lead.get(f"{place}/correct").text)
    page = lead.post(f"{place}/look-up", fields | {"doi": f"10.1000/{'a' * 100_000}"})

    assert page.status_code == 200
    assert "Crossref could not be reached" in page.text


def test_a_doi_that_is_none_is_not_looked_up(lead, place, indexes):
    fields = fields_of(lead.get(f"{place}/correct").text) | {"doi": "3"}

    assert "Type the DOI first" in lead.post(f"{place}/look-up", fields).text
    assert indexes.asked == []


def test_nothing_is_asked_where_the_operator_does_not_allow_it(
    lead, place, indexes, app, database, people
):
    by_default = make_app(database, app.state.settings.data_dir / "own")
    assert by_default.state.doi_look_up is None
    assert "Look it up" in lead.get(f"{place}/correct").text
    assert browse(app, database, people.reviewer_a).post(f"{place}/look-up").status_code == 403
    app.state.doi_look_up = None
    page = lead.get(f"{place}/correct").text
    assert "Look it up" not in page
    assert lead.post(f"{place}/look-up", fields_of(page)).status_code == 404
    assert indexes.asked == []


def test_an_index_that_cannot_be_reached_is_said(lead, place, app):
    settings = app.state.settings.model_copy(
        update={"crossref_url": "http://127.0.0.1:9", "openalex_url": "http://127.0.0.1:9"}
    )
    app.state.doi_look_up = DoiLookUp(settings)
    page = lead.post(f"{place}/look-up", fields_of(lead.get(f"{place}/correct").text)).text

    assert "Crossref could not be reached" in page
    assert "OpenAlex could not be reached" in page
