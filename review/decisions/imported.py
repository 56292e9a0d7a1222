"""Importing decisions that were made in another program, from its export.

The act belongs to the person who imports them, and each decision keeps its named author.  A named
author who is a member decides in their own name; anyone else becomes an external reviewer, with an
account that nobody can sign in to.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from review.decisions.external_reviewers import NamedAuthors
from review.decisions.import_report import (
    IMPORTED,
    NO_DECISION,
    NO_REASON,
    NO_RECORD,
    NOT_NEEDED,
    NOT_UNDERSTOOD,
    ImportReport,
    ReportRow,
)
from review.decisions.import_rules import ImportRules, exclusion_reason_of
from review.decisions.imported_records import known_records, match_records
from review.decisions.situation import check_reason
from review.errors import Invalid, NotAllowed
from review.events import Actor, ActWriter
from review.permissions import Action, begin_act, check
from review.reviews import protocol_state
from review.searches.formats import (
    USUAL_LIMITS,
    DecisionClaim,
    FileLimits,
    ParsedRecord,
    claims,
    read,
)
from review.searches.previews import ParseOptions, previous_options
from review.states.flow import OPEN, flow_states
from review.states.resolution import resolutions
from review.storage.database import Database
from review.tables import Decision, ImportedDecision
from review.tables.base import utc_now
from review.vocabulary import Act, Verdict

MAX_PREVIEWED = 5_000  # decisions of a file that a preview looks at
UNNAMED = "nobody named"  # the named author of a decision whose file names nobody


@dataclass(frozen=True)
class DecisionsPreview:
    """The words and people in the first decisions of a file."""

    n: int
    is_all: bool  # False where the file has more than MAX_PREVIEWED
    verdicts: Mapping[str, int]  # each word and how often it occurs; "" for none
    people: Mapping[str, int]
    emails: Mapping[str, str]  # as the file gives them, by named author


@dataclass(frozen=True)
class _FileRow:
    block: int
    line: int
    record: ParsedRecord
    claim: DecisionClaim


def preview_decisions(path: Path, *, name: str, options: ParseOptions) -> DecisionsPreview:
    """Return what the first decisions of a file look like; raise Unreadable."""
    all_rows = _rows(path, name=name, options=options)
    rows = list(islice(all_rows, MAX_PREVIEWED))
    return DecisionsPreview(
        n=len(rows),
        is_all=next(all_rows, None) is None,
        verdicts=Counter(row.claim.verdict for row in rows),
        people=Counter(row.claim.author for row in rows),
        emails={row.claim.author: row.claim.email for row in rows if row.claim.email},
    )


def import_decisions(
    database: Database,
    path: Path,
    *,
    review_id: UUID,
    rules: ImportRules,
    by: Actor,
    name: str,
    sha256: str,
    options: ParseOptions | None = None,
    limits: FileLimits = USUAL_LIMITS,
    on_progress: Callable[[float], None] | None = None,
    on_commit: Callable[[Session, ImportReport], None] | None = None,
) -> ImportReport:
    """Import the decisions of a file as one act; the same file again adds nothing.

    A decision is matched to the record that came from the same block, where the file was imported
    as a search, or else to the record that would be its duplicate.  Only records that need
    decisions at the stage receive any.  Without ``options``, a file that was imported as a search
    is read as it was read then.  ``on_commit`` is called in the writing transaction.
    """
    if by.account_id is None:
        raise NotAllowed("Decisions are imported in a person's name. Say whose with --as EMAIL.")
    progress = on_progress or (lambda _: None)
    with database.reading() as session:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
        known = known_records(session, review_id, sha256)
        options = previous_options(
            session, options or ParseOptions(), review_id=review_id, sha256=sha256
        )
    rows = list(_rows(path, name=name, options=options, limits=limits))
    progress(0.3)
    parsed = {row.block: row.record for row in rows}
    record_ids = match_records(known, parsed, lambda done: progress(0.3 + done / 2))
    with database.writing() as session:
        begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
        importer = _Importer(session, review_id, rules)
        report_rows = [importer.import_row(row, record_ids.get(row.block)) for row in rows]
        report = ImportReport(None, report_rows)
        if importer.decisions:
            detail = {"name": name, "sha256": sha256, "counts": report.counts}
            number = _write(session, importer, review_id=review_id, by=by, detail=detail)
            report = replace(report, event_number=number)
        if on_commit is not None:
            on_commit(session, report)
    progress(1.0)
    return report


def import_claims(
    session: Session,
    made: Iterable[tuple[UUID, DecisionClaim]],
    *,
    review_id: UUID,
    rules: ImportRules,
    by: Actor,
    detail: Mapping[str, Any],
) -> int:
    """Import decisions on records that are known already, as one act; return how many counted.

    Decisions that a record does not need are left out, as in `import_decisions`.  Flushes.
    """
    begin_act(session, review_id=review_id, by=by, action=Action.MANAGE)
    importer = _Importer(session, review_id, rules)
    for record_id, claim in made:
        importer.import_claim(claim, record_id)
    if importer.decisions:
        _write(session, importer, review_id=review_id, by=by, detail=detail)
    return len(importer.decisions)


def _write(
    session: Session,
    importer: "_Importer",
    *,
    review_id: UUID,
    by: Actor,
    detail: Mapping[str, Any],
) -> int:
    """Write the act with what the importer collected, and return its number."""
    writer = ActWriter(session, review_id=review_id, act=Act.IMPORT_DECISIONS, by=by)
    writer.insert(Decision, importer.decisions)
    writer.insert(ImportedDecision, importer.imported)
    n = len(importer.decisions)
    return writer.finish(detail={**detail, "stage": importer.rules.stage.value, "n": n})


def _rows(
    path: Path, *, name: str, options: ParseOptions, limits: FileLimits = USUAL_LIMITS
) -> Iterator[_FileRow]:
    format_, encoding = options.resolve(path, name=name)
    for block in read(
        path, format=format_, encoding=encoding, mapping=options.mapping, limits=limits
    ):
        if block.record is not None:
            for claim in claims(block.record):
                yield _FileRow(block.number, block.line, block.record, claim)


class _Importer:
    """Collects the decisions that can be imported, each in the light of those before it."""

    def __init__(self, session: Session, review_id: UUID, rules: ImportRules) -> None:
        self.rules = rules
        self.version = protocol_state(session, review_id)
        self.decisions: list[dict[str, Any]] = []
        self.imported: list[dict[str, Any]] = []
        self._read_flow_states(session, review_id)
        self._read_rounds(session, review_id)
        self._read_decided(session, review_id)
        self.authors = NamedAuthors(session, review_id, rules.people)

    def _read_flow_states(self, session: Session, review_id: UUID) -> None:
        states = flow_states(session, review_id=review_id)
        rows = session.execute(
            select(states.c.record_id, states.c.cluster_id, states.c.number, states.c.flow_state)
        ).all()
        self.cluster_id = {row.record_id: row.cluster_id for row in rows}
        self.number = {row.record_id: row.number for row in rows}
        self.flow_state = {row.record_id: row.flow_state for row in rows}

    def _read_rounds(self, session: Session, review_id: UUID) -> None:
        table = resolutions(session, review_id=review_id, stage=self.rules.stage)
        rows = session.execute(
            select(
                table.c.cluster_id,
                table.c.round,
                table.c.n_reviewers,
                table.c.decisions_needed,
                table.c.calibration_target,
            )
        ).all()
        self.round = {row.cluster_id: row.round for row in rows}
        self.n_missing = {
            # While a calibration set is open, only its reviewers decide, and they do so here.
            row.cluster_id: 0
            if row.calibration_target is not None
            else row.decisions_needed - row.n_reviewers
            for row in rows
        }

    def _read_decided(self, session: Session, review_id: UUID) -> None:
        rows = session.execute(
            select(
                Decision.record_id,
                Decision.round,
                Decision.reviewer_id,
                ImportedDecision.named_author,
            )
            .outerjoin(ImportedDecision, ImportedDecision.decision_id == Decision.id)
            .where(Decision.review_id == review_id, Decision.stage == self.rules.stage)
        )
        # By account and by name: Ana is the same person before and after she becomes a member.
        self.decided = {
            (self.cluster_id[record_id], round_, person)
            for record_id, round_, account_id, author in rows
            for person in (account_id, author)
        }

    def import_row(self, row: _FileRow, record_id: UUID | None) -> ReportRow:
        """Collect the decision of a row, and return what became of it."""
        return ReportRow(
            line=row.line,
            title=row.record.title[:300],
            author=row.claim.author,
            verdict=row.claim.verdict,
            result=self.import_claim(row.claim, record_id),
            record=self.number[record_id] if record_id else None,
        )

    def import_claim(self, claim: DecisionClaim, record_id: UUID | None) -> str:
        """Collect a decision on a record, and return what became of it."""
        verdict = self.rules.verdict_of(claim)
        if verdict is None:
            return NOT_UNDERSTOOD if claim.verdict else NO_DECISION
        if record_id is None:
            return NO_RECORD
        stage = self.rules.stage
        cluster_id = self.cluster_id[record_id]
        if self.flow_state[cluster_id] not in OPEN[stage] or self.n_missing[cluster_id] < 1:
            return NOT_NEEDED
        protocol = self.version.protocol
        reason, unknown = exclusion_reason_of(claim, protocol, stage=stage, verdict=verdict)
        try:
            check_reason(protocol, stage=stage, verdict=verdict, reason=reason)
        except Invalid:
            return NO_REASON
        author = claim.author or UNNAMED
        account_id = self.authors.account_of(author, claim.email)
        keys = {(cluster_id, self.round[cluster_id], person) for person in (account_id, author)}
        if keys & self.decided:
            return NOT_NEEDED
        self.decided |= keys
        self.n_missing[cluster_id] -= 1
        notes = (claim.note, unknown and f"Reason given: {unknown}")
        decision = {
            "id": uuid4(), "record_id": record_id, "stage": stage,
            "round": self.round[cluster_id], "reviewer_id": account_id, "verdict": verdict,
            "exclusion_reason": reason, "note": "\n".join(filter(None, notes)) or None,
            "seconds": None, "protocol_version": self.version.number, "rank_shown": None,
            "model_fingerprint": None, "idempotency_key": None, "supersedes_id": None,
            "decided_at": utc_now(),
        }  # fmt: skip
        self._collect(decision, author, claim)
        return IMPORTED

    def _collect(self, decision: dict[str, Any], author: str, claim: DecisionClaim) -> None:
        verdict: Verdict = decision["verdict"]
        self.decisions.append(decision)
        self.imported.append(
            {
                "id": uuid4(), "decision_id": decision["id"], "named_author": author,
                "named_verdict": claim.verdict or f"(the whole file) {verdict.value}",
                "named_at": claim.at,
            }
        )  # fmt: skip
