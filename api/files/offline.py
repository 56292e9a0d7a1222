"""A map as one HTML file that works without a network: its studies, its filters, its own script."""

import base64
import hashlib
import json
import re
from functools import cache
from typing import Any

from api.web.rendering import FOLDER
from heatmap.cells import HeatMap

_STATIC = FOLDER / "static"


@cache
def script() -> str:
    """Return the script of the file."""
    return (_STATIC / "offline" / "offline.js").read_text(encoding="utf-8")


@cache
def style() -> str:
    """Return the styles of the pages, without fonts, which the file does not have."""
    css = "\n".join(
        (_STATIC / name).read_text(encoding="utf-8") for name in ("siftmap.css", "map.css")
    )
    return re.sub(r"@font-face\s*{[^}]*}", "", css)


def policy() -> str:
    """Return what the file may do: run its own script, and load nothing from anywhere."""
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def data_of(heatmap: HeatMap) -> str:
    """Return what the script counts from, as JSON that cannot end its element."""
    filters = heatmap.axes.filters
    columns = [heatmap.whole[key] for key in filters]
    lines: list[dict[str, Any]] = [
        {
            "study": str(study),
            "contract": str(contract) if contract else None,
            "row": row,
            "column": column,
            "reports": n_reports,
            "values": dict(zip(filters, values, strict=True)),
        }
        for study, contract, row, column, n_reports, *values in zip(
            heatmap.whole["study_id"],
            heatmap.whole["contract_id"],
            heatmap.whole["row"],
            heatmap.whole["column"],
            heatmap.whole["n_reports"],
            *columns,
            strict=True,
        )
    ]
    data = {
        "unit": heatmap.unit,
        "steps": list(heatmap.framework.steps),
        "filters": {key: one.label for key, one in filters.items()},
        "lines": lines,
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
