"""Studies and their reports, the contracts they report on, and the codes of both."""
