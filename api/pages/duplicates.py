"""Possible duplicates, side by side, one pair at a time."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.pages.jobs import started
from api.pages.mark_duplicate import back_to
from api.web.access import needs
from api.web.deps import CurrentActor, OptionalId, ReadSession, ReviewId, WriteSession
from api.web.rendering import path, render
from api.web.routing import PageRouter
from review.duplicates.judgements import judge, merge_above, undo
from review.duplicates.merge_check import SAMPLE_SIZE, merge_check
from review.duplicates.questions import latest_acts, question, questions
from review.duplicates.sample import sample_of_last_run
from review.jobs import JobKind
from review.permissions import Action, check
from review.searches.records import records_by_id
from review.vocabulary import Judgement, Stage

router = PageRouter()
SCORES = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
LARGEST_SAMPLE = 1_000
ACTS = 10  # shown at once, so that any of them can be undone
SHOWN = 200  # pairs on one page
Score = Annotated[float | None, Query(gt=0, le=1)]


@router.get("/reviews/{slug}/duplicates")
def duplicates(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    skip: Annotated[int, Query(ge=0, le=10**6)] = 0,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Show the next possible duplicate, how many are left, and the acts, each with its undo.

    ``before`` leads to the acts before an event.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    pending = questions(session, review_id=review_id)
    place = skip % len(pending) if pending else 0
    shown = None
    if pending:
        left_id, right_id, _ = pending[place]
        shown = question(session, review_id=review_id, left_id=left_id, right_id=right_id)
    return render(
        request,
        "duplicates/duplicates.html",
        question=shown,
        n_pending=len(pending),
        skip=place,
        acts=latest_acts(session, review_id=review_id, before=before, limit=ACTS),
        before=before,
        n_acts=ACTS,
    )


@router.post("/reviews/{slug}/duplicates")
@needs(Action.MANAGE)
def answer(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    left: Annotated[UUID, Form()],
    right: Annotated[UUID, Form()],
    verdict: Annotated[Judgement, Form()],
    skip: Annotated[int, Form(ge=0, le=10**6)] = 0,
    size: Annotated[int, Form(ge=0, le=LARGEST_SAMPLE)] = 0,
    sampled: OptionalId = None,
    record: OptionalId = None,
) -> Response:
    """Record the answer about a pair and go on with the next, of the sample or of all.

    Or return to the page of the ``record`` where it was given.
    """
    judge(
        session,
        review_id=review_id,
        left_id=left,
        right_id=right,
        verdict=verdict,
        by=by,
        sampled=sampled,
    )
    if record is not None:
        return RedirectResponse(path(request, "records", record), status_code=303)
    then = f"/sample?size={size}" if size else f"?skip={skip}"
    return RedirectResponse(path(request, "duplicates") + then, status_code=303)


@router.get("/reviews/{slug}/duplicates/sample")
def sample(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    size: Annotated[int, Query(ge=1, le=LARGEST_SAMPLE)] = SAMPLE_SIZE,
) -> Response:
    """Show the next pair of a random sample, and what the answers say about the last run."""
    drawn = sample_of_last_run(session, review_id=review_id, by=by, size=size)
    pair = None
    if drawn and drawn.next_pair:
        left_id, right_id = drawn.next_pair
        pair = question(session, review_id=review_id, left_id=left_id, right_id=right_id)
    return render(
        request,
        "duplicates/sample.html",
        sample=drawn,
        question=pair,
        largest=LARGEST_SAMPLE,
        check=merge_check(session, review_id=review_id),
    )


@router.get("/reviews/{slug}/duplicates/above")
def above(
    request: Request,
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    score: Score = None,
) -> Response:
    """Show the possible duplicates that score ``score`` or more, to be merged at once.

    By default the highest score that any pair reaches.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    pending = questions(session, review_id=review_id)
    counts = {known: sum(pair[2] >= known for pair in pending) for known in SCORES}
    if score is None:
        score = next((known for known, n in counts.items() if n), SCORES[0])
    chosen = [pair for pair in pending if pair[2] >= score]
    shown = chosen[::-1][:SHOWN]  # those that need most care
    ids = {record_id for left, right, _ in shown for record_id in (left, right)}
    found = records_by_id(session, record_ids=ids)
    return render(
        request,
        "duplicates/above.html",
        score=score,
        # Of two scores that the same pairs reach, only the higher one is offered.
        counts={n: known for known, n in reversed(counts.items()) if n},
        n_chosen=len(chosen),
        pairs=[(found[left], found[right], known) for left, right, known in shown],
    )


@router.post("/reviews/{slug}/duplicates/above")
@needs(Action.MANAGE)
def post_above(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    score: Annotated[float, Form(gt=0, le=1)],
) -> Response:
    """Merge the pairs that score at least this high."""
    merge_above(session, review_id=review_id, score=score, by=by)
    return RedirectResponse(path(request, "duplicates"), status_code=303)


@router.post("/reviews/{slug}/duplicates/undo")
@needs(Action.MARK_DUPLICATES)  # one's own answer; others' need MANAGE, as `undo` checks
def post_undo(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    event: Annotated[int, Form(ge=1, le=2**31 - 1)],
    record: OptionalId = None,
    stage: Annotated[Stage | None, Form()] = None,
) -> Response:
    """Undo one act, an answer or a whole run, and return to where it was done."""
    undo(session, review_id=review_id, event_number=event, by=by)
    if record is None:
        return RedirectResponse(path(request, "duplicates"), status_code=303)
    return RedirectResponse(back_to(request, record, stage), status_code=303)


@router.post("/reviews/{slug}/dedupe")
@needs(Action.MANAGE)
def run(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    everything: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Compare the records imported since the last run with all others, or all of them again."""
    arguments = {"everything": True} if everything else {}
    return started(
        request, session, review_id, by=by, kind=JobKind.DEDUPLICATE, arguments=arguments
    )
