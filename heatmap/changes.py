"""What a publication changes, compared with the one before: studies, gaps and values."""

from collections.abc import Iterator, Mapping
from typing import Any

from heatmap.cells import HeatMap

Content = Mapping[str, Any]
Labels = dict[str, str | None]
MOST_LISTED = 500  # of each kind; all are counted


def changes(
    old: Content, new: Content, *, maps: Iterator[tuple[HeatMap, HeatMap]], number: int
) -> dict[str, Any]:
    """Return what is different from publication ``number`` whose content is ``old``.

    ``maps`` are the maps that both have, as pairs of old and new.  The lists have at most
    `MOST_LISTED` entries each, and the counts all of them.
    """
    studies = [_labels(content, "study_id", "study") for content in (old, new)]
    closed, opened = [], []
    for before, after in maps:
        closed += list(_gaps(before, after))
        opened += list(_gaps(after, before))
    found: dict[str, list[Any]] = {
        "studies_added": _missing(studies[1], studies[0]),
        "studies_removed": _missing(studies[0], studies[1]),
        "gaps_closed": closed,
        "gaps_opened": opened,
        "values_changed": list(_values(old, new)),
    }
    return {
        "since": number,
        "since_day": old["made_at"],
        "counts": {kind: len(entries) for kind, entries in found.items()},
        **{kind: entries[:MOST_LISTED] for kind, entries in found.items()},
    }


def _labels(content: Content, key: str, label: str) -> dict[str, str]:
    return {line[key]: line[label] for line in content["lines"] if line[key]}


def _missing(of: Mapping[str, str], than: Mapping[str, str]) -> list[str]:
    return sorted(label for id_, label in of.items() if id_ not in than)


def _gaps(empty: HeatMap, filled: HeatMap) -> Iterator[dict[str, str]]:
    """Yield the cells that are empty on one map and not on the other."""
    rows, columns = ({one.key for one in axis} for axis in (filled.rows, filled.columns))
    for row, column in empty.gaps:
        if row in rows and column in columns and filled.has_studies(row, column):
            yield {
                "map": filled.framework.label,
                "framework": filled.framework.key,
                "row": row,
                "column": column,
                "row_label": filled.row_label(row),
                "column_label": filled.column_label(column),
            }


def _values(old: Content, new: Content) -> Iterator[dict[str, Any]]:
    """Yield each item whose value, in words, is another one in both publications."""
    before, after = _by_subject(old), _by_subject(new)
    for key, (labels, words) in after.items():
        if key in before and before[key][1] != words:
            yield {**labels, "before": before[key][1], "after": words}


def _by_subject(content: Content) -> dict[tuple[str | None, str | None, str], tuple[Labels, str]]:
    """Return each value once: of a study, of a contract, or of what one says about the other."""
    levels = {item["label"]: item["level"] for item in content["protocol"]["codebook"]}
    values: dict[tuple[str | None, str | None, str], tuple[Labels, str]] = {}
    for line in content["lines"]:
        for value in line["passages"]:
            level = levels.get(value["item"])
            of_study, of_contract = level != "contract", level != "study"
            labels = {
                "study": line["study"] if of_study else None,
                "contract": line["contract"] if of_contract else None,
                "item": value["item"],
            }
            key = (
                line["study_id"] if of_study else None,
                line["contract_id"] if of_contract else None,
                value["item"],
            )
            values[key] = (labels, value["value"])
    return values
