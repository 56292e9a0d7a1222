"""DOIs and web addresses as coders type or paste them, brought to one form."""

import re
from urllib.parse import unquote, urlsplit

_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s]+", re.IGNORECASE)
_BEFORE_DOI = re.compile(r"(?:https?://)?(?:dx\.)?doi\.org/|doi:?\s*", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HOST = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-f:]+\]"
)


def doi(text: str) -> str:
    """Return a DOI in lower case and without a web address; raise ValueError for anything else.

    The form is that of the DOI handbook: ``10.``, a registrant, a slash and a suffix.
    """
    shown = text.strip()
    bare = _BEFORE_DOI.sub("", shown, count=1) if _BEFORE_DOI.match(shown) else shown
    if bare != shown and "%" in bare:
        bare = unquote(bare)
    bare = bare.rstrip(".,;")
    if not _DOI.fullmatch(bare):
        raise ValueError("give a DOI, which begins with 10. and has a slash: 10.1234/abc.")
    return bare.lower()


def web_address(text: str) -> str:
    """Return a web address with its scheme; raise ValueError for what no browser could open."""
    shown = text.strip()
    address = shown if _SCHEME.match(shown) else f"https://{shown}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        parts.port  # noqa: B018 - raises for a port that is none
    except (ValueError, UnicodeError) as error:
        raise ValueError(_NO_ADDRESS) from error
    is_web = parts.scheme.lower() in ("http", "https")
    if not is_web or re.search(r"\s", shown) or not _HOST.fullmatch(host):
        raise ValueError(_NO_ADDRESS)
    return address


_NO_ADDRESS = "give a web address as your browser shows it: https://example.org/report.pdf."
