"""Coded data, counted into the cells of a framework, drawn and exported."""
