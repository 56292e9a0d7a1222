"""Where everything is kept: the database, its migrations and triggers, and files."""
