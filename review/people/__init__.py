"""Accounts, invitations, tokens, and the keys of requests sent twice."""
