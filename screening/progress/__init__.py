"""How screening is going: agreement, stopping, fairness, checks and simulation."""
