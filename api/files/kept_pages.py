"""Pages of publications, made once and kept in memory: a publication never changes."""

import gzip
import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from starlette.requests import Request
from starlette.responses import Response

from heatmap.kept import Kept
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


def kept_page(key: Hashable, make: Callable[[], Response]) -> KeptPage | Response:
    """Return the page under a key, made now if it is not kept; an error as it is."""
    if (found := _pages.find(key)) is not None:
        return found
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
    return _pages.add(key, page)


def fill(publication: Publication) -> None:
    """Give a publication its content, if that is kept, so that it is not read again."""
    if (found := _contents.find(publication.id)) is not None:
        set_committed_value(publication, "content", found[0])


def protocol_of(publication: Publication) -> Protocol:
    """Return the protocol that a publication was made under, and keep its content."""

    def make() -> tuple[dict[str, Any], Protocol]:
        content = publication.content
        return content, Protocol.model_validate(content["protocol"])

    return _contents.get(publication.id, make)[1]


_pages: Kept[KeptPage] = Kept(MOST_BYTES, lambda page: len(page.body) + len(page.compressed))
_contents: Kept[tuple[dict[str, Any], Protocol]] = Kept(MOST_CONTENTS)


def as_response(page: KeptPage, request: Request) -> Response:
    """Return a kept page: compressed for those who take it, or that it has not changed."""
    headers = {"etag": page.etag, "vary": "accept-encoding"}
    if page.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(page.compressed, headers={**headers, "content-type": page.media_type})
    return Response(page.body, headers={**headers, "content-type": page.media_type})
