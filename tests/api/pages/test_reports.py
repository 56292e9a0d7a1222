"""Full texts: uploaded, read in a process apart, shown to those who work on the review."""

import pytest

from api.demonstration.pdf import pdf_of
from review.errors import Unreadable
from review.reports.documents import kept_pages, page_image, pages_of
from review.reports.full_texts import full_texts_of
from review.reports.retrieval import latest_retrievals
from review.tables import Job
from review.vocabulary import JobState, Stage, Verdict
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


def test_pages_are_read_as_text_and_as_images(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)

    pages = pages_of(path)

    assert len(pages) == 2
    assert "Paid for jobs." in pages[0]
    assert page_image(path, 2).startswith(b"\x89PNG")
    assert kept_pages(tmp_path / "none.json") is None
    with pytest.raises(Unreadable):
        page_image(path, 3)
