"""What Crossref and OpenAlex say about a DOI: the only requests that siftmap makes to the outside.

They are made only where the operator allowed it, one by one, when the lead asks.  Forms:
https://api.crossref.org/swagger-ui/index.html and https://docs.openalex.org.
"""

import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Any
from urllib.parse import quote

import httpx2

from api.settings import Settings
from review.corrections.records import text_of_field
from review.errors import Conflicting
from review.searches.formats import csl_json, openalex
from review.searches.formats.records import ParsedRecord

SECONDS = 10
MOST_BYTES = 2_000_000
MOST_AT_ONCE = 4
KEPT_SECONDS, MOST_KEPT = 600, 256
PROPOSED = (
    "title", "authors", "abstract", "journal", "year", "volume", "issue", "pages", "issn", "isbn",
    "pmid", "language",
)  # fmt: skip
_ABSTRACT_HEADING = re.compile(r"^(?:abstract|summary)\b[:.\s]*", re.IGNORECASE)


@dataclass(frozen=True)
class LookedUp:
    """What one index says about a DOI: texts by the names of a record's fields, or a problem."""

    index: str
    fields: Mapping[str, str]
    problem: str = ""

    def differing_from(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Return the texts that say something else than those typed.

        A language is proposed only where none is known: indexes and sources write codes and names.
        """
        return {
            name: text
            for name, text in self.fields.items()
            if _plain(text) != _plain(typed[name]) and not (name == "language" and typed[name])
        }


@dataclass(frozen=True)
class _Index:
    """An index of DOIs, where it is asked, and how its answer becomes a record."""

    name: str
    address: str
    read: Callable[[Any], ParsedRecord]

    def ask(self, doi: str, contact: str) -> LookedUp:
        """Return what the index says; whatever goes wrong becomes a problem in words."""
        try:
            status, content = _fetched(
                self.address + quote(doi, safe=""), {"mailto": contact} if contact else {}
            )
            if status != 200:
                why = "does not know this DOI" if status == 404 else f"answered error {status}"
                return LookedUp(self.name, {}, f"{self.name} {why}.")
            if content is None:
                return LookedUp(self.name, {}, f"{self.name} sent too much, or took too long.")
            record = self.read(json.loads(content))
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return LookedUp(self.name, {}, f"{self.name} could not be reached. Try again later.")
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            return LookedUp(self.name, {}, f"{self.name} sent something that cannot be read.")
        texts = {
            name: text_of_field(name, list(value) if name == "authors" else value)
            for name in PROPOSED
            if (value := getattr(record, name))
        }
        if "abstract" in texts:
            texts["abstract"] = _ABSTRACT_HEADING.sub("", texts["abstract"])
        return LookedUp(self.name, {name: text for name, text in texts.items() if text})


class DoiLookUp:
    """Asks both indexes about a DOI, and keeps each answer for ten minutes."""

    def __init__(self, settings: Settings) -> None:
        self._indexes = (
            _Index("Crossref", f"{settings.crossref_url}/works/", _read_crossref),
            _Index("OpenAlex", f"{settings.openalex_url}/works/doi:", openalex.to_record),
        )
        self._contact = settings.contact_email
        self._kept: OrderedDict[str, tuple[float, list[LookedUp]]] = OrderedDict()
        self._lock = Lock()
        self._places = BoundedSemaphore(MOST_AT_ONCE)

    def ask(self, doi: str) -> list[LookedUp]:
        """Return what each index says; waits for each up to about half a minute.

        Raises Conflicting if several are being asked already: each holds a thread of the server.
        """
        with self._lock:
            asked_at, found = self._kept.get(doi, (0.0, []))
        if found and time.monotonic() - asked_at < KEPT_SECONDS:
            return found
        if not self._places.acquire(blocking=False):
            raise Conflicting("Several DOIs are being looked up. Try again in a few seconds.")
        try:
            found = [index.ask(doi, self._contact) for index in self._indexes]
        finally:
            self._places.release()
        if not any(answer.problem for answer in found):
            with self._lock:
                self._kept[doi] = (time.monotonic(), found)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return found


def _fetched(address: str, query: Mapping[str, str]) -> tuple[int, bytes | None]:
    """Return the status and the content of an answer; None for one too long, or too slow."""
    content = bytearray()
    with (
        httpx2.Client(timeout=SECONDS, headers={"user-agent": "siftmap"}) as client,
        client.stream("GET", address, params=query) as answer,
    ):
        until = time.monotonic() + SECONDS
        for part in answer.iter_bytes() if answer.status_code == 200 else ():
            content += part
            if len(content) > MOST_BYTES or time.monotonic() > until:
                return answer.status_code, None
        return answer.status_code, bytes(content)


def _read_crossref(answer: Any) -> ParsedRecord:
    return csl_json.to_record(answer["message"])


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
