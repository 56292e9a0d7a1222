"""What `serve` and `worker` need before they start."""

import os

from api.cli.errors import complain
from api.cli.terminal import database
from review.storage.migration import is_current


def require_current_database() -> None:
    """Keep what is written from now on to ourselves, and make sure that the database is current.

    Ends the program with status 1 and a sentence if the database has to be migrated first.
    """
    os.umask(0o077)
    if not is_current(database()):
        complain("The database is not at the newest revision. Run `siftmap migrate` first.")
        raise SystemExit(1)
