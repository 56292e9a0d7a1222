"""The ranking: features, the ranker, its runs, explanations, and the random sample."""
