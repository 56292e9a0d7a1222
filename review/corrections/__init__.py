"""Correcting what came into a review: its searches, their files and their records."""
