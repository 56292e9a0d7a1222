"""Values that a report's text suggests to a coder, each with the sentence that suggests it."""

from collections.abc import Sequence
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.files.full_text_pages import pages_or_ask
from api.web.deps import AppSettings, CurrentActor, CurrentReview, Db, ReadSession, ReviewId
from api.web.forms import form_fields
from api.web.rendering import is_fragment, render
from api.web.routing import PageRouter
from protocols.values import describe_value
from review.errors import NotFound
from review.permissions import Action, check
from review.reports.documents import DocumentPage
from review.reports.full_texts import full_text_of
from review.studies.batches import CodingForm
from review.studies.studies import reports_of, study_of_review
from review.studies.text_suggestions.reading import suggester_for
from review.studies.text_suggestions.text import Sentence, sentences_of
from review.tables import Record

router = PageRouter()


@router.get("/reviews/{slug}/coding/{study_id}/suggestions")
def show(
    request: Request,
    session: ReadSession,
    here: CurrentReview,
    review_id: ReviewId,
    by: CurrentActor,
    database: Db,
    settings: AppSettings,
    study_id: UUID,
    contract: UUID | None = None,
    report: UUID | None = None,
) -> Response:
    """Show what a report suggests for the items that the coder has not coded."""
    check(session, review_id=review_id, by=by, action=Action.CODE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    reports = reports_of(session, review_id=review_id, study_id=study_id)
    read = next((one for one in reports if report in (None, one.id)), None)
    if read is None:
        raise NotFound("This study has no such report.")
    fields = form_fields(
        session,
        review_id=review_id,
        study_id=study_id,
        contract_id=contract,
        by=by,
        is_lead=here.may(Action.MANAGE),
    )
    open_items = {one.item.key: one.item for one in fields if one.is_asked and one.own is None}
    form = CodingForm(review_id, study_id, contract, by)
    suggester = suggester_for(session, form, open_items)
    document = full_text_of(session, review_id=review_id, record_id=read.id, by=by)
    session.close()  # before anything is written: an old SQLite waits for those who read
    pages = (
        pages_or_ask(database, settings, document, review_id=review_id, by=by) if document else []
    )
    found = suggester.suggest(_sentences(read, pages))
    return render(
        request,
        "coding/_suggestions.html" if is_fragment(request) else "coding/suggestions.html",
        study=study,
        contract_id=contract,
        report=read,
        is_being_read=pages is None,
        suggested=[(item, found[key]) for key, item in open_items.items() if key in found],
        describe_value=describe_value,
    )


def _sentences(report: Record, pages: Sequence[DocumentPage] | None) -> list[Sentence]:
    """Return the sentences of a report's pages, or of its abstract where it has none."""
    texts = [page.text for page in pages or ()]
    if any(texts):
        return sentences_of(texts)
    return sentences_of([f"{report.title}\n\n{report.abstract or ''}"], is_abstract=True)
