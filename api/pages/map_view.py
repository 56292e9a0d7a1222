"""What the pages of a map show, for a review and for a publication alike."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from api.files import offline
from api.files.drawings import MapAsked, as_file
from api.web.rendering import render
from heatmap import references
from heatmap.cells import SINCE, UNTIL, HeatMap
from heatmap.contents import CellContent, Pair, Report, pairs_in, without_records
from heatmap.drawing import source_lines
from heatmap.filters import applicable, country_filter, filter_options, n_countries, years_of
from heatmap.formats import MAP_FILES
from heatmap.headline import headline
from heatmap.names import find, languages_of, relabelled
from heatmap.studies import (
    PER_PAGE,
    MappedStudy,
    by_study,
    quotes_of,
    summarise,
    tags_of,
    theme_keys,
    themes_of,
)
from heatmap.views import by_country, over_time, quality_by_design
from protocols.names import words_of
from protocols.schema import Protocol
from review.errors import Invalid, NotFound

MOST_IN_BRIEF = 100  # studies
LONGEST_QUERY = 4000  # characters
CELL = frozenset({"row", "column", "page"})
OWN = frozenset(
    {"framework", "unit", "order", "secondary", "turned", "words", "find", "publication", *CELL}
)
REFERENCES: Mapping[str, tuple[str, Callable[[Sequence[Report]], str]]] = {
    "ris": ("application/x-research-info-systems", references.to_ris),
    "bib": ("application/x-bibtex", references.to_bibtex),
    "csv": ("text/csv", references.to_csv),
}


@dataclass(frozen=True)
class MapView:
    """A map, and where what is behind it comes from."""

    request: Request
    protocol: Protocol
    heatmap: HeatMap
    read: Callable[[Collection[Pair]], Sequence[CellContent]]
    address: str  # of the page with the map
    file_part: str  # of the address of a file: what follows that of the page
    searched_to: date | None

    def studies(self, row: str | None = None, column: str | None = None) -> list[MappedStudy]:
        """Return the studies in a cell, a row, a column or on the whole map."""
        return by_study(self.read(pairs_in(self.heatmap, row, column)), self.protocol)

    def whole(self) -> "MapView":
        """Return the view without filters, for pages that are about one study or contract."""
        heatmap = self.heatmap
        return replace(self, heatmap=replace(heatmap, frame=heatmap.whole, filters={}))

    def query(self, **changed: str | None) -> str:
        """Return the query of another view, with other parameters; None leaves one out."""
        return urlencode([*self._kept(changed), *((k, v) for k, v in changed.items() if v)])

    def link(self, *, at: str = "", part: str = "", **changed: str | None) -> str:
        """Return the address of another view, or of another page about this view."""
        query = self.query(**changed)
        address = self.address + part + (f"?{query}" if query else "")
        return f"{address}#{at}" if at else address

    def without(self, key: str, value: str | None = None) -> str:
        """Return the address of the view without a filter, or without one of its values."""
        kept = [
            (name, one)
            for name, one in self._kept({})
            if name != key or (value is not None and one != value)
        ]
        return f"{self.address}?{urlencode(kept)}"

    def without_filters(self) -> str:
        """Return the address of the view without any filter."""
        return f"{self.address}?{urlencode([pair for pair in self._kept({}) if pair[0] in OWN])}"

    def whole_cell(self, row: str, column: str) -> str:
        """Return the address of a cell without any filter."""
        changed: dict[str, str | None] = dict.fromkeys(self.heatmap.filters)
        query = self.query(**changed | {"row": row, "column": column})
        return f"{self.address}?{query}#cell"

    def kept_fields(self, *fields: str) -> list[tuple[str, str]]:
        """Return the parameters that a form must send on, beside its own ``fields``."""
        return self._kept(dict.fromkeys(fields))

    def _kept(self, changed: Mapping[str, Any]) -> list[tuple[str, str]]:
        known = OWN - CELL | self.heatmap.filters.keys()
        return [
            (key, value)
            for key, value in self.request.query_params.multi_items()
            if key in known and value and key not in changed
        ]


def asked_for(request: Request, protocol: Protocol) -> MapAsked:
    """Return which map the address asks for.

    Parameters that no map knows, such as those that newsletters add to links, are ignored.  Raises
    Invalid for a very long address: each of many links would repeat it.
    """
    if len(request.url.query) > LONGEST_QUERY:
        raise Invalid("This address is too long. Choose fewer filters.")
    asked = request.query_params
    name = asked.get("framework") or None
    try:
        protocol.framework(name)
    except LookupError as error:
        raise NotFound(str(error)) from error
    filters = {
        key: values
        for key in asked
        if key not in OWN
        and (values := list(dict.fromkeys(value for value in asked.getlist(key) if value)))
    }
    return MapAsked(
        framework=name,
        unit=asked.get("unit") or None,
        order=asked.get("order") or None,
        secondary=asked.get("secondary") == "yes",
        filters=applicable(filters, protocol),
    )


def whole_asked(request: Request) -> MapAsked:
    """Return which map the address asks for, without its filters."""
    asked = request.query_params
    return MapAsked(framework=asked.get("framework") or None, unit=asked.get("unit") or None)


def map_context(view: MapView) -> dict[str, Any]:
    """Return what the page of a map shows."""
    asked, heatmap, protocol = view.request.query_params, view.heatmap, view.protocol
    row, column = asked.get("row") or None, asked.get("column") or None
    language = asked.get("words", "")
    languages = languages_of(protocol)
    shown = relabelled(heatmap, protocol, language) if language in languages else heatmap
    view = replace(view, heatmap=shown)
    wanted = asked.get("find", "").strip()[:200]
    return {
        "view": view,
        "heatmap": shown,
        "protocol": protocol,
        "is_turned": asked.get("turned") == "yes",
        "row": row,
        "chosen_column": column,
        "files": MAP_FILES,
        "file_part": view.file_part,
        "options": filter_options(heatmap),
        "chosen": heatmap.filters,
        "since": heatmap.filters.get(SINCE, [""])[-1],
        "until": heatmap.filters.get(UNTIL, [""])[-1],
        "n_countries": n_countries(heatmap),
        "years": years_of(heatmap),
        "finding": headline(shown),
        "on": view.searched_to,
        "languages": languages,
        "language": language if language in languages else "",
        "wanted": wanted,
        "found": find(heatmap, protocol, wanted),
        **(_panel(view, row, column) if row or column else {"summary": None}),
    }


def offline_file(view: MapView, *, title: str, online: str, file_name: str) -> Response:
    """Return a map without filters as one HTML file that works without a network."""
    heatmap = view.heatmap
    contents = [without_records(content) for content in view.read(pairs_in(heatmap))]
    page = render(
        view.request,
        "heatmap/offline.html",
        title=title,
        online=online,
        heatmap=heatmap,
        protocol=view.protocol,
        finding=headline(heatmap),
        chosen={},
        is_turned=False,
        options=filter_options(heatmap),
        n_countries=n_countries(heatmap),
        years=years_of(heatmap),
        on=view.searched_to,
        source=source_lines(heatmap),
        studies=by_study(contents, view.protocol),
        policy=offline.policy(),
        style=offline.style(),
        script=offline.script(),
        data=offline.data_of(heatmap),
    )
    return as_file(bytes(page.body), "text/html; charset=utf-8", file_name)


def views_context(view: MapView) -> dict[str, Any]:
    """Return what the page with other views of the same data shows."""
    heatmap = view.heatmap
    country = country_filter(heatmap)
    return {
        "view": view,
        "protocol": view.protocol,
        "heatmap": heatmap,
        "chosen": heatmap.filters,
        "options": filter_options(heatmap),
        "n_countries": n_countries(heatmap),
        "years": years_of(heatmap),
        "on": view.searched_to,
        "years_": over_time(heatmap),
        "countries": by_country(heatmap),
        "cross": quality_by_design(heatmap),
        "of_year": lambda year: view.link(since=year, until=year),
        "of_country": lambda key: view.link(**{country.key if country else "": key}),
    }


def brief_context(view: MapView) -> dict[str, Any]:
    """Return what the brief of a cell, a row or a column says: coded values and quotes only."""
    asked, heatmap = view.request.query_params, view.heatmap
    row, column = asked.get("row") or None, asked.get("column") or None
    if not (row or column) or not heatmap.has(row, column):
        raise NotFound("There is no such row, column or cell on this map.")
    return {
        "row": row,
        "chosen_column": column,
        "chosen": heatmap.filters,
        "options": filter_options(heatmap),
        "on": view.searched_to,
        "source": source_lines(heatmap),
        **_panel(view, row, column, per_page=MOST_IN_BRIEF),
    }


def list_context(view: MapView) -> dict[str, Any]:
    """Return what the list of a map's studies shows: those that have all the words, by page."""
    asked = view.request.query_params
    row, column = asked.get("row") or None, asked.get("column") or None
    wanted = asked.get("words_in", "").strip()[:200]
    studies = [one for one in view.studies(row, column) if _has_words(one, wanted)]
    return {**_page_of(view, studies), "row": row, "chosen_column": column, "wanted_words": wanted}


def study_context(view: MapView, study_id: UUID) -> dict[str, Any]:
    """Return what the page of one study shows; raise NotFound if it is not on the map."""
    view = view.whole()
    pairs = [pair for pair in pairs_in(view.heatmap) if pair[0] == study_id]
    if not pairs:
        raise NotFound("There is no such study on this map.")
    [study] = by_study(view.read(pairs), view.protocol)
    return {"view": view, "protocol": view.protocol, "heatmap": view.heatmap, "study": study,
            "cells": _cells_of(view.heatmap, study_id),
            "themes": themes_of(study, view.heatmap.framework, view.protocol),
            "theme_keys": theme_keys(view.heatmap.framework, view.protocol),
            "row": view.request.query_params.get("row"),
            "chosen_column": view.request.query_params.get("column")}  # fmt: skip


def contract_context(view: MapView, contract_id: UUID) -> dict[str, Any]:
    """Return what the page of one contract shows: every study that reports on it."""
    view = view.whole()
    pairs = [pair for pair in pairs_in(view.heatmap) if pair[1] == contract_id]
    if not pairs:
        raise NotFound("There is no such contract on this map.")
    studies = by_study(view.read(pairs), view.protocol)
    return {"view": view, "protocol": view.protocol, "heatmap": view.heatmap, "studies": studies,
            "contract": studies[0].contracts[0]}  # fmt: skip


def references_file(view: MapView, name: str, file_name: str) -> Response:
    """Return the reports of a cell, a row, a column, one study or the map for reference managers.

    Raises NotFound for an unknown format.
    """
    if name not in REFERENCES:
        raise NotFound(f"References cannot be downloaded as '{name}'.")
    media_type, write = REFERENCES[name]
    asked = view.request.query_params
    studies = view.studies(asked.get("row") or None, asked.get("column") or None)
    reports = [
        report
        for study in studies
        if asked.get("study") in (None, "", str(study.id))
        for report in study.reports
    ]
    return as_file(write(reports), f"{media_type}; charset=utf-8", f"{file_name}.{name}")


def _panel(
    view: MapView, row: str | None, column: str | None, *, per_page: int = PER_PAGE
) -> dict[str, Any]:
    studies = view.studies(row, column)
    return _page_of(view, studies, per_page) | {
        "summary": summarise(studies, view.heatmap.framework, view.protocol),
        "gap": view.heatmap.gap(row, column)
        if row and column and view.heatmap.has(row, column)
        else None,
    }


def _page_of(
    view: MapView, studies: Sequence[MappedStudy], per_page: int = PER_PAGE
) -> dict[str, Any]:
    asked = view.request.query_params.get("page", "1")
    n_pages = max(1, -(-len(studies) // per_page))
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 7
    page = min(max(1, int(asked)), n_pages) if is_number else 1
    framework, protocol = view.heatmap.framework, view.protocol
    return {
        "view": view,
        "protocol": protocol,
        "heatmap": view.heatmap,
        "n_found": len(studies),
        "page": page,
        "n_pages": n_pages,
        "studies": [
            (study, tags_of(study, framework, protocol), quotes_of(study, framework, protocol))
            for study in studies[(page - 1) * per_page : page * per_page]
        ],
    }


def _has_words(study: MappedStudy, wanted: str) -> bool:
    """Return whether every word is in the study's label, contracts, titles or authors."""
    texts = [study.label, *(contract.label for contract in study.contracts)]
    for report in study.reports:
        texts += [report.title, *report.authors]
    return set(words_of(wanted)) <= set(words_of(" ".join(texts)))


def _cells_of(heatmap: HeatMap, study_id: UUID) -> Mapping[UUID | None, list[tuple[str, str]]]:
    """Return the cells that each contract of a study is in."""
    lines = heatmap.frame[heatmap.frame["study_id"] == study_id]
    cells: dict[UUID | None, list[tuple[str, str]]] = {}
    for contract, row, column in zip(lines["contract_id"], lines["row"], lines["column"],
                                     strict=True):  # fmt: skip
        cells.setdefault(contract, []).append((row, column))
    return cells
