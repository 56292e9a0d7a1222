"""Who reads what: shares of the records, and languages and searches that a reviewer keeps to.

Everything follows from a record's number, language and search by a rule, with no state: what
somebody has decided changes nothing of what others are given, and nothing has to be cleaned up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Integer, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from review.errors import Invalid, NotFound
from review.events import Actor, record_act
from review.permissions import Action, begin_act, check
from review.reviews import protocol_of
from review.searches.formats.languages import ENGLISH_NAMES, language_tag
from review.states.clusters import Scope, is_root, latest
from review.states.resolution import most_needed
from review.tables import Account, Assignment, Membership, Record, Search
from review.vocabulary import Act, Role, Stage

MOST = 100  # that a share can be
Number = ColumnElement[int] | int


@dataclass(frozen=True)
class Reader:
    """A reviewer, and what they are assigned."""

    account_id: UUID
    name: str
    workload: int
    languages: Sequence[str]
    searches: Sequence[UUID]


@dataclass(frozen=True)
class Portion:
    """A reader, and how many unique records they begin with."""

    reader: Reader
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
    """Say how much a reviewer reads against the others, and of what; flushes.

    Without ``languages`` (ISO 639-1) or ``searches`` they read all.  A share of 2 is twice one
    of 1; with 0 they read what others leave.  Raises Invalid for what makes no sense, NotFound for
    somebody who is no reviewer here.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    if account_id not in {one.account_id for one in readers(session, review_id)}:
        raise NotFound("There is no such reviewer in this review.")
    if not 0 <= workload <= MOST:
        raise Invalid(f"A share is a whole number from 0 to {MOST}.")
    if strange := sorted(set(languages) - set(ENGLISH_NAMES.values())):
        raise Invalid(f"These are no languages: {', '.join(strange)}. Use codes such as en or es.")
    known = set(session.scalars(select(Search.id).where(Search.review_id == review_id)))
    if set(searches) - known:
        raise NotFound("There is no such search in this review.")
    made = Assignment(
        id=uuid4(),
        account_id=account_id,
        workload=workload,
        languages=sorted(set(languages)),
        searches=sorted({str(one) for one in searches}),
    )
    subject = ("account", account_id)
    record_act(session, review_id=review_id, act=Act.ASSIGN, by=by, rows=[made], subject=subject)
    return made


def readers(session: Session, review_id: UUID) -> list[Reader]:
    """Return the review's reviewers in the order in which they joined, with what they read."""
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
        Reader(
            account_id=row.id,
            name=row.name,
            workload=1 if row.workload is None else row.workload,
            languages=row.languages or [],
            searches=[UUID(one) for one in row.searches or ()],
        )
        for row in rows
    ]


def parts_for(
    session: Session, *, review_id: UUID, stage: Stage, account_id: UUID | None
) -> list[ColumnElement[bool]]:
    """Return conditions on Record: what somebody reads first, second and third.

    First come the records of their own share: each record is in the share of as many people as
    it needs decisions.  Then what else they may read.  Last are records that fewer people may
    read than it takes, so that nothing is out of everybody's reach.  Together the parts hold
    each of these once; nothing at all is returned where everybody reads everything anyway.
    """
    found = readers(session, review_id)
    needed = _needed(session, review_id, stage)
    rule = _Rule(session, review_id, found, needed)
    place = next((n for n, one in enumerate(found) if one.account_id == account_id), None)
    if place is None or (len(found) <= needed and not any(map(_is_limited, found))):
        return []
    own, may_read = rule.is_first(place), rule.may_read[place]
    if may_read is None:
        return [own, ~own]
    # A round may still need what an earlier protocol asked for.
    is_left = rule.is_left(most_needed(session, review_id, stage))
    return [own, and_(may_read, ~own), and_(~may_read, is_left)]


def portions(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> list[Portion]:
    """Return how many unique records each reviewer begins with; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    found = []
    for reader in readers(session, review_id):
        parts = parts_for(
            session, review_id=review_id, stage=stage, account_id=reader.account_id
        ) or [true()]
        found.append(Portion(reader, _count(session, review_id, parts[0])))
    return found


def n_left_over(session: Session, *, review_id: UUID, stage: Stage, by: Actor) -> int:
    """Return how many unique records fewer people may read than it takes; for the lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    needed = _needed(session, review_id, stage)
    rule = _Rule(session, review_id, readers(session, review_id), needed)
    return _count(session, review_id, rule.is_left(needed))


def _count(session: Session, review_id: UUID, which: ColumnElement[bool]) -> int:
    here = (Record.review_id == review_id, is_root(Record.id, review_id), which)
    return session.scalar(select(func.count(Record.id)).where(*here)) or 0


def _is_limited(reader: Reader) -> bool:
    return bool(reader.languages or reader.searches or not reader.workload)


def _needed(session: Session, review_id: UUID, stage: Stage) -> int:
    rules = protocol_of(session, review_id).stages.model_dump()
    return int(rules[stage.value]["decisions_needed"])


class _Rule:
    """The shares of a review's readers on a ring, laid out anew for every record.

    Those who may read a record stand on the ring one after another, each as long as their share.
    The record's number points at one of them and, where two decisions are needed, at a second
    who stands far enough away to be somebody else, and differs from turn to turn, so that
    everybody comes to read with everybody.
    """

    def __init__(
        self, session: Session, review_id: UUID, found: Sequence[Reader], needed: int
    ) -> None:
        foreign = _foreign(session, review_id, found)
        self.found, self.needed = found, needed
        self.may_read = [_may_read(one, foreign) for one in found]
        self.total = self._sum([one.workload for one in found])

    def is_first(self, place: int) -> ColumnElement[bool]:
        """Whether a record is in the share of the reader at ``place``."""
        if self.total == 0 and isinstance(self.total, int):  # all read what others leave
            return false()
        begins = self._sum([one.workload for one in self.found[:place]])
        ends = begins + self.found[place].workload
        length = _or_null(self.total)
        first = Record.number % length
        hands = [first, (first + self._away(length)) % length][: self.needed]
        points_here = or_(*(and_(hand >= begins, hand < ends) for hand in hands))
        may_read = self.may_read[place]
        mine = points_here if may_read is None else and_(may_read, points_here)
        return case((mine, true()), else_=false())

    def _away(self, length: Number) -> Number:
        """Return how far from the first of two the other one is."""
        widest = max(one.workload for one in self.found)
        room, half = self.total - 2 * widest + 1, self.total // 2
        if isinstance(room, int):
            return widest + (Record.number // length) % room if room > 0 else half
        return case((room > 0, widest + (Record.number // length) % _or_null(room)), else_=half)

    def is_left(self, needed: int) -> ColumnElement[bool]:
        """Whether fewer people may read a record than it takes."""
        n, wanted = self._sum([1] * len(self.found)), min(needed, len(self.found))
        if isinstance(n, int):
            return true() if n < wanted else false()
        return n < wanted

    def _sum(self, workloads: Sequence[int]) -> Number:
        """Return the sum of the shares of those who may read a record; a number where all may."""
        total: Number = 0
        for n, may in zip(workloads, self.may_read, strict=False):
            total = total + (n if may is None else case((may, n), else_=0))
        return total


def _or_null(n: Number) -> Number:
    """Return a number to divide by: nobody's share of nothing is no error."""
    return n if isinstance(n, int) else func.nullif(n, 0, type_=Integer)


def _may_read(reader: Reader, foreign: dict[UUID, Collection[str]]) -> ColumnElement[bool] | None:
    """Return whether a record is one that a reader keeps to; None where they read all."""
    limits: list[ColumnElement[bool]] = []
    if words := foreign.get(reader.account_id):
        limits.append(Record.language.is_(None) | Record.language.not_in(words))
    if reader.searches:
        limits.append(Record.search_id.in_(reader.searches))
    return and_(*limits) if limits else None


def _foreign(
    session: Session, review_id: UUID, found: Sequence[Reader]
) -> dict[UUID, Collection[str]]:
    """Return the words of the review's sources for the languages that a reader does not read.

    A record whose language nobody knows is for everybody.
    """
    if not any(one.languages for one in found):
        return {}
    here = select(Record.language).where(Record.review_id == review_id).distinct()
    tags = {word: language_tag(word) for word in session.scalars(here) if word}
    return {
        one.account_id: [word for word, tag in tags.items() if tag and tag not in one.languages]
        for one in found
        if one.languages
    }
