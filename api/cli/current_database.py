"""What `serve` and `worker` need before they start."""

from api.cli.errors import complain
from api.cli.terminal import database
from review.storage.migration import is_current


def require_current_database() -> None:
    """End the program with status 1 and a sentence if the database has to be migrated first."""
    if not is_current(database()):
        complain("The database is not at the newest revision. Run `siftmap migrate` first.")
        raise SystemExit(1)
