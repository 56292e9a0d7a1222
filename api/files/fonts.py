"""The fonts that drawings use."""

from pathlib import Path

import vl_convert


def use_fonts(folder: Path | None) -> None:
    """Draw with the fonts in a folder too, for instance where the system has none for Chinese."""
    if folder is not None:
        vl_convert.register_font_directory(str(folder))
