"""The documents behind included records: sought, retrieved, kept and read."""
