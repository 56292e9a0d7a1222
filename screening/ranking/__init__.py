"""The order of reading: features, the ranker, its runs, and the random share."""
