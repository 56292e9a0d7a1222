"""The guides in docs/, as pages for everyone."""

from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.requests import Request
from starlette.responses import Response

from api.web.deps import OptionalUser
from api.web.rendering import FOLDER, render
from api.web.routing import PageRouter
from review.errors import NotFound

router = PageRouter()
SCREENSHOTS = "/static/screenshots"
# In the installed package, or in the checkout.
GUIDES_FOLDER = next(
    folder for folder in (FOLDER / "guides", FOLDER.parent / "docs") if folder.exists()
)
GUIDES = {
    "reviewers": "For reviewers",
    "leads": "For leads",
    "advisors": "For policy advisors",
    "prisma": "How PRISMA counts are made",
    "protocols": "Protocol files",
    "formats": "Search file formats",
    "permissions": "Roles and permissions",
    "glossary": "Glossary",
    "api": "The JSON API",
    "command-line": "The command line",
    "operating": "Running siftmap",
}


@router.get("/help")
def index(request: Request, _person: OptionalUser) -> Response:
    """List the guides."""
    return render(request, "help/help.html", guides=GUIDES, chosen=None, text="")


@router.get("/help/{guide}")
def show(request: Request, _person: OptionalUser, guide: str) -> Response:
    """Show one guide."""
    if guide not in GUIDES:
        raise NotFound("There is no guide with this name. Choose one under Help.")
    return render(request, "help/help.html", guides=GUIDES, chosen=guide, text=as_html(guide))


@cache
def as_html(guide: str) -> str:
    """Return a guide as HTML; its own markup is escaped, and links lead to the other guides."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(_file(guide).read_text(encoding="utf-8"))
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", _place(inline.content))
    for token in tokens:
        for inner in [token, *(token.children or [])]:
            _lead_on(inner)
    return str(reader.renderer.render(tokens, reader.options, {}))


def _lead_on(token: Token) -> None:
    if token.type == "image":  # which the application serves under this address
        token.attrSet("src", f"{SCREENSHOTS}/{str(token.attrGet('src')).rpartition('/')[2]}")
    href = str(token.attrGet("href") or "")
    name, _, place = href.partition("#")
    if name.endswith(".md") and name.removesuffix(".md") in GUIDES:
        token.attrSet("href", f"/help/{name.removesuffix('.md')}{'#' + place if place else ''}")
    if token.tag == "th":
        token.attrSet("scope", "col")
    if token.attrs.pop("style", None) == "text-align:center":  # no style in a page
        token.attrSet("class", "centred")


def _place(heading: str) -> str:
    """Return the fragment that links to a heading, as on GitHub."""
    kept = "".join(sign for sign in heading.lower() if sign.isalnum() or sign in " -_")
    return kept.strip().replace(" ", "-")


def _file(guide: str) -> Path:
    return GUIDES_FOLDER / f"{guide}.md"
