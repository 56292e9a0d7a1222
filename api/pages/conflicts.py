"""Conflicts: the decisions side by side, without names, and one resolution; or a consensus."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Form, Query
from pydantic import BeforeValidator
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import needs
from api.web.deps import (
    CurrentActor,
    CurrentReview,
    OptionalId,
    ReadSession,
    ReviewId,
    WriteSession,
)
from api.web.rendering import is_fragment, render
from api.web.routing import PageRouter, url
from review.decisions.adjudication import adjudicate, last_resolution, withdraw_adjudication
from review.decisions.conflicts import (
    ConflictFilter,
    OpenConflict,
    Order,
    n_conflicts_not_closed,
    open_conflicts,
    summary,
)
from review.decisions.consensus import answer, proposal_on, propose
from review.decisions.discussion import comment, discussion, n_comments, number_of
from review.errors import Stale
from review.permissions import Action
from review.reviews import protocol_of, reason_labels
from review.searches.records import source_of
from review.searches.searches import n_records_by_search
from review.tables import Decision, Record, Search
from review.vocabulary import Stage, Verdict

router = PageRouter()
ADDRESS = "/reviews/{slug}/conflicts"

Resolving = Literal[Verdict.INCLUDE, Verdict.EXCLUDE]
MaybeEmpty = BeforeValidator(lambda given: given or None)  # a list's "all"
Note = Annotated[str, Form(max_length=10_000)]


@dataclass(frozen=True)
class Chosen:
    """Which conflicts the page shows, in which order and form."""

    stage: Annotated[Stage | None, MaybeEmpty, Query()] = None
    search: Annotated[UUID | None, MaybeEmpty, Query()] = None
    pair: Annotated[str, Query(max_length=8)] = ""
    q: Annotated[str, Query(max_length=200)] = ""
    days: Annotated[int, Query(ge=0, le=3650)] = 0
    order: Annotated[Order, Query()] = Order.OLDEST
    view: Annotated[Literal["", "list"], Query()] = ""

    def applied_to(self, conflicts: Sequence[OpenConflict]) -> list[OpenConflict]:
        """Return the conflicts that match, in order."""
        return ConflictFilter(
            stage=self.stage,
            search_id=self.search,
            pair=self.pair,
            text=self.q,
            days=self.days,
            order=self.order,
        ).applied_to(conflicts)

    @property
    def query(self) -> dict[str, Any]:
        """Return what an address needs to choose the same again."""
        order = None if self.order is Order.OLDEST else self.order
        chosen = {
            "stage": self.stage, "search": self.search, "pair": self.pair, "q": self.q,
            "days": self.days, "order": order, "view": self.view,
        }  # fmt: skip
        return {name: value for name, value in chosen.items() if value}


class ConflictDesk:
    """The conflicts that somebody may resolve or agree on, for the length of a request."""

    def __init__(
        self,
        request: Request,
        here: CurrentReview,
        chosen: Annotated[Chosen, Depends()],
        *,
        review_id: ReviewId,
        by: CurrentActor,
    ) -> None:
        self.request, self.here, self.chosen = request, here, chosen
        self.review_id, self.by = review_id, by

    @property
    def scope(self) -> dict[str, Any]:
        """Return the arguments that name the review and the person."""
        return {"review_id": self.review_id, "by": self.by}

    def show(self, session: Session, *, record: UUID | None, at: int) -> Response:
        """Show one conflict, or a list of them; to a lead without the role, how many there are."""
        everything = open_conflicts(session, **self.scope) if self._takes_part else []
        if not everything and not self.here.may("adjudicate") and self.here.may("manage"):
            found = summary(session, **self.scope)
            return render(self.request, "conflicts/summary.html", summary=found)
        part = "_desk" if is_fragment(self.request) else "conflicts"
        context = self._context(session, everything, record=record, at=at)
        return render(self.request, f"conflicts/{part}.html", **context)

    def go_on(self, *, record: UUID | None = None, at: int = 0) -> Response:
        """Go on to the conflict that follows, or to one in particular, after something was done.

        What is shown then is read again, as this person may see it.
        """
        query = self.chosen.query | ({"at": at} if at and record is None else {})
        address = url(self.request, "conflicts.show", **query, record=record)
        return RedirectResponse(address, status_code=303)

    @property
    def _takes_part(self) -> bool:
        return self.here.may("adjudicate") or self.here.may("screen")

    def _context(
        self, session: Session, everything: Sequence[OpenConflict], *, record: UUID | None, at: int
    ) -> dict[str, Any]:
        found = self.chosen.applied_to(everything)
        there = min(at, len(found) - 1)  # where the one that was just resolved had been
        index = next((n for n, one in enumerate(found) if one.record.id == record), there)
        protocol = protocol_of(session, self.review_id)
        return {
            "chosen": self.chosen,
            "everything": everything,
            "found": found,
            "n_by_stage": Counter(conflict.stage for conflict in everything),
            "searches": self._searches(session, everything),
            "pairs": sorted(Counter(conflict.pair for conflict in everything).items()),
            "n_comments": n_comments(session, **self.scope),
            "protocol": protocol,
            "reason_labels": reason_labels(session, self.review_id),
            "index": index,
            **self._resolved(session),
            **(self._about(session, found[index]) if found else {"conflict": None}),
        }

    def _searches(
        self, session: Session, everything: Sequence[OpenConflict]
    ) -> list[tuple[Search, int]]:
        n = Counter(conflict.record.search_id for conflict in everything)
        searches = n_records_by_search(session, review_id=self.review_id)
        return [(search, n[search.id]) for search, _ in searches if n[search.id]]

    def _resolved(self, session: Session) -> dict[str, Any]:
        """Return what the person resolved last, and how many conflicts are not yet theirs."""
        if not self.here.may("adjudicate"):
            return {"last": None, "last_record": None, "n_not_closed": 0}
        last = last_resolution(session, **self.scope)
        return {
            "last": last,
            "last_record": session.get_one(Record, last.record_id) if last else None,
            "n_not_closed": sum(
                n_conflicts_not_closed(session, stage=stage, **self.scope) for stage in Stage
            ),
        }

    def _about(self, session: Session, conflict: OpenConflict) -> dict[str, Any]:
        on = self.scope | {"record_id": conflict.record.id, "stage": conflict.stage}
        return {
            "conflict": conflict,
            "source": source_of(session, conflict.record),
            "entries": discussion(session, **on) or [],
            "proposal": proposal_on(session, **on) if conflict.is_own else None,
            "own_number": number_of(conflict.decisions, self.by),
        }


AtDesk = Annotated[ConflictDesk, Depends()]


@router.get(ADDRESS)
def show(
    desk: AtDesk,
    session: ReadSession,
    record: Annotated[UUID | None, MaybeEmpty, Query()] = None,
    at: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Show one conflict, or a list of them."""
    return desk.show(session, record=record, at=at)


@router.post(ADDRESS)
@needs(Action.ADJUDICATE)
def resolve(
    desk: AtDesk,
    session: WriteSession,
    record: Annotated[UUID, Form()],
    stage: Annotated[Stage, Form()],
    settles: Annotated[list[UUID], Form()],
    verdict: Annotated[Resolving | None, MaybeEmpty, Form()] = None,
    take: OptionalId = None,
    exclusion_reason: Annotated[str, Form()] = "",
    note: Note = "",
    at: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """Resolve one conflict, citing the decisions that were shown: as one of them, or otherwise."""
    made, reason = _taken(session, settles, take) if take else (verdict, exclusion_reason or None)
    if made is None:
        raise Stale(
            "Nothing was saved, because the page did not say which button you pressed. "
            "Press it again."
        )
    adjudicate(
        session,
        **desk.scope,
        record_id=record,
        stage=stage,
        verdict=made,
        settles=settles,
        exclusion_reason=reason if made is Verdict.EXCLUDE else None,
        note=note.strip() or None,
    )
    return desk.go_on(at=at)


@router.post(ADDRESS + "/undo")
@needs(Action.ADJUDICATE)
def post_undo(
    desk: AtDesk,
    session: WriteSession,
    adjudication: Annotated[UUID, Form()],
) -> Response:
    """Undo one's own last resolution, and show its record again."""
    undone = withdraw_adjudication(session, adjudication_id=adjudication, **desk.scope)
    return desk.go_on(record=undone.record_id)


@router.post(ADDRESS + "/proposals")
@needs(Action.SCREEN)
def post_proposal(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record: Annotated[UUID, Form()],
    stage: Annotated[Stage, Form()],
    verdict: Annotated[Resolving, Form()],
    exclusion_reason: Annotated[str, Form()] = "",
    note: Note = "",
) -> Response:
    """Propose to the other reviewer how to resolve a conflict."""
    propose(
        session,
        review_id=review_id,
        record_id=record,
        stage=stage,
        verdict=verdict,
        by=by,
        exclusion_reason=(exclusion_reason or None) if verdict is Verdict.EXCLUDE else None,
        note=note.strip() or None,
    )
    return RedirectResponse(url(request, "conflicts.show", record=record), status_code=303)


@router.post(ADDRESS + "/proposals/{proposal_id}/answer")
@needs(Action.SCREEN)
def post_answer(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    proposal_id: UUID,
    agrees: Annotated[bool, Form()],
) -> Response:
    """Agree with the other reviewer's proposal, or decline it."""
    answer(session, review_id=review_id, proposal_id=proposal_id, agrees=agrees, by=by)
    return RedirectResponse(url(request, "conflicts.show"), status_code=303)


@router.post("/reviews/{slug}/comments")
@needs(Action.READ)
def post_comment(
    request: Request,
    session: WriteSession,
    review_id: ReviewId,
    by: CurrentActor,
    record: Annotated[UUID, Form()],
    stage: Annotated[Stage, Form()],
    text: Annotated[str, Form(max_length=10_000)],
    shown: Annotated[Literal["conflict", "record"], Form()] = "record",
) -> Response:
    """Write about a record to the others who decided on it or resolve it."""
    comment(session, review_id=review_id, record_id=record, stage=stage, text=text, by=by)
    if shown == "conflict":
        target = url(request, "conflicts.show", record=record)
    else:
        target = url(request, "records.record", record_id=record) + "#discussion"
    return RedirectResponse(target, status_code=303)


def _taken(
    session: Session, settles: Sequence[UUID], take: UUID
) -> tuple[Resolving | None, str | None]:
    """Return the verdict and the reason of the decision that the adjudicator agrees with."""
    decision = session.get(Decision, take) if take in settles else None
    if decision is None or decision.verdict not in (Verdict.INCLUDE, Verdict.EXCLUDE):
        raise Stale("A decision changed after this page was opened. Reload it and check again.")
    is_include = decision.verdict is Verdict.INCLUDE
    return (Verdict.INCLUDE if is_include else Verdict.EXCLUDE), decision.exclusion_reason
