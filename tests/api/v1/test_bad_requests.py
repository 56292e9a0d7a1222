"""What programs send by mistake, and others on purpose."""

import pytest

from review.events import last_event
from tests.api.conftest import work_off
from tests.api.v1.api_routes import API_ROUTES

MALFORMED = [
    b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 100_000, b"9" * 5000,
    b'{"record": 1}', b'{"source": "x", "kind": "database", "hits": NaN}',
    b'{"source": "x", "kind": "database", "hits": Infinity}',
    b'{"source": "x", "kind": "database", "hits": 99999999999999999999}',
    b'{"source": "x", "kind": "database", "hits": -1}',
    b'{"source": "x\\u0000", "kind": "database"}',
    b'{"source": "x", "kind": "database", "query": "\\ud800"}',
    b'{"source": "x", "kind": "oracle"}',
    b'{"source": "' + b"x" * 300 + b'", "kind": "database"}',
    b'{"source": "x", "kind": "database", "review_id": "y"}',
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_a_body_that_makes_no_sense_saves_nothing(program, people, database, body):
    answer = program(people.lead).ask(
        "POST", f"/reviews/{people.slug}/searches", content=body,
        headers={"content-type": "application/json"},
    )  # fmt: skip

    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert program(people.lead).get(f"/reviews/{people.slug}/searches").json()["items"] == []


def test_a_literal_backslash_is_no_stray_character(program, people):
    body = {"source": "x", "kind": "database", "query": "a \\u0000 b \\\\u0000"}

    answer = program(people.lead).post(f"/reviews/{people.slug}/searches", body)

    assert answer.json()["query"] == body["query"]


def test_unknown_fields_are_refused_on_every_route(program, people, filled, database):
    with database.reading() as session:
        before = last_event(session, people.review_id)

    caller = program(people.lead)

    for route in API_ROUTES:
        for name in ("actor_id", "review_id", "reviewer_id", "sort"):
            path, more = route.path.format(**filled), {name: "x"}
            if route.body is not None:
                answer = caller.ask(route.method, path, json=route.body | more)
            elif route.files is not None:
                answer = caller.ask("POST", path, files=route.files, data=more)
            else:
                answer = caller.ask(route.method, path, params=route.query | more)
            assert answer.status_code in (403, 422), (str(route), name, answer.text)

    with database.reading() as session:
        assert last_event(session, people.review_id) == before


@pytest.mark.parametrize(
    "path",
    ["/records?cursor=nonsense", "/records?cursor=YWZ0ZXIgLTE", "/records?limit=0",
     "/records?limit=201", "/records?limit=x", "/records?box=nonsense", "/records?sort=title",
     "/records?q=" + "x" * 501, "/records?box=duplicates&q=x", "/records?as_of=1",
     "/records/not-an-id", "/screening/later/queue", "/prisma?as_of=x", "/prisma?as_of=0",
     "/prisma?as_of=999999", "/prisma.exe", "/prisma/nonsense/records", "/heatmap?framework=x",
     "/heatmap?unit=x", "/heatmap?x=y", "/heatmap.exe", "/heatmap/cell?row=x",
     "/duplicates?state=all", "/codes?item=" + "x" * 300],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_a_problem(program, people, path):
    answer = program(people.lead).get(f"/reviews/{people.slug}{path}")

    assert answer.status_code in (403, 404, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("slug", ["%00", "a%00b", "A", "-", "x" * 500, "%F0%9F%98%80", "a.b"])
def test_no_review_has_such_a_name(program, people, slug):
    assert program(people.lead).get(f"/reviews/{slug}").status_code == 404


def test_a_stray_character_in_a_search_finds_nothing_or_is_refused(program, people):
    answer = program(people.lead).get(f"/reviews/{people.slug}/records", params={"q": "a\0b"})

    assert answer.status_code in (200, 422)


def test_an_upload_of_the_wrong_kind_is_refused(program, people, filled):
    caller = program(people.lead)
    base = f"/reviews/{people.slug}"
    files = f"{base}/searches/{filled['search']}/files"

    no_pdf = caller.ask("POST", f"{base}/reports/{filled['report']}/full-text",
                        files={"file": ("a.pdf", b"<html>")})  # fmt: skip
    no_codec = caller.ask("POST", files, files={"files": ("a.ris", b"x")},
                          data={"encoding": "klingon"})  # fmt: skip
    no_file = caller.ask("POST", files, data={"encoding": "utf-8"})
    no_form = caller.post(files, {"files": []})

    assert [answer.status_code for answer in (no_pdf, no_codec, no_file, no_form)] == [422] * 4


@pytest.mark.parametrize("is_announced", [True, False], ids=["announced", "unannounced"])
def test_a_body_without_end_is_not_read_to_its_end(program, people, is_announced):
    def flood():
        for _ in range(64):
            yield b" " * 2**20

    answer = program(people.lead).ask(
        "POST", f"/reviews/{people.slug}/searches",
        content=b" " * 2**26 if is_announced else flood(),
        headers={"content-type": "application/json"},
    )  # fmt: skip

    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


CROWDS = {
    "files": {"files": [("files", ("a.ris", b"x"))] * 10_000},
    "fields": {"files": [("files", ("a.ris", b"x"))], "data": {f"f{n}": "x" for n in range(9_999)}},
    "one long field": {"files": [("files", ("a.ris", b"x"))], "data": {"mapping": "x" * 2**24}},
    "a boundary that never comes": {
        "content": b"--x\r\n" + b"a" * 2**20,
        "headers": {"content-type": "multipart/form-data; boundary=y"},
    },
    "no boundary": {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
    "a part without end": {
        "content": b'--y\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nx',
        "headers": {"content-type": "multipart/form-data; boundary=y"},
    },
    "a flood of part headers": {
        "content": b"--y\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\nx\r\n--y--\r\n",
        "headers": {"content-type": "multipart/form-data; boundary=y"},
    },
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Starlette's file
@pytest.mark.parametrize("name", list(CROWDS))
def test_a_crowded_or_broken_form_is_refused(program, people, filled, name):
    address = f"/reviews/{people.slug}/searches/{filled['search']}/files"

    answer = program(people.lead).ask("POST", address, **CROWDS[name])

    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("ranges", ["0-0," * 5_000 + "1-1", "9-1", "-", "0-" * 3_000, "1e9-2e9"])
def test_a_flood_of_ranges_sends_no_more_than_the_file(program, people, filled, app, ranges):
    caller = program(people.lead)
    asked = caller.post(f"/reviews/{people.slug}/exports", {"kind": "events", "format": "csv"})
    work_off(app)
    address = f"/jobs/{asked.json()['job']}/file"
    whole = caller.get(address)

    answer = caller.get(address, headers={"range": f"bytes={ranges}"})

    assert whole.status_code == 200
    assert answer.status_code in (200, 206, 400, 416)
    assert len(answer.content) <= len(whole.content) + 1_000
