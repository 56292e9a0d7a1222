"""Every list as a file: searches, the records of a box, full texts, studies, contracts."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.files.downloads import ALONE
from api.pages.records import both_columns
from api.web.deps import (
    AppSettings,
    CurrentActor,
    CurrentReview,
    ReadSession,
    ReviewContext,
    ReviewId,
)
from api.web.routing import PageRouter
from review.decisions.blinding import shown_state
from review.errors import NotFound
from review.lists.records import RecordChoice, links_list, records_list
from review.lists.tables import MEDIA_TYPES, ListFormat, ListTable, written
from review.lists.whole import LISTS, whole_list
from review.permissions import Action, check
from review.prisma.counts import ALL, event_on
from review.states.flow import FlowState
from review.studies.coding_sheets.writing import coding_workbook
from screening.progress.agreement_groups import AGREEMENT_COLUMNS, agreement_lines

router = PageRouter()
R = "/reviews/{slug}/lists"
IDENTIFIED = "identified"


@router.get(R + "/records.{format}")
def records(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    format: str,  # noqa: A002 - the address's word
    box: Annotated[list[str] | None, Query(max_length=2)] = None,
    reason: str | None = None,
    source: str | None = None,
    as_of: str | None = None,
    state: FlowState | None = None,
) -> Response:
    """Return the records of a box or in a state, or all that were identified."""
    number = None
    if state is not None:
        check(session, review_id=review_id, by=by, action=Action.SEE_PROGRESS)
        choice = RecordChoice([state])
    else:
        check(session, review_id=review_id, by=by, action=Action.SEE_COUNTS)
        number = event_on(session, review_id=review_id, as_of=as_of) if as_of else None
        if not box or box == [IDENTIFIED]:
            choice = RecordChoice(ALL, as_of=number)
        else:
            chosen = both_columns(box)
            choice = RecordChoice(
                chosen.flow_states, chosen.stream, chosen.kinds, reason, source, number
            )
    table = records_list(
        session, review_id, choice, shown=lambda flow_state: shown_state(flow_state, here.roles)
    )
    return _file(here, table, format)


@router.get(R + "/agreement.{format}")
def agreement(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    format: str,  # noqa: A002
) -> Response:
    """Return the agreement of reviewers: by stage, over all, by pair and by group."""
    lines = agreement_lines(session, review_id=review_id, by=by)
    return _file(here, ListTable("agreement", AGREEMENT_COLUMNS, lines), format)


@router.get(R + "/coding-sheet.xlsx")
def coding_sheet(
    session: ReadSession, review_id: ReviewId, by: CurrentActor, here: CurrentReview
) -> Response:
    """Return all codes as a sheet with a row for each study, coder and contract."""
    return Response(
        coding_workbook(session, review_id=review_id, by=by),
        media_type=MEDIA_TYPES[ListFormat.XLSX],
        headers=ALONE
        | {"content-disposition": f'attachment; filename="{here.review.slug}-coding-sheet.xlsx"'},
    )


@router.get(R + "/links.{format}")
def links(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    settings: AppSettings,
    format: str,  # noqa: A002
) -> Response:
    """Return where the reports still to retrieve can be fetched by hand."""
    table = links_list(session, review_id, resolver=settings.link_resolver, by=by)
    return _file(here, table, format)


@router.get(R + "/{which}.{format}", name="lists.whole")
def whole(
    session: ReadSession,
    review_id: ReviewId,
    by: CurrentActor,
    here: CurrentReview,
    which: str,
    format: str,  # noqa: A002
) -> Response:
    """Return one of the lists that are always whole."""
    if which not in LISTS:
        raise NotFound("There is no list of this name.")
    return _file(here, whole_list(session, review_id, which, by=by), format)


def _file(here: ReviewContext, table: ListTable, name: str) -> Response:
    if name not in set(ListFormat):
        raise NotFound(f"A list cannot be downloaded as '{name}'. Choose csv, xlsx or ris.")
    format_ = ListFormat(name)
    file_name = f"{here.review.slug}-{table.name}.{format_}"
    return Response(
        written(table, format_),
        media_type=MEDIA_TYPES[format_],
        headers=ALONE | {"content-disposition": f'attachment; filename="{file_name}"'},
    )
