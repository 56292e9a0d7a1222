"""Shapes that several routes share: what comes in is closed, what goes out is chosen."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from review.tables import Job

Line = Annotated[str, StringConstraints(max_length=255)]
Sentence = Annotated[str, StringConstraints(max_length=2_000)]
Prose = Annotated[str, StringConstraints(max_length=10_000)]
Text = Annotated[str, StringConstraints(max_length=1_000_000)]


class Said(BaseModel):
    """What a request says; a field that is not asked for is refused, not ignored."""

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


class Queued(BaseModel):
    """Work in the background that was asked for; follow it at /jobs/{job}."""

    job: UUID


class Made(BaseModel):
    """What an act made."""

    id: UUID


class Recorded(BaseModel):
    """The number of the event that recorded an act."""

    event: int


def queued(job: Job) -> Queued:
    """Return what is answered where work was asked for."""
    return Queued(job=job.id)
