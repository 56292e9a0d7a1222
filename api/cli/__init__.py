"""The command line: what an operator needs, and some of what the pages do, at once.

Screening, adjudicating, coding and publishing have no command: they are done on the pages or
through the JSON API.  ``docs/command-line.md`` lists every command.
"""

from api.cli.main import main

__all__ = ["main"]
