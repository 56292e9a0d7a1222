"""Assignments: each reviewer's workload, and the languages and searches they screen.

Everything follows by a rule from a record's number, language and search.  There is no state: what
somebody has decided does not change what others get, and nothing has to be cleaned up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Integer, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.reviews import account_id_of, add_member, protocol_of, remove_member
from review.searches.formats.languages import ENGLISH_NAMES, language_tag
from review.states.clusters import Scope, is_root, latest
from review.states.resolution import most_needed
from review.tables import Account, Assignment, Membership, Record, Search
from review.vocabulary import Act, Role, Stage

MAX_WORKLOAD = 100
Number = ColumnElement[int] | int


@dataclass(frozen=True)
class AssignedReviewer:
    """A reviewer and their assignment."""

    account_id: UUID
    name: str
    workload: int
    languages: Sequence[str]
    searches: Sequence[UUID]

    @property
    def is_limited(self) -> bool:
        """Return whether the reviewer screens less than everything."""
        return bool(self.languages or self.searches or not self.workload)


@dataclass(frozen=True)
class ReviewerWorkload:
    """A reviewer, and how many unique records they start with."""

    reviewer: AssignedReviewer
    n_first: int


def assign(
    session: Session,
    *,
    review_id: UUID,
    account_id: UUID,
    by: Actor,
    workload: int = 1,
    languages: Sequence[str] = (),
    searches: Sequence[UUID] = (),
) -> Assignment:
    """Set how much a reviewer screens compared with others, and of what; flushes.

    Without ``languages`` (ISO 639-1) or ``searches`` they screen all.  Somebody with a workload of
    2 gets twice as many records as somebody with 1; with 0 they screen what others leave.  Raises
    Invalid for an impossible workload or language, NotFound for an unknown search and for somebody
    who is not a reviewer of the review.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    reviewers = assigned_reviewers(session, review_id)
    if account_id not in {reviewer.account_id for reviewer in reviewers}:
        raise NotFound("There is no such reviewer in this review.")
    if not 0 <= workload <= MAX_WORKLOAD:
        raise Invalid(f"Enter a workload from 0 to {MAX_WORKLOAD}.")
    if unknown := sorted(set(languages) - set(ENGLISH_NAMES.values())):
        raise Invalid(
            f"These are not language codes: {', '.join(unknown)}. Use codes such as en or es."
        )
    known_searches = set(session.scalars(select(Search.id).where(Search.review_id == review_id)))
    if set(searches) - known_searches:
        raise NotFound("There is no such search in this review.")
    assignment = Assignment(
        id=uuid4(),
        account_id=account_id,
        workload=workload,
        languages=sorted(set(languages)),
        searches=sorted({str(search_id) for search_id in searches}),
    )
    record_act(
        session,
        review_id=review_id,
        act=Act.ASSIGN,
        by=by,
        rows=[assignment],
        subject=("account", account_id),
    )
    return assignment


def assigned_reviewers(session: Session, review_id: UUID) -> list[AssignedReviewer]:
    """Return the review's reviewers with their assignments, in the order in which they joined."""
    newest = latest(Scope(review_id), Assignment, Assignment.account_id)
    rows = session.execute(
        select(Account.id, Account.name, newest.c.workload, newest.c.languages, newest.c.searches)
        .join(Membership, Membership.account_id == Account.id)
        .outerjoin(newest, newest.c.account_id == Account.id)
        .where(
            Membership.review_id == review_id,
            Membership.role == Role.REVIEWER,
            Account.disabled_at.is_(None),
        )
        .order_by(Membership.since, Membership.id)
    )
    return [
        AssignedReviewer(
            account_id=row.id,
            name=row.name,
            workload=1 if row.workload is None else row.workload,
            languages=row.languages or [],
            searches=[UUID(search_id) for search_id in row.searches or ()],
        )
        for row in rows
    ]


def replace_reviewer(
    session: Session, *, review_id: UUID, email: str, successor: str, by: Actor
) -> None:
    """Take the role of reviewer from one account and give it to another, with the assignment.

    Both are named by their e-mail address.  Raises NotFound for an unknown address.  Flushes.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    given = {reviewer.account_id: reviewer for reviewer in assigned_reviewers(session, review_id)}
    leaving = given.get(account_id_of(session, email))
    scope: dict[str, Any] = {"review_id": review_id, "by": by}
    remove_member(session, email=email, role=Role.REVIEWER, **scope)
    add_member(session, email=successor, role=Role.REVIEWER, **scope)
    if leaving is not None and (leaving.is_limited or leaving.workload != 1):
        assign(
            session,
            account_id=account_id_of(session, successor),
            workload=leaving.workload,
            languages=leaving.languages,
            searches=leaving.searches,
            **scope,
        )


def queue_tiers(
    session: Session, *, review_id: UUID, stage: Stage, account_id: UUID | None
) -> list[ColumnElement[bool]]:
    """Return conditions on Record: what a reviewer screens first, second and third.

    First come the records assigned to them: each record is assigned to as many people as it needs
    decisions.  Then comes what else they may screen.  Last come records that too few people may
    screen, so that no record is out of reach of everybody.  Each of these records is in exactly
    one tier.  The list is empty if everybody screens everything anyway.
    """
    reviewers = assigned_reviewers(session, review_id)
    needed = _decisions_needed(session, review_id, stage)
    rule = _AssignmentRule(session, review_id, reviewers, needed=needed)
    ids = [reviewer.account_id for reviewer in reviewers]
    index = next((n for n, id_ in enumerate(ids) if id_ == account_id), None)
    is_any_limited = any(reviewer.is_limited for reviewer in reviewers)
    if index is None or (len(reviewers) <= needed and not is_any_limited):
        return []
    is_assigned, may_screen = rule.is_assigned(index), rule.may_screen[index]
    if may_screen is None:
        return [is_assigned, ~is_assigned]
    # An open round may still need as many decisions as an earlier protocol asked for.
    is_left_over = rule.is_left_over(most_needed(session, review_id, stage))
    return [
        is_assigned,
        and_(may_screen, ~is_assigned),
        and_(~may_screen, is_left_over),
    ]


def workloads(
    session: Session, *, review_id: UUID, stage: Stage, by: Actor
) -> list[ReviewerWorkload]:
    """Return how many unique records each reviewer starts with; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    found = []
    for reviewer in assigned_reviewers(session, review_id):
        first, *_ = queue_tiers(
            session, review_id=review_id, stage=stage, account_id=reviewer.account_id
        ) or [true()]
        found.append(ReviewerWorkload(reviewer, _count(session, review_id, first)))
    return found


def n_left_over(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return the number of unique records that too few people may screen; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    needed = _decisions_needed(session, review_id, stage)
    reviewers = assigned_reviewers(session, review_id)
    rule = _AssignmentRule(session, review_id, reviewers, needed=needed)
    return _count(session, review_id, rule.is_left_over(needed))


def _count(session: Session, review_id: UUID, condition: ColumnElement[bool]) -> int:
    conditions = (Record.review_id == review_id, is_root(Record.id, review_id), condition)
    return session.scalar(select(func.count(Record.id)).where(*conditions)) or 0


def _decisions_needed(session: Session, review_id: UUID, stage: Stage) -> int:
    return protocol_of(session, review_id).rules(stage).decisions_needed


class _AssignmentRule:
    """The workloads of a review's reviewers on a ring, laid out again for every record.

    Those who may screen a record follow one another on the ring, each with an arc as long as their
    workload.  The record's number points at one of them.  If two decisions are needed, it also
    points at a second one, far enough away to be somebody else.  The distance changes from one turn
    of the ring to the next, so that everybody is paired with everybody.
    """

    def __init__(
        self,
        session: Session,
        review_id: UUID,
        reviewers: Sequence[AssignedReviewer],
        *,
        needed: int,
    ) -> None:
        not_read = _languages_not_read(session, review_id, reviewers)
        self.reviewers, self.needed = reviewers, needed
        self.may_screen = [_may_screen(reviewer, not_read) for reviewer in reviewers]
        self.length = self._sum([reviewer.workload for reviewer in reviewers])

    def is_assigned(self, index: int) -> ColumnElement[bool]:
        """Return whether a record is assigned to the reviewer with this index."""
        if self.length == 0 and isinstance(self.length, int):  # all screen what others leave
            return false()
        start = self._sum([reviewer.workload for reviewer in self.reviewers[:index]])
        end = start + self.reviewers[index].workload
        length = _or_null(self.length)
        first = Record.number % length
        pointers = [first, (first + self._distance(length)) % length][: self.needed]
        points_here = or_(*(and_(pointer >= start, pointer < end) for pointer in pointers))
        may_screen = self.may_screen[index]
        is_own = points_here if may_screen is None else and_(may_screen, points_here)
        return case((is_own, true()), else_=false())

    def _distance(self, length: Number) -> Number:
        """Return how far the second pointer is from the first."""
        widest = max(reviewer.workload for reviewer in self.reviewers)
        room, half = self.length - 2 * widest + 1, self.length // 2
        if isinstance(room, int):
            return widest + (Record.number // length) % room if room > 0 else half
        return case((room > 0, widest + (Record.number // length) % _or_null(room)), else_=half)

    def is_left_over(self, needed: int) -> ColumnElement[bool]:
        """Return whether fewer people may screen a record than it needs."""
        n, enough = self._sum([1] * len(self.reviewers)), min(needed, len(self.reviewers))
        if isinstance(n, int):
            return true() if n < enough else false()
        return n < enough

    def _sum(self, values: Sequence[int]) -> Number:
        """Return the sum over those who may screen a record; a number if all may."""
        total: Number = 0
        for value, may_screen in zip(values, self.may_screen, strict=False):
            total = total + (value if may_screen is None else case((may_screen, value), else_=0))
        return total


def _or_null(n: Number) -> Number:
    """Return a divisor that gives NULL instead of an error if it is 0."""
    return n if isinstance(n, int) else func.nullif(n, 0, type_=Integer)


def _may_screen(
    reviewer: AssignedReviewer, not_read: dict[UUID, Collection[str]]
) -> ColumnElement[bool] | None:
    """Return whether a record is within a reviewer's languages and searches; None if all are."""
    limits: list[ColumnElement[bool]] = []
    if words := not_read.get(reviewer.account_id):
        limits.append(Record.language.is_(None) | Record.language.not_in(words))
    if reviewer.searches:
        limits.append(Record.search_id.in_(reviewer.searches))
    return and_(*limits) if limits else None


def _languages_not_read(
    session: Session, review_id: UUID, reviewers: Sequence[AssignedReviewer]
) -> dict[UUID, Collection[str]]:
    """Return the languages that a reviewer does not read, as the review's sources write them.

    Everybody may screen a record whose language is unknown.
    """
    if not any(reviewer.languages for reviewer in reviewers):
        return {}
    languages = select(Record.language).where(Record.review_id == review_id).distinct()
    tags = {word: language_tag(word) for word in session.scalars(languages) if word}
    return {
        reviewer.account_id: [
            word for word, tag in tags.items() if tag and tag not in reviewer.languages
        ]
        for reviewer in reviewers
        if reviewer.languages
    }
