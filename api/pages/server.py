"""The page of those who look after the server: accounts, reviews, jobs, health and backups."""

import shutil
from enum import StrEnum
from typing import Annotated

from fastapi import Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.web.access import Sender, needs, require_admin
from api.web.deps import AppSettings, CurrentUser, Db, ReadSession, WriteSession
from api.web.rendering import render
from api.web.routing import PageRouter
from review.people.closing import reopen_account
from review.people.server import (
    accounts_of_server,
    close_account_of_server,
    latest_jobs,
    set_admin,
)
from review.reviews import reviews_with_sizes

router = PageRouter()
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class AccountAct(StrEnum):
    """What can be done with an account."""

    CLOSE = "close"
    REOPEN = "reopen"
    MAKE_ADMIN = "make_admin"
    NO_ADMIN = "no_admin"


@router.get("/server")
def show(
    request: Request,
    session: ReadSession,
    database: Db,
    settings: AppSettings,
    person: CurrentUser,
) -> Response:
    """Show the accounts, the reviews, the jobs, and how the server is."""
    require_admin(person)
    return render(
        request,
        "account/server.html",
        lines=accounts_of_server(session),
        reviews=reviews_with_sizes(session),
        jobs=latest_jobs(session),
        database=DATABASES[database.describe()["database"]],
        version=database.describe()["version"],
        address=settings.url if settings.url.startswith("sqlite") else "",
        folder=settings.data_dir.resolve(),
        free=shutil.disk_usage(settings.data_dir).free,
        is_worker_alive=request.app.state.worker.is_alive(),
        settings=settings,
    )


@router.post("/server/accounts")
@needs(Sender.ADMIN)
def post_account(
    session: WriteSession,
    email: Annotated[str, Form(max_length=255)],
    act: Annotated[AccountAct, Form()],
) -> Response:
    """Close or reopen an account, or let it look after the server."""
    if act is AccountAct.CLOSE:
        close_account_of_server(session, email)
    elif act is AccountAct.REOPEN:
        reopen_account(session, email)
    else:
        set_admin(session, email, is_admin=act is AccountAct.MAKE_ADMIN)
    return RedirectResponse("/server", status_code=303)
