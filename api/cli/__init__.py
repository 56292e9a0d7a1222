"""The command line: every act of the pages, inline, with progress and JSON."""

from api.cli.main import main

__all__ = ["main"]
