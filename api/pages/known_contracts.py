"""The list of known contracts: uploaded, matched to the review's own, and what nobody studied."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.files import uploads
from api.pages.jobs import started
from api.web.access import needs, one_file
from api.web.deps import CurrentActor, ReadSession, ReviewId, Store, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.errors import Invalid
from review.events import time_of_event
from review.jobs import JobKind
from review.permissions import Action
from review.reviews import protocol_of
from review.studies.known_contracts.evaluations import evaluations_csv
from review.studies.known_contracts.indigo import MAX_BYTES, read_indigo
from review.studies.known_contracts.lists import keep_list, latest_list
from review.studies.known_contracts.matches import (
    NOT_LISTED,
    OPEN,
    match_automatically,
    match_contract,
)
from review.studies.known_contracts.matching import AHEAD
from review.studies.known_contracts.overview import known_overview
from review.vocabulary import SearchKind

router = PageRouter()
K = "/reviews/{slug}/known-contracts"
MOST_SHOWN = 25


@router.get(K)
def show(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    later: Annotated[int, Query(ge=0, le=100_000)] = 0,
    sector: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show one contract to match at a time, what was matched, and what nobody has studied."""
    overview = known_overview(session, review_id=review_id, by=by)
    questions = overview.questions
    listed = latest_list(session, review_id=review_id)
    sectors = Counter(name for one in overview.unstudied for name in one.sectors)
    unstudied = [one for one in overview.unstudied if not sector or sector in one.sectors]
    return render(
        request,
        "coding/known_contracts.html",
        overview=overview,
        listed=listed,
        listed_at=listed
        and time_of_event(session, review_id=review_id, number=listed.event_number),
        later=later,
        question=questions[later % len(questions)] if questions else None,
        sector=sector,
        sectors=sorted(sectors.items()),
        unstudied=unstudied[:MOST_SHOWN],
        n_unstudied=len(unstudied),
        n_evaluations=sum(len(one.evaluations) for one in overview.unstudied),
        ahead=AHEAD,
        not_listed=NOT_LISTED,
        to_open=OPEN,
        protocol=protocol_of(session, review_id),
    )


@router.post(K)
@needs(Action.MANAGE, at_most=one_file)
def upload(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, file: UploadFile
) -> Response:
    """Make a file the list of known contracts, and match what needs no question.

    The file is not kept: what turns private must be gone with the next list.
    """
    if not file.filename:
        raise Invalid("Choose a file of INDIGO: a zip of CSV files, or JSON.")
    with uploads.on_disk(file, limit=MAX_BYTES) as copy:
        found = read_indigo(copy)
    keep_list(session, review_id=review_id, found=found, name=uploads.name_of(file), by=by)
    match_automatically(session, review_id=review_id, by=by)
    return RedirectResponse(path(request, "known-contracts"), status_code=303)


@router.post(K + "/again")
@needs(Action.MANAGE)
def match_again(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor
) -> Response:
    """Match the contracts that were added since, as far as they need no question."""
    match_automatically(session, review_id=review_id, by=by)
    return RedirectResponse(path(request, "known-contracts"), status_code=303)


@router.post(K + "/matches")
@needs(Action.MANAGE)
def post_match(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    contract: Annotated[UUID, Form()],
    key: Annotated[str, Form(max_length=255)] = "",
    number: Annotated[str, Form(max_length=255)] = "",
    later: Annotated[int, Form(ge=0, le=100_000)] = 0,
) -> Response:
    """Say which known contract a contract is, by button or by number; or that it is none."""
    match_contract(session, review_id=review_id, contract_id=contract, key=key or number, by=by)
    place = f"{path(request, 'known-contracts')}?later={later}#match"
    return RedirectResponse(place, status_code=303)


@router.post(K + "/evaluations")
@needs(Action.MANAGE)
def import_evaluations(
    request: Request, session: WriteSession, review_id: ReviewId, by: CurrentActor, store: Store
) -> Response:
    """Import the evaluation reports of contracts without a study as a search of its own."""
    text, n = evaluations_csv(known_overview(session, review_id=review_id, by=by).unstudied)
    if not n:
        raise Invalid("The list names no evaluation report of a contract without a study.")
    fields = {
        "source": "INDIGO",
        "kind": SearchKind.ORGANISATION.value,
        "platform": None,
        "query": "Evaluation reports named in the list of known contracts",
        "run_on": datetime.now(UTC).date().isoformat(),
        "limits": None,
        "n_hits": n,
        "update_of": None,
    }
    files = [{"sha256": uploads.keep_text(text, store), "name": "evaluation reports.csv"}]
    return started(
        request,
        session,
        review_id,
        by=by,
        kind=JobKind.IMPORT,
        arguments={"files": files, "fields": fields},
    )
