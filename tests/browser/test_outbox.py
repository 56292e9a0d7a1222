"""What was pressed in the screening room arrives once, in order, whatever the network does."""

import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Route, expect
from sqlalchemy import select

from review.decisions.decisions import decide
from review.studies.contracts import add_contract, link_contract
from review.studies.studies import add_study
from review.tables import Code
from review.vocabulary import Stage, Verdict
from tests.browser.conftest import fill_in_sign_in
from tests.browser.rooms import (  # noqa: F401 - fixtures among them
    PASSWORD,
    WAIT,
    Room,
    Site,
    arrive,
    bad_gateway,
    break_posts,
    context,
    enter,
    expect_all_saved,
    expect_waiting,
    lose_answer,
    make_room,
    mend_posts,
    room,
    shown,
    site,
)
from tests.factories import include_fully, make_records, make_review

pytestmark = pytest.mark.browser

VERDICTS = {"i": "include", "e": "exclude", "m": "maybe"}


def test_thirty_decisions_without_a_network_are_saved_in_order_once_it_is_back(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room, n_ready=30)
    context.set_offline(True)
    keys = ("i", "e", "m") * 10

    for number, key in enumerate(keys):
        assert shown(page) == f"Record {number}"
        page.keyboard.press(key)
    expect_waiting(page, 30)
    assert room.decided() == []
    context.set_offline(False)

    expect_all_saved(page)
    assert room.decided() == [(n, VERDICTS[key]) for n, key in enumerate(keys)]


def test_undo_takes_a_waiting_decision_out_and_leaves_the_one_before_alone(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)
    page.keyboard.press("i")
    expect_all_saved(page)
    context.set_offline(True)

    page.keyboard.press("e")
    page.keyboard.press("z")
    assert shown(page) == "Record 1"
    page.keyboard.press("s")
    context.set_offline(False)

    expect(page.locator("#outbox")).to_have_text("skipped ✓", timeout=WAIT)
    assert room.decided() == [(0, "include")]
    assert room.n_stored() == 1


def test_a_decision_that_waits_is_not_lost_to_what_is_pressed_next(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)
    context.set_offline(True)

    page.get_by_role("button", name="Include").click()
    page.locator("#note").click()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect_waiting(page, 2)
    context.set_offline(False)

    expect(page.locator("#outbox")).to_have_text("skipped ✓", timeout=WAIT)
    assert room.decided() == [(0, "include")]


def test_a_bad_gateway_is_waited_out_and_said(context: BrowserContext, room: Room) -> None:
    page = enter(context, room)
    page.keyboard.press("i")
    expect_all_saved(page)
    break_posts(page, bad_gateway)

    page.keyboard.press("e")
    page.keyboard.press("m")
    expect_waiting(page, 2)
    expect(page.locator("main")).not_to_contain_text("nginx")
    mend_posts(page)

    expect_all_saved(page)
    assert room.decided() == [(0, "include"), (1, "exclude"), (2, "maybe")]


def test_too_many_requests_are_sent_again_when_the_server_says(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)
    tries: list[float] = []

    def too_many(route: Route) -> None:
        tries.append(time.monotonic())
        if len(tries) > 1:
            route.continue_()
        else:
            route.fulfill(status=429, headers={"retry-after": "3"}, body="")

    break_posts(page, too_many)
    page.keyboard.press("i")

    expect_all_saved(page)
    assert tries[1] - tries[0] >= 3
    assert room.decided() == [(0, "include")]


def test_an_answer_that_is_lost_after_saving_saves_nothing_twice(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)
    break_posts(page, lose_answer)

    page.keyboard.press("i")
    expect_waiting(page, 1)
    assert room.decided() == [(0, "include")]
    page.keyboard.press("z")  # it may have been saved: so it is undone there
    page.keyboard.press("e")
    expect_waiting(page, 3)
    mend_posts(page)

    expect_all_saved(page)
    assert room.decided() == [(0, "exclude")]


def test_two_tabs_send_each_decision_once(context: BrowserContext, room: Room) -> None:
    first = enter(context, room)
    break_posts(first, bad_gateway)
    first.keyboard.press("i")
    expect_waiting(first, 1)
    second = context.new_page()
    break_posts(second, bad_gateway)
    arrive(second, room)

    assert shown(second) == "Record 1"  # the other tab has decided on the first
    second.keyboard.press("e")
    second.keyboard.press("m")
    expect_waiting(first, 3)
    for page in (first, second):
        mend_posts(page)

    for page in (first, second):
        expect(page.locator("#outbox")).to_have_text("saved ✓", timeout=WAIT)
    assert room.decided() == [(0, "include"), (1, "exclude"), (2, "maybe")]
    assert room.n_stored() == 3


def test_a_key_that_is_held_and_a_double_click_decide_once(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)

    for _ in range(90):  # what a keyboard repeats in three seconds
        page.keyboard.down("e")
    page.keyboard.up("e")
    assert shown(page) == "Record 1"
    page.get_by_role("button", name="Include").dblclick()
    assert shown(page) == "Record 2"
    page.get_by_role("button", name="Maybe").focus()
    for _ in range(30):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")

    expect_all_saved(page)
    assert room.decided() == [(0, "exclude"), (1, "include"), (2, "maybe")]


def test_after_a_session_has_ended_signing_in_again_saves_what_waits(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)
    context.clear_cookies()

    page.keyboard.press("i")
    page.keyboard.press("e")
    page.keyboard.press("n")
    page.keyboard.type("Half of a note")
    link = page.locator("#outbox a")
    expect(link).to_have_text("2 waiting: you have been signed out. Sign in to save", timeout=WAIT)
    link.click()
    page.get_by_label("E-mail address").fill(room.email("ana"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect_all_saved(page)
    assert room.decided() == [(0, "include"), (1, "exclude")]
    expect(page.locator("#card h1")).to_have_text("Record 2", timeout=WAIT)
    expect(page.locator("#note")).to_have_value("Half of a note")


def test_signing_in_in_another_tab_wakes_the_first(context: BrowserContext, room: Room) -> None:
    page = enter(context, room)
    context.clear_cookies()
    page.keyboard.press("i")
    expect(page.locator("#outbox")).to_contain_text("signed out", timeout=WAIT)

    other = context.new_page()
    fill_in_sign_in(other, room.site.server, room.email("ana"), PASSWORD)

    expect_all_saved(page)
    page.keyboard.press("e")
    expect(page.locator("#recent .exclude")).to_be_visible()
    expect_all_saved(page)
    assert room.decided() == [(0, "include"), (1, "exclude")]


def test_another_account_neither_sees_nor_sends_what_waits(
    context: BrowserContext, room: Room
) -> None:
    page = enter(context, room)
    page.keyboard.press("n")
    page.keyboard.type("Ana's own")
    page.keyboard.press("Escape")
    break_posts(page, bad_gateway)
    page.keyboard.press("i")
    expect_waiting(page, 1)
    page.unroute_all(behavior="ignoreErrors")
    context.clear_cookies()

    other = enter(context, room, "ben")
    expect(other.locator("#outbox")).to_have_text("")
    assert shown(other) == "Record 0"
    expect(other.locator("#note")).to_have_value("")
    expect(page.locator("#outbox")).to_contain_text("somebody else has signed in", timeout=WAIT)
    other.keyboard.press("e")
    expect_all_saved(other)
    assert room.decided() == []
    assert room.decided("ben") == [(0, "exclude")]

    context.clear_cookies()
    enter(context, room)
    expect(page.locator("#outbox")).to_have_text("saved ✓", timeout=WAIT)
    assert room.decided() == [(0, "include")]


def test_a_refusal_is_shown_with_its_words_and_keeps_nothing_waiting(
    context: BrowserContext, site: Site
) -> None:
    room = make_room(site, 6, names=("ana", "ben", "eve"))
    page = enter(context, room)
    first = shown(page)
    for name in ("ben", "eve"):
        room.decide_as(name, int(first.removeprefix("Record ")))

    page.keyboard.press("i")
    second = shown(page)
    page.keyboard.press("e")

    alert = page.locator("#refused")
    expect(alert).to_contain_text("This record does not need your decision", timeout=WAIT)
    expect(alert.get_by_role("link", name=first)).to_be_visible()
    expect(page.locator("#recent")).to_contain_text("not saved")
    expect(page.locator("#outbox")).to_have_text("1 not saved", timeout=WAIT)
    assert room.decided() == [(int(second.removeprefix("Record ")), "exclude")]
    page.reload()
    expect(alert).to_contain_text(first)  # until it is read
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_be_empty()


def test_what_waits_survives_a_reload_and_leaving_asks(context: BrowserContext, room: Room) -> None:
    page = enter(context, room)
    break_posts(page, bad_gateway)
    page.keyboard.press("i")
    page.keyboard.press("e")
    expect_waiting(page, 2)
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.reload()

    assert asked == ["beforeunload"]
    expect(page.locator("#card h1")).to_have_text("Record 2", timeout=WAIT)
    expect(page.locator("#recent")).to_contain_text("Record 1")
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect_all_saved(page)
    assert room.decided() == [(0, "include"), (1, "exclude")]


def test_notes_survive_skipping_and_undoing(context: BrowserContext, room: Room) -> None:
    page = enter(context, room)
    note = page.locator("#note")
    page.keyboard.press("n")
    page.keyboard.type("Why not")
    page.keyboard.press("Escape")

    page.keyboard.press("s")
    expect(note).to_have_value("")
    page.keyboard.press("z")
    expect(note).to_have_value("Why not")
    page.keyboard.press("i")
    expect_all_saved(page)
    page.keyboard.press("z")
    expect(note).to_have_value("Why not")
    expect(page.locator("#outbox")).to_have_text("undone ✓", timeout=WAIT)
    page.reload()
    expect(page.locator("#card h1")).to_have_text("Record 0")
    expect(note).to_have_value("Why not")


@pytest.mark.parametrize("size", [(390, 844), (1280, 600)], ids=["phone", "laptop"])
def test_the_next_title_is_in_view_after_scrolling(
    chromium: Browser, room: Room, size: tuple[int, int]
) -> None:
    is_phone = size[0] < 500
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, has_touch=is_phone, is_mobile=is_phone
    )
    page = enter(context, room)

    for number, button in enumerate(("Skip", "Exclude", "Include", "Skip", "Undo skip", "Undo")):
        assert shown(page) == f"Record {[0, 1, 2, 3, 4, 3][number]}"
        page.mouse.move(size[0] // 2, 200)  # over the text
        page.mouse.wheel(0, 500)
        expect(page.locator("#card h1")).not_to_be_in_viewport()
        page.locator("#bar").get_by_role("button", name=button, exact=False).first.click()

    assert shown(page) == "Record 2"
    context.close()


@pytest.mark.parametrize("size", [(720, 450), (360, 225), (844, 390)])
def test_the_decision_stays_on_the_screen_when_zoomed_and_on_a_phone_on_its_side(
    chromium: Browser, room: Room, size: tuple[int, int]
) -> None:
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    page = enter(context, room)

    page.mouse.wheel(0, 300)
    for name in ("Include", "Maybe", "Exclude"):
        button = page.locator("#bar").get_by_role("button", name=name)
        expect(button).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    context.close()


def test_the_end_of_the_queue_is_said_and_counted_alike(
    context: BrowserContext, site: Site
) -> None:
    room = make_room(site, 3)
    page = enter(context, room)
    for number in range(3):
        assert shown(page) == f"Record {number}"
        page.keyboard.press("e")

    expect(page.get_by_role("heading", name="Nothing left to screen")).to_be_focused(timeout=WAIT)
    expect(page.locator("#counts")).to_contain_text("3 decided by you · about 0 left")
    page.keyboard.press("e")  # there is nothing to decide on
    page.keyboard.press("z")
    assert shown(page) == "Record 2"
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="Nothing left to screen")).to_be_focused(timeout=WAIT)
    assert room.decided() == [(0, "exclude"), (1, "exclude"), (2, "include")]


def test_a_coded_value_waits_for_the_network_is_saved_once_and_is_refused_beside_its_field(
    context: BrowserContext, site: Site
) -> None:
    with site.database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        [report] = make_records(session, cast.review_id, 1)
        include_fully(session, cast, report)
        study = add_study(session, review_id=cast.review_id, label="Doe 2000", reports=[report],
                          by=cast.lead)  # fmt: skip
        where = {"review_id": cast.review_id, "label": "Northmoor bond", "by": cast.lead}
        contract = add_contract(session, **where)
        link_contract(session, review_id=cast.review_id, study_id=study.id,
                      contract_id=contract.id, by=cast.lead)  # fmt: skip
        address = f"{site.server.url}/reviews/{cast.slug}/coding/{study.id}?contract={contract.id}"
    page = context.new_page()
    fill_in_sign_in(page, site.server, cast.emails["reviewer_a"], PASSWORD)
    page.goto(address)
    country = page.locator("form#country")

    page.route("**/codes", lose_answer)
    page.locator("form#contract_type").get_by_role("button", name="Payment by results").click()
    country.locator("[name=value]").fill("Atlantis")
    country.get_by_role("button", name="Save").click()
    expect_waiting(page, 2)
    mend_posts(page)

    saved = page.locator("form#contract_type")
    expect(saved.get_by_text("Yours: Payment by results")).to_be_visible(timeout=WAIT)
    expect(country.get_by_role("alert")).to_contain_text("Atlantis", timeout=WAIT)
    expect(country.locator("[name=value]")).to_have_value("Atlantis")
    with site.database.reading() as session:
        in_review = Code.review_id == cast.review_id
        assert len(session.scalars(select(Code).where(in_review)).all()) == 1


def test_a_resolution_is_sent_again_with_its_button_when_the_server_is_back(
    context: BrowserContext, site: Site
) -> None:
    with site.database.writing() as session:
        cast = make_review(session, password=PASSWORD)
        [record] = make_records(session, cast.review_id, 1)
        for by, verdict in zip(cast.reviewers, (Verdict.INCLUDE, Verdict.EXCLUDE), strict=True):
            decide(session, review_id=cast.review_id, record_id=record, verdict=verdict, by=by,
                   stage=Stage.TITLE_ABSTRACT)  # fmt: skip
    page = context.new_page()
    fill_in_sign_in(page, site.server, cast.emails["adjudicator"], PASSWORD)
    page.goto(f"{site.server.url}/reviews/{cast.slug}/conflicts")
    tries: list[str] = []

    def answer(route: Route) -> None:
        tries.append(route.request.post_data or "")
        if len(tries) < 3:
            bad_gateway(route) if len(tries) == 1 else route.abort()
        else:
            route.continue_()

    page.route("**/conflicts", lambda r: answer(r) if r.request.method == "POST" else r.continue_())
    page.locator("button[name=verdict][value=include]").click()
    page.get_by_label("Your reason for the decision").click()

    expect(page.get_by_text("No conflicts to resolve")).to_be_visible(timeout=WAIT)
    assert len(tries) == 3
    assert all("verdict=include" in sent for sent in tries)
