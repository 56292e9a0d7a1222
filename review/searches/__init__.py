"""Searches, the files imported into them, and the records of those files."""
