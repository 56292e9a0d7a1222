"""Models that several routes share: the base of all request bodies, and common responses."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from review.tables import Job

ShortText = Annotated[str, StringConstraints(max_length=255)]
Sentence = Annotated[str, StringConstraints(max_length=2_000)]
Prose = Annotated[str, StringConstraints(max_length=10_000)]
LongText = Annotated[str, StringConstraints(max_length=1_000_000)]


class RequestBody(BaseModel):
    """The body of a request; a field that is not declared is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class RecordLine(BaseModel):
    """A record in a list."""

    id: UUID
    number: int
    title: str
    authors: list[str]
    year: int | None
    journal: str | None
    doi: str | None


class RecordText(RecordLine):
    """A record as a reviewer reads it."""

    abstract: str | None
    keywords: list[str]
    type: str | None
    language: str | None
    url: str | None


class QueuedJob(BaseModel):
    """A job in the background; follow it at /jobs/{job}."""

    job: UUID


class CreatedId(BaseModel):
    """The id of what was created."""

    id: UUID


class RecordedEvent(BaseModel):
    """The number of the event that recorded the act."""

    event: int


def queued_job(job: Job) -> QueuedJob:
    """Return the response to a request that put a job in the queue."""
    return QueuedJob(job=job.id)
