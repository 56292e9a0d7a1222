"""The appraisal of studies' quality as a table, and checklists for the protocol."""

from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.protocol import changed_draft
from api.web.access import needs
from api.web.deps import CurrentActor, Db, ReadSession, ReviewId
from api.web.rendering import path, render
from api.web.routing import PageRouter
from protocols.appraisal import Answer, answer_of, checklists, overall_entry
from protocols.editing import with_entry
from protocols.loader import load
from protocols.schema import AppraisalPart, ItemType, Level, Protocol
from protocols.values import describe_value
from review.drafts import draft_text
from review.errors import Conflicting, Invalid, NotFound
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies.appraisal import appraisal_tables

router = PageRouter()
CHECKLISTS = "/reviews/{slug}/protocol/checklists"
SIGNS = {Answer.MET: "+", Answer.PARTLY: "~", Answer.NOT_MET: "−", Answer.DOES_NOT_APPLY: "/"}


@router.get("/reviews/{slug}/appraisal")
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show each checklist as a table: a row for each study, a column for each question."""
    check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
    protocol = protocol_of(session, review_id)
    return render(
        request,
        "coding/appraisal.html",
        tables=appraisal_tables(session, review_id=review_id),
        overall=next(
            (item for item in protocol.codebook if item.appraisal is AppraisalPart.OVERALL), None
        ),
        critical=AppraisalPart.CRITICAL,
        answer_of=answer_of,
        signs=SIGNS,
        labels={one.key: one.label for one in checklists().values()},
        describe_value=describe_value,
    )


@router.get(CHECKLISTS)
def show_checklists(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Show the checklists that come with siftmap, and for which studies to ask each."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    protocol = load(draft_text(session, review_id)).protocol
    return _page(request, protocol)


@router.post(CHECKLISTS)
@needs(Action.MANAGE)
def post_checklist(
    request: Request,
    database: Db,
    review_id: ReviewId,
    by: CurrentActor,
    checklist: Annotated[str, Form(max_length=100)],
    values: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Add a checklist's questions to the draft, and an overall judgement if there is none."""

    def change(text: str, protocol: Protocol) -> str:
        chosen = checklists().get(checklist)
        if chosen is None:
            raise NotFound("There is no such checklist.")
        if {item.group for item in protocol.codebook} & {f"appraisal_{checklist}"}:
            raise Conflicting("The codebook has this checklist already.")
        item, keys = _design(values)
        entries = chosen.entries(item, keys)
        if all(one.appraisal is not AppraisalPart.OVERALL for one in protocol.codebook):
            entries.append(overall_entry())
        for entry in entries:
            text = with_entry(text, "codebook", number=None, entry=entry)
        return text

    problems = changed_draft(database, review_id, by=by, change=change)
    if problems:
        with database.reading() as session:
            protocol = load(draft_text(session, review_id)).protocol
        return _page(request, protocol, problems)
    return RedirectResponse(path(request, "protocol", "draft"), status_code=303)


def _design(values: list[str]) -> tuple[str, list[str]]:
    """Return the item, and its values, that were ticked as ``item value``."""
    ticked = [value.partition(" ") for value in values]
    items = {item for item, _, _ in ticked}
    if len(items) != 1:
        raise Invalid("Tick the designs of one item that the checklist is for.")
    return items.pop(), [value for _, _, value in ticked]


def _page(request: Request, protocol: Protocol, problems: list[str] | None = None) -> Response:
    return render(
        request,
        "protocol/checklists.html",
        checklists=checklists(),
        taken={item.group for item in protocol.codebook},
        designs=[
            item
            for item in protocol.codebook
            if item.level is Level.STUDY
            and item.type is ItemType.ONE_OF
            and item.appraisal is None
            and item.values
        ],
        problems=problems or [],
        status_code=422 if problems else 200,
    )
