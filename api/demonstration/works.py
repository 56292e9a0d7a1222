"""Invented works: what somebody might have written about the invented contracts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from api.demonstration.contracts import Contract
from api.demonstration.words import fill, joined, words, world

MAX_WORDS = 215
TOO_LATE = (2021, 2022)  # the protocol's dates end in 2020


@dataclass(frozen=True)
class Work:
    """An invented work, with what a careful reader would find out about it."""

    number: int
    language: str
    title: str
    abstract: str | None
    authors: tuple[str, ...]
    year: int
    journal: str
    pages: tuple[int, int]
    keywords: tuple[str, ...]
    reason: str | None  # why it is excluded on title and abstract; None where it is not
    read_reason: str | None = None  # why it is excluded once it has been read
    study: int | None = None
    contracts: tuple[Contract, ...] = ()
    design: str | None = None
    themes: Mapping[str, str] = field(default_factory=dict)  # theme: its sentence in the abstract

    @property
    def doi(self) -> str:
        """Return its identifier, under the prefix that is kept for examples."""
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
class Study:
    """An invented study: the team, the contracts and the language it is reported in."""

    number: int
    language: str
    authors: tuple[str, ...]
    contracts: tuple[Contract, ...]
    design: str
    year: int


class Author:
    """Writes works about contracts; no title is ever used twice."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.titles: set[str] = set()
        self.n_works = 0

    def write(self, study: Study) -> Work:
        """Return another work that reports a study."""
        self.n_works += 1
        tail, methods = self.chance.choice(words(study.language)["designs"][study.design])
        slots = self._slots(study.contracts[0], study.language) | {"tail": tail}
        late = self.chance.random() < 0.03
        themes = self._themes(study, slots)
        return Work(
            number=self.n_works,
            language=study.language,
            title=self._title(study, slots),
            abstract=self._abstract(study.language, methods, themes, slots),
            authors=study.authors,
            year=self.chance.choice(TOO_LATE) if late else study.year,
            journal=self.chance.choice(world()["journals"][study.language]),
            pages=self.some_pages(),
            keywords=self.some_keywords(words(study.language)["keywords"]),
            reason="publication_date" if late else None,
            read_reason=self._read_reason(),
            study=study.number,
            contracts=study.contracts,
            design=study.design,
            themes=themes,
        )

    def new_title(self, templates: Sequence[str], slots: Mapping[str, Any]) -> str | None:
        """Return a title from one of the templates; None where all it found are taken."""
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
        """Return two to four of the keywords."""
        return tuple(self.chance.sample(known, min(len(known), self.chance.randint(2, 4))))

    def _title(self, study: Study, slots: Mapping[str, str]) -> str:
        places = joined(study.language, [one.town for one in study.contracts])
        templates = words(study.language)["titles"]
        for place in (places, f"{places}, {slots['country']}"):
            if title := self.new_title(templates, {**slots, "place": place}):
                return title
        raise LookupError(f"No title is left for a work about {places}")

    def _slots(self, contract: Contract, language: str) -> dict[str, str]:
        return contract.slots(language) | {
            "n": f"{self.chance.randint(180, 6400):,}" if language == "en" else
            str(self.chance.randint(180, 6400)),
            "m": str(self.chance.randint(12, 74)),
            "p": str(self.chance.randint(31, 68)),
            "q": str(self.chance.randint(9, 30)),
        }  # fmt: skip

    def _themes(self, study: Study, slots: Mapping[str, str]) -> dict[str, str]:
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
        self, language: str, methods: str, themes: Mapping[str, str], slots: Mapping[str, str]
    ) -> str:
        own = words(language)
        sections = [
            [self._one(own["backgrounds"], slots), self._one(own["aims"], slots)],
            [fill(methods, slots)],
            [self._one(own["results"], slots), *themes.values()],
            [
                fill(one, slots)
                for one in self.chance.sample(own["conclusions"], self.chance.choice((1, 2)))
            ],
        ]
        if sum(len(text.split()) for section in sections for text in section) > MAX_WORDS:
            del sections[3][1:]
        return self.laid_out(sections, own["headings"])

    def laid_out(self, sections: Sequence[Sequence[str]], headings: Sequence[str]) -> str:
        """Return an abstract of these sections, under their headings or as one paragraph."""
        texts = [" ".join(section) for section in sections]
        if self.chance.random() < 0.35:
            texts = [f"{name}: {text}" for name, text in zip(headings, texts, strict=True)]
        return " ".join(texts)

    def _one(self, templates: Sequence[str], slots: Mapping[str, str]) -> str:
        return fill(self.chance.choice(templates), slots)

    def _read_reason(self) -> str | None:
        """Return why a work is excluded once it is read; None for most."""
        if self.chance.random() > 0.25:
            return None
        reasons = ("not_empirical", "nothing_about_contract", "not_outcomes_based",
                   "no_full_text", "duplicate_publication", "other_reason")  # fmt: skip
        return self.chance.choices(reasons, (5, 4, 4, 3, 1, 1))[0]


def some_people(language: str, chance: Random, most: int = 5) -> tuple[str, ...]:
    """Return the authors of a work, family names first."""
    families = chance.sample(world()["families"][language], chance.randint(1, most))
    return tuple(f"{family}, {chance.choice(world()['given'])}" for family in families)
