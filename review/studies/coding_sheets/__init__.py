"""Coding sheets: a spreadsheet with a row for each study and contract comes in, and goes out."""
