"""Full texts: uploaded, read in a process apart, shown to those who work on the review."""

import csv
import html
import re

import pytest

from api.demonstration.pdf import pdf_of
from review.errors import Unreadable
from review.reports.documents import kept_pages, page_image, pages_of
from review.reports.full_texts import full_texts_of
from review.reports.retrieval import latest_retrievals
from review.tables import Job
from review.vocabulary import JobState, Stage, Verdict
from screening.queue.own_terms import add_own_term
from tests.api.conftest import work_off
from tests.factories import decide_both, make_records

PDF = pdf_of("A bond in Northmoor", ["Doe, Jane"], ["Paid for jobs.", "Nothing else."])


@pytest.fixture
def report(database, people):
    """A record that came through title and abstract screening."""
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
        decide_both(session, people, record, Verdict.INCLUDE)
    return record


def upload(browser, people, record, data=PDF, name="Doe 2001.pdf"):
    return browser.post(
        f"/reviews/{people.slug}/reports/{record}/full-text", files={"file": (name, data)}
    )


def test_a_pdf_is_kept_read_and_shown_and_its_report_is_retrieved(
    app, database, people, sign_in, report
):
    lead = sign_in(people.lead)

    answer = upload(lead, people, report, name='../../"evil\r\n.pdf')
    work_off(app)
    page = lead.get(answer.headers["location"])
    file = lead.get(f"{answer.headers['location']}/full-text")
    image = lead.get(f"{answer.headers['location']}/pages/1")

    assert "Paid for jobs." in page.text
    assert file.content == PDF
    assert "sandbox" in file.headers["content-security-policy"]
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "\r" not in file.headers["content-disposition"]
    assert "/" not in file.headers["content-disposition"].replace("UTF-8", "")
    assert image.content.startswith(b"\x89PNG")
    with database.reading() as session:
        [kept] = full_texts_of(session, review_id=people.review_id, record_ids=[report]).values()
        [word] = latest_retrievals(
            session, review_id=people.review_id, record_ids=[report]
        ).values()
        assert (kept.sha256, word.state) == (kept.sha256, "retrieved")


def test_those_who_work_on_the_review_read_it_and_nobody_else(people, sign_in, report):
    upload(sign_in(people.lead), people, report)
    path = f"/reviews/{people.slug}/reports/{report}/full-text"

    for who in ("lead", "reviewer_a", "adjudicator"):
        assert sign_in(getattr(people, who)).get(path).status_code == 200, who
    assert sign_in(people.advisor).get(path).status_code == 403
    assert sign_in(people.outsider).get(path).status_code == 404


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<html>Sign in</html>", "is not a PDF"),
        (b"", "is not a PDF"),
        (b"MZ" + b"\0" * 2000, "not a PDF"),
    ],
)
def test_what_is_no_pdf_is_refused(people, sign_in, report, data, says):
    answer = upload(sign_in(people.lead), people, report, data)

    assert answer.status_code == 422
    assert says in answer.text


def test_a_record_that_is_not_sought_takes_no_full_text(database, people, sign_in):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)

    assert upload(sign_in(people.lead), people, record).status_code == 409


def test_a_broken_pdf_fails_alone_and_says_so(app, database, people, sign_in, report):
    lead = sign_in(people.lead)

    answer = upload(lead, people, report, b"%PDF-1.7\nand then nothing that makes sense")
    work_off(app)
    lead.get(answer.headers["location"])
    work_off(app)

    with database.reading() as session:
        jobs = session.query(Job).all()
    assert [job.state for job in jobs] == [JobState.FAILED]  # and it is not tried for ever
    assert "cannot be read here" in jobs[0].error
    assert lead.get(f"{answer.headers['location']}/pages/1").status_code == 422


def test_texts_that_were_cleared_away_are_read_again(app, people, sign_in, report):
    lead = sign_in(people.lead)
    answer = upload(lead, people, report)
    work_off(app)
    for path in (app.state.settings.data_dir / "texts").iterdir():
        path.unlink()

    waiting = lead.get(answer.headers["location"])
    work_off(app)

    assert "has not been read yet" in waiting.text
    assert "Paid for jobs." in lead.get(answer.headers["location"]).text


def test_a_reviewer_opens_the_full_text_from_the_screening_page(people, sign_in, report):
    upload(sign_in(people.lead), people, report)

    page = sign_in(people.reviewer_a).get(
        f"/reviews/{people.slug}/screening/{Stage.FULL_TEXT.value}"
    )

    assert f"/reviews/{people.slug}/reports/{report}/full-text" in page.text


def test_the_words_of_a_page_lie_over_its_picture(app, people, sign_in, report):
    lead = sign_in(people.lead)
    upload(lead, people, report)
    work_off(app)

    page = lead.get(f"/reviews/{people.slug}/reports/{report}").text

    [layer] = re.findall(
        r'<svg viewBox="0 0 595.0 842.0" aria-hidden="true">(.*?)</svg>', page, re.DOTALL
    )[:1]
    assert re.search(r'<text x="[0-9.]+" y="[0-9.]+"[^>]*>Paid for jobs.</text>', layer)
    assert " style=" not in page


def test_pages_are_read_as_text_and_as_images(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)

    pages = pages_of(path)

    assert len(pages) == 2
    assert "Paid for jobs." in pages[0].text
    assert page_image(path, 2).startswith(b"\x89PNG")
    assert kept_pages(tmp_path / "none.json") is None
    with pytest.raises(Unreadable):
        page_image(path, 3)


def test_the_screening_room_gets_the_pages_alone_with_terms_marked(
    app, database, people, sign_in, report
):
    upload(sign_in(people.lead), people, report, pdf_of("A bond", "Doe", ["A pilot it was."]))
    work_off(app)
    with database.writing() as session:
        add_own_term(session, review_id=people.review_id, term="pilot", by=people.reviewer_a)
    place, part = f"/reviews/{people.slug}/reports/{report}", {"HX-Request": "true"}

    text = sign_in(people.reviewer_a).get(f"{place}?view=text", headers=part).text
    assert "<html" not in text
    assert '<mark class="own">pilot</mark>' in text
    printed = sign_in(people.reviewer_a).get(f"{place}?view=page", headers=part).text
    assert f"{place}/pages/1" in printed
    of_lead = sign_in(people.lead).get(f"{place}?view=text", headers=part)
    assert (of_lead.status_code, "<mark" in of_lead.text) == (200, False)
    assert "<html" in sign_in(people.reviewer_a).get(place).text


def sought(database, people, *titles):
    """Records that came through title and abstract screening, with these titles by one author."""
    with database.writing() as session:
        records = make_records(
            session,
            people.review_id,
            [{"title": title, "authors": ["Doe, Jane"]} for title in titles],
        )
        for record in records:
            decide_both(session, people, record, Verdict.INCLUDE)
    return records


def upload_many(app, browser, people, *files):
    answer = browser.post(
        f"/reviews/{people.slug}/reports/files",
        files=[("files", (name, data)) for name, data in files],
    )
    work_off(app)
    return browser.get(browser.get(answer.headers["location"]).headers["location"]).text


def test_many_pdfs_are_matched_and_the_doubtful_ones_asked_about(app, database, people, sign_in):
    north, south = sought(
        database, people, "A bond in Northmoor and what it paid for", "A bond in Southmoor and why"
    )
    lead = sign_in(people.lead)
    sure = pdf_of("A bond in Northmoor and what it paid for", "Doe, Jane", ["Jobs."])
    doubtful = pdf_of("A bond in South Moor", "Doe, Jane", ["It was paid."])
    other = pdf_of("Accounts of a water company", "Roe, R.", ["Water."])

    page = upload_many(app, lead, people, ("x1.pdf", sure), ("Doe A bond Southmoor.pdf", doubtful),
                       ("w.pdf", other), ("page.html.pdf", b"<html>"))  # fmt: skip

    assert "1 file attached" in page
    assert "2 files to check" in page
    assert "page.html.pdf is not a PDF" in page
    assert "It does not match any report you are looking for" in page
    with database.reading() as session:
        found = full_texts_of(session, review_id=people.review_id, record_ids=[north, south])
        assert {record: one.name for record, one in found.items()} == {north: "x1.pdf"}

    pattern = r'class="offered">.*?<strong>([^<]+)</strong>.*?action="([^"]+)"'
    found = dict(re.findall(pattern, page, re.DOTALL))
    place, other_place = found["Doe A bond Southmoor.pdf"], found["w.pdf"]
    assert lead.get(place).content == doubtful
    assert lead.post(place, {}).status_code == 422
    assert lead.post(place, {"record": str(north), "number": "999"}).status_code == 404
    lead.post(place, {"record": str(south)})
    with database.reading() as session:
        kept = full_texts_of(session, review_id=people.review_id, record_ids=[south])
        assert kept[south].name == "Doe A bond Southmoor.pdf"
    assert "1 file to check" in lead.get(f"/reviews/{people.slug}/reports").text
    lead.post(other_place, {"is_left_out": "true"})
    assert "to check" not in lead.get(f"/reviews/{people.slug}/reports").text
    assert lead.get(other_place).status_code == 404


def test_a_library_among_the_files_says_which_report_each_is(app, database, people, sign_in):
    north, south = sought(
        database, people, "A bond in Northmoor and what it paid for", "A bond in Southmoor and why"
    )
    library = "".join(
        f"TY  - RPRT\nAU  - Doe, Jane\nTI  - {title}\nPY  - {year}\nL1  - files/{name}\nER  - \n\n"
        for title, year, name in (
            ("A bond in Northmoor and what it paid for", 2001, "1/Scan 1.pdf"),
            ("A bond in Southmoor and why", 2002, "2/Scan 2.pdf"),
        )
    ).encode()
    lead = sign_in(people.lead)
    blank = pdf_of("", "", [])
    alone = lead.post(f"/reviews/{people.slug}/reports/files",
                      files=[("files", ("library.ris", library))])  # fmt: skip
    assert (alone.status_code, "Choose the PDFs as well" in alone.text) == (422, True)

    page = upload_many(app, lead, people, ("folder/1/scan 1.PDF", blank),
                       ("library.ris", library), ("broken.rdf", b"<html>"),
                       ("snapshot.html", b"<html>"))  # fmt: skip

    assert "1 file attached" in page
    assert "by library" in page
    assert "broken.rdf" in page
    assert "1 other files were left out" not in page
    assert "1 other file was left out" in page
    with database.reading() as session:
        found = full_texts_of(session, review_id=people.review_id, record_ids=[north, south])
        assert {record: one.name for record, one in found.items()} == {north: "scan 1.PDF"}


def test_the_same_file_again_is_left_out_and_says_so(app, database, people, sign_in):
    sought(database, people, "A bond in Northmoor and what it paid for")
    lead = sign_in(people.lead)
    file = pdf_of("A bond in Northmoor and what it paid for", "Doe, Jane", ["Jobs."])
    upload_many(app, lead, people, ("a.pdf", file))

    page = upload_many(app, lead, people, ("b.pdf", file))

    assert "b.pdf is skipped: it is already attached to A bond in Northmoor and what it" in page
    assert "to check" not in page


def test_a_supplement_is_beside_the_report_and_does_not_replace_it(app, database, people, sign_in):
    [record] = sought(database, people, "A bond in Northmoor and what it paid for")
    lead = sign_in(people.lead)
    upload(lead, people, record)
    annex = pdf_of("Annex", "Doe, Jane", ["Tables."])

    lead.post(
        f"/reviews/{people.slug}/reports/{record}/full-text",
        {"part": "supplement"}, files={"file": ("annex.pdf", annex)},
    )  # fmt: skip

    place = f"/reviews/{people.slug}/reports/{record}"
    page = lead.get(place).text
    [part] = re.findall(rf'href="({place}/documents/[^"]+)">annex.pdf', page)
    assert lead.get(part).content == annex
    assert lead.get(f"{place}/full-text").content == PDF
    assert lead.get(f"{place}/documents/{record}").status_code == 404


def test_a_request_has_a_reminder_that_comes_due(database, people, sign_in):
    early, late, _open = sought(database, people, "A bond of Ash", "A bond of Birch", "A third one")
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}/reports"
    for record, day in ((early, "2020-01-31"), (late, "2999-12-31")):
        sent = {"state": "requested", "why": "the author", "remind_on": day}
        assert lead.post(f"{place}/{record}/retrieval", sent).status_code == 303

    page = lead.get(f"{place}?show=requested").text
    assert "1 reminder due" in page
    assert "reminder due since 31 January 2020" in page
    assert "reminder on 31 December 2999" in page
    assert page.index("A bond of Ash") < page.index("A bond of Birch")
    assert "A third one" not in page
    wrong = {"state": "requested", "why": "x", "remind_on": "soon"}
    assert lead.post(f"{place}/{early}/retrieval", wrong).status_code == 422


def test_the_list_of_links_has_what_is_to_be_fetched_by_hand(app, database, people, sign_in):
    [record] = sought(database, people, "A bond of Ash")
    lead, place = sign_in(people.lead), f"/reviews/{people.slug}"

    def link():
        [line] = csv.DictReader(lead.get(f"{place}/lists/links.csv").text.splitlines())
        return line

    line = link()
    assert line["title"] == "A bond of Ash"
    assert line["scholar address"].startswith("https://scholar.google.com/scholar?q=")
    assert line["library address"] == ""
    app.state.settings = app.state.settings.model_copy(
        update={"link_resolver": "https://resolver.example.org/openurl"}
    )
    address = link()["library address"]
    assert address.startswith("https://resolver.example.org/openurl?url_ver=")
    assert html.escape(address) in lead.get(f"{place}/records/{record}").text
