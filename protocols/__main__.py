"""``python -m protocols`` writes the JSON Schema for editors anew after a change of the models."""

from pathlib import Path

from .loader import SCHEMA_FILE, json_schema_text

if __name__ == "__main__":
    Path(__file__).with_name(SCHEMA_FILE).write_text(json_schema_text(), encoding="utf-8")
