"""Protocols, the plans of reviews: their files, schema, checks and loader."""
