"""The plan of a review, before any data: protocol files, their schema and their loader."""
