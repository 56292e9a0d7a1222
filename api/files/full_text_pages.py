"""The pages of a full text, read when somebody first wants to see them."""

from uuid import UUID

from api.settings import Settings
from review.events import Actor
from review.jobs import enqueue_text_extraction
from review.reports.documents import DocumentPage, kept_pages
from review.storage.database import Database
from review.tables import FullText


def pages_or_ask(
    database: Database, settings: Settings, document: FullText, *, review_id: UUID, by: Actor
) -> list[DocumentPage] | None:
    """Return the pages; None while it is being read, none at all where it cannot be."""
    pages = kept_pages(settings.text_path(document.sha256))
    if pages is not None:
        return pages
    with database.writing() as session:
        is_coming = enqueue_text_extraction(
            session, review_id=review_id, sha256=document.sha256, name=document.name, by=by
        )
    return None if is_coming else []
