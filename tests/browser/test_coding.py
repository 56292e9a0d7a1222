"""Coding in a browser: a study with two contracts in few acts, and nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from api.web.demo_logins import PASSWORD
from tests.browser.conftest import Server, fill_in_sign_in

MOST_ACTS = 40
WITH_SCRIPT = pytest.mark.parametrize("javascript", [True], indirect=True)


class Hand:
    """A coder's hand on mouse and keyboard, which counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.n_acts = 0

    def press(self, button: Locator) -> None:
        self.n_acts += 1
        button.click()

    def field(self, item: str) -> Locator:
        return self.page.locator(f"form#{item}")

    def choose(self, item: str, label: str) -> None:
        """Choose a value from a list or by its button, and wait until it is saved."""
        self.n_acts += 1
        select = self.field(item).locator("select[name=value]")
        if select.count():
            select.focus()
            select.select_option(label=label)
            self.page.keyboard.press("Tab")  # a list is saved when it is left
        else:
            self.field(item).get_by_role("button", name=label, exact=True).click()
        expect(self.field(item)).to_contain_text(f"Yours: {label}")

    def write(self, item: str, text: str, shown: str = "") -> None:
        """Type a value and go on to the next field, which saves it."""
        self.n_acts += 1
        self.field(item).locator("[name=value]").fill(text)
        self.page.keyboard.press("Tab")
        expect(self.field(item)).to_contain_text(f"Yours: {shown or text}")

    def rest(self, group: str, label: str) -> None:
        """Give all that is left of a group one value."""
        part = self.page.locator("details.group", has=self.page.locator("summary", has_text=group))
        self.press(part.locator("form.row").get_by_role("button", name=label, exact=True).first)


def open_coding(page: Page, server: Server) -> None:
    """Sign in as a coder and open the list of studies."""
    fill_in_sign_in(page, server, "ana@demo.example", PASSWORD)
    page.goto(f"{server.url}/reviews/demo/coding")


@WITH_SCRIPT
def test_a_study_with_two_contracts_is_coded_whole_in_at_most_forty_acts(
    page: Page, demo_server: Server
) -> None:
    open_coding(page, demo_server)
    page.locator(".studies li", has_text="0 of 82 values").first.get_by_role("link").click()
    hand = Hand(page)
    study = page.url

    hand.press(page.get_by_role("button", name="Confirm these"))
    hand.choose("study_design", "Qualitative")
    hand.choose("quality_appraisal", "Medium")
    expect(page.locator("nav.tabs")).to_contain_text("8 of 8")

    hand.press(page.locator("nav.tabs > a").nth(1))
    hand.press(page.get_by_role("button", name="Confirm these"))
    for item, label in (("contract_type", "Social impact bond"), ("outcome_area", "Health")):
        hand.choose(item, label)
    hand.write("country", "KE", "Kenya")
    hand.write("target_population", "Adults who sleep rough")
    hand.write("scale", "1200", "1,200")
    hand.write("start_date", "2014-05")
    hand.rest("Contract", "Not reported")
    hand.press(page.locator("details.group > summary", has_text="Evidence themes"))
    for theme in ("service_delivery", "utilisation"):
        hand.choose(theme, "Present")
    hand.rest("Evidence themes", "Absent")
    page.wait_for_load_state()
    expect(page.locator("nav.tabs [aria-current]")).to_contain_text("37 of 37")

    page.goto(study)
    hand.press(page.locator("nav.tabs > a").nth(2))
    hand.press(page.get_by_role("button", name="Confirm these"))
    hand.press(page.get_by_role("link", name=re.compile("^Copy from")))
    hand.press(page.get_by_role("button", name="Copy these"))
    hand.write("country", "UG", "Uganda")
    hand.write("start_date", "2016")
    hand.rest("Contract", "Not reported")
    expect(page.locator("nav.tabs [aria-current]")).to_contain_text("37 of 37")

    assert hand.n_acts <= MOST_ACTS, hand.n_acts
    print(f"A study with two contracts: {hand.n_acts} acts for 82 values")
    assert demo_server.run("verify").startswith("All is well.")


@WITH_SCRIPT
def test_items_are_coded_one_after_another_by_keyboard(page: Page, demo_server: Server) -> None:
    open_coding(page, demo_server)
    page.locator(".studies li", has_text="0 of 82 values").first.get_by_role("link").click()
    page.locator("nav.tabs > a").nth(1).click()
    page.wait_for_url("**contract=*", wait_until="load")
    field, press = page.locator("form.field").nth, page.keyboard.press
    press("j")  # the first item asks for a text
    expect(field(0)).to_be_focused()
    press("Enter")
    page.keyboard.type("joy")  # letters, not keys
    press("Escape")
    expect(field(0)).to_contain_text("Yours: joy")

    first, second = (page.locator(f"form#{item}") for item in ("service_delivery", "utilisation"))
    in_hand = re.compile("in-hand")
    for _ in range(page.locator("form.field").count()):
        if in_hand.search(first.get_attribute("class") or ""):
            break
        press("j")
    expect(page.locator(".in-hand")).to_have_count(1)
    press("1")
    present = first.locator("button[name=value]").first
    expect(present).to_have_attribute("aria-pressed", "true")
    expect(second).to_have_class(in_hand)  # the next item, at once

    press("k")
    expect(first).to_have_class(in_hand)
    press("u")
    expect(first).to_contain_text("Yours: Unclear")
    expect(present).to_have_attribute("aria-pressed", "false")
    expect(second).to_have_class(in_hand)

    press("k")
    page.locator("[data-page] p").first.select_text()
    press("q")
    expect(first.locator("[name=quote]")).to_be_focused()
    expect(first.locator("[name=quote]")).not_to_have_value("")


def test_what_was_typed_is_saved_by_leaving_the_field_and_kept_through_a_lost_network(
    chromium: Browser, demo_server: Server
) -> None:
    page = chromium.new_page()  # whose console complains of the lost network
    open_coding(page, demo_server)
    page.locator(".studies li", has_text="0 of 82 values").first.get_by_role("link").click()
    hand = Hand(page)

    page.context.set_offline(True)
    hand.field("study_source").locator("[name=value]").fill("A journal typed offline")
    page.keyboard.press("Tab")
    expect(hand.field("study_source")).to_contain_text("saving")
    page.context.set_offline(False)
    expect(hand.field("study_source")).to_contain_text("Yours: A journal typed offline")

    # What is typed while a value is on its way stays, and goes with it.
    page.context.set_offline(True)
    hand.field("study_design").locator("details.passage").evaluate("part => part.open = true")
    hand.field("study_design").locator("[name=details]").fill("By its own account.")
    hand.field("study_design").get_by_role("button", name="Unclear").click()
    hand.field("study_design").locator("[name=note]").fill("See page 4.")
    page.context.set_offline(False)
    expect(page.locator("#outbox")).to_contain_text("saved")
    expect(hand.field("study_design").locator("[name=note]")).to_have_value("See page 4.")
    page.keyboard.press("Enter")
    expect(hand.field("study_design")).to_contain_text("Yours: Unclear")

    # A quote that is added later goes with the value, without another press.
    hand.choose("quality_appraisal", "Low")
    field = hand.field("quality_appraisal")
    field.locator("details.passage").evaluate("part => part.open = true")
    field.locator("[name=details]").fill("Twelve interviews.")
    page.keyboard.press("Tab")
    expect(page.locator("#outbox")).to_contain_text("saved")
    page.reload()
    expect(hand.field("quality_appraisal").locator("[name=details]")).to_have_value(
        "Twelve interviews."
    )
    expect(hand.field("study_source").locator("[name=value]")).to_have_value(
        "A journal typed offline"
    )
    for name, text in (("details", "By its own account."), ("note", "See page 4.")):
        expect(hand.field("study_design").locator(f"[name={name}]")).to_have_value(text)
    expect(hand.field("study_design")).to_contain_text("Yours: Unclear")
    page.context.close()


@WITH_SCRIPT
def test_two_coders_who_quoted_differ_and_agree_by_key(page: Page, demo_server: Server) -> None:
    open_coding(page, demo_server)
    page.get_by_role("link", name=re.compile("differences? between coders")).click()
    before = page.locator("main").inner_text()

    other = page.locator(".given", has=page.get_by_role("button")).locator("kbd").inner_text()
    page.keyboard.press(other)

    expect(page.locator("main")).not_to_have_text(before)
    expect(page.get_by_text(re.compile("1 of 3"))).to_be_visible()
    assert demo_server.run("verify").startswith("All is well.")


@WITH_SCRIPT
def test_a_suggestion_is_used_with_its_sentence_cleared_and_put_back(
    page: Page, demo_server: Server
) -> None:
    open_coding(page, demo_server)
    page.locator(".studies li", has_text="0 of 45 values").first.get_by_role("link").click()
    page.locator("nav.tabs > a").nth(1).click()
    page.wait_for_url("**contract=*", wait_until="load")
    page.get_by_role("link", name="Suggestions from the text").click()
    shown = page.locator("[data-suggestion]")
    expect(shown.first).to_be_visible()
    n = shown.count()
    item = page.locator(f"form#{shown.first.get_attribute('data-suggestion')}")
    value = shown.first.locator("strong").inner_text()
    sentence = shown.first.locator("[name=quote]").get_attribute("value")

    shown.first.get_by_role("button").click()

    expect(item).to_contain_text(f"Yours: {value}")
    expect(item.locator("textarea[name=quote]")).to_have_value(sentence or "")
    assert shown.count() < n
    if shown.count():
        expect(shown.first.get_by_role("button")).to_be_focused()
    item.get_by_role("button", name="Clear", exact=True).click()
    expect(item).to_contain_text("you cleared:")
    expect(item.locator("textarea[name=quote]")).to_have_value("")
    item.get_by_role("button", name="Put it back").click()
    expect(item).to_contain_text(f"Yours: {value}")
    expect(item.locator("textarea[name=quote]")).to_have_value(sentence or "")

    theme = page.locator("form#unintended_effects")
    page.locator("details.group", has=theme).evaluate("group => { group.open = true }")
    pressed = theme.locator("button[name=value]").first
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "true")
    pressed.hover()
    colours = pressed.evaluate(
        "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
    )
    assert colours[0] != colours[1]  # a chosen value can be read under the mouse
