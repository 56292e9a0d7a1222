"""What the program says when something goes wrong that can be expected."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from protocols.problems import ProtocolErrors
from review.errors import ReviewError

UNDEFINED_TABLE = "42P01"  # PostgreSQL's code for a table that is not there


def complain(message: str) -> None:
    """Print a sentence on standard error."""
    print(message, file=sys.stderr)


def message_of(error: Exception) -> str:
    """Return what went wrong as a sentence, also for an error of the operating system."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return str(error)


@contextmanager
def friendly_errors() -> Iterator[None]:
    """End the program with status 1 and a sentence if something goes wrong that can be expected.

    Everything else is a programming mistake: it passes, so that Python shows the traceback.
    """
    try:
        yield
    except ProtocolErrors as error:
        _fail(f"The protocol has mistakes; nothing was changed.\n{error}", error)
    except (ReviewError, OSError) as error:
        _fail(message_of(error), error)
    except UnicodeEncodeError as error:  # a surrogate is how Python passes on a byte it cannot read
        _fail("An argument is not valid UTF-8 text. Type it again.", error)
    except _database_errors() as error:
        # A table that is not there is an OperationalError on SQLite, but not on PostgreSQL.
        code = getattr(error.orig, "sqlstate", None)
        if type(error).__name__ == "ProgrammingError" and code != UNDEFINED_TABLE:
            raise
        _fail(
            "The database cannot be used. If it is new, run `siftmap migrate` first; otherwise "
            f"check SIFTMAP_DATABASE_URL. The database says: {error.orig}",
            error,
        )


def _database_errors() -> tuple[type[Any], ...]:
    """Return the errors that a database raises; none if no command has imported SQLAlchemy."""
    errors = sys.modules.get("sqlalchemy.exc")
    return (errors.OperationalError, errors.ProgrammingError) if errors else ()


def _fail(message: str, error: Exception) -> NoReturn:
    complain(message)
    raise SystemExit(1) from error
