"""The CSV tables that commands without a review read."""

from pathlib import Path

import pandas as pd

from review.errors import Unreadable


def read_table(file: Path) -> pd.DataFrame:
    """Return a CSV table in UTF-8, every value as text; raise Unreadable for anything else."""
    try:
        return pd.read_csv(
            file,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise Unreadable(f"{file} is not a CSV table in UTF-8: {error}") from error
