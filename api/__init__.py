"""The outside: web pages, command line, accounts. Thin."""
