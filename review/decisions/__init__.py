"""Decisions, adjudications, reopenings and stops, and who may see which of them."""
