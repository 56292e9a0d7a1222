"""The protocol's pages: read at any version, compared, changed in forms, and adopted."""

import pytest

from protocols.loader import read_shipped
from review.drafts import draft_text
from review.prisma.counts import count_flow
from review.reports.retrieval import retrieve
from review.reviews import amend_protocol, protocol_of, versions_of_protocol
from review.vocabulary import RetrievalState, Stage, Stream, Verdict
from tests.factories import decide_both, make_records, protocol_text

REASON = {"label": ["Published too early or too late"], "help": [""], "key": ["date"],
          "stages": ["title_abstract", "full_text"]}  # fmt: skip


class Lead:
    """A lead at the protocol's pages."""

    def __init__(self, browser, people):
        self.browser, self.place = browser, f"/reviews/{people.slug}/protocol"

    def get(self, rest=""):
        return self.browser.get(self.place + rest)

    def post(self, rest, **fields):
        return self.browser.post(self.place + rest, fields)


@pytest.fixture
def lead(sign_in, people):
    return Lead(sign_in(people.lead), people)


def number_of(database, people, key):
    with database.reading() as session:
        reasons = protocol_of(session, people.review_id).exclusion_reasons
    return next(n for n, reason in enumerate(reasons) if reason.key == key)


def adopt(lead, database, people, why="Clearer."):
    with database.reading() as session:
        text = draft_text(session, people.review_id)
    return lead.post("/draft", text=text, why=why)


@pytest.mark.parametrize("who", ["lead", "reviewer_a", "adjudicator", "advisor"])
def test_every_member_reads_the_protocol_and_only_the_lead_changes_it(sign_in, people, who):
    member = Lead(sign_in(getattr(people, who)), people)

    page = member.get()

    assert page.status_code == 200
    for words in ("Young people out of work.", "Wrong population", "Contract type"):
        assert words in page.text
    assert ("Edit" in page.text) == (who == "lead")
    assert member.get("/edit/reasons").status_code == (200 if who == "lead" else 403)
    assert "Wrong population" in member.get("/yaml").text


def test_a_change_in_a_form_is_a_draft_until_it_is_adopted(lead, database, people):
    number = number_of(database, people, "date")
    kept = lead.browser.post(f"{lead.place}/edit/reasons/{number}", REASON)
    assert kept.status_code == 303
    assert "Published too early" not in lead.get().text.split("draft")[-1].split("reasons-list")[1]

    changes = lead.get("/draft").text
    assert "Published outside the dates" in changes
    assert "Published too early or too late" in changes

    assert adopt(lead, database, people).status_code == 303
    assert "Published too early or too late" in lead.get().text
    assert "Published outside the dates" in lead.get("?version=1").text
    compared = lead.get("/changes").text
    assert "Clearer." in compared
    assert "Published too early or too late" in compared
    assert "Nothing to adopt" in lead.get("/draft").text


def test_a_draft_that_changed_since_it_was_shown_is_not_adopted(lead, database, people):
    shown = protocol_text(needed=1)
    lead.post("/yaml", text=shown)
    lead.post("/yaml", text=protocol_text(needed=1).replace("Young people", "People"))

    answer = lead.post("/draft", text=shown, why="As I saw it.")

    assert answer.status_code == 409
    with database.reading() as session:
        assert len(versions_of_protocol(session, people.review_id)) == 1


def test_a_draft_on_an_older_version_says_what_it_would_undo(lead, database, people):
    lead.post("/yaml", text=protocol_text(needed=1))
    other = protocol_text().replace("Young people out of work.", "Everybody.")
    with database.writing() as session:
        amend_protocol(session, review_id=people.review_id, protocol_text=other, why="Wider.",
                       by=people.lead)  # fmt: skip

    page = lead.get("/draft").text

    assert "Adopting the draft would undo" in " ".join(page.split())
    assert "Everybody." in page


def test_a_mistake_in_a_form_is_named_and_what_was_typed_is_there(lead, database, people):
    answer = lead.browser.post(
        f"{lead.place}/edit/stopping",
        {"stopping.recall_target": "nearly all", "stopping.confidence": "0.95"},
    )

    assert answer.status_code == 422
    assert 'value="nearly all"' in answer.text
    assert "recall_target" in answer.text
    assert "Nothing to adopt" in lead.get("/draft").text


def test_the_last_reason_and_an_item_that_a_map_needs_cannot_be_taken_out(lead, database, people):
    with database.reading() as session:
        protocol = protocol_of(session, people.review_id)
    item = next(n for n, one in enumerate(protocol.codebook) if one.key == "contract_type")

    answer = lead.post("/edit/codebook/entries", number=str(item))

    assert answer.status_code == 422
    assert "contract_type" in answer.text


def test_entries_are_moved_added_and_taken_out(lead, database, people):
    with database.reading() as session:
        before = [r.label for r in protocol_of(session, people.review_id).exclusion_reasons]

    lead.post("/edit/reasons/entries", number="0", to="1")
    lead.browser.post(f"{lead.place}/edit/reasons/new",
                      {"label": "Not evaluated", "stages": ["full_text"], "key": ""})  # fmt: skip
    lead.post("/edit/reasons/entries", number=str(len(before) - 1))
    adopt(lead, database, people)

    with database.reading() as session:
        after = protocol_of(session, people.review_id).exclusion_reasons
    assert [reason.label for reason in after] == [
        before[1], before[0], *before[2:-1], "Not evaluated",
    ]  # fmt: skip
    assert after[-1].key == "not_evaluated"
    assert lead.post("/edit/reasons/entries", number="99").status_code == 422


def test_a_reason_that_was_given_keeps_its_name_once_it_is_taken_out(lead, database, people):
    with database.writing() as session:
        [record] = make_records(session, people.review_id)
        decide_both(session, people, record, Verdict.INCLUDE)
        retrieve(session, review_id=people.review_id, record_id=record,
                 state=RetrievalState.RETRIEVED, by=people.lead)  # fmt: skip
        decide_both(session, people, record, Verdict.EXCLUDE, stage=Stage.FULL_TEXT, reason="date")
    lead.post("/edit/reasons/entries", number=str(number_of(database, people, "date")))

    said = lead.get("/draft").text
    assert "2 decisions give “Published outside the dates”, and 1 report was excluded" in said
    adopt(lead, database, people)

    with database.reading() as session:
        flow = count_flow(session, review_id=people.review_id)
    assert flow.reasons[Stream.DATABASES] == {"Published outside the dates": 1}
    shown = lead.browser.get(f"/reviews/{people.slug}/records?box=dbr_excluded").text
    assert "Published outside the dates" in shown
    history = lead.browser.get(f"/reviews/{people.slug}/records/{record}").text
    assert "Published outside the dates" in history
    assert "Published outside the dates" in lead.browser.get(f"/reviews/{people.slug}/prisma").text


def test_a_draft_can_be_discarded(lead, people):
    lead.post("/yaml", text=protocol_text(needed=1))
    assert lead.post("/draft/discard").status_code == 303
    assert "Nothing to adopt" in lead.get("/draft").text


def test_the_text_is_a_file_to_keep(lead):
    answer = lead.get("/protocol.yaml?version=1")
    assert answer.text == protocol_text()
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "rest",
    ["/edit/nothing", "/edit/stopping/0", "/edit/reasons/99", "/edit/reasons/x", "?version=9",
     "/changes?version=9"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(lead, rest):
    assert lead.get(rest).status_code == 404


def test_every_section_of_the_longest_protocol_has_its_form(lead, database, people):
    lead.post("/yaml", text=read_shipped("social-outcomes-contracting"))
    for section in ("question", "scope", "rules", "duplicates", "stopping", "words"):
        assert lead.get(f"/edit/{section}").status_code == 200
    for section in ("criteria", "searches", "reasons", "highlights", "terminology", "codebook",
                    "maps"):  # fmt: skip
        assert lead.get(f"/edit/{section}").status_code == 200
        assert lead.get(f"/edit/{section}/0").status_code == 200
        assert lead.get(f"/edit/{section}/new").status_code == 200
