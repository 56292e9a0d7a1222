"""`siftmap import-contracts`: a list of known contracts, which a review's own are matched to."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.terminal import AsJson, ReviewSlug, database, printable, review_id_of, show
from review.studies.known_contracts.indigo import read_indigo
from review.studies.known_contracts.lists import keep_list
from review.studies.known_contracts.matches import match_automatically, match_questions


def import_contracts(
    slug: ReviewSlug,
    file: Annotated[
        Path,
        typer.Argument(help="INDIGO's zip of CSV files or its JSON.", exists=True, dir_okay=False),
    ],
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Make a file of INDIGO the list of known contracts, and match the review's own to it.

    Contracts that are no longer public are deleted from the list before.  What leaves a doubt is
    asked about on the page *Known contracts*.
    """
    actor, review_id = actor_of(by), review_id_of(slug)
    found = read_indigo(file)
    with database().writing() as session:
        kept = keep_list(
            session,
            review_id=review_id,
            found=found,
            name=printable(file.name),
            by=actor,
        )
        n_matched = match_automatically(session, review_id=review_id, by=actor)
        n_questions = len(match_questions(session, review_id=review_id))
    removed = f" {len(kept.removed)} no longer public were deleted." if kept.removed else ""
    show(
        {
            "contracts": kept.n_listed,
            "new": kept.n_new,
            "removed": list(kept.removed),
            "matched": n_matched,
            "to_confirm": n_questions,
        },
        as_json=as_json,
        text=f"{kept.n_listed} contracts are on the list, {kept.n_new} of them new.{removed}\n"
        f"{n_matched} contracts of the review were matched; {n_questions} to confirm.",
    )
