"""Alembic revisions; they import nothing of the application."""
