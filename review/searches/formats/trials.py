"""What the entry of a trial in a register says where an article has its abstract."""

from collections.abc import Iterable, Mapping, Sequence

# Names in lower case: those of the WHO's platform and of ClinicalTrials.gov, old and new.
_PARTS: Mapping[str, Sequence[str]] = {
    "Condition": ("condition", "conditions"),
    "Intervention": ("intervention", "interventions"),
    "Primary outcome": (
        "primary outcome", "primary outcome measures", "primary outcome measure",
        "primary outcomes", "outcome measures",
    ),
}  # fmt: skip


def describe_trial(fields: Mapping[str, Iterable[str]]) -> str | None:
    """Return the condition, intervention and primary outcome as one text, or None without any."""
    by_name = {name.casefold().replace("_", " ").strip(): value for name, value in fields.items()}
    parts = []
    for label, names in _PARTS.items():
        values = next((by_name[name] for name in names if by_name.get(name)), ())
        text = "; ".join(values).replace("|", "; ").strip(" .;\n")
        if text:
            parts.append(f"{label}: {text}.")
    return " ".join(parts) or None
