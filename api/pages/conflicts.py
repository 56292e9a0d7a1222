"""Conflicts: what two reviewers decided, without their names, and one resolution."""

from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import CurrentActor, ReadSession, ReviewId, WriteSession
from api.web.rendering import is_fragment, path, render
from api.web.routing import PageRouter
from review.decisions.adjudication import adjudicate
from review.decisions.blinding import conflicts, n_conflicts_not_closed
from review.permissions import Action
from review.reviews import protocol_of
from review.vocabulary import Stage, Verdict

SHOWN = 20  # conflicts on a page

router = PageRouter()


@router.get("/reviews/{slug}/conflicts")
def show(request: Request, session: ReadSession, review_id: ReviewId, by: CurrentActor) -> Response:
    """Show the conflicts that the person may resolve, at both stages."""
    found = [
        conflict
        for stage in Stage
        for conflict in conflicts(session, review_id=review_id, stage=stage, by=by, limit=SHOWN + 1)
    ]
    protocol = protocol_of(session, review_id)
    return render(
        request,
        "conflicts/conflicts.html",
        conflicts=found[:SHOWN],
        more=len(found) > SHOWN,
        n_not_closed=sum(
            n_conflicts_not_closed(session, review_id=review_id, stage=stage, by=by)
            for stage in Stage
        ),
        protocol=protocol,
        reason_labels={reason.key: reason.label for reason in protocol.exclusion_reasons},
    )


@router.post("/reviews/{slug}/conflicts")
@needs(Action.ADJUDICATE)
def resolve(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record: Annotated[UUID, Form()],
    stage: Annotated[Stage, Form()],
    verdict: Annotated[Verdict, Form()],
    settles: Annotated[list[UUID], Form()],
    exclusion_reason: Annotated[str, Form()] = "",
    note: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """Resolve one conflict, citing the decisions that were shown."""
    adjudicate(
        session,
        review_id=review_id,
        record_id=record,
        stage=stage,
        verdict=verdict,
        settles=settles,
        by=by,
        exclusion_reason=(exclusion_reason or None) if verdict is Verdict.EXCLUDE else None,
        note=note.strip() or None,
    )
    if is_fragment(request):
        return render(request, "conflicts/_resolved.html", verdict=verdict, record_id=record)
    return RedirectResponse(path(request, "conflicts"), status_code=303)
