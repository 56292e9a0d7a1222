"""What was done lately, in words, for those who may know who did what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.tables import Account, Event
from review.vocabulary import Act, ActorKind

LOOK_BACK = 400  # events

# What an act is called, for one and for several: the number goes in where it says {n}.
SAID = {
    Act.CREATE_REVIEW: ("started the review", "started the review"),
    Act.AMEND_PROTOCOL: ("amended the protocol", "amended the protocol {n} times"),
    Act.ADD_MEMBER: ("gave somebody a role", "gave {n} roles"),
    Act.REMOVE_MEMBER: ("took a role away", "took {n} roles away"),
    Act.ASSIGN: ("changed what somebody reads", "changed {n} times what somebody reads"),
    Act.ADD_SEARCH: ("added a search", "added {n} searches"),
    Act.IMPORT_FILE: ("read a file", "read {n} files"),
    Act.DEDUPLICATE: ("looked for duplicates", "looked for duplicates {n} times"),
    Act.JUDGE_PAIR: ("settled a doubtful pair", "settled {n} doubtful pairs"),
    Act.UNDO_DUPLICATES: ("took back what was said of duplicates", "took back {n} such answers"),
    Act.REMOVE_RECORD: ("changed a removal before screening", "changed {n} removals"),
    Act.DECIDE: ("decided on a record", "made {n} decisions"),
    Act.IMPORT_DECISIONS: (
        "took over decisions made elsewhere",
        "took over decisions made elsewhere {n} times",
    ),
    Act.ADJUDICATE: ("settled a conflict", "settled {n} conflicts"),
    Act.REOPEN: ("reopened a record", "reopened {n} records"),
    Act.STOP: ("stopped screening, or took it up again", "stopped or resumed screening {n} times"),
    Act.CALIBRATE: ("began a calibration round", "began {n} calibration rounds"),
    Act.END_CALIBRATION: ("ended a calibration round", "ended {n} calibration rounds"),
    Act.RETRIEVE: ("noted how a full text stands", "noted how {n} full texts stand"),
    Act.ADD_FULL_TEXT: ("uploaded a full text", "uploaded {n} full texts"),
    Act.RANK: ("ranked the records anew", "ranked the records anew {n} times"),
    Act.ADD_STUDY: ("made a study", "made {n} studies"),
    Act.LINK_REPORT: ("changed a study's reports", "changed studies' reports {n} times"),
    Act.ADD_CONTRACT: ("added a contract", "added {n} contracts"),
    Act.LINK_CONTRACT: ("linked a contract", "linked {n} contracts"),
    Act.CODE: ("saved a code", "saved {n} codes"),
    Act.AGREE: ("settled a code", "settled {n} codes"),
    Act.PUBLISH: ("published the map", "published the map {n} times"),
    Act.SHARE: ("made a public link", "made {n} public links"),
    Act.REVOKE_SHARE: ("ended a public link", "ended {n} public links"),
}


@dataclass
class Done:
    """What one actor did of late: the newest such act, and how many there were."""

    at: datetime
    who: str
    act: Act
    n: int
    last_event: int

    @property
    def sentence(self) -> str:
        """What was done, without by whom."""
        one, several = SAID[self.act]
        return one if self.n == 1 else several.format(n=f"{self.n:,}")


def done_lately(session: Session, *, review_id: UUID, by: Actor, limit: int = 8) -> list[Done]:
    """Return what was done of late, newest first, like acts of one person in one line.

    For the lead: that somebody decided is not for reviewers to know.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = session.execute(
        select(Event.number, Event.act, Event.at, Event.actor_kind, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.review_id == review_id)
        .order_by(Event.number.desc())
        .limit(LOOK_BACK)
    )
    lines: dict[tuple[str, Act], Done] = {}
    for number, act, at, kind, name in rows:
        who = name or ("siftmap" if kind is ActorKind.MODEL else "The operator")
        if (who, act) in lines:
            lines[who, act].n += 1
        else:
            lines[who, act] = Done(at, who, act, 1, number)
    return list(lines.values())[:limit]
