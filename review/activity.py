"""Recent activity in words, for people who may know who did what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.events import Actor
from review.permissions import Action, check
from review.tables import Account, Event
from review.vocabulary import Act, ActorKind

MAX_EVENTS = 400  # the newest events that are summed up

# What each act is called when done once, and several times; {n} is the number.
PHRASES = {
    Act.CREATE_REVIEW: ("started the review", "started the review"),
    Act.AMEND_PROTOCOL: ("amended the protocol", "amended the protocol {n} times"),
    Act.ADD_MEMBER: ("added a member or role", "added {n} members or roles"),
    Act.REMOVE_MEMBER: ("removed a role from a member", "removed {n} roles from members"),
    Act.ASSIGN: ("changed an assignment", "changed assignments {n} times"),
    Act.SCHEDULE: ("changed the schedule of a stage", "changed schedules {n} times"),
    Act.ADD_SEARCH: ("added a search", "added {n} searches"),
    Act.CORRECT_SEARCH: ("corrected a search", "corrected searches {n} times"),
    Act.WITHDRAW_SEARCH: ("withdrew a search or file", "withdrew {n} searches or files"),
    Act.MOVE_FILE: ("moved a file to another search", "moved {n} files to other searches"),
    Act.UNDO_CORRECTION: ("undid a correction", "undid {n} corrections"),
    Act.CORRECT_RECORD: ("corrected a record", "corrected records {n} times"),
    Act.IMPORT_FILE: ("imported a file", "imported {n} files"),
    Act.DEDUPLICATE: ("searched for duplicates", "searched for duplicates {n} times"),
    Act.JUDGE_PAIR: ("resolved a possible duplicate", "resolved {n} possible duplicates"),
    Act.UNDO_DUPLICATES: ("undid a change to duplicates", "undid {n} changes to duplicates"),
    Act.REMOVE_RECORD: ("removed or put back a record", "removed or put back records {n} times"),
    Act.DECIDE: ("decided on a record", "made {n} decisions"),
    Act.IMPORT_DECISIONS: ("imported decisions", "imported decisions {n} times"),
    Act.IMPORT_CODING: ("imported a coding sheet", "imported coding sheets {n} times"),
    Act.ADJUDICATE: ("resolved a conflict", "resolved {n} conflicts"),
    Act.WITHDRAW_ADJUDICATION: ("undid a resolution", "undid {n} resolutions"),
    Act.PROPOSE_CONSENSUS: (
        "proposed how to resolve a conflict",
        "proposed how to resolve {n} conflicts",
    ),
    Act.ANSWER_CONSENSUS: ("answered a proposal", "answered {n} proposals"),
    Act.COMMENT: ("commented on a record", "wrote {n} comments"),
    Act.CLOSE_DECISIONS: ("closed their decisions", "closed their decisions {n} times"),
    Act.ASK_TO_REOPEN: ("asked to reopen a record", "asked to reopen {n} records"),
    Act.REFUSE_REOPENING: ("refused to reopen a record", "refused to reopen {n} records"),
    Act.REOPEN: ("reopened a record", "reopened {n} records"),
    Act.APPLY_RULES: (
        "applied the new rules to records",
        "applied the new rules to records {n} times",
    ),
    Act.STOP: ("stopped or resumed screening", "stopped or resumed screening {n} times"),
    Act.CALIBRATE: ("started a calibration set", "started {n} calibration sets"),
    Act.END_CALIBRATION: ("ended a calibration set", "ended {n} calibration sets"),
    Act.RETRIEVE: (
        "recorded the retrieval of a full text",
        "recorded the retrieval of {n} full texts",
    ),
    Act.ADD_FULL_TEXT: ("uploaded a full text", "uploaded {n} full texts"),
    Act.RANK: ("updated the ranking", "updated the ranking {n} times"),
    Act.ADD_STUDY: ("added a study", "added {n} studies"),
    Act.LINK_REPORT: ("changed a study's reports", "changed studies' reports {n} times"),
    Act.MOVE_REPORTS: (
        "moved reports from a study to another",
        "moved reports between studies {n} times",
    ),
    Act.ADD_CONTRACT: ("added a contract", "added {n} contracts"),
    Act.LINK_CONTRACT: ("changed a study's contracts", "changed studies' contracts {n} times"),
    Act.LIST_CONTRACTS: (
        "uploaded a list of known contracts",
        "uploaded lists of known contracts {n} times",
    ),
    Act.MATCH_CONTRACT: (
        "matched contracts to the list of known ones",
        "matched contracts to the list of known ones {n} times",
    ),
    Act.CODE: ("saved a code", "saved {n} codes"),
    Act.AGREE: ("recorded an agreed value", "recorded {n} agreed values"),
    Act.PUBLISH: ("published the map", "published the map {n} times"),
    Act.SHARE: ("created a share link", "created {n} share links"),
    Act.REVOKE_SHARE: ("turned off a share link", "turned off {n} share links"),
    Act.WITHDRAW_PUBLICATION: ("withdrew a publication", "withdrew {n} publications"),
    Act.ANSWER_FEEDBACK: ("answered a reader", "answered {n} readers"),
}


@dataclass
class Activity:
    """Recent acts of one kind by one actor: the time of the newest, and how many there were."""

    at: datetime
    actor: str
    act: Act
    n: int
    last_event: int

    @property
    def sentence(self) -> str:
        """What was done, without who did it."""
        once, several = PHRASES[self.act]
        return once if self.n == 1 else several.format(n=f"{self.n:,}")


def recent_activity(
    session: Session, *, review_id: UUID, by: Actor, limit: int = 8
) -> list[Activity]:
    """Return recent activity, newest first; one person's acts of one kind are one entry.

    For the lead: reviewers may not know that somebody decided.
    """
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    rows = session.execute(
        select(Event.number, Event.act, Event.at, Event.actor_kind, Account.name)
        .outerjoin(Account, Account.id == Event.actor_id)
        .where(Event.review_id == review_id)
        .order_by(Event.number.desc())
        .limit(MAX_EVENTS)
    )
    activities: dict[tuple[str, Act], Activity] = {}
    for number, act, at, kind, name in rows:
        actor = name or ("siftmap" if kind is ActorKind.MODEL else "The operator")
        if (actor, act) in activities:
            activities[actor, act].n += 1
        else:
            activities[actor, act] = Activity(at, actor, act, n=1, last_event=number)
    return list(activities.values())[:limit]
