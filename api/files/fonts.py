"""The fonts of pages and drawings: Source Sans Pro and Source Serif Pro, from their packages."""

from importlib.resources import files
from pathlib import Path

import vl_convert

FOLDERS = {
    "sans": Path(str(files("font_source_sans_pro") / "files")),
    "serif": Path(str(files("font_source_serif_pro") / "files")),
}


def use_fonts(folder: Path | None = None) -> None:
    """Draw with our fonts, and those in a folder, for instance where the system has no Chinese."""
    for each in [*FOLDERS.values(), *([folder] if folder else [])]:
        vl_convert.register_font_directory(str(each))
