"""What a resolution is derived from, where protocols differ by version, stage and review."""

from sqlalchemy import select

from review.decisions.decisions import decide
from review.events import last_event
from review.reviews import amend_protocol
from review.states.resolution import most_needed, resolutions
from review.vocabulary import Resolution, Stage, Verdict
from tests.factories import make_records, make_review, protocol_text

TITLE_ABSTRACT, FULL_TEXT = Stage.TITLE_ABSTRACT, Stage.FULL_TEXT


def amend(session, cast, text: str) -> None:
    amend_protocol(session, review_id=cast.review_id, protocol_text=text, why="Why not.",
                   by=cast.lead)  # fmt: skip


def resolved(session, cast, *, as_of: int | None = None) -> list[tuple[str, str | None]]:
    table = resolutions(session, review_id=cast.review_id, stage=TITLE_ABSTRACT, as_of=as_of)
    return [
        (row.resolution, row.exclusion_reason)
        for row in session.execute(select(table.c.resolution, table.c.exclusion_reason))
    ]


def test_the_primary_reason_of_a_past_moment_follows_the_protocol_of_that_moment(session, cast):
    [record] = make_records(session, cast.review_id)
    for reviewer, reason in zip(cast.reviewers, ("date", "population"), strict=True):
        decide(session, review_id=cast.review_id, record_id=record, stage=TITLE_ABSTRACT,
               verdict=Verdict.EXCLUDE, exclusion_reason=reason, by=reviewer)  # fmt: skip
    before = last_event(session, cast.review_id)
    lines = protocol_text().split("\n")
    date, population = (
        next(n for n, line in enumerate(lines) if label in line)
        for label in ("Published outside", "Wrong population")
    )
    lines[date], lines[population] = lines[population], lines[date]

    amend(session, cast, "\n".join(lines))

    assert resolved(session, cast) == [(Resolution.EXCLUDE, "population")]
    assert resolved(session, cast, as_of=before) == [(Resolution.EXCLUDE, "date")]


def test_the_most_decisions_needed_are_those_of_any_version_of_this_review_and_stage(session):
    many, few = make_review(session, needed=2), make_review(session, needed=1)
    amend(session, many, protocol_text(needed=1))
    more_at_full_text = protocol_text(needed=1).replace(
        "full_text: {decisions_needed: 1", "full_text: {decisions_needed: 2"
    )
    amend(session, few, more_at_full_text)

    assert most_needed(session, many.review_id, TITLE_ABSTRACT) == 2
    assert most_needed(session, few.review_id, TITLE_ABSTRACT) == 1
    assert most_needed(session, few.review_id, FULL_TEXT) == 2
