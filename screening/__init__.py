"""What to read next, and how well it goes."""
