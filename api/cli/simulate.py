"""`siftmap simulate`: the screening of labelled records, without a review or a database."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from api.cli.csv_table import read_table
from api.cli.progress import progress
from api.cli.terminal import AsJson, show
from screening.progress.recall_curve import draw, recall_curve, stopping_points
from screening.progress.simulation import simulate as simulate_screening


def simulate(
    file: Annotated[Path, typer.Argument(help="A CSV with id, title, abstract, label (0 or 1).")],
    question: Annotated[str, typer.Option(help="The review's question, to start from.")] = "",
    prior: Annotated[
        str, typer.Option(help="Ids whose labels are known from the start, separated by commas.")
    ] = "",
    seed: Annotated[int, typer.Option(help="For drawing priors if none are given.")] = 0,
    order: Annotated[Path | None, typer.Option(help="The file for the order of screening.")] = None,
    curve: Annotated[
        Path | None, typer.Option(help="The file for the recall curve: a .csv, or an .svg drawing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Simulate the screening of labelled records with siftmap's own ranker and print how it did."""
    table = read_table(file)
    if "label" in table.columns:
        table["label"] = pd.to_numeric(table["label"], errors="coerce")
    priors = [name.strip() for name in prior.split(",") if name.strip()] or None
    with progress(file.name, total=max(1, len(table))) as report:
        simulation = simulate_screening(
            table,
            question=question or None,
            priors=priors,
            seed=seed,
            on_progress=lambda known, _total: report(known),
        )
    if order is not None:
        simulation.order.to_csv(order, index=False)
    labels = simulation.order["label"].tolist()
    if curve is not None and curve.suffix.lower() == ".svg":
        curve.write_text(draw(labels), encoding="utf-8")
    elif curve is not None:
        recall_curve(labels).to_csv(curve, index=False)
    rule_stops = stopping_points(labels)
    lines = [f"{name:<9} {value:.4g}" for name, value in simulation.metrics.items()]
    lines += [
        f"{stop.rule}: after {stop.n_read:,} records, recall {stop.recall:.3f}"
        if stop.has_stopped
        else f"{stop.rule}: not before the end"
        for stop in rule_stops
    ]
    show(
        simulation.metrics | {"stops": [asdict(stop) for stop in rule_stops]},
        as_json=as_json,
        text="\n".join(lines),
    )
