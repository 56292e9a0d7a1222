"""Keys pressed at random through faults of the network equal the decisions stored."""

import random
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.rooms import (  # noqa: F401 - fixtures among them
    WAIT,
    Room,
    bad_gateway,
    break_posts,
    context,
    enter,
    lose_answer,
    mend_posts,
    room,
    shown,
    site,
)

pytestmark = pytest.mark.browser

VERDICTS = {"i": "include", "e": "exclude", "m": "maybe"}


@dataclass
class Ledger:
    """What the keys pressed should have come to: the queue, and the decisions, by slow means."""

    queue: list[int]
    decided: dict[int, str]
    done: list[tuple[str, int]]

    def press(self, key: str) -> None:
        """Follow one key."""
        if key == "z":
            self._undo()
        elif key == "s":
            self.done.append(("skip", self.queue[0]))
            self.queue.append(self.queue.pop(0))
        else:
            self.done.append(("decide", self.queue[0]))
            self.decided[self.queue.pop(0)] = VERDICTS[key]

    def _undo(self) -> None:
        """Undo a skip only right after it; otherwise the last decision that still counts."""
        if self.done and self.done[-1][0] == "skip":
            record = self.done.pop()[1]
            self.queue.remove(record)
            self.queue.insert(0, record)
            return
        self.done = [act for act in self.done if act[0] == "decide"]
        if self.done:
            record = self.done.pop()[1]
            del self.decided[record]
            self.queue.insert(0, record)


@pytest.mark.parametrize("seed", range(10))  # for each kind of database, and other keys in each
def test_the_keys_pressed_equal_the_decisions_stored(
    context: BrowserContext, room: Room, seed: int
) -> None:
    kind = room.site.database.writer.dialect.name
    chance = random.Random(f"{kind} {seed}")  # noqa: S311 - any order of faults will do
    page = enter(context, room, n_ready=30)
    ledger = Ledger(list(range(len(room.records))), {}, [])

    for _ in range(40):
        fault = chance.random()
        if fault < 0.08:
            context.set_offline(True)
        elif fault < 0.16:
            page.unroute_all(behavior="ignoreErrors")
            break_posts(page, chance.choice([bad_gateway, lose_answer]))
        elif fault < 0.4:
            context.set_offline(False)
            mend_posts(page)
        key = chance.choice("iiieeemmszz")
        assert shown(page) == f"Record {ledger.queue[0]}"
        page.keyboard.press(key)
        ledger.press(key)
    context.set_offline(False)
    mend_posts(page)

    expect(page.locator("#outbox.waiting")).to_have_count(0, timeout=WAIT)
    assert dict(room.decided()) == ledger.decided
    expect(page.locator("#refused")).to_be_empty()
