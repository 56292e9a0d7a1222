"""Publications: a frozen map behind a link, with nothing private in it, until the link ends."""

import io
import json
import re
import shutil
import zipfile
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from heatmap.counting import build
from heatmap.exports import to_json
from heatmap.feedback import MOST_AN_HOUR
from heatmap.formats import MAP_FILES
from heatmap.frozen import published_map
from heatmap.publications import publish, share
from review.decisions.decisions import decide
from review.decisions.reopening import reopen
from review.errors import Invalid
from review.prisma.formats import FLOW_FILES
from review.studies.coding import code
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Account, Contract, Job, Publication, ShareLink
from review.tables.base import utc_now
from review.vocabulary import Stage, Verdict
from screening.ranking.runs import rank_records
from tests.api.conftest import work_off
from tests.factories import decide_both, include_fully, make_records, make_review, protocol_text

NOTE = "A private remark of the coder."


@pytest.fixture
def coded(database, people):
    """A study of one contract in one cell; its review's people."""
    with database.writing() as session:
        into = {"review_id": people.review_id, "by": people.lead}
        [record] = make_records(session, people.review_id, [{"title": "A bond in Northmoor"}])
        include_fully(session, people, record)
        study = add_study(session, label="Doe 2001", reports=[record], **into)
        contract = add_contract(session, label="Northmoor bond", **into)
        link_contract(session, study_id=study.id, contract_id=contract.id, **into)
        for coder in people.reviewers:
            for item, value in (("area", "work"), ("contract_type", "sib"), ("country", "GB")):
                code(session, review_id=people.review_id, contract_id=contract.id, item=item,
                     value=value, by=coder, quote="Paid for jobs.")  # fmt: skip
    return people


@pytest.fixture
def link(coded, sign_in):
    """A path under which the map is public; its drawings are made once somebody asks for one."""
    lead, form = sign_in(coded.lead), {"title": "First", "sites": "https://ours.example"}
    page = lead.follow(lead.post(f"/reviews/{coded.slug}/publications", form))
    return re.search(r'value="[^"]*(/p/[^"]+)"', page.text)[1]


def test_anybody_with_the_link_reads_the_map_its_cells_and_its_files(sign_in, link):
    reader = sign_in()

    page = reader.get(link)
    cell = reader.get(f"{link}?row=work&column=sib")

    facts = re.sub(r"<[^>]+>|\s+", " ", page.text.split('class="key-facts', 1)[1].split("</ul>")[0])
    assert " ".join(facts.split()).startswith('plain"> 1 study 1 contract 1 report 1 country')
    assert "Paid for jobs." in cell.text
    for ending, begins in (("csv", b"row_key"), ("png", b"\x89PNG"), ("svg", b"<svg"),
                           ("html", b"<!DOCTYPE"), ("xlsx", b"PK"), ("json", b"{")):  # fmt: skip
        assert reader.get(f"{link}/map.{ending}").content.startswith(begins), ending
    assert reader.get(f"{link}/map.exe").status_code == 404


def test_every_format_has_its_button_on_every_page(coded, sign_in, link):
    lead = sign_in(coded.lead)

    for address, files in ((f"/reviews/{coded.slug}/map", MAP_FILES), (link, MAP_FILES),
                           (f"/reviews/{coded.slug}/prisma", FLOW_FILES)):  # fmt: skip
        page = lead.get(address).text
        for name, file in files.items():
            assert re.search(rf'href="[^"]*/(?:map|prisma)\.{name}\b', page), (address, name)
            assert file.label in page


def test_what_is_published_stays_as_it_was(database, coded, sign_in, link):
    before = sign_in().get(f"{link}/data.json").json()
    with database.writing() as session:
        [late] = make_records(session, coded.review_id, [{"title": "A later one"}])
        include_fully(session, coded, late)
        add_study(session, review_id=coded.review_id, label="Roe 2020", reports=[late],
                  by=coded.lead)  # fmt: skip

    after = sign_in().get(f"{link}/data.json").json()

    assert after == before
    assert "Roe 2020" not in sign_in().get(link).text


def test_a_publication_counts_as_the_map_it_was_made_of(database, coded):
    with database.writing() as session:
        made = publish(session, review_id=coded.review_id, title="First", by=coded.lead)
        content = json.loads(json.dumps(made.content))
    with database.reading() as session:
        for framework in ("area_by_type", "area_by_theme", "country_by_type"):
            for asked in ({"unit": "study"}, {"unit": "contract", "secondary": True}):
                own = build(session, review_id=coded.review_id, framework=framework, **asked)
                frozen = published_map(content, framework=framework, **asked)
                assert to_json(frozen) | {"as_of": 0} == to_json(own) | {"as_of": 0}


def test_readers_are_told_of_a_stop_and_of_what_may_be_missing(app, database, coded, sign_in):
    with database.writing() as session:
        records = make_records(session, coded.review_id, 60)
    rank_records(database, review_id=coded.review_id, stage=Stage.TITLE_ABSTRACT, by=coded.lead)
    with database.writing() as session:
        for record in records[:30]:
            decide_both(session, coded, record, Verdict.EXCLUDE)
    lead = sign_in(coded.lead)

    before = lead.get(f"/reviews/{coded.slug}/map.json").json()["stopped"]
    lead.post(f"/reviews/{coded.slug}/stopping", {"rule": "The money ran out."})
    own = lead.get(f"/reviews/{coded.slug}/map").text
    page = lead.follow(lead.post(f"/reviews/{coded.slug}/publications", {"title": "First"}))
    public = sign_in().get(re.search(r'value="[^"]*(/p/[^"]+)"', page.text)[1]).text
    lead.post(f"/reviews/{coded.slug}/stopping", {"rule": "More came.", "resume": "true"})
    later = lead.get(f"/reviews/{coded.slug}/map.json").json()["stopped"]

    told = re.compile(
        r"Screening stopped early, on \d+ \w+ \d{4} after 31 of 61 records\. "
        r"Judged by the order of screening, at least \d+ % of the relevant records had been found"
    )
    assert before is later is None
    assert told.search(own)
    assert told.search(public)
    assert "The money ran out." not in public  # the lead's own words stay in the review


PRIVATE = "Zq7 canary"


def test_nothing_private_is_in_any_public_byte(database, coded, sign_in):
    """Plant a private text wherever people of the review can write one."""
    with database.writing() as session:
        into = {"review_id": coded.review_id}
        hidden, included = make_records(session, coded.review_id, 2)
        decide(session, record_id=hidden, stage=Stage.TITLE_ABSTRACT, verdict=Verdict.EXCLUDE,
               note=f"{PRIVATE} note", by=coded.reviewer_a, **into)  # fmt: skip
        include_fully(session, coded, included)
        study = add_study(session, label="Roe 2002", reports=[included], by=coded.lead, **into)
        contract = add_contract(session, label="Southmoor fund", by=coded.lead, **into)
        link_contract(session, study_id=study.id, contract_id=contract.id, by=coded.lead, **into)
        for coder, value in zip(coded.reviewers, ("work", "home"), strict=True):  # not agreed
            code(session, contract_id=contract.id, item="area", value=value, by=coder,
                 quote=f"{PRIVATE} quote", **into)  # fmt: skip
        reopen(session, record_id=included, stage=Stage.FULL_TEXT, why=f"{PRIVATE} reason",
               by=coded.lead, **into)  # fmt: skip
        decide_both(session, coded, included, Verdict.INCLUDE, stage=Stage.FULL_TEXT)
    lead, reader = sign_in(coded.lead), sign_in()
    link = link_on(publish_again(lead, coded.slug))
    reader.client.post(
        f"{link}/feedback", data={"text": f"{PRIVATE} message", "reply_to": "r@e.org"}
    )
    [message] = re.findall(
        r"/feedback/([0-9a-f-]{36})", lead.get(f"/reviews/{coded.slug}/feedback").text
    )
    lead.post(f"/reviews/{coded.slug}/feedback/{message}", {"answer": f"{PRIVATE} answer"})
    with database.reading() as session:
        emails = [*coded.emails.values(), "r@e.org"]
        names = {name for (name,) in session.query(Account.name)} - {"Lead"}

    study_page = re.search(r'href="[^"]*(/studies/[0-9a-f-]+)', reader.get(f"{link}/studies").text)[
        1
    ]
    parts = ["", "?row=work&column=sib", "?find=work", "/data.json", "/changes.json", "/changes",
             "/methods", "/views", "/studies", "/brief?row=work", "/offline.html", study_page,
             "/references.ris", "/references.bib", "/references.csv", "/thanks",
             *(f"/map.{ending}" for ending in MAP_FILES)]  # fmt: skip
    for part in parts:
        answer = reader.get(link + part)
        assert answer.status_code == 200, part
        shown = answer.content
        if part == "/map.xlsx":
            with zipfile.ZipFile(io.BytesIO(shown)) as book:
                shown = b"".join(book.read(name) for name in book.namelist())
        for private in (PRIVATE, *emails, *names, "coder_id", "actor_id"):
            assert private.encode() not in shown, (part, private)


def test_an_item_that_is_not_public_stays_in_the_review(database, templates, kind):
    text = protocol_text().replace(
        "codebook:\n", "codebook:\n  - {key: remark, label: Remark, level: study, type: text, "
        "public: false}\n",
    )  # fmt: skip
    with database.writing() as session:
        cast = make_review(session, text=text)
        [record] = make_records(session, cast.review_id)
        include_fully(session, cast, record)
        study = add_study(session, review_id=cast.review_id, label="Doe 2001", reports=[record],
                          by=cast.lead)  # fmt: skip
        code(session, review_id=cast.review_id, study_id=study.id, item="remark", value=NOTE,
             by=cast.lead)  # fmt: skip
        made = publish(session, review_id=cast.review_id, title="First", by=cast.lead)
        assert NOTE not in json.dumps(made.content)


def test_a_link_that_ended_ran_out_or_never_was_opens_nothing(database, coded, sign_in, link):
    lead, reader = sign_in(coded.lead), sign_in()
    with database.writing() as session:
        publication = session.query(Publication).one()
        short, token = share(session, review_id=coded.review_id, publication_id=publication.id,
                             by=coded.lead, expires_at=utc_now() + timedelta(days=1))  # fmt: skip
        short_id = short.id
    ids = re.findall(r"/links/([0-9a-f-]{36})/revoke", lead.get(
        f"/reviews/{coded.slug}/publications").text)  # fmt: skip
    for link_id in ids:
        lead.post(f"/reviews/{coded.slug}/publications/links/{link_id}/revoke")

    answers = [reader.get(path) for path in (link, f"/p/{token}", "/p/nothing", f"{link}/map.csv")]

    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].text == answers[2].text
    with database.reading() as session:
        assert token not in repr(vars(session.get_one(ShareLink, short_id)))


def test_the_public_page_is_framed_only_by_the_sites_named_and_not_indexed(sign_in, link):
    headers = sign_in().get(link).headers

    assert "frame-ancestors https://ours.example" in headers["content-security-policy"]
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "site", ["ours.example", "https://ours.example/page", "https://*", "'self'"]
)
def test_a_site_that_is_none_is_refused(coded, sign_in, site):
    answer = sign_in(coded.lead).post(
        f"/reviews/{coded.slug}/publications", {"title": "First", "sites": site}
    )

    assert answer.status_code == 422


def test_pictures_that_were_cleared_away_are_drawn_again(app, sign_in, link):
    work_off(app)
    shutil.rmtree(app.state.settings.made_dir)

    assert sign_in().get(f"{link}/map.png").content.startswith(b"\x89PNG")


def test_a_protocol_without_a_map_has_nothing_to_publish(database):
    text = protocol_text().split("frameworks:")[0]
    with database.writing() as session:
        cast = make_review(session, text=text)
        with pytest.raises(Invalid, match="no map to publish"):
            publish(session, review_id=cast.review_id, title="First", by=cast.lead)


def test_sending_the_form_again_publishes_nothing_again(database, coded, sign_in):
    lead = sign_in(coded.lead)
    page = lead.get(f"/reviews/{coded.slug}/publications")
    form = {"title": "First", "key": re.search(r'name="key" value="([^"]+)"', page.text)[1]}

    lead.post(f"/reviews/{coded.slug}/publications", form)
    again = lead.post(f"/reviews/{coded.slug}/publications", form)

    assert again.status_code == 409
    assert "already published" in again.text
    with database.reading() as session:
        assert session.query(Publication).count() == 1


def test_a_link_with_foreign_parameters_opens_and_head_is_answered(sign_in, link):
    reader = sign_in()

    page = reader.get(f"{link}?utm_source=newsletter&fbclid=x&country=GB")

    assert page.status_code == 200
    assert "Country: United Kingdom" in page.text
    assert "utm_source" not in page.text
    for address in (link, f"{link}/data.json", f"{link}/map.csv?utm_medium=email"):
        assert reader.client.head(address).status_code == 200
    assert reader.client.head("/p/nothing").status_code == 404


def test_another_map_keeps_the_filters(sign_in, link):
    reader = sign_in()

    kept = reader.get(f"{link}?country=GB&country=KE").text
    other = reader.get(f"{link}?country=GB&framework=area_by_theme")

    assert kept.count('name="country" value="GB" checked') == 1
    assert kept.count('name="country" value="KE" checked') == 1  # though none is there
    assert other.status_code == 200
    assert 'name="country" value="GB"' in other.text
    assert "Only:" in other.text
    assert reader.get(f"{link}?framework=nothing").status_code == 404


def test_a_picture_of_a_view_has_its_filters_and_leaves_nothing_behind(
    app, database, link, sign_in
):
    work_off(app)
    reader = sign_in()
    with database.reading() as session:
        before = set(session.scalars(select(Job.id)))
    made = app.state.settings.made_dir / "published"
    files = set(made.iterdir())

    view = reader.get(f"{link}/map.svg?country=KE&unit=study")

    assert "Only: Country: Kenya." in view.text
    assert "Only:" not in reader.get(f"{link}/map.svg").text
    assert set(made.iterdir()) == files
    with database.reading() as session:
        assert set(session.scalars(select(Job.id))) == before


def test_a_row_a_column_and_the_whole_map_open_their_studies(sign_in, link):
    reader = sign_in()

    for query in ("row=work", "column=sib", "row=work&column=sib"):
        page = reader.get(f"{link}?{query}").text
        assert "1 contract in 1 study, 1 report" in page
        assert "Doe 2001" in page
    listed = reader.get(f"{link}/studies?words_in=doe").text
    assert "Doe 2001" in listed
    assert "No study has all these words" in reader.get(f"{link}/studies?words_in=smith").text
    study = re.search(r'href="(/p/[^"]+/studies/[0-9a-f-]+)', listed)[1]
    page = reader.get(study).text
    assert "How well was it done?" in page
    assert "A bond in Northmoor" in page
    contract = re.search(r'href="(/p/[^"]+/contracts/[0-9a-f-]+)', page)[1]
    assert "reported by 1 study" in reader.get(contract).text
    for missing in ("studies", "contracts"):
        assert reader.get(f"{link}/{missing}/{uuid4()}").status_code == 404
    for ending, begins in (("ris", "TY  - "), ("bib", "@"), ("csv", "authors,")):
        assert reader.get(f"{link}/references.{ending}?row=work").text.startswith(begins)
        assert reader.get(f"{link}/references.{ending}?row=home").text.count("A bond in") == 0
    assert reader.get(f"{link}/references.exe").status_code == 404


def test_an_empty_cell_says_why(sign_in, link):
    reader = sign_in()

    assert "found no study to include here" in reader.get(f"{link}?row=home&column=pbr").text
    hidden = reader.get(f"{link}?row=work&column=sib&country=KE").text
    assert "The only one here does not match your filters." in hidden
    assert "Show this cell without filters" in hidden
    assert "There is no study here." in reader.get(f"{link}?row=nothing&column=sib").text


def test_a_name_in_another_language_leads_to_its_column(sign_in, link):
    page = sign_in().get(f"{link}?find=Reino+Unido").text
    assert "<strong>United Kingdom</strong>" in page
    assert "country=GB" in page
    none = sign_in().get(f"{link}?find=<b>nothing</b>").text
    assert "No row, column or filter of this map is called" in none
    assert "<b>nothing</b>" not in none


def test_a_cell_that_a_filter_empties_is_no_gap_and_its_filter_stays(sign_in, link):
    page = sign_in().get(f"{link}?country=KE").text

    assert "No study matches these filters" in page
    assert page.count('class="gap filtered_out"') == 1
    assert 'name="country" value="KE" checked' in page
    assert 'name="country" value="GB"' in page


def test_the_new_link_is_there_when_the_page_is_loaded_again(coded, sign_in):
    lead = sign_in(coded.lead)
    address = f"/reviews/{coded.slug}/publications"
    first = lead.follow(lead.post(address, {"title": "First"})).text
    link = re.search(r'value="[^"]*(/p/[^"]+)"', first)[1]

    assert link in lead.get(address).text
    assert link not in sign_in(coded.lead).get(address).text  # in another browser
    [number] = re.findall(r'/publications/links/([^/"]+)/revoke', first)
    lead.post(f"{address}/links/{number}/revoke")
    assert link not in lead.get(address).text


# ---------------------------------------------------- addresses, passwords, withdrawal, feedback


def publish_again(lead, slug: str, **form: str) -> str:
    """Publish the map as it is, and return the page that shows its link."""
    return lead.follow(lead.post(f"/reviews/{slug}/publications", {"title": "Map", **form})).text


def link_on(page: str) -> str:
    return re.search(r'value="[^"]*(/p/[^"]+)"', page)[1]


def test_a_public_address_leads_to_the_newest_publication_and_opens_earlier_ones(coded, sign_in):
    lead, reader = sign_in(coded.lead), sign_in()
    publish_again(lead, coded.slug)
    assert link_on(publish_again(lead, coded.slug, address="Soc-Map")) == "/p/soc-map"
    first = reader.get("/p/soc-map")
    assert "<strong>publication 2</strong>" in first.text
    assert (first.headers["cache-control"], "x-robots-tag" in first.headers) == ("no-cache", False)

    publish_again(lead, coded.slug)

    page = reader.get("/p/soc-map").text
    assert "<strong>publication 3</strong>" in page
    assert "publication=2" in page
    assert "<strong>publication 1</strong>" in reader.get("/p/soc-map?publication=1").text
    assert reader.get("/p/soc-map?publication=4").status_code == 404
    assert reader.get("/p/soc-map?publication=x").status_code == 200
    taken = lead.post(f"/reviews/{coded.slug}/publications", {"title": "Map", "address": "soc-map"})
    assert taken.status_code == 409
    for wrong in ("a", "with space", "../login", "ünal"):
        form = {"title": "Map", "address": wrong}
        assert lead.post(f"/reviews/{coded.slug}/publications", form).status_code == 422, wrong


def test_an_advisor_with_an_account_finds_the_publications(coded, sign_in):
    lead, advisor = sign_in(coded.lead), sign_in(coded.advisor)
    publish_again(lead, coded.slug, title="First map")
    page = advisor.get(f"/reviews/{coded.slug}/map").text
    assert "First map" in page
    assert "ask the lead for its link" in page

    publish_again(lead, coded.slug, title="Second map", address="bonds")

    page = advisor.get(f"/reviews/{coded.slug}/map").text
    for number in (1, 2):
        address = f"/p/bonds?publication={number}"
        assert address in page
        assert f"<strong>publication {number}</strong>" in advisor.get(address).text


def test_a_secret_link_opens_no_other_publication(coded, sign_in, link):
    publish_again(sign_in(coded.lead), coded.slug)
    page = sign_in().get(f"{link}?publication=2")
    assert "<strong>publication 1</strong>" in page.text
    assert page.headers["x-robots-tag"] == "noindex, nofollow"


def test_a_password_is_asked_for_once_and_for_everything(coded, sign_in):
    page = publish_again(sign_in(coded.lead), coded.slug, password="yes")
    link = link_on(page)
    password = re.findall(r'<input[^>]*value="([\w-]{12})"', page)[0]
    reader = sign_in()

    assert "This map needs a password" in reader.get(link).text
    for part in ("/data.json", "/map.csv", "/references.ris", "/changes.json"):
        assert reader.get(link + part).status_code == 403, part
    for part in ("", "/studies", "/methods", "/changes"):
        asked = reader.get(link + part)
        assert (asked.status_code, "Doe 2001" in asked.text) == (401, False)
    assert reader.client.post(f"{link}/feedback", data={"text": "Hello"}).status_code == 403
    wrong = reader.client.post(f"{link}/password", data={"password": "guess"})
    assert (wrong.status_code, "That is not the password" in wrong.text) == (403, True)

    right = reader.client.post(f"{link}/password", data={"password": f" {password} "})
    assert right.status_code == 303
    assert "Doe 2001" in reader.get(f"{link}/studies").text
    assert reader.get(f"{link}/map.csv").status_code == 200
    assert reader.get(link).status_code == 200
    assert sign_in().get(link).status_code == 401  # a kept page is no way around it


def test_a_withdrawn_publication_says_why_and_its_address_leads_to_the_one_before(coded, sign_in):
    lead, reader = sign_in(coded.lead), sign_in()
    publish_again(lead, coded.slug)
    link = link_on(publish_again(lead, coded.slug))
    publish_again(lead, coded.slug, address="soc-map")
    assert reader.get(link).status_code == 200
    shown = lead.get(f"/reviews/{coded.slug}/publications").text
    newest, second, _ = re.findall(r"/publications/([0-9a-f-]+)/withdraw", shown)

    assert lead.post(f"/reviews/{coded.slug}/publications/{second}/withdraw").status_code == 422
    for number in (newest, second):
        form = {"why": "A study was counted twice."}
        answer = lead.post(f"/reviews/{coded.slug}/publications/{number}/withdraw", form)
        assert answer.status_code == 303

    gone = reader.get(link)
    assert (gone.status_code, "A study was counted twice." in gone.text) == (404, True)
    assert "<strong>publication 1</strong>" in reader.get("/p/soc-map").text
    again = lead.post(f"/reviews/{coded.slug}/publications/{second}/withdraw", {"why": "Again"})
    assert again.status_code == 409


def test_who_publishes_and_how_to_cite_it_is_on_the_page_and_in_its_head(coded, sign_in):
    details = {"title": "Bonds & <outcomes>", "authors": "Doe, J.; Roe, R.", "contact": "a@b.org",
               "institution": "The Lab", "licence": "CC0 1.0", "next_update": "June 2027",
               "address": "bonds"}  # fmt: skip
    lead = sign_in(coded.lead)
    assert lead.post(f"/reviews/{coded.slug}/publications",
                     details | {"licence": "Mine"}).status_code == 422  # fmt: skip
    publish_again(lead, coded.slug, **details)
    page = sign_in().get("/p/bonds").text

    for text in ('<meta name="citation_author" content="Roe, R.">', "Next update: June 2027.",
                 '<meta name="citation_title" content="Bonds &amp; &lt;outcomes&gt;">',
                 "https://creativecommons.org/publicdomain/zero/1.0/", "a@b.org"):  # fmt: skip
        assert text in page
    [data] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["name"] == "Bonds & <outcomes>"
    assert json.loads(data)["creator"][1]["name"] == "Roe, R."
    methods = sign_in().get("/p/bonds/methods").text
    assert "<svg" in methods
    assert "Wrong population" in methods
    again = lead.get(f"/reviews/{coded.slug}/publications").text
    assert 'value="The Lab"' in again  # the next publication begins with what this one says


def test_a_publication_says_what_has_changed_since_the_one_before(database, coded, sign_in, link):
    lead, reader = sign_in(coded.lead), sign_in()
    assert reader.get(f"{link}/changes.json").json() is None
    assert "This is the first publication" in reader.get(f"{link}/changes").text
    with database.writing() as session:
        into = {"review_id": coded.review_id, "by": coded.lead}
        [record] = make_records(session, coded.review_id, [{"title": "A fund in Southmoor"}])
        include_fully(session, coded, record)
        study = add_study(session, label="Roe 2002", reports=[record], **into)
        contract = add_contract(session, label="Southmoor fund", **into)
        link_contract(session, study_id=study.id, contract_id=contract.id, **into)
        bond = session.scalar(select(Contract.id).where(Contract.label == "Northmoor bond"))
        for coder in coded.reviewers:
            for item, value in (("area", "home"), ("contract_type", "pbr")):
                code(session, review_id=coded.review_id, contract_id=contract.id, item=item,
                     value=value, by=coder)  # fmt: skip
            code(session, review_id=coded.review_id, contract_id=bond, item="country",
                 value="KE", by=coder)  # fmt: skip

    second = link_on(publish_again(lead, coded.slug))

    changed = reader.get(f"{second}/changes.json").json()
    assert changed["since"] == 1
    assert changed["studies_added"] == ["Roe 2002"]
    closed = {(gap["framework"], gap["row"], gap["column"]) for gap in changed["gaps_closed"]}
    assert ("area_by_type", "home", "pbr") in closed
    assert changed["values_changed"] == [
        {"study": None, "contract": "Northmoor bond", "item": "Country",
         "before": "United Kingdom", "after": "Kenya"}
    ]  # fmt: skip
    page = reader.get(second).text
    assert "Since publication 1:" in page
    assert "1 study added" in page
    assert "Roe 2002" in reader.get(f"{second}/changes").text


def test_a_reader_tells_the_team_something_and_the_lead_answers(database, coded, sign_in, link):
    reader, lead = sign_in(), sign_in(coded.lead)
    said = {"text": "A study of <b>Eastmoor</b> is missing.", "view": "row=work&column=sib",
            "reply_to": "me@example.org"}  # fmt: skip

    assert reader.client.post(f"{link}/feedback", data=said).status_code == 303
    assert "the team has your message" in reader.get(f"{link}/thanks").text
    for wrong in ({"text": " "}, {"text": "x" * 4001}, {"text": "a", "reply_to": "nobody"}):
        assert reader.client.post(f"{link}/feedback", data=wrong).status_code == 422

    page = lead.get(f"/reviews/{coded.slug}/feedback").text
    assert "A study of &lt;b&gt;Eastmoor&lt;/b&gt; is missing." in page
    assert "me@example.org" in page
    assert "row=work&amp;column=sib" in page
    assert "1 to answer" in lead.get(f"/reviews/{coded.slug}/publications").text
    [number] = re.findall(r"/feedback/([0-9a-f-]+)", page)
    answered = lead.post(f"/reviews/{coded.slug}/feedback/{number}", {"answer": "We added it."})
    assert answered.status_code == 303
    assert "We added it." in lead.get(f"/reviews/{coded.slug}/feedback").text
    assert "to answer" not in lead.get(f"/reviews/{coded.slug}/publications").text
    assert "Eastmoor" not in reader.get(link).text  # nobody else reads it
    assert sign_in(coded.advisor).get(f"/reviews/{coded.slug}/feedback").status_code == 403


def test_so_many_messages_within_an_hour_are_enough(coded, sign_in, link):
    reader = sign_in()
    answers = [
        reader.client.post(f"{link}/feedback", data={"text": f"Number {number}"}).status_code
        for number in range(MOST_AN_HOUR + 1)
    ]
    assert answers == [303] * MOST_AN_HOUR + [503]


def test_a_kept_page_is_the_same_and_its_link_is_asked_for_each_time(coded, sign_in, link):
    reader, lead = sign_in(), sign_in(coded.lead)
    first = reader.get(link)
    kept = reader.get(link)
    plain = reader.client.get(link, headers={"accept-encoding": "identity"})
    assert first.content == kept.content == plain.content
    assert kept.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    same = reader.client.get(link, headers={"if-none-match": kept.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert reader.client.head(link).status_code == 200

    shown = lead.get(f"/reviews/{coded.slug}/publications").text
    [number] = re.findall(r'/publications/links/([^/"]+)/revoke', shown)
    lead.post(f"/reviews/{coded.slug}/publications/links/{number}/revoke")
    assert reader.get(link).status_code == 404


def test_what_a_withdrawn_publication_said_is_in_no_later_one(coded, sign_in, link, database):
    lead, reader = sign_in(coded.lead), sign_in()
    with database.writing() as session:
        into = {"review_id": coded.review_id, "by": coded.lead}
        [record] = make_records(session, coded.review_id, [{"title": "A secret fund"}])
        include_fully(session, coded, record)
        add_study(session, label="Hidden 2003", reports=[record], **into)
    publish_again(lead, coded.slug)
    shown = lead.get(f"/reviews/{coded.slug}/publications").text
    second = re.findall(r"/publications/([0-9a-f-]+)/withdraw", shown)[0]
    lead.post(f"/reviews/{coded.slug}/publications/{second}/withdraw", {"why": "A mistake."})
    with database.writing() as session:
        reopen(session, review_id=coded.review_id, record_id=record, stage=Stage.FULL_TEXT,
               why="A mistake.", by=coded.lead)  # fmt: skip
        decide_both(session, coded, record, Verdict.EXCLUDE, stage=Stage.FULL_TEXT,
                    reason="population")  # fmt: skip

    third = link_on(publish_again(lead, coded.slug))

    assert "<strong>publication 3</strong>" in reader.get(third).text
    assert reader.get(f"{third}/changes.json").json()["since"] == 1
    for part in ("", "/changes", "/changes.json", "/data.json"):
        assert "Hidden 2003" not in reader.get(third + part).text


def test_a_public_address_asked_for_at_an_older_publication_leads_to_the_newest(coded, sign_in):
    lead = sign_in(coded.lead)
    publish_again(lead, coded.slug)
    publish_again(lead, coded.slug)
    shown = lead.get(f"/reviews/{coded.slug}/publications").text
    _, first = re.findall(r"/publications/([0-9a-f-]+)/links", shown)
    lead.post(f"/reviews/{coded.slug}/publications/{first}/links", {"address": "bonds"})
    assert "<strong>publication 2</strong>" in sign_in().get("/p/bonds").text


def test_a_kept_page_never_has_the_host_that_somebody_else_claimed(coded, sign_in):
    publish_again(sign_in(coded.lead), coded.slug, address="bonds", authors="Doe, J.")
    reader = sign_in()
    reader.client.get("/p/bonds", headers={"host": "evil.example"})
    assert "evil.example" not in reader.get("/p/bonds").text


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_odd_addresses_are_answered_with_a_page(sign_in, link):
    reader = sign_in()
    for query, status in (
        ("page=" + "9" * 3000 + "&row=work", 200), ("since=0&until=0", 200), ("since=abc", 422),
        ("since=２０１５", 422), ("row=sib&column=work", 200), ("row=&column=", 200),
        ("unit=person", 422), ("order=age", 422), ("words=xx", 200), ("publication=x", 200),
        ("&".join(f"country={n}" for n in range(1000)), 422), ("country=&country=GB", 200),
        ("find=" + "a" * 3000, 200),
    ):  # fmt: skip
        assert reader.get(f"{link}?{query}").status_code == status, query[:40]
    for part, status in (("/brief", 404), ("/brief?row=sib", 404), ("/brief?row=work", 200),
                         ("/studies?page=7", 200), ("/studies/nothing", 422)):  # fmt: skip
        assert reader.get(link + part).status_code == status, part


def test_the_pages_of_a_study_and_a_contract_say_everything_whatever_the_filters(sign_in, link):
    reader = sign_in()
    listed = reader.get(f"{link}/studies").text
    study = re.search(r'href="(/p/[^"]+/studies/[0-9a-f-]+)', listed)[1]
    contract = re.search(r'href="(/p/[^"]+/contracts/[0-9a-f-]+)', listed)[1]
    assert "Northmoor bond" in reader.get(f"{study}?country=KE").text
    assert "reported by 1 study" in reader.get(f"{contract}?country=KE").text


def test_a_map_whose_findings_are_private_is_published_without_them(database, sign_in):
    text = protocol_text().replace(
        "codebook:\n", "codebook:\n  - {key: effect, label: Effect, level: study, type: one_of,"
        " public: false, values: [{key: good, label: Good}]}\n",
    ).replace("segments: design,", "segments: design, findings: effect,")  # fmt: skip
    with database.writing() as session:
        cast = make_review(session, text=text)
        [record] = make_records(session, cast.review_id)
        include_fully(session, cast, record)
        study = add_study(session, review_id=cast.review_id, label="Doe 2001", reports=[record],
                          by=cast.lead)  # fmt: skip
        code(session, review_id=cast.review_id, study_id=study.id, item="effect", value="good",
             by=cast.lead)  # fmt: skip
        made = publish(session, review_id=cast.review_id, title="First", by=cast.lead)
        _, token = share(session, review_id=cast.review_id, publication_id=made.id, by=cast.lead)
    reader = sign_in()
    for part in ("?row=not_coded", "/studies", "/brief?row=not_coded", "/offline.html"):
        page = reader.get(f"/p/{token}{part}")
        assert (page.status_code, "Effect" in page.text) == (200, False), part
