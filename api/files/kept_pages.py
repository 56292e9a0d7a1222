"""Pages of publications, made once and kept in memory: a publication never changes."""

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value
from starlette.requests import Request
from starlette.responses import Response

from protocols.schema import Protocol
from review.tables import Publication

MOST_BYTES = 64 * 2**20
MOST_CONTENTS = 4


@dataclass(frozen=True)
class KeptPage:
    """The bytes of one page, as they are and compressed, and what tells them from others."""

    body: bytes
    compressed: bytes
    media_type: str
    etag: str


class KeptPages:
    """Keeps the pages that were asked for last, up to `MOST_BYTES`; for any number of threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.n_bytes = 0
        self._pages: OrderedDict[tuple[str, ...], KeptPage] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, ...], make: Callable[[], Response]) -> KeptPage | Response:
        """Return the page under a key, made now if it is not kept; an error as it is."""
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        answer = make()
        if answer.status_code != 200:
            return answer
        body = bytes(answer.body)
        page = KeptPage(
            body=body,
            compressed=gzip.compress(body, compresslevel=6, mtime=0),
            media_type=answer.headers["content-type"],
            etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        )
        with self._lock:
            if key not in self._pages:
                self._pages[key] = page
                self.n_bytes += len(page.body) + len(page.compressed)
            while self.n_bytes > self.most_bytes:
                _, oldest = self._pages.popitem(last=False)
                self.n_bytes -= len(oldest.body) + len(oldest.compressed)
        return page


class KeptContents:
    """The contents of the publications that were read last, parsed once for all readers."""

    def __init__(self, most: int = MOST_CONTENTS) -> None:
        self.most = most
        self._contents: OrderedDict[UUID, tuple[dict[str, Any], Protocol]] = OrderedDict()
        self._lock = Lock()

    def fill(self, publication: Publication) -> None:
        """Give a publication its content, if that is kept, so that it is not read again."""
        with self._lock:
            found = self._contents.get(publication.id)
        if found is not None:
            set_committed_value(publication, "content", found[0])

    def protocol_of(self, publication: Publication) -> Protocol:
        """Return the protocol that a publication was made under, and keep its content."""
        with self._lock:
            if publication.id in self._contents:
                self._contents.move_to_end(publication.id)
                return self._contents[publication.id][1]
        content = publication.content
        protocol = Protocol.model_validate(content["protocol"])
        with self._lock:
            self._contents[publication.id] = content, protocol
            while len(self._contents) > self.most:
                self._contents.popitem(last=False)
        return protocol


def as_response(page: KeptPage, request: Request) -> Response:
    """Return a kept page: compressed for those who take it, or that it has not changed."""
    headers = {"etag": page.etag, "vary": "accept-encoding"}
    if page.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(page.compressed, headers={**headers, "content-type": page.media_type})
    return Response(page.body, headers={**headers, "content-type": page.media_type})
