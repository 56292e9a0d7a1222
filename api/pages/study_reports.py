"""The reports of a study: merge it with another one, split it, and undo either."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, OptionalId, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from protocols.values import describe_value
from review.errors import Invalid
from review.permissions import Action, check
from review.reviews import protocol_of
from review.studies.contracts import contracts_of
from review.studies.moves.acts import Move, merge_study, move_reports
from review.studies.moves.history import left_codes, moves_of
from review.studies.moves.undo import undo_move
from review.studies.studies import merged_studies, reports_of, studies_by_label, study_of_review
from review.studies.suggestions import suggestions
from review.tables import Study

router = PageRouter()
R = "/reviews/{slug}/coding/{study_id}/reports"
SHARED = "both "  # before the id of a contract that both studies report on


@router.get(R)
def show(
    request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor, study_id: UUID
) -> Response:
    """Show a study's reports, what it may be merged with, and how its reports were moved."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    study = study_of_review(session, review_id=review_id, study_id=study_id)
    likely = suggestions(session, review_id=review_id, waiting=()).get(study_id, [])
    shown = {study_id, *(one.study.id for one in likely if one.study)}
    moves = moves_of(session, review_id=review_id, study_id=study_id, by=by)
    into = merged_studies(session, review_id).get(study_id)
    protocol = protocol_of(session, review_id)
    left: dict[UUID, Sequence[object]] = {
        source: codes
        for source in {move.source.id for move in moves}
        if (codes := left_codes(session, review_id=review_id, study_id=source, by=by))
    }
    return render(
        request,
        "coding/reports.html",
        study=study,
        into=session.get(Study, into) if into else None,
        reports=reports_of(session, review_id=review_id, study_id=study_id),
        contracts=contracts_of(session, review_id=review_id, study_id=study_id),
        likely=likely,
        others=[
            other
            for other in studies_by_label(session, review_id=review_id)
            if other.id not in shown
        ],
        moves=moves,
        left=left,
        items={item.key: item for item in protocol.codebook},
        describe_value=describe_value,
        protocol=protocol,
    )


@router.post(R)
@needs(Action.MANAGE)
def post_move(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    reports: Annotated[list[UUID], Form()] = [],  # noqa: B006 - FastAPI copies it
    contracts: Annotated[list[str], Form()] = [],  # noqa: B006
    to: OptionalId = None,
    label: Annotated[str, Form(max_length=1000)] = "",
    copies_codes: Annotated[bool, Form()] = False,
) -> Response:
    """Move some of the study's reports to another study, or to a new one."""
    named = [contract for contract in contracts if contract]
    move = Move(
        study_id,
        reports,
        contracts=[_id(one) for one in named if not one.startswith(SHARED)],
        shared=[_id(one.removeprefix(SHARED)) for one in named if one.startswith(SHARED)],
        copies_codes=copies_codes,
    )
    there = move_reports(session, review_id=review_id, move=move, to=to, label=label, by=by)
    return RedirectResponse(path(request, "coding", there, "reports"), status_code=303)


@router.post(R + "/merge")
@needs(Action.MANAGE)
def post_merge(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    into: OptionalId = None,
) -> Response:
    """Merge the study into another one."""
    if into is None:
        raise Invalid("Choose the study to merge this one into.")
    merge_study(session, review_id=review_id, study_id=study_id, into_id=into, by=by)
    return RedirectResponse(path(request, "coding", into, "reports"), status_code=303)


@router.post(R + "/{event_number}/undo")
@needs(Action.MANAGE)
def post_undo(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    study_id: UUID,
    event_number: int,
) -> Response:
    """Undo a merge or a split, or the undoing of one."""
    study_of_review(session, review_id=review_id, study_id=study_id)
    back = undo_move(session, review_id=review_id, event_number=event_number, by=by)
    return RedirectResponse(path(request, "coding", back, "reports"), status_code=303)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("Choose a contract of this study.") from error
