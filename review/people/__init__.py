"""Accounts, invitations, tokens and idempotency keys."""
