"""Recompute everything that must be true, and say in words what is not."""

from review.verify.checks import DATABASE, Fault, verify
from review.verify.heads import head_of

__all__ = ["DATABASE", "Fault", "head_of", "verify"]
