"""How well screening goes: agreement, stopping, fairness, checks and simulation."""
