"""Searches, the files imported into them, and the records these files hold."""
