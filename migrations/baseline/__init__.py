"""The tables of the first release, one module for each module of `review.tables`."""
