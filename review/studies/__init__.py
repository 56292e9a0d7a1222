"""Studies, the contracts they report on, and their codes."""
