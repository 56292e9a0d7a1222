"""Several people at work at the same time, and a server that is killed while they are."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from review.events import OPERATOR
from review.people.accounts import add_account
from review.people.passwords import hash_password
from review.reviews import add_member
from review.states.flow import FlowState, flow_states
from review.storage.database import Database
from review.vocabulary import Role
from tests.browser.conftest import Server, fill_in_sign_in
from tests.browser.rooms import (
    PASSWORD,
    WAIT,
    Room,
    Site,
    enter,
    expect_all_saved,
    make_room,
    shown,
)
from tests.databases import Templates
from tests.faults.serving import Server as Restarting

pytestmark = pytest.mark.browser


def states(room: Room) -> list[str]:
    """Return the flow state of every record, in order."""
    with room.site.database.reading() as session:
        table = flow_states(session, review_id=room.review_id)
        rows = session.execute(table.select().with_only_columns(
            table.c.record_id, table.c.flow_state))  # fmt: skip
        found = dict(rows.all())
    return [found[record_id] for record_id in room.records]


def open_conflicts(browser: Browser, room: Room, email: str) -> Page:
    """Return the conflicts of a review, as its adjudicator."""
    page = browser.new_context().new_page()
    page.set_default_timeout(WAIT)
    fill_in_sign_in(page, room.site.server, email, PASSWORD)
    page.goto(f"{room.site.server.url}/reviews/{room.slug}/conflicts")
    return page


def test_two_reviewers_and_an_adjudicator_work_at_once(
    chromium: Browser, server: Server, database_url: str
) -> None:
    database = Database(database_url)
    room = make_room(Site(server, database), 12)
    email = f"cleo-{room.slug}@example.org"
    with database.writing() as session:
        add_account(session, email=email, name="Cleo", password_hash=hash_password(PASSWORD))
        add_member(session, review_id=room.review_id, email=email, role=Role.ADJUDICATOR,
                   by=OPERATOR)  # fmt: skip
    ana, ben = (
        enter(chromium.new_context(viewport={"width": 1366, "height": 657}), room, name)
        for name in ("ana", "ben")
    )
    cleo = open_conflicts(chromium, room, email)
    expect(cleo.get_by_text("No conflicts to resolve")).to_be_visible()

    for number in range(6):
        for page, keys in ((ana, "iiieee"), (ben, "iieeei")):
            page.bring_to_front()
            assert shown(page) == f"Record {number}"
            page.keyboard.press(keys[number])
    for page in (ana, ben):
        expect_all_saved(page)
        page.get_by_role("button", name="I'm done for now").click()
        expect(page.get_by_role("status").filter(has_text="closed")).to_be_visible()

    # Cleo resolves what they differed on while both go on.
    cleo.reload()
    expect(cleo.locator(".conflict-desk h1")).to_have_text("Record 2")
    for number, (page, key) in enumerate(((ana, "e"), (cleo, "i"), (ben, "e"), (cleo, "e"))):
        page.bring_to_front()
        page.keyboard.press(key)
        if page is cleo and number == 1:
            expect(cleo.locator(".conflict-desk h1")).to_have_text("Record 5")
    expect(cleo.get_by_text("No conflicts to resolve")).to_be_visible()
    for page in (ana, ben):
        page.bring_to_front()
        assert shown(page) == "Record 7"
        expect_all_saved(page)

    awaiting, out = FlowState.AWAITING_RETRIEVAL, FlowState.EXCLUDED
    assert states(room)[:7] == [awaiting, awaiting, awaiting, out, out, out, out]
    assert room.decided("ana")[-1] == room.decided("ben")[-1] == (6, "exclude")
    database.dispose()


def test_a_server_that_is_killed_between_saving_and_answering_loses_and_doubles_nothing(
    chromium: Browser, templates: Templates, kind: str, tmp_path: Path
) -> None:
    url = templates.fresh(kind)
    server, database = Restarting(url, tmp_path / "data"), Database(url)
    server.start()
    try:
        room = make_room(Site(Server(server.url, server.environment), database), 40)
        page = enter(chromium.new_context(), room, n_ready=20)

        def kill(route: Route) -> None:
            """Let the server save, kill it, and never pass on its answer."""
            route.fetch()
            server.kill()
            route.abort()

        for round_of_three in range(2):
            page.route("**/decisions", kill, times=1)
            for key in "iem":
                shown(page)
                page.keyboard.press(key)
            expect(page.locator("#outbox")).to_have_text("3 waiting for the network", timeout=WAIT)
            assert len(room.decided()) == 3 * round_of_three + 1
            server.start()
            expect_all_saved(page)

        assert room.decided() == list(enumerate(["include", "exclude", "maybe"] * 2))
        assert room.n_stored() == 6
    finally:
        server.stop()
        database.dispose()
