"""The full texts of included records: retrieval, storage and reading."""
