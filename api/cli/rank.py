"""`siftmap rank`: a review's records in the order to screen them."""

from typing import Annotated

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.progress import progress
from api.cli.terminal import AsJson, ReviewSlug, database, review_id_of, settings, show
from review.vocabulary import Stage
from screening.ranking.runs import rank_records


def rank(
    slug: ReviewSlug,
    stage: Annotated[Stage, typer.Option(help="The stage to rank for.")] = Stage.TITLE_ABSTRACT,
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Rank a review's records for screening."""
    actor, review = actor_of(by), review_id_of(slug)
    with progress("Ranking") as report:
        run = rank_records(
            database(),
            review_id=review,
            stage=stage,
            by=actor,
            cache=settings().feature_cache(review),
            on_progress=report,
        )
    show(
        {
            "records": run.n_records,
            "training": run.n_training,
            "included": run.n_included,
            "fingerprint": run.fingerprint,
        },
        as_json=as_json,
        text=f"Ranked {run.n_records:,} records, trained on {run.n_training:,} resolved records "
        f"({run.n_included:,} included).",
    )
