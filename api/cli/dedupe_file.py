"""`siftmap dedupe-file`: the duplicates in a table, without a review or a database."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.csv_table import read_table
from api.cli.progress import progress
from api.cli.terminal import AsJson, show
from review.duplicates.matching import dedupe_table
from review.errors import Unreadable


def dedupe_file(
    file: Annotated[Path, typer.Argument(help="A CSV with id and bibliographic columns.")],
    out: Annotated[Path, typer.Option(help="The file to write: id,cluster_id.")],
    questions: Annotated[
        Path, typer.Option(help="The file for possible duplicates: left,right,score.")
    ],
    as_json: AsJson = False,
) -> None:
    """Find the duplicates in a table, without a review or a database."""
    table = read_table(file)
    if "id" not in table.columns:
        raise Unreadable(f"{file} has no column 'id'; its columns are {', '.join(table.columns)}.")
    if (repeated := table["id"][table["id"].duplicated()]).size:
        raise Unreadable(f"In {file} the id '{repeated.iloc[0]}' occurs more than once.")
    with progress("Comparing") as report:
        clusters, possible = dedupe_table(table, on_progress=report)
    clusters.to_csv(out, index=False)
    possible.to_csv(questions, index=False)
    n_clusters = int(clusters["cluster_id"].nunique())
    show(
        {"records": len(clusters), "clusters": n_clusters, "questions": len(possible)},
        as_json=as_json,
        text=f"Records: {len(clusters):,}. Clusters: {n_clusters:,}. "
        f"Possible duplicates: {len(possible):,}.",
    )
