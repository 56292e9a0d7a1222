"""`siftmap migrate`: the database at the newest revision."""

from api.cli.terminal import settings
from review.storage import migration


def migrate() -> None:
    """Bring the database to the newest revision, completely or not at all."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    migration.upgrade(settings().url)
    print("The database is at the newest revision.")
