"""What `serve` and `worker` need before they start."""

import os

from api.cli.errors import complain
from api.cli.terminal import database, settings
from review.storage.migration import is_current, is_new, upgrade


def require_current_database() -> None:
    """Keep what is written from now on to ourselves, and make sure that the database is current.

    A database without any table is made ready.  Ends the program with status 1 and a sentence if
    an older one has to be migrated first.
    """
    os.umask(0o077)
    if is_new(database()):
        upgrade(settings().url)
    if not is_current(database()):
        complain("The database is not at the newest revision. Run `siftmap migrate` first.")
        raise SystemExit(1)
