"""Commands that need no review: duplicates of a table, and a replay of labelled records."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from api.cli.terminal import AsJson, progress, show
from review.duplicates.matching import dedupe_table
from review.errors import Unreadable
from screening.progress.recall_curve import draw, recall_curve, stopping_points
from screening.progress.simulation import simulate as replay


def dedupe_file(
    file: Annotated[Path, typer.Argument(help="A CSV with id and bibliographic columns.")],
    out: Annotated[Path, typer.Option(help="Where id,cluster_id goes.")],
    questions: Annotated[Path, typer.Option(help="Where the doubtful pairs go.")],
    as_json: AsJson = False,
) -> None:
    """Find the duplicates in a table, without a review or a database."""
    table = _read(file)
    if "id" not in table.columns:
        raise Unreadable(f"{file} has no column 'id'; its columns are {', '.join(table.columns)}.")
    with progress("Comparing") as tell:
        clusters, doubtful = dedupe_table(table, on_progress=tell)
    clusters.to_csv(out, index=False)
    doubtful.to_csv(questions, index=False)
    n_clusters = int(clusters["cluster_id"].nunique())
    show(
        {"records": len(clusters), "clusters": n_clusters, "questions": len(doubtful)},
        as_json=as_json,
        text=f"{len(clusters):,} records in {n_clusters:,} clusters; {len(doubtful):,} doubtful "
        "pairs.",
    )


def simulate(
    file: Annotated[Path, typer.Argument(help="A CSV with id, title, abstract, label (0 or 1).")],
    question: Annotated[str, typer.Option(help="The review's question, to begin from.")] = "",
    prior: Annotated[
        str, typer.Option(help="Ids whose labels are known from the start, with commas.")
    ] = "",
    seed: Annotated[int, typer.Option(help="For drawing priors where none are given.")] = 0,
    order: Annotated[Path | None, typer.Option(help="Where the order of reading goes.")] = None,
    curve: Annotated[
        Path | None, typer.Option(help="Where the recall curve goes: a .csv, or an .svg drawing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay labelled records with the product's own ranker and print how well it did."""
    table = _read(file)
    if "label" in table.columns:
        table["label"] = pd.to_numeric(table["label"], errors="coerce")
    priors = [one.strip() for one in prior.split(",") if one.strip()] or None
    with progress(file.name, total=max(1, len(table))) as tell:
        done = replay(
            table,
            question=question or None,
            priors=priors,
            seed=seed,
            on_progress=lambda known, _total: tell(known),
        )
    if order is not None:
        done.order.to_csv(order, index=False)
    labels = done.order["label"].tolist()
    if curve is not None and curve.suffix.lower() == ".svg":
        curve.write_text(draw(labels), encoding="utf-8")
    elif curve is not None:
        recall_curve(labels).to_csv(curve, index=False)
    ends = stopping_points(labels)
    lines = [f"{name:<9} {value:.4g}" for name, value in done.metrics.items()]
    lines += [
        f"{one.rule}: after {one.n_read:,} records, recall {one.recall:.3f}"
        if one.has_stopped
        else f"{one.rule}: not before the end"
        for one in ends
    ]
    show(
        done.metrics | {"stops": [asdict(one) for one in ends]},
        as_json=as_json,
        text="\n".join(lines),
    )


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(
            file,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise Unreadable(f"{file} is not a CSV table in UTF-8: {error}") from error
