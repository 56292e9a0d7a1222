"""Pages from templates: one environment, autoescape everywhere, a few words of formatting."""

from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.web.abstracts import sections
from api.web.demo_logins import LOGINS, PASSWORD, SLUG
from api.web.highlighting import differing, marked, quoted
from api.web.links import links
from api.web.routing import url_in_template
from api.web.security import form_token
from heatmap.cells import value_label
from protocols.places import country_name
from protocols.values import currencies
from review.jobs import JobKind
from review.reports.documents import quote_boxes
from review.searches.formats.claims import without_claims
from review.searches.formats.languages import language_name, language_tag
from review.searches.imports import DETECTED
from review.tables import Job, Record

FOLDER = Path(str(files("api")))


def number(value: int) -> str:
    """Return a count with a comma for every thousand."""
    return f"{value:,}"


def day(value: date | datetime) -> str:
    """Return a date as 22 November 2026."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """Return a time as 22 November 2026, 14:05 UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"


def more_fields(record: Record) -> dict[str, list[str]]:
    """Return what a search file says beyond the known fields, without anybody's decisions."""
    more = without_claims(record.extra)
    more.pop(DETECTED, None)
    return more


def words(value: str) -> str:
    """Return a stored word as people write it: awaiting_second becomes awaiting second."""
    return str(value).replace("title_abstract", "title and abstract").replace("_", " ")


def duration(seconds: float) -> str:
    """Return a length of time as people say it: 40 s, 12 min, 3 h 40."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{max(1, round(seconds))} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


# Types of the RIS format (and what EndNote makes of them), as people say them.
WORKS = {
    "BLOG": "blog post",
    "BOOK": "book",
    "CHAP": "chapter",
    "CONF": "conference proceedings",
    "CPAPER": "conference paper",
    "EJOUR": "article",
    "ELEC": "web page",
    "GEN": "",
    "GOVDOC": "government document",
    "GREY": "grey literature",
    "JFULL": "journal",
    "JOUR": "article",
    "MGZN": "magazine article",
    "NEWS": "newspaper article",
    "PAMP": "pamphlet",
    "RPRT": "report",
    "THES": "thesis",
    "UNPB": "unpublished work",
    "UNPD": "unpublished work",
    "WEB": "web page",
}


def work_type(value: str | None) -> str:
    """Return a record's type as people say it; as the source gave it where it is no code."""
    return WORKS.get(value or "", value or "")


def field_text(record: Record, name: str) -> str:
    """Return a record's field as people read it; nothing where it is not given."""
    value = getattr(record, name)
    if name == "authors":
        return "; ".join(value)
    if name == "type":
        return work_type(value)
    if name == "language":
        return language_name(value)
    return "" if value is None else str(value)


def job_title(job: Job) -> str:
    """Return what a job does, in words."""
    asked = job.arguments
    stage = words(str(asked.get("stage", "")))
    names = ", ".join(str(file["name"]) for file in asked.get("files", []))
    titles = {
        JobKind.IMPORT: f"Import {names}",
        JobKind.IMPORT_DECISIONS: f"Import decisions from {names}",
        JobKind.IMPORT_CODING: f"Import the coding sheet {names}",
        JobKind.DEDUPLICATE: "Find duplicates",
        JobKind.RANK: f"Rank records for {stage} screening",
        JobKind.SIMULATE: f"Simulate {stage} screening",
        JobKind.READ_FULL_TEXT: f"Extract the text of {asked.get('name', 'a full text')}",
        JobKind.MATCH_FULL_TEXTS: "Match full texts to their reports",
        JobKind.DRAW: "Draw a map or flow diagram",
        JobKind.DRAW_PUBLICATION: "Draw the maps of a publication",
        JobKind.EXPORT: f"Export {asked.get('kind')} as {str(asked.get('format')).upper()}",
    }
    return titles[JobKind(job.kind)]


def path_of(address: str) -> str:
    """Return an address without its server, for a link that comes back to it."""
    parts = urlsplit(address)
    return quote(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def public_url(request: Request, *parts: str) -> str:
    """Return an address that works for others: under the first public origin, where one is set."""
    origins = request.app.state.settings.public_origins
    origin = origins[0] if origins else f"{request.url.scheme}://{request.url.netloc}"
    return "/".join([origin, *parts])


def web_link(value: str | None) -> str | None:
    """Return an address that is safe to link to; None for any scheme but http and https."""
    return value if value and value.startswith(("http://", "https://")) else None


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # No catalogue ships yet: `_()` marks what a catalogue would translate.
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {
        "number": number,
        "day": day,
        "moment": moment,
        "words": words,
        "uuid": UUID,
        "web_link": web_link,
        "path_of": path_of,
        "duration": duration,
        "language_tag": language_tag,
        "language_name": language_name,
        "work_type": work_type,
        "country": country_name,
        "job_title": job_title,
        "field_text": field_text,
    }
    environment.globals |= {
        "marked": marked,
        "quoted": quoted,
        "quote_boxes": quote_boxes,
        "abstract_sections": sections,
        "links": links,
        "value_label": value_label,
        "differing": differing,
        "currencies": currencies,
        "more_fields": more_fields,
        "url": url_in_template,
    }
    return environment


ENVIRONMENT = _environment()


def render(request: Request, name: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Return the page made of template ``name``, knowing who asks and about which review."""
    from_app = request.app.state
    token = request.cookies.get("__Host-siftmap") or request.cookies.get("siftmap") or ""
    page = ENVIRONMENT.get_template(name).render(
        request=request,
        account=getattr(request.state, "account", None),
        here=getattr(request.state, "here", None),
        form_token=form_token(from_app.settings.key(), token) if token else "",
        **context,
    )
    return HTMLResponse(page, status_code=status_code)


def sign_in_page(
    request: Request,
    status: int,
    *,
    email: str = "",
    target: str = "/",
    wrong: str | None = None,
    oldest: str | None = "",
) -> HTMLResponse:
    """Return the sign-in form, which leads to ``target`` if that is an address on this server.

    ``oldest`` is the address of the server's oldest account, None where nobody has one; by it the
    page knows a new server and the demonstration.
    """
    return render(
        request,
        "account/login.html",
        status_code=status,
        is_new=oldest is None,
        demonstration={
            "emails": list(LOGINS.values()),
            "password": PASSWORD,
            "home": f"/reviews/{SLUG}",
        }
        if oldest in LOGINS.values()
        else None,
        next=local_address(target),
        wrong=wrong,
        email=email,
    )


def local_address(target: str) -> str:
    """Return an address on this server; anything else becomes the start page."""
    is_local = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_local and "\n" not in target and "\r" not in target else "/"


def is_fragment(request: Request) -> bool:
    """Say whether the page's own script asks, and wants the part that changes and no more."""
    return "hx-request" in request.headers and "hx-boosted" not in request.headers


def path(request: Request, *parts: str | UUID) -> str:
    """Return an address within the review that the request is about."""
    slug = request.path_params["slug"]
    return "/".join([f"/reviews/{slug}", *(str(part) for part in parts)])
