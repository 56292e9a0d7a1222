"""What people send by mistake, and others on purpose: a clear sentence, nothing lost or leaked."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from review.events import last_event
from review.studies.coding import code
from review.studies.contracts import add_contract
from review.tables import ImportFile, Record, RejectedBlock, Search
from tests.api.conftest import work_off
from tests.factories import make_records, protocol_text

GOOD = b"TY  - JOUR\nTI  - A social impact bond\nAU  - Doe, Jane\nER  - \n"
DAMAGED = b"TY  - JOUR\nTI  - One\nAB  - Text\n\nTY  - JOUR\nER  - \n\nTY  - JOUR\nTI  - Two"


def look_into(browser, people, name, data):
    return browser.post(f"/reviews/{people.slug}/searches/files", files={"files": (name, data)})


def upload(browser, people, name, data, **fields):
    """Add a search as its two pages do, and return the page that its job ends on."""
    shown = look_into(browser, people, name, data)
    files = [unescape(one) for one in re.findall(r'name="file" value="([^"]*)"', shown.text)]
    form = {"source": "Scopus", "kind": "database", "file": files} | fields
    asked = browser.post(f"/reviews/{people.slug}/searches", form)
    if asked.status_code != 303:
        return asked
    work_off(browser.client.app)
    return browser.get(asked.headers["location"])


def count(database, table):
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF"),
        ("empty.ris", b"", "empty"),
        ("page.html", b"<!doctype html><html><body>Sign in</body></html>", "web page"),
        ("noise.ris", bytes(range(256)) * 20, "noise.ris"),
    ],
)
def test_a_file_that_is_no_search_file_is_named_with_the_reason(
    sign_in, people, database, name, data, says
):
    answer = look_into(sign_in(people.lead), people, name, data)

    assert answer.status_code == 422
    assert says in answer.text
    assert "Traceback" not in answer.text
    assert count(database, Record) == count(database, ImportFile) == 0


def test_a_damaged_file_gives_what_is_whole_and_accounts_for_the_rest(sign_in, people, database):
    browser = sign_in(people.lead)

    answer = upload(browser, people, "cut.ris", DAMAGED)
    page = browser.get(answer.headers["location"])

    assert count(database, Record) == 2
    assert count(database, RejectedBlock) == 1
    assert "Rejected blocks" in page.text


def test_the_same_bytes_twice_add_nothing(sign_in, people, database):
    browser = sign_in(people.lead)
    upload(browser, people, "a.ris", GOOD)

    again = upload(browser, people, "renamed.ris", GOOD, source="Web of Science")

    assert again.status_code == 200
    assert "imported before" in again.text
    assert (count(database, Record), count(database, Search)) == (1, 1)


def test_names_of_files_are_shown_and_never_followed(sign_in, people, database, tmp_path):
    upload(sign_in(people.lead), people, '../../"><script>x</script>\r\nevil.ris', GOOD)

    with database.reading() as session:
        name = session.scalar(select(ImportFile.name))

    assert "/" not in name
    assert not (tmp_path.parent / "evil.ris").exists()


def test_a_protocol_with_three_mistakes_lists_all_three_and_changes_nothing(
    sign_in, people, database
):
    wrong = (
        protocol_text()
        .replace("languages: [en, es]", "languages: [en, xx]")
        .replace("rows: {item: country}", "rows: {item: contry}")
        .replace("decisions_needed: 2", "decisions_needed: 3", 1)
    )

    answer = sign_in(people.lead).post(f"/reviews/{people.slug}/protocol/yaml", {"text": wrong})

    assert answer.status_code == 422
    for said in ("xx", "contry", "decisions_needed"):
        assert said in answer.text
    assert answer.text.count("line ") >= 3
    assert "languages: [en, xx]" in answer.text  # nothing that was typed is lost


def test_a_date_or_number_that_is_none_saves_nothing(sign_in, people, database):
    browser = sign_in(people.lead)

    for fields in ({"run_on": "yesterday"}, {"hits": "many"}, {"kind": "oracle"}, {"source": " "}):
        assert upload(browser, people, "a.ris", GOOD, **fields).status_code == 422
    assert count(database, Search) == 0


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", '"><img src=x onerror=y>', "{{7*7}}"]
)
def test_markup_in_a_record_is_text_on_every_page(sign_in, people, database, title):
    with database.writing() as session:
        [record] = make_records(
            session,
            people.review_id,
            [{"title": title, "abstract": title, "journal": title, "url": "javascript:x",
              "authors": [title], "keywords": [title], "raw": title, "language": title}],
            source=title,
        )  # fmt: skip
    lead, reviewer = sign_in(people.lead), sign_in(people.reviewer_a)
    base = f"/reviews/{people.slug}"

    pages = [
        reviewer.get(f"{base}/screening/title_abstract"),
        lead.get(f"{base}/records/{record}"),
        lead.get(f"{base}/records"),
        lead.get(f"{base}/searches"),
        lead.get(f"{base}/prisma"),
        lead.get(f"{base}/prisma.svg"),
    ]

    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "javascript:" not in page.text.replace(f"value={title}", "")
        assert ">49<" not in page.text


@pytest.mark.parametrize(
    "path",
    ["/records?box=nonsense", "/records?after=-1", "/map?framework=x", "/map?unit=x",
     "/prisma?as_of=x", "/prisma?as_of=0", "/prisma?as_of=999999", "/prisma.exe", "/map.exe",
     "/screening/later", "/records/not-an-id", "/records?q=" + "x" * 600],
)  # fmt: skip
def test_an_address_that_means_nothing_is_answered_in_words(sign_in, people, path):
    with_both_roles = sign_in(people.lead)

    answer = with_both_roles.get(f"/reviews/{people.slug}{path}")

    assert answer.status_code in (403, 404, 422), answer.status_code
    assert '<div class="alert"' in answer.text


def test_a_second_click_on_a_decision_saves_it_once(sign_in, people, database):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
    browser = sign_in(people.reviewer_a)
    form = {"record": str(record), "verdict": "include",
            "key": "11111111-1111-4111-8111-111111111111"}  # fmt: skip
    path = f"/reviews/{people.slug}/screening/title_abstract/decisions"

    first = browser.post(path, form)
    with database.reading() as session:
        after_first = last_event(session, people.review_id)
    second = browser.post(path, form)

    assert first.status_code == second.status_code == 303
    with database.reading() as session:
        assert last_event(session, people.review_id) == after_first


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/dedupe", {"form_token": "é"}),
        ("/duplicates/undo", {"event": "9223372036854775808"}),
        ("/searches", {"source": "x", "kind": "database", "hits": "9" * 5000}),
        ("/records/{record}/reopen", {"stage": "title_abstract", "why": "x" * 900_000}),
        ("/screening/title_abstract/decisions", {"record": "{record}", "verdict": "include",
                                                 "supersedes": "nonsense"}),
    ],
)  # fmt: skip
def test_a_form_that_nobody_could_have_filled_in_is_refused(sign_in, people, database, path, form):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
    browser = sign_in(people.reviewer_a if "screening" in path else people.lead)
    filled = {key: value.replace("{record}", str(record)) for key, value in form.items()}

    answer = browser.post(f"/reviews/{people.slug}{path.format(record=record)}", filled)

    assert answer.status_code in (403, 422)
    assert "server failed" not in answer.text


@pytest.mark.parametrize("as_of", ["9999-12-31", "9" * 19])
def test_a_far_future_is_now_or_nothing(sign_in, people, as_of):
    answer = sign_in(people.lead).get(f"/reviews/{people.slug}/prisma?as_of={as_of}")

    assert answer.status_code == (200 if "-" in as_of else 404)


def test_what_is_coded_keeps_its_type(sign_in, people, database):
    with database.writing() as session:
        contract = add_contract(
            session, review_id=people.review_id, label="One", by=people.reviewer_a
        )
        code(session, review_id=people.review_id, contract_id=contract.id, item="contract_type",
             value="sib", by=people.reviewer_a)  # fmt: skip
    other = protocol_text().replace(
        "label: Contract type, level: contract, type: one_of",
        "label: Contract type, level: contract, type: many_of",
    )

    answer = sign_in(people.lead).post(f"/reviews/{people.slug}/protocol/yaml", {"text": other})

    assert answer.status_code == 422
    assert "contract_type" in answer.text
