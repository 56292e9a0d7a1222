"""Structured abstracts: where one section ends and the next begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What abstracts call their sections, in the five languages that siftmap knows best.
NAMES = (
    "abstract|aims?|aims? and objectives?|background|background and (?:aims?|objectives?|purpose)|"
    "conclusions?|context|data (?:collection|extraction|sources?|synthesis)|design|discussion|"
    "evidence|findings|funding|implications|importance|interpretation|interventions?|introduction|"
    "key (?:findings|messages|results)|limitations|main (?:outcome measures?|outcomes?|results)|"
    "materials and methods|measurements?|methodology|methods?|methods and (?:findings|results)|"
    "objectives?|originality/value|outcomes?|participants?|patients|policy implications|"
    "practical implications|problem|purpose|rationale|recommendations|results?|"
    "results and (?:conclusions?|discussion)|search methods|selection criteria|setting|"
    "significance|social implications|study design|study selection|subjects|summary|"
    "trial registration|registration|design/methodology/approach|"
    "antecedentes|conclusion(?:es)?|introducción|justificación|materiales? y métodos|métodos?|"
    "metodología|objetivos?|propósito|resultados|discusión|resumen|"
    "conclusões|conclusão|introdução|materiais e métodos|metodologia|contexto|discussão|"
    "contexte|objectifs?|but|matériels? et méthodes|méthodes?|méthodologie|résultats?|"
    "ergebnisse?|fazit|fragestellung|hintergrund|methoden?|methodik|schlussfolgerung(?:en)?|"
    "ziele?|zielsetzung|einleitung|zusammenfassung"
)
CAPITALS = r"[^\W\d_a-zß-öø-ÿ][^\W_a-zß-öø-ÿ]{3,}(?:[ /&-]{1,3}[^\W_a-zß-öø-ÿ]+){0,4}"
HEADING = re.compile(rf"(?:^|(?<=[.?!:)\]]\s)|(?<=\n))((?:(?i:{NAMES})|{CAPITALS})\s?:)(?=\s)")
FEWEST = 2  # a single word with a colon may as well be part of a sentence


@dataclass(frozen=True)
class Section:
    """A part of an abstract: its heading with the colon, empty where it has none, and its text."""

    heading: str
    text: str


def sections(abstract: str | None) -> Sequence[Section]:
    """Return the sections of an abstract in order; one without a heading if it is not structured.

    Nothing but white space at the ends of sections is lost.
    """
    text = (abstract or "").strip()
    found = [match for match in HEADING.finditer(text) if text[match.end() :].strip()]
    if len(found) < FEWEST:
        return [Section("", text)]
    before = text[: found[0].start()].strip()
    ends = [*(match.start() for match in found[1:]), len(text)]
    parts = [
        Section(match[1], text[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    ]
    return [Section("", before), *parts] if before else parts
