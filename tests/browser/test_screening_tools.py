"""The list, labels, own terms, own keys and swipes of the screening pages, in a real browser."""

import time

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import fill_in_sign_in
from tests.browser.rooms import (  # noqa: F401 - fixtures among them
    PASSWORD,
    Room,
    context,
    enter,
    expect_all_saved,
    expect_waiting,
    room,
    shown,
    site,
)

pytestmark = pytest.mark.browser


def open_list(context: BrowserContext, room: Room, query: str = "") -> Page:
    """Sign in and open the list."""
    page = context.new_page()
    fill_in_sign_in(page, room.site.server, room.email("ana"), PASSWORD)
    page.goto(f"{room.address}/list{query}")
    expect(page.locator("#list-bar")).to_be_visible()
    return page


def row(page: Page, number: int):
    return page.locator(f"tr[data-title='Record {number}']")


def test_records_are_selected_and_decided_on_by_key_and_undone_together(
    context: BrowserContext,
    room: Room,
) -> None:
    page = open_list(context, room)
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("#selected")).to_have_text("2 selected")
    page.keyboard.press("1")

    expect(row(page, 1).locator("[data-decision]")).to_contain_text("exclude")
    expect(row(page, 2).locator("th a")).to_be_focused()
    page.keyboard.press("i")  # nothing is selected: the record that one is on
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview h1")).to_have_text("Record 4")
    expect_all_saved(page)
    assert room.decided() == [(0, "exclude"), (1, "exclude"), (2, "include")]
    expect(page.locator("#counts")).to_contain_text("3 decided by you · about 57 left")

    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.locator("#selected")).to_have_text("2 selected")
    expect(page.locator("#outbox")).to_have_text("undone ✓")
    assert room.decided() == []
    expect(page.locator("#counts")).to_contain_text("0 decided by you · about 60 left")


def test_what_is_decided_in_the_list_waits_for_the_network(
    context: BrowserContext,
    room: Room,
) -> None:
    page = open_list(context, room)
    context.set_offline(True)
    page.get_by_label("Select all on this page").click()
    page.keyboard.press("e")
    expect_waiting(page, 50)
    assert room.decided() == []

    context.set_offline(False)
    expect_all_saved(page)
    assert sorted(room.decided()) == [(number, "exclude") for number in range(50)]
    page.reload()
    expect(page.locator("tr[data-record]")).to_have_count(10)


def test_a_refused_decision_leaves_its_row_undecided(
    context: BrowserContext,
    room: Room,
) -> None:
    page = open_list(context, room)
    for name in ("ben", "cleo"):
        if name in room.people:
            room.decide_as(name, 0)
    other = enter(context, room)
    other.keyboard.press("i")
    expect_all_saved(other)
    page.bring_to_front()

    page.keyboard.press("j")
    page.keyboard.press("e")

    expect(page.locator("#refused")).to_contain_text("Record 0")
    expect(row(page, 0).locator("[data-decision]")).to_be_empty()
    assert room.decided() == [(0, "include")]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_without_javascript_the_form_decides_on_what_is_selected(
    chromium: Browser,
    room: Room,
    kind: str,
) -> None:
    plain = chromium.new_context(java_script_enabled=False)
    page = open_list(plain, room, "?sort=title&rows=25")
    page.get_by_label("Select Record 10", exact=True).check()
    page.get_by_label("Select Record 0", exact=True).check()
    page.get_by_role("button", name="Include").click()

    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert sorted(room.decided()) == [(0, "include"), (10, "include")]
    assert "sort=title" in page.url
    plain.close()


def test_a_label_is_there_at_once_and_finds_its_records(
    context: BrowserContext,
    room: Room,
) -> None:
    page = enter(context, room)
    page.keyboard.press("l")
    page.keyboard.type("ask Ben")
    page.keyboard.press("Enter")
    chip = page.locator("#card .chip:not([hidden])")
    expect(chip).to_contain_text("ask Ben")
    expect(page.locator("#card h1")).to_be_focused()
    expect_all_saved(page)
    page.keyboard.press("i")
    assert shown(page) == "Record 1"
    expect(chip).to_have_count(0)
    page.keyboard.press("z")
    expect(chip).to_contain_text("ask Ben")
    expect(page.locator("#outbox")).to_have_text("undone ✓")

    page.goto(f"{room.address}/list?label=ask+Ben")
    expect(page.locator("tr[data-record]")).to_have_count(1)
    page.goto(room.address)
    page.get_by_label("Remove the label ask Ben").click()
    expect(chip).to_have_count(0)
    expect_all_saved(page)
    page.reload()
    expect(page.locator("#card h1")).to_have_text("Record 0")
    expect(chip).to_have_count(0)


def test_selected_words_are_highlighted_in_every_text(
    context: BrowserContext,
    room: Room,
) -> None:
    page = enter(context, room)
    page.evaluate("""() => {
        const text = document.querySelector("#card .abstract p").firstChild;
        const start = text.data.indexOf("employment");
        const range = new Range();
        range.setStart(text, start);
        range.setEnd(text, start + "employment".length);
        getSelection().addRange(range);
    }""")
    page.keyboard.press("t")

    own = page.locator("#card mark.own")
    expect(own.first).to_have_text("employment")
    expect(page.locator("#bar[data-ready]")).to_be_attached()
    page.keyboard.press("i")
    assert shown(page) == "Record 1"
    expect(own.first).to_have_text("employment")
    page.get_by_label("Remove the term employment").click()
    expect(own).to_have_count(0)
    assert room.decided() == [(0, "include")]


def test_a_key_can_be_changed_and_what_had_it_takes_the_old_one(
    context: BrowserContext,
    room: Room,
) -> None:
    page = enter(context, room)
    page.keyboard.press("?")
    page.get_by_text("Change keys on this device").click()
    field = page.locator("#own-keys label").filter(has_text="Include").locator("input")
    field.fill("e")
    field.press("Tab")
    expect(page.locator("#decide [value=exclude] kbd")).to_have_text("I")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    assert shown(page) == "Record 1"
    page.keyboard.press("i")
    assert shown(page) == "Record 2"
    expect_all_saved(page)
    assert room.decided() == [(0, "include"), (1, "exclude")]

    page.reload()
    expect(page.locator("#decide [value=include] kbd")).to_have_text("E")
    page.keyboard.press("?")
    page.get_by_text("Change keys on this device").click()
    field.fill("7")
    field.press("Tab")
    expect(page.locator("#decide [value=include] kbd")).to_have_text("E")
    page.get_by_role("button", name="Use the usual keys again").click()
    expect(page.locator("#decide [value=include] kbd")).to_have_text("I")


def test_a_swipe_decides_where_it_is_switched_on(chromium: Browser, room: Room) -> None:
    phone = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = enter(phone, room)
    touch = phone.new_cdp_session(page)

    def swipe(x: int, y: int) -> None:
        """Draw a finger from the middle of the card."""
        at = {"x": 195, "y": 420}
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        for step in range(1, 6):
            to = {"x": at["x"] + x * step / 5, "y": at["y"] + y * step / 5}
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [to]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    title = page.locator("#card h1")
    swipe(180, 0)
    expect(title).to_have_text("Record 0")
    page.get_by_label("Swipe right to include, left to exclude").check()
    page.evaluate("scrollTo(0, 0)")
    swipe(60, 0)  # not far enough
    swipe(0, -100)  # scrolls
    page.evaluate("scrollTo(0, 0)")
    expect(title).to_have_text("Record 0")
    swipe(180, 20)
    assert shown(page) == "Record 1"
    swipe(-180, 0)
    assert shown(page) == "Record 2"
    expect_all_saved(page)
    assert room.decided() == [(0, "include"), (1, "exclude")]
    phone.close()


def test_pages_are_set_in_the_packaged_fonts_and_nothing_moves(
    context: BrowserContext,
    room: Room,
) -> None:
    page = enter(context, room)  # the pages before have fetched the fonts
    page.add_init_script("""
        globalThis.moved = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) globalThis.moved += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
    """)
    page.reload()
    expect(page.locator("#bar[data-ready]")).to_be_attached()

    loaded = page.evaluate(
        "document.fonts.ready.then((fonts) => [...fonts].filter((f) => f.status === 'loaded')"
        ".map((f) => `${f.family} ${f.weight}`))"
    )
    assert {"Source Sans Pro 400", "Source Serif Pro 400"} <= set(loaded)
    assert page.evaluate("moved") < 0.002


def test_a_double_click_in_the_list_decides_on_one_record(
    context: BrowserContext,
    room: Room,
) -> None:
    page = open_list(context, room)
    page.keyboard.press("j")
    page.get_by_role("button", name="Include").dblclick()
    expect_all_saved(page)
    assert room.decided() == [(0, "include")]


def test_a_checkbox_is_reached_by_tab_and_what_waits_is_there_after_a_reload(
    context: BrowserContext,
    room: Room,
) -> None:
    page = open_list(context, room)
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Select Record 1", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#selected")).to_have_text("1 selected")
    page.route("**/decisions", lambda route: route.fulfill(status=502, body="nginx"))
    page.keyboard.press("e")
    expect_waiting(page, 1)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()

    expect(row(page, 1).locator("[data-decision]")).to_contain_text("exclude")
    page.unroute_all(behavior="ignoreErrors")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect_all_saved(page)
    assert room.decided() == [(1, "exclude")]
    page.keyboard.press("z")
    expect(page.locator("#outbox")).to_have_text("undone ✓")
    assert room.decided() == []


def test_what_is_typed_while_texts_are_marked_again_stays_in_its_field(
    context: BrowserContext,
    room: Room,
) -> None:
    page = enter(context, room)
    page.route("**/ahead?record=*", lambda route: (time.sleep(0.7), route.continue_()))
    page.keyboard.press("t")
    page.keyboard.type("employment")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Remove the term employment")).to_be_visible()
    page.locator("#note").focus()
    page.keyboard.type("mixed methods", delay=100)

    expect(page.locator("#card mark.own").first).to_have_text("employment")
    expect(page.locator("#note")).to_have_value("mixed methods")
    expect(page.locator("#note")).to_be_focused()
    assert room.decided() == []
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    assert shown(page) == "Record 1"
    page.keyboard.press("z")
    assert shown(page) == "Record 0"
