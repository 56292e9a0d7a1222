"""Work in the background: asked for by a person, held by one worker at a time, never done twice.

A worker holds a job by a lease that it keeps renewing.  Whatever a job writes, it writes in a
transaction that first makes sure the lease still holds, so that a worker that was given up for
dead, or whose job was cancelled, can change nothing any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from review.errors import Conflicting, Interrupted, NotAllowed, NotFound
from review.events import Actor, lock_review
from review.permissions import Action, check, roles_of
from review.tables import Job, Review
from review.tables.base import utc_now
from review.vocabulary import JobState, Role

LEASE = timedelta(seconds=30)
ATTEMPTS = 3  # a job that has cost three workers their life will cost the fourth its own
OPEN = (JobState.WAITING, JobState.RUNNING)


class JobKind(StrEnum):
    """What can be done in the background."""

    IMPORT = "import"
    IMPORT_DECISIONS = "import_decisions"
    DEDUPLICATE = "deduplicate"
    RANK = "rank"
    SIMULATE = "simulate"
    READ_FULL_TEXT = "read_full_text"
    DRAW = "draw"
    DRAW_PUBLICATION = "draw_publication"
    EXPORT = "export"


# Asked for by looking at a page, not by a button: of no interest in a list of work.
QUIET = (JobKind.DRAW, JobKind.DRAW_PUBLICATION, JobKind.READ_FULL_TEXT)
NEEDED: dict[JobKind, Action | None] = {
    JobKind.IMPORT: Action.MANAGE,
    JobKind.IMPORT_DECISIONS: Action.MANAGE,
    JobKind.DEDUPLICATE: Action.MANAGE,
    JobKind.RANK: Action.MANAGE,
    JobKind.SIMULATE: Action.MANAGE,
    JobKind.READ_FULL_TEXT: Action.READ,
    JobKind.DRAW: Action.SEE_COUNTS,
    JobKind.DRAW_PUBLICATION: None,  # which anybody with its link may see
    JobKind.EXPORT: Action.MANAGE,
}


class LostLease(Interrupted):
    """The job was cancelled, or given to another worker; nothing more may be written for it."""


@dataclass(frozen=True)
class Held:
    """A job in the hands of a worker."""

    id: UUID
    worker: UUID
    review_id: UUID
    kind: JobKind
    arguments: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    by: Actor


def ask(
    session: Session, *, review_id: UUID, kind: JobKind, arguments: Mapping[str, Any], by: Actor
) -> Job:
    """Put work in the queue and return its job; flushes.

    The same work that is waiting or under way already is not queued again: two clicks are one
    intent.
    """
    lock_review(session, review_id)  # two clicks at once are one job too
    if (needed := NEEDED[kind]) is not None:
        check(session, review_id=review_id, by=by, action=needed)
    if by.account_id is None:
        raise NotAllowed("The command line does its work itself; jobs are asked for by people.")
    alike = session.scalars(
        select(Job).where(Job.review_id == review_id, Job.kind == kind, Job.state.in_(OPEN))
    )
    for job in alike:
        if job.arguments == arguments and job.asked_by == by.account_id:
            return job
    job = Job(
        id=uuid4(),
        review_id=review_id,
        asked_by=by.account_id,
        kind=kind,
        arguments=dict(arguments),
        state=JobState.WAITING,
        checkpoint={},
        result={},
    )
    session.add(job)
    session.flush()
    return job


def find_job(session: Session, *, review_id: UUID, job_id: UUID, by: Actor) -> Job:
    """Return a job that one asked for, or any of the review for its lead; else NotFound."""
    job = session.get(Job, job_id)
    if job is None or job.review_id != review_id:
        raise NotFound("There is no such job in this review.")
    if job.asked_by != by.account_id:
        check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return job


def find_file(session: Session, *, review_id: UUID, job_id: UUID, by: Actor) -> Job:
    """Return a job whose file one may have now; else NotAllowed or NotFound.

    Roles may have changed since it was asked for: whoever screens by now may not have a file that
    was written for somebody who did not.
    """
    job = find_job(session, review_id=review_id, job_id=job_id, by=by)
    if (needed := NEEDED[JobKind(job.kind)]) is not None:
        check(session, review_id=review_id, by=by, action=needed)
    if by.account_id is not None and not job.result.get("is_blinded", False):
        roles = roles_of(session, review_id=review_id, account_id=by.account_id)
        if Role.REVIEWER in roles:
            raise NotAllowed("You screen by now, so this file is not for you; export it again.")
    return job


def jobs_of(session: Session, *, review_id: UUID, by: Actor, limit: int = 50) -> Sequence[Job]:
    """Return the review's jobs, the newest first and the quiet ones left out, for its lead."""
    check(session, review_id=review_id, by=by, action=Action.MANAGE)
    return session.scalars(
        select(Job)
        .where(Job.review_id == review_id, Job.kind.not_in(QUIET))
        .order_by(Job.created_at.desc())
        .limit(limit)
    ).all()


def latest_done(session: Session, *, review_id: UUID, kind: JobKind, by: Actor) -> Job | None:
    """Return the newest job of a kind that came to its end, for those who may ask for it."""
    if (needed := NEEDED[kind]) is not None:
        check(session, review_id=review_id, by=by, action=needed)
    return session.scalar(
        select(Job)
        .where(Job.review_id == review_id, Job.kind == kind, Job.state == JobState.DONE)
        .order_by(Job.created_at.desc())
        .limit(1)
    )


def cancel(session: Session, *, review_id: UUID, job_id: UUID, by: Actor) -> Job:
    """End a job that has not ended; what it wrote before stays, and nothing more comes.  Flushes.

    Raises Conflicting where it has ended already.
    """
    find_job(session, review_id=review_id, job_id=job_id, by=by)
    job = _locked(session, job_id)
    if job.state not in OPEN:
        raise Conflicting("This work has ended already.")
    _end(job, JobState.CANCELLED)
    session.flush()
    return job


def is_any_waiting(session: Session) -> bool:
    """Say whether a job waits, or has been left by its worker."""
    return session.scalar(select(Job.id).where(_is_waiting(utc_now())).limit(1)) is not None


def claim(session: Session, worker: UUID) -> Held | None:
    """Give the next job to a worker, or None; one at a time in each review.  Flushes.

    A job whose worker has not been heard of for the length of its lease is given away again,
    three times at most; then it has failed.
    """
    now = utc_now()
    job = session.scalar(
        select(Job)
        .where(_is_waiting(now), ~_running_beside(now).exists())
        .order_by(Job.created_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None or not _is_free(session, job, now):
        return None
    if job.attempts == ATTEMPTS:
        _end(job, JobState.FAILED, "The work was cut short three times; the server's log says why.")
        session.flush()
        return claim(session, worker)
    job.state, job.attempts, job.began_at = JobState.RUNNING, job.attempts + 1, now
    job.lease_id, job.leased_until = worker, now + LEASE
    session.flush()
    return Held(
        id=job.id,
        worker=worker,
        review_id=job.review_id,
        kind=JobKind(job.kind),
        arguments=job.arguments,
        checkpoint=job.checkpoint,
        by=Actor.person(job.asked_by),
    )


def _is_waiting(now: datetime) -> ColumnElement[bool]:
    left = (Job.state == JobState.RUNNING) & (Job.leased_until <= now)
    return or_(Job.state == JobState.WAITING, left)


def _running_beside(now: datetime) -> Select[UUID]:
    """Return the query for other jobs that run in the review of a job."""
    other = aliased(Job)
    return select(other.id).where(
        other.review_id == Job.review_id,
        other.id != Job.id,
        other.state == JobState.RUNNING,
        other.leased_until > now,
    )


def _is_free(session: Session, job: Job, now: datetime) -> bool:
    """Say whether no other job of the review runs, with the review locked against another claim."""
    lock = select(Review.id).where(Review.id == job.review_id)
    if session.scalar(lock.with_for_update(key_share=True, skip_locked=True)) is None:
        return False  # an act is under way; the queue is looked into again at once
    beside = _running_beside(now).correlate(None).where(Job.id == job.id)
    return session.scalar(beside) is None


def hold(session: Session, held: Held) -> Job:
    """Return the job, locked, for the transaction that writes its effect; raise LostLease."""
    job = _locked(session, held.id)
    if job.state is not JobState.RUNNING or job.lease_id != held.worker:
        raise LostLease("The work was cancelled; nothing more of it was saved.")
    return job


def renew(session: Session, held: Held) -> None:
    """Keep the job for another length of its lease; raise LostLease.  Flushes."""
    hold(session, held).leased_until = utc_now() + LEASE
    session.flush()


def tell(session: Session, held: Held, *, done: float, step: str) -> None:
    """Say how far the job is, as a share of one and in words; renews the lease.  Flushes."""
    job = hold(session, held)
    job.done, job.step = min(max(done, 0.0), 1.0), step
    job.leased_until = utc_now() + LEASE
    session.flush()


def keep_checkpoint(session: Session, held: Held, **kept: Any) -> None:
    """Remember, with the effect that the transaction writes, how far the job came.  Flushes."""
    job = hold(session, held)
    job.checkpoint = {**job.checkpoint, **kept}
    session.flush()


def finish(session: Session, held: Held, result: Mapping[str, Any]) -> None:
    """End a job that is done, with what came of it.  Flushes."""
    job = hold(session, held)
    _end(job, JobState.DONE)
    job.done, job.result = 1.0, dict(result)
    session.flush()


def fail(session: Session, held: Held, said: str) -> None:
    """End a job that cannot be done, saying why.  Flushes."""
    _end(hold(session, held), JobState.FAILED, said)
    session.flush()


def ask_for_text(session: Session, *, review_id: UUID, sha256: str, name: str, by: Actor) -> bool:
    """Have the text of a full text read, unless that failed before; say whether it will be."""
    before = session.scalars(
        select(Job).where(
            Job.review_id == review_id,
            Job.kind == JobKind.READ_FULL_TEXT,
            Job.state == JobState.FAILED,
        )
    )
    if any(job.arguments.get("sha256") == sha256 for job in before):
        return False
    arguments = {"sha256": sha256, "name": name}
    ask(session, review_id=review_id, kind=JobKind.READ_FULL_TEXT, arguments=arguments, by=by)
    return True


def release(session: Session, worker: UUID, *, is_blameless: bool = False) -> None:
    """Let go of what a worker that has ended held, so that the next one takes over.  Flushes.

    Where the job had nothing to do with its end, as when the server is stopped, the attempt does
    not count.
    """
    held = session.scalars(
        select(Job)
        .where(Job.state == JobState.RUNNING, Job.lease_id == worker)
        .with_for_update(key_share=True)
    )
    for job in held:
        job.leased_until = utc_now()
        if is_blameless:
            job.attempts -= 1
    session.flush()


def n_open(session: Session, review_id: UUID) -> int:
    """Return how many jobs of a review wait or are under way, the quiet ones left out."""
    query = select(func.count()).where(
        Job.review_id == review_id, Job.state.in_(OPEN), Job.kind.not_in(QUIET)
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
