"""What a new version of a protocol changes, part by part, from what to what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel import Locale

from .schema import Protocol
from .sections import FieldKind, FormField, FormSection, sections

LANGUAGES = Locale("en").languages
Data = Mapping[str, Any]


@dataclass(frozen=True)
class ProtocolDifference:
    """One part of a protocol that differs between two versions; None where it says nothing."""

    section: str  # key of the section of the form
    part: str
    before: str | None
    after: str | None
    key: str = ""  # of the entry, if the part is of an entry or is one
    is_whole: bool = False  # whether a whole entry is new or gone


def differences(old: Protocol, new: Protocol) -> list[ProtocolDifference]:
    """Return every difference between two versions in the order of the sections, or none."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    found = []
    for section in sections(new):
        if section.entries:
            sides = before[section.entries], after[section.entries]
            found += list(_of_entries(section, *sides))
        else:
            found += list(_of_fields(section, before=before, after=after, about=""))
    return found


def _of_entries(
    section: FormSection, before: Sequence[Data], after: Sequence[Data]
) -> Iterator[ProtocolDifference]:
    identity = "key" if "key" in section.model.model_fields else section.named_by
    old = {entry[identity]: entry for entry in before}
    new = {entry[identity]: entry for entry in after}
    noun = section.noun.capitalize()
    for key, entry in new.items():
        if key not in old:
            about = f"{noun} “{entry[section.named_by]}”"
            words = _entry_in_words(section, entry)
            yield ProtocolDifference(section.key, about, None, words, key, is_whole=True)
    for key, entry in old.items():
        about = f"{noun} “{entry[section.named_by]}”"
        if key not in new:
            words = _entry_in_words(section, entry)
            yield ProtocolDifference(section.key, about, words, None, key, is_whole=True)
        else:
            parts = _of_fields(section, before=entry, after=new[key], about=f"{about}: ")
            for part in parts:
                yield ProtocolDifference(section.key, part.part, part.before, part.after, key)
    kept = [key for key in old if key in new]
    moved = [key for key in new if key in old]
    if kept != moved:
        was, is_now = (
            ", ".join(str(new[key][section.named_by]) for key in keys) for keys in (kept, moved)
        )
        yield ProtocolDifference(section.key, f"Order: {section.label.lower()}", was, is_now)


def _of_fields(
    section: FormSection, *, before: Data, after: Data, about: str
) -> Iterator[ProtocolDifference]:
    for field in section.fields:
        old, new = _at(before, field.path), _at(after, field.path)
        if old == new:
            continue
        if field.kind is FieldKind.ROWS:
            yield from _of_rows(section, field, before=old or (), after=new or (), about=about)
        elif field.kind is FieldKind.LINES and set(old or ()) != set(new or ()):
            yield _of_lines(section, f"{about}{field.label}", old or (), new=new or ())
        else:
            part = f"{about}{field.label}"
            yield ProtocolDifference(section.key, part, in_words(field, old), in_words(field, new))


def _of_lines(
    section: FormSection, part: str, old: Sequence[str], *, new: Sequence[str]
) -> ProtocolDifference:
    """Return what was taken out of a list of texts and what was added, without what stays."""
    gone = "; ".join(text for text in old if text not in new)
    added = "; ".join(text for text in new if text not in old)
    n = sum(text in new for text in old)
    stays = f" (of {len(new)}, {n} unchanged)" if n else ""
    return ProtocolDifference(section.key, part + stays, gone or None, added or None)


def _of_rows(
    section: FormSection,
    field: FormField,
    *,
    before: Sequence[Data],
    after: Sequence[Data],
    about: str,
) -> Iterator[ProtocolDifference]:
    identity = "key" if field.parts[0].name == "label" else field.parts[0].name
    old = {row[identity]: row for row in before}
    new = {row[identity]: row for row in after}
    noun = field.parts[0].label.lower()
    for key in [*old, *(key for key in new if key not in old)]:
        was, is_now = old.get(key), new.get(key)
        if was != is_now:
            name = (was or is_now or {})[field.parts[0].name]
            before_words, after_words = (
                _row_in_words(field, row) if row else None for row in (was, is_now)
            )
            part = f"{about}{noun} “{name}”"
            yield ProtocolDifference(section.key, part, before_words, after_words)
    kept, moved = [key for key in old if key in new], [key for key in new if key in old]
    if kept != moved:
        order = f"{about}order of the {noun}s"
        yield ProtocolDifference(section.key, order, ", ".join(kept), ", ".join(moved))


def _row_in_words(field: FormField, row: Data) -> str:
    first, *rest = field.parts
    parts = [str(row[first.name])]
    for part in rest:
        words = in_words(part, row.get(part.name))
        if words is not None and part.name != "key" and words != "no":
            parts.append(part.label if words == "yes" else f"{part.label.lower()}: {words}")
    return "; ".join(parts)


def _entry_in_words(section: FormSection, entry: Data) -> str:
    """Return the first things that an entry says, apart from its name and key."""
    shown = []
    for field in section.fields:
        words = None if field.kind is FieldKind.ROWS else in_words(field, _at(entry, field.path))
        if words is not None and field.name not in ("key", section.named_by) and words != "no":
            shown.append(f"{field.label.lower()}: {words}")
    return "; ".join(shown[:3]) or str(entry[section.named_by])


def in_words(field: FormField, value: Any) -> str | None:
    """Return a value of a field as people read it; None where it says nothing."""
    if value is None or value in ("", [], {}):
        return None
    options = dict(field.options)
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(options.get(str(one), str(one)) for one in value)
        case Mapping():
            texts = (
                f"{LANGUAGES.get(name, name)}: "
                + ("; ".join(part) if isinstance(part, list) else str(part))
                for name, part in value.items()
            )
            return " · ".join(texts)
    return options.get(str(value), str(value))


def _at(data: Data, path: Sequence[str]) -> Any:
    value: Any = data
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
