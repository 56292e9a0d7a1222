"""Invented works: what authors might have written about the invented contracts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from api.demonstration.contracts import InventedContract
from api.demonstration.words import fill, joined, words, world

MAX_WORDS = 215
TOO_LATE = (2021, 2022)  # the protocol's dates end in 2020


@dataclass(frozen=True)
class Work:
    """An invented work, with the right decisions on it and its right codes."""

    number: int
    language: str
    title: str
    abstract: str | None
    authors: tuple[str, ...]
    year: int
    journal: str
    pages: tuple[int, int]
    keywords: tuple[str, ...]
    reason: str | None  # for exclusion on title and abstract, or None
    full_text_reason: str | None = None  # for exclusion on full text, or None
    study: int | None = None
    contracts: tuple[InventedContract, ...] = ()
    design: str | None = None
    themes: Mapping[str, str] = field(default_factory=dict)  # theme: its sentence in the abstract

    @property
    def doi(self) -> str:
        """Return its DOI, with the prefix reserved for examples."""
        return f"10.5555/invented.{self.year}.{self.number:04d}"

    @property
    def volume(self) -> int:
        """Return the volume of its journal."""
        return self.year - 1988

    @property
    def issue(self) -> int:
        """Return the issue of its journal."""
        return self.number % 4 + 1


@dataclass(frozen=True)
class InventedStudy:
    """An invented study: its team, its contracts and the language of its reports."""

    number: int
    language: str
    authors: tuple[str, ...]
    contracts: tuple[InventedContract, ...]
    design: str
    year: int


class Author:
    """Writes works about contracts; no two have the same title."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.titles: set[str] = set()
        self.n_works = 0

    def write(self, study: InventedStudy) -> Work:
        """Return a new work that reports a study."""
        self.n_works += 1
        tail, methods = self.chance.choice(words(study.language)["designs"][study.design])
        slots = self._slots(study.contracts[0], study.language) | {"tail": tail}
        is_late = self.chance.random() < 0.03
        themes = self._themes(study, slots)
        return Work(
            number=self.n_works,
            language=study.language,
            title=self._title(study, slots),
            abstract=self._abstract(study.language, methods, themes, slots=slots),
            authors=study.authors,
            year=self.chance.choice(TOO_LATE) if is_late else study.year,
            journal=self.chance.choice(world()["journals"][study.language]),
            pages=self.some_pages(),
            keywords=self.some_keywords(words(study.language)["keywords"]),
            reason="publication_date" if is_late else None,
            full_text_reason=self._full_text_reason(),
            study=study.number,
            contracts=study.contracts,
            design=study.design,
            themes=themes,
        )

    def new_title(self, templates: Sequence[str], slots: Mapping[str, Any]) -> str | None:
        """Return a new title from one of the templates, or None if no try gives a new one."""
        for _ in range(30):
            title = fill(self.chance.choice(templates), slots)
            if title not in self.titles:
                self.titles.add(title)
                return title
        return None

    def some_pages(self) -> tuple[int, int]:
        """Return a first and a last page."""
        first = self.chance.randint(1, 620)
        return first, first + self.chance.randint(6, 24)

    def some_keywords(self, known: Sequence[str]) -> tuple[str, ...]:
        """Return two to four keywords."""
        return tuple(self.chance.sample(known, min(len(known), self.chance.randint(2, 4))))

    def _title(self, study: InventedStudy, slots: Mapping[str, str]) -> str:
        places = joined(study.language, [contract.town for contract in study.contracts])
        templates = words(study.language)["titles"]
        for place in (places, f"{places}, {slots['country']}"):
            if title := self.new_title(templates, {**slots, "place": place}):
                return title
        raise LookupError(f"No title is left for a work about {places}")

    def _slots(self, contract: InventedContract, language: str) -> dict[str, str]:
        return contract.slots(language) | {
            "n": f"{self.chance.randint(180, 6400):,}" if language == "en" else
            str(self.chance.randint(180, 6400)),
            "m": str(self.chance.randint(12, 74)),
            "p": str(self.chance.randint(31, 68)),
            "q": str(self.chance.randint(9, 30)),
        }  # fmt: skip

    def _themes(self, study: InventedStudy, slots: Mapping[str, str]) -> dict[str, str]:
        has_investor = study.contracts[0].has_investor
        known = {
            theme: sentences
            for theme, sentences in words(study.language)["themes"].items()
            if has_investor or theme != "investor_involvement"
        }
        chosen = set(self.chance.sample(list(known), self.chance.choice((3, 4, 4))))
        return {
            theme: fill(self.chance.choice(sentences), slots)
            for theme, sentences in known.items()
            if theme in chosen
        }

    def _abstract(
        self, language: str, methods: str, themes: Mapping[str, str], *, slots: Mapping[str, str]
    ) -> str:
        vocabulary = words(language)
        sections = [
            [
                self._fill_any(vocabulary["backgrounds"], slots),
                self._fill_any(vocabulary["aims"], slots),
            ],
            [fill(methods, slots)],
            [self._fill_any(vocabulary["results"], slots), *themes.values()],
            [
                fill(conclusion, slots)
                for conclusion in self.chance.sample(
                    vocabulary["conclusions"], self.chance.choice((1, 2))
                )
            ],
        ]
        if sum(len(text.split()) for section in sections for text in section) > MAX_WORDS:
            del sections[3][1:]
        return self.lay_out(sections, vocabulary["headings"])

    def lay_out(self, sections: Sequence[Sequence[str]], headings: Sequence[str]) -> str:
        """Return an abstract of these sections, with their headings or as one paragraph."""
        texts = [" ".join(section) for section in sections]
        if self.chance.random() < 0.35:
            texts = [f"{name}: {text}" for name, text in zip(headings, texts, strict=True)]
        return " ".join(texts)

    def _fill_any(self, templates: Sequence[str], slots: Mapping[str, str]) -> str:
        return fill(self.chance.choice(templates), slots)

    def _full_text_reason(self) -> str | None:
        """Return the reason to exclude a work on full text; None for most."""
        if self.chance.random() > 0.25:
            return None
        reasons = ("not_empirical", "nothing_about_contract", "not_outcomes_based",
                   "no_full_text", "duplicate_publication", "other_reason")  # fmt: skip
        return self.chance.choices(reasons, (5, 4, 4, 3, 1, 1))[0]


def some_people(language: str, chance: Random, most: int = 5) -> tuple[str, ...]:
    """Return the authors of a work, with family names first."""
    families = chance.sample(world()["families"][language], chance.randint(1, most))
    return tuple(f"{family}, {chance.choice(world()['given'])}" for family in families)
