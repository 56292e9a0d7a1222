"""``python -m protocols`` rewrites the JSON Schema for editors after a change to the models."""

from pathlib import Path

from .loader import SCHEMA_FILE, json_schema_text

if __name__ == "__main__":
    Path(__file__).with_name(SCHEMA_FILE).write_text(json_schema_text(), encoding="utf-8")
