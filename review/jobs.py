"""Background jobs: started by a person, done by one worker at a time, never done twice.

A worker has a lease on its job, which it keeps renewing.  Whatever a job writes, it writes in a
transaction that first checks the lease.  So a worker that was given up for dead, or whose job was
cancelled, can change nothing any more.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from review.errors import Conflicting, Interrupted, NotAllowed, NotFound
from review.events import Actor, lock_review
from review.permissions import Action, check, roles_of
from review.tables import Job, Review
from review.tables.base import utc_now
from review.vocabulary import JobState, Role

LEASE_DURATION = timedelta(seconds=30)
MAX_ATTEMPTS = 3  # a job that has killed three workers would kill the fourth
OPEN_STATES = (JobState.WAITING, JobState.RUNNING)


class JobKind(StrEnum):
    """What a job can do."""

    IMPORT = "import"
    IMPORT_DECISIONS = "import_decisions"
    IMPORT_CODING = "import_coding"
    DEDUPLICATE = "deduplicate"
    RANK = "rank"
    SIMULATE = "simulate"
    READ_FULL_TEXT = "read_full_text"
    MATCH_FULL_TEXTS = "match_full_texts"
    DRAW = "draw"
    DRAW_PUBLICATION = "draw_publication"
    EXPORT = "export"


Lane = frozenset[JobKind]
ALL_KINDS: Lane = frozenset(JobKind)
RECORDS_LANE: Lane = frozenset(
    {  # duplicates of what came in
        JobKind.IMPORT,
        JobKind.IMPORT_DECISIONS,
        JobKind.IMPORT_CODING,
        JobKind.DEDUPLICATE,
    }
)
RANKING_LANE: Lane = frozenset({JobKind.RANK, JobKind.SIMULATE})
LANES = (RECORDS_LANE, RANKING_LANE, ALL_KINDS - RECORDS_LANE - RANKING_LANE)
"""Jobs of one lane wait for each other; those of another are done beside them."""

# Started by opening a page, not by a button: of no interest in a list of jobs.
HIDDEN_KINDS = (JobKind.DRAW, JobKind.DRAW_PUBLICATION, JobKind.READ_FULL_TEXT)
ACTION_NEEDED: dict[JobKind, Action | None] = {
    JobKind.IMPORT: Action.MANAGE,
    JobKind.IMPORT_DECISIONS: Action.MANAGE,
    JobKind.IMPORT_CODING: Action.MANAGE,
    JobKind.DEDUPLICATE: Action.MANAGE,
    JobKind.RANK: Action.MANAGE,
    JobKind.SIMULATE: Action.MANAGE,
    JobKind.READ_FULL_TEXT: Action.READ,
    JobKind.MATCH_FULL_TEXTS: Action.MANAGE,
    JobKind.DRAW: Action.SEE_COUNTS,
    JobKind.DRAW_PUBLICATION: None,  # anybody with its link may see it
    JobKind.EXPORT: Action.MANAGE,
}


class LostLease(Interrupted):
    """The job was cancelled, or given to another worker; nothing more may be written for it."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job that a worker has a lease on."""

    id: UUID
    worker: UUID
    review_id: UUID
    kind: JobKind
    arguments: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    by: Actor


def forget(session: Session, job_id: UUID) -> None:
    """Delete a job that nobody will look for, such as a reader's picture, unless it is running."""
    session.execute(delete(Job).where(Job.id == job_id, Job.state != JobState.RUNNING))


def enqueue(
    session: Session, *, review_id: UUID, kind: JobKind, arguments: Mapping[str, Any], by: Actor
) -> Job:
    """Put a job in the queue and return it; flushes.

    If the person's same job is already waiting or running, that one is returned: two clicks are
    one job.  Raises NotAllowed for those who may not start such a job.
    """
    lock_review(session, review_id)  # two clicks at the same moment are one job too
    if (needed := ACTION_NEEDED[kind]) is not None:
        check(session, review_id=review_id, by=by, action=needed)
    if by.account_id is None:
        raise NotAllowed(
            "Only a person with an account can start a job. Commands run at once, without one."
        )
    arguments = json.loads(json.dumps(arguments))  # as a stored job has them
    open_jobs = session.scalars(
        select(Job).where(Job.review_id == review_id, Job.kind == kind, Job.state.in_(OPEN_STATES))
    )
    for job in open_jobs:
        if job.arguments == arguments and job.asked_by == by.account_id:
            return job
    job = Job(
        id=uuid4(),
        review_id=review_id,
        asked_by=by.account_id,
        kind=kind,
        arguments=arguments,
        state=JobState.WAITING,
        checkpoint={},
        result={},
    )
    session.add(job)
    session.flush()
    return job


def find_job(session: Session, *, review_id: UUID, job_id: UUID, by: Actor) -> Job:
    """Return a job to the person who started it, or to a lead; raise NotFound or NotAllowed."""
    job = session.get(Job, job_id)
    if job is None or job.review_id != review_id:
        raise NotFound("There is no such job in this review.")
    if job.asked_by != by.account_id:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return job


def find_job_of_member(session: Session, *, job_id: UUID, by: Actor) -> Job:
    """Return a job as above, whatever its review.

    Raises NotFound for one of a review that the person is no member of, as for none.
    """
    job = session.get(Job, job_id)
    if job is None or by.account_id is None:
        raise NotFound("There is no such job.")
    if not roles_of(session, review_id=job.review_id, account_id=by.account_id):
        raise NotFound("There is no such job.")
    return find_job(session, review_id=job.review_id, job_id=job_id, by=by)


def find_job_with_file(session: Session, *, review_id: UUID, job_id: UUID, by: Actor) -> Job:
    """Return a job whose file ``by`` may download now; raise NotAllowed or NotFound.

    Roles may have changed since the job was started: a reviewer may not have a file that was
    written for somebody who did not screen.
    """
    job = find_job(session, review_id=review_id, job_id=job_id, by=by)
    if (needed := ACTION_NEEDED[JobKind(job.kind)]) is not None:
        check(session, review_id=review_id, by=by, action=needed)
    if by.account_id is not None and not job.result.get("is_blinded", False):
        roles = roles_of(session, review_id=review_id, account_id=by.account_id)
        if Role.REVIEWER in roles:
            raise NotAllowed(
                "You have become a reviewer since this file was written, so you may not download "
                "it. Export it again."
            )
    return job


def jobs_of(session: Session, *, review_id: UUID, by: Actor, limit: int = 50) -> Sequence[Job]:
    """Return the review's newest jobs for its lead, the newest first, without hidden kinds."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return session.scalars(
        select(Job)
        .where(Job.review_id == review_id, Job.kind.not_in(HIDDEN_KINDS))
        .order_by(Job.created_at.desc())
        .limit(limit)
    ).all()


def latest_finished(session: Session, *, review_id: UUID, kind: JobKind, by: Actor) -> Job | None:
    """Return the newest finished job of a kind, for those who may start one."""
    if (needed := ACTION_NEEDED[kind]) is not None:
        check(session, review_id=review_id, by=by, action=needed)
    return session.scalar(
        select(Job)
        .where(Job.review_id == review_id, Job.kind == kind, Job.state == JobState.DONE)
        .order_by(Job.created_at.desc())
        .limit(1)
    )


def cancel(session: Session, *, review_id: UUID, job_id: UUID, by: Actor) -> Job:
    """Cancel a job; what it wrote before stays, and it writes nothing more.  Flushes.

    Raises Conflicting if it has already ended.
    """
    find_job(session, review_id=review_id, job_id=job_id, by=by)
    job = _locked(session, job_id)
    if job.state not in OPEN_STATES:
        raise Conflicting("This job has already ended.")
    _end(job, JobState.CANCELLED)
    session.flush()
    return job


def is_any_waiting(session: Session, lane: Lane = ALL_KINDS) -> bool:
    """Say whether a job of the lane is waiting or has lost its worker."""
    query = select(Job.id).where(_is_waiting(utc_now()), Job.kind.in_(lane)).limit(1)
    return session.scalar(query) is not None


def claim(session: Session, worker: UUID, lane: Lane = ALL_KINDS) -> ClaimedJob | None:
    """Give a worker a lease on the next job of a lane; None if there is none.  Flushes.

    Each review has one running job of a lane at most.  A job whose lease ran out is given to
    another worker, until it has had three; then it has failed.
    """
    now = utc_now()
    job = session.scalar(
        select(Job)
        .where(_is_waiting(now), Job.kind.in_(lane), ~_other_running_jobs(now, lane).exists())
        .order_by(Job.created_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None or not _is_free(session, job, now, lane=lane):
        return None
    if job.attempts == MAX_ATTEMPTS:
        _end(
            job, JobState.FAILED, "This job was interrupted three times. The server's log says why."
        )
        session.flush()
        return claim(session, worker, lane)
    job.state, job.attempts, job.began_at = JobState.RUNNING, job.attempts + 1, now
    job.lease_id, job.leased_until = worker, now + LEASE_DURATION
    session.flush()
    return ClaimedJob(
        id=job.id,
        worker=worker,
        review_id=job.review_id,
        kind=JobKind(job.kind),
        arguments=job.arguments,
        checkpoint=job.checkpoint,
        by=Actor.person(job.asked_by),
    )


def _is_waiting(now: datetime) -> ColumnElement[bool]:
    has_lost_worker = (Job.state == JobState.RUNNING) & (Job.leased_until <= now)
    return or_(Job.state == JobState.WAITING, has_lost_worker)


def _other_running_jobs(now: datetime, lane: Lane) -> Select[UUID]:
    """Return the query for other jobs of a lane that run in the review of a job."""
    running = aliased(Job)
    return select(running.id).where(
        running.review_id == Job.review_id,
        running.id != Job.id,
        running.kind.in_(lane),
        running.state == JobState.RUNNING,
        running.leased_until > now,
    )


def _is_free(session: Session, job: Job, now: datetime, *, lane: Lane) -> bool:
    """Say whether no other job of the lane runs in the review; locks it against another claim."""
    lock = select(Review.id).where(Review.id == job.review_id)
    if session.scalar(lock.with_for_update(key_share=True, skip_locked=True)) is None:
        return False  # an act is being written; the worker looks again at once
    other_jobs = _other_running_jobs(now, lane).correlate(None).where(Job.id == job.id)
    return session.scalar(other_jobs) is None


def require_lease(session: Session, claimed: ClaimedJob) -> Job:
    """Return the job, locked for the transaction that writes its effect; raise LostLease."""
    job = _locked(session, claimed.id)
    if job.state is not JobState.RUNNING or job.lease_id != claimed.worker:
        raise LostLease("This job was cancelled. Nothing more was saved.")
    return job


def renew_lease(session: Session, claimed: ClaimedJob) -> None:
    """Renew the lease on a job; raise LostLease.  Flushes."""
    require_lease(session, claimed).leased_until = utc_now() + LEASE_DURATION
    session.flush()


def report_progress(session: Session, claimed: ClaimedJob, *, done: float, step: str) -> None:
    """Store a job's progress (``done`` from 0 to 1) and step; renew its lease.  Flushes.

    Raises LostLease.
    """
    job = require_lease(session, claimed)
    job.done, job.step = min(max(done, 0.0), 1.0), step
    job.leased_until = utc_now() + LEASE_DURATION
    session.flush()


def save_checkpoint(session: Session, claimed: ClaimedJob, **values: Any) -> None:
    """Store how far the job has got, in the transaction that writes its effect.  Flushes.

    Raises LostLease.
    """
    job = require_lease(session, claimed)
    job.checkpoint = {**job.checkpoint, **values}
    session.flush()


def finish(session: Session, claimed: ClaimedJob, result: Mapping[str, Any]) -> None:
    """End a job that is done, with its result; raise LostLease.  Flushes."""
    job = require_lease(session, claimed)
    _end(job, JobState.DONE)
    job.done, job.result = 1.0, dict(result)
    session.flush()


def fail(session: Session, claimed: ClaimedJob, error: str) -> None:
    """End a job that cannot be done, with the reason; raise LostLease.  Flushes."""
    _end(require_lease(session, claimed), JobState.FAILED, error)
    session.flush()


def enqueue_text_extraction(
    session: Session, *, review_id: UUID, sha256: str, name: str, by: Actor
) -> bool:
    """Enqueue reading the text of a full text, unless that failed before; say whether it was."""
    failed_jobs = session.scalars(
        select(Job).where(
            Job.review_id == review_id,
            Job.kind == JobKind.READ_FULL_TEXT,
            Job.state == JobState.FAILED,
        )
    )
    if any(job.arguments.get("sha256") == sha256 for job in failed_jobs):
        return False
    arguments = {"sha256": sha256, "name": name}
    enqueue(session, review_id=review_id, kind=JobKind.READ_FULL_TEXT, arguments=arguments, by=by)
    return True


def release_jobs(session: Session, worker: UUID, *, is_blameless: bool = False) -> None:
    """End the leases of a worker that has ended, so that the next one continues.  Flushes.

    With ``is_blameless`` the attempt does not count: the worker ended for another reason than the
    job, such as a stop of the server.
    """
    leased_jobs = session.scalars(
        select(Job)
        .where(Job.state == JobState.RUNNING, Job.lease_id == worker)
        .with_for_update(key_share=True)
    )
    for job in leased_jobs:
        job.leased_until = utc_now()
        if is_blameless:
            job.attempts -= 1
    session.flush()


def n_open(session: Session, review_id: UUID) -> int:
    """Return how many jobs of a review are waiting or running, without hidden kinds."""
    query = select(func.count()).where(
        Job.review_id == review_id, Job.state.in_(OPEN_STATES), Job.kind.not_in(HIDDEN_KINDS)
    )
    return session.scalar(query) or 0


def _locked(session: Session, job_id: UUID) -> Job:
    return session.scalars(
        select(Job)
        .where(Job.id == job_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def _end(job: Job, state: JobState, error: str | None = None) -> None:
    job.state, job.error = state, error
    job.lease_id = job.leased_until = None
    job.ended_at = utc_now()
