"""Contracts that are known to exist: INDIGO's list, and which contracts of a review are on it."""
