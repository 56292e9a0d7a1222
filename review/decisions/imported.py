"""Decisions that were made in another program, read from its export.

They are attributed to whoever imports them: the event is theirs, and each decision says who is
claimed to have made it.  A claimed author who is a member here decides in their own name; anybody
else gets a stand-in, an account that nobody can sign in to.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from protocols.schema import Protocol
from review.decisions.external_reviewers import ClaimedPeople
from review.decisions.imported_records import known_records, records_of
from review.decisions.situation import check_reason
from review.errors import Invalid, NotAllowed
from review.events import Actor, ActWriter
from review.permissions import Action, begin_act, check
from review.reviews import protocol_state
from review.safe_text import safe_cell
from review.searches.formats import DecisionClaim, ParsedRecord, claims, read
from review.searches.previews import ParseOptions, previous_options
from review.states.flow import OPEN, flow_states
from review.states.resolution import resolutions
from review.storage.database import Database
from review.tables import Decision, ImportedDecision
from review.tables.base import utc_now
from review.vocabulary import Act, Stage, Verdict

LOOKED_AT = 5_000  # records of a file that are looked through before it is read in earnest
TAKEN = "taken over"
UNKNOWN = "no record here is surely this report"
NOTHING_SAID = "nothing was decided"
NOT_UNDERSTOOD = "the verdict was not understood"
# One sentence, whatever the cause: the cause may tell what others decided.
NOT_AWAITED = "the record does not await this person's decision"
NO_SUCH_REASON = "an exclusion at this stage needs one of the protocol's reasons"
NOBODY = "nobody named"

SAYABLE = (Verdict.INCLUDE, Verdict.MAYBE, Verdict.EXCLUDE)
_WORDS = {
    Verdict.INCLUDE: "included include yes 1 1.0 true relevant in accept accepted y",
    Verdict.EXCLUDE: "excluded exclude no 0 0.0 false irrelevant out reject rejected n",
    Verdict.MAYBE: "maybe unsure unclear ?",
}
_VERDICTS = {word: verdict for verdict, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True)
class Rules:
    """How a file's words are to be understood; what is not said is guessed."""

    stage: Stage
    verdicts: Mapping[str, str] = field(default_factory=dict)  # the file's word to ours, "" none
    people: Mapping[str, str] = field(default_factory=dict)  # claimed author to e-mail, "" none
    all_are: Verdict | None = None  # of a list that says no more than that it is one

    def __post_init__(self) -> None:
        """Raise Invalid for words that stand for no verdict of ours."""
        if set(self.verdicts.values()) - {"", *SAYABLE} or self.all_are not in (None, *SAYABLE):
            raise Invalid("A word stands for include, maybe, exclude, or nothing.")

    def verdict_of(self, claim: DecisionClaim) -> Verdict | None:
        """Return what a claim decides; None where it decides nothing that we understand."""
        if not claim.verdict:
            return self.all_are
        said = self.verdicts.get(claim.verdict)
        if said is None:
            return guessed_verdict(claim.verdict)
        return Verdict(said) if said else None


@dataclass(frozen=True)
class Seen:
    """What the first records of a file claim."""

    n: int
    is_all: bool  # or only as many as are looked through
    verdicts: Mapping[str, int]  # each word, and how often it is said; "" for none
    people: Mapping[str, int]
    emails: Mapping[str, str]  # as the file gives them, by claimed author


@dataclass(frozen=True)
class Outcome:
    """What became of one claim."""

    line: int
    title: str
    author: str
    verdict: str
    what: str
    record: int | None  # its number here


@dataclass(frozen=True)
class Done:
    """What an import of decisions did."""

    event_number: int | None  # None where nothing was taken over
    outcomes: Sequence[Outcome]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many claims came to what."""
        return dict(Counter(one.what for one in self.outcomes))


@dataclass(frozen=True)
class _Row:
    block: int
    line: int
    record: ParsedRecord
    claim: DecisionClaim


def guessed_verdict(word: str) -> Verdict | None:
    """Return what a program's word for a decision means, if it is a usual one."""
    return _VERDICTS.get(word.strip().lower())


def look_through(path: Path, *, name: str, reading: ParseOptions) -> Seen:
    """Return what the first records of a file claim; raise Unreadable."""
    found = _rows(path, name=name, reading=reading)
    rows = list(islice(found, LOOKED_AT))
    people = Counter(row.claim.author for row in rows)
    return Seen(
        n=len(rows),
        is_all=next(found, None) is None,
        verdicts=Counter(row.claim.verdict for row in rows),
        people=people,
        emails={row.claim.author: row.claim.email for row in rows if row.claim.email},
    )


def import_decisions(
    database: Database,
    path: Path,
    *,
    review_id: UUID,
    rules: Rules,
    by: Actor,
    name: str,
    sha256: str,
    reading: ParseOptions | None = None,
    on_progress: Callable[[float], None] | None = None,
    on_commit: Callable[[Session, Done], None] | None = None,
) -> Done:
    """Take the decisions of a file over, as one act; the same file again adds nothing.

    A claim finds its record by the block of the file, where the file was imported as a search, or
    as duplicates are found.  Only records that await decisions at the stage take any.  Unless
    ``reading`` says how, such a file is read as it was then.
    """
    if by.account_id is None:
        raise NotAllowed("Decisions are taken over in somebody's name; say whose with --as EMAIL.")
    tell = on_progress or (lambda _: None)
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        known = known_records(session, review_id, sha256)
        reading = previous_options(
            session, reading or ParseOptions(), review_id=review_id, sha256=sha256
        )
    rows = list(_rows(path, name=name, reading=reading))
    tell(0.3)
    asked = {row.block: row.record for row in rows}
    found = records_of(known, asked, lambda share: tell(0.3 + share / 2))
    with database.writing() as session:
        done = _take_over(
            session, review_id, rows, found, rules, by, {"name": name, "sha256": sha256}
        )
        if on_commit is not None:
            on_commit(session, done)
    tell(1.0)
    return done


def write_outcomes(done: Done, file: TextIO) -> None:
    """Write what became of every claim as CSV."""
    table = csv.writer(file)
    table.writerow(("line", "title", "decided by", "said", "what became of it", "record"))
    for one in done.outcomes:
        table.writerow(
            (one.line, *map(safe_cell, (one.title, one.author, one.verdict)), one.what, one.record)
        )


def _rows(path: Path, *, name: str, reading: ParseOptions) -> Iterator[_Row]:
    format_, encoding = reading.resolve(path, name=name)
    for block in read(path, format=format_, encoding=encoding, mapping=reading.mapping):
        if block.record is not None:
            for claim in claims(block.record):
                yield _Row(block.number, block.line, block.record, claim)


def _take_over(
    session: Session,
    review_id: UUID,
    rows: Sequence[_Row],
    found: Mapping[int, UUID],
    rules: Rules,
    by: Actor,
    source: Mapping[str, str],
) -> Done:
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    desk = _Desk(session, review_id, rules)
    writer = ActWriter(session, review_id=review_id, act=Act.IMPORT_DECISIONS, by=by)
    outcomes = [desk.take(row, found.get(row.block)) for row in rows]
    done = Done(writer.number if desk.decisions else None, outcomes)
    if desk.decisions:
        writer.insert(Decision, desk.decisions)
        writer.insert(ImportedDecision, desk.claimed)
        detail = {**source, "stage": rules.stage.value, "n": len(desk.decisions)}
        writer.finish(detail=detail | {"counts": done.counts})
    return done


class _Desk:
    """Says of each claim whether it is taken over, knowing those that were taken before it."""

    def __init__(self, session: Session, review_id: UUID, rules: Rules) -> None:
        self.rules = rules
        self.version = protocol_state(session, review_id)
        self.decisions: list[dict[str, Any]] = []
        self.claimed: list[dict[str, Any]] = []
        states = flow_states(session, review_id=review_id)
        places = session.execute(
            select(states.c.record_id, states.c.cluster_id, states.c.number, states.c.flow_state)
        ).all()
        self.home = {row.record_id: row.cluster_id for row in places}
        self.number = {row.record_id: row.number for row in places}
        self.flow_state = {row.record_id: row.flow_state for row in places}
        table = resolutions(session, review_id=review_id, stage=rules.stage)
        stage_state = session.execute(
            select(
                table.c.cluster_id,
                table.c.round,
                table.c.n_reviewers,
                table.c.decisions_needed,
                table.c.calibration_target,
            )
        ).all()
        self.round = {row.cluster_id: row.round for row in stage_state}
        self.n_missing = {
            # While a calibration is open, its own people alone decide, and here.
            row.cluster_id: 0
            if row.calibration_target is not None
            else row.decisions_needed - row.n_reviewers
            for row in stage_state
        }
        said = session.execute(
            select(
                Decision.record_id,
                Decision.round,
                Decision.reviewer_id,
                ImportedDecision.named_author,
            )
            .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
            .where(Decision.review_id == review_id, Decision.stage == rules.stage)
        )
        # By account and by claimed name: whoever stands for Ana today is Ana, as she was before.
        self.has_decided = {
            (self.home[one], number, who)
            for one, number, account, author in said
            for who in (account, author)
        }
        self.people = ClaimedPeople(session, review_id, rules.people)

    def take(self, row: _Row, record_id: UUID | None) -> Outcome:
        """Note the decision that a claim makes, or why it makes none."""
        what = self._take(row, record_id)
        return Outcome(
            line=row.line,
            title=row.record.title[:300],
            author=row.claim.author,
            verdict=row.claim.verdict,
            what=what,
            record=self.number[record_id] if record_id else None,
        )

    def _take(self, row: _Row, record_id: UUID | None) -> str:
        claim = row.claim
        verdict = self.rules.verdict_of(claim)
        if verdict is None:
            return NOT_UNDERSTOOD if claim.verdict else NOTHING_SAID
        if record_id is None:
            return UNKNOWN
        cluster = self.home[record_id]
        if self.flow_state[cluster] not in OPEN[self.rules.stage] or self.n_missing[cluster] < 1:
            return NOT_AWAITED
        reason, unknown = _reason_of(claim, self.version.protocol, self.rules.stage, verdict)
        try:
            check_reason(
                self.version.protocol, stage=self.rules.stage, verdict=verdict, reason=reason
            )
        except Invalid:
            return NO_SUCH_REASON
        author = claim.author or NOBODY
        who = self.people.account_of(author, claim.email)
        keys = {(cluster, self.round[cluster], one) for one in (who, author)}
        if keys & self.has_decided:
            return NOT_AWAITED
        self.has_decided |= keys
        self.n_missing[cluster] -= 1
        decision_id = uuid4()
        notes = (claim.note, unknown and f"Reason given: {unknown}")
        self.decisions.append(
            {
                "id": decision_id, "record_id": record_id, "stage": self.rules.stage,
                "round": self.round[cluster], "reviewer_id": who, "verdict": verdict,
                "exclusion_reason": reason, "note": "\n".join(filter(None, notes)) or None,
                "seconds": None, "protocol_version": self.version.number, "rank_shown": None,
                "model_fingerprint": None, "idempotency_key": None, "supersedes_id": None,
                "decided_at": utc_now(),
            }
        )  # fmt: skip
        self.claimed.append(
            {
                "id": uuid4(), "decision_id": decision_id, "named_author": author,
                "named_verdict": claim.verdict or f"(the whole file) {verdict.value}",
                "named_at": claim.at,
            }
        )  # fmt: skip
        return TAKEN


def _reason_of(
    claim: DecisionClaim, protocol: Protocol, stage: Stage, verdict: Verdict
) -> tuple[str | None, str]:
    """Return the protocol's first reason that is among those claimed, and those it has not."""
    if verdict is not Verdict.EXCLUDE:
        return None, ""
    known = {
        word.strip().lower(): one.key
        for one in protocol.reasons(stage)
        for word in (one.key, one.label)
    }
    order = [one.key for one in protocol.reasons(stage)]
    keys = [known[said.lower()] for said in claim.reasons if said.lower() in known]
    unknown = ", ".join(said for said in claim.reasons if said.lower() not in known)
    return min(keys, key=order.index, default=None), unknown
