"""`siftmap migrate`: the database at the newest revision."""

import os

from api.cli.terminal import prepare_data_folder, settings
from review.storage import migration


def migrate() -> None:
    """Bring the database to the newest revision, completely or not at all."""
    url = settings().url
    prepare_data_folder()
    os.umask(0o077)  # the database is for its owner alone; its log gets the same permissions
    migration.upgrade(url)
    print("The database is at the newest revision.")
