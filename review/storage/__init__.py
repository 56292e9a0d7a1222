"""Storage: the database, its migrations and triggers, and the files."""
