"""`siftmap dedupe`: the duplicates among a review's records."""

from typing import Annotated

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.progress import progress
from api.cli.terminal import AsJson, ReviewSlug, database, review_id_of, show
from review.duplicates.deduplication import deduplicate


def dedupe(
    slug: ReviewSlug,
    everything: Annotated[
        bool, typer.Option("--everything", help="Compare all records again, not only new ones.")
    ] = False,
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Find the duplicates among a review's records; a person decides on possible ones."""
    actor, review = actor_of(by), review_id_of(slug)
    with progress("Comparing") as report:
        run = deduplicate(
            database(), review_id=review, by=actor, everything=everything, on_progress=report
        )
    show(
        {
            "compared": run.n_compared,
            "duplicates": run.n_duplicates,
            "questions": run.n_questions,
            "event": run.event_number,
        },
        as_json=as_json,
        text=f"Records compared: {run.n_compared:,}. Duplicates found: {run.n_duplicates:,}. "
        f"Possible duplicates to decide on: {run.n_questions:,}.",
    )
