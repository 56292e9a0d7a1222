"""The whole invented literature: works about the contracts, about other things, and look-alikes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from random import Random
from typing import Any

from api.demonstration.contracts import Contract, make_contracts
from api.demonstration.words import elsewhere, fill, words, world
from api.demonstration.works import Author, Study, Work, some_people

N_RELEVANT = 188
N_ELSEWHERE = {"en": 620, "es": 70, "fr": 60}
N_SERIES, N_ERRATA = 6, 2
TOWNS_OF = {"en": ("english", "northern", "asian"), "es": ("iberian",), "fr": ("french",)}
REPORTED_IN = {"es": 0.85, "fr": 0.85}  # how often a study of such a country is in its language


def make_works(chance: Random) -> list[Work]:
    """Return the invented literature, in no order in particular."""
    author = Author(chance)
    works = list(_relevant(author, make_contracts(chance)))
    for language, n in N_ELSEWHERE.items():
        works += [_elsewhere(author, language) for _ in range(n)]
    works += _look_alikes(author, works)
    works = [_without_abstract(work, chance) for work in works]
    chance.shuffle(works)
    return works


def _relevant(author: Author, contracts: Sequence[Contract]) -> Iterator[Work]:
    is_first = True
    for study in _studies(author.chance, contracts):
        for _ in range(author.chance.choices((1, 2, 3), (62, 28, 10))[0]):
            if author.n_works == N_RELEVANT:
                return
            work = author.write(study)
            yield _with_long_title(work) if is_first else work
            is_first = False


def _studies(chance: Random, contracts: Sequence[Contract]) -> Iterator[Study]:
    """Yield studies without end; contracts that no study reports on yet go first."""
    cells: dict[tuple[str, str], list[Contract]] = {}
    for contract in contracts:
        cells.setdefault((contract.area, contract.type), []).append(contract)
    turns = {cell: cycle(alike) for cell, alike in cells.items()}
    designs, weights = zip(*DESIGNS.items(), strict=True)
    for number, contract in enumerate(cycle(contracts), start=1):
        cell = contract.area, contract.type
        n = min(len(cells[cell]), chance.choices((1, 2, 3, 4), (42, 33, 16, 9))[0])
        chosen = tuple(next(turns[cell]) for _ in range(n))
        language = _language(chosen[0], chance)
        yield Study(
            number=number,
            language=language,
            authors=some_people(language, chance),
            contracts=chosen,
            design=chance.choices(designs, weights)[0],
            year=min(2020, max(one.start for one in chosen) + chance.randint(1, 5)),
        )


DESIGNS = {
    "qualitative": 28,
    "mixed_methods": 20,
    "quasi_experiment": 18,
    "before_after": 12,
    "observational": 10,
    "economic_evaluation": 7,
    "randomised_trial": 6,
    "systematic_review": 2,
}


def _language(contract: Contract, chance: Random) -> str:
    country = world()["countries"][contract.country]
    for language, share in REPORTED_IN.items():
        if language in country and chance.random() < share:
            return language
    return "en"


def _with_long_title(work: Work) -> Work:
    """Give a work the kind of title that tests a page's layout."""
    title = (
        f"{work.title}, together with an account of how the measures were chosen, priced, verified "
        "and twice renegotiated, of what the people who were served and the staff who served them "
        "thought of it, and of the lessons that commissioners, providers and investors elsewhere "
        "may or may not wish to draw from the experience"
    )
    return replace(work, title=title)


def _elsewhere(author: Author, language: str) -> Work:
    """Return a work that shares words with the question and is about something else."""
    chance, own = author.chance, elsewhere(language)
    author.n_works += 1
    for _ in range(100):
        topic = chance.choice(own["topics"])
        slots = {
            "a": chance.choice(topic["a"]),
            "b": chance.choice(topic["b"]),
            "tail": chance.choice(own["tails"]),
            "place": _town(language, chance),
        }
        if title := author.new_title(topic["titles"], slots):
            return _work_elsewhere(author, language, topic, title, slots)
    raise LookupError(f"No title is left for another work in the language {language}")


def _work_elsewhere(
    author: Author, language: str, topic: dict[str, Any], title: str, slots: dict[str, str]
) -> Work:
    chance = author.chance
    slots |= {
        "n": str(chance.randint(90, 900)),
        "m": str(chance.randint(9, 80)),
        "p": str(chance.randint(12, 88)),
    }
    year = chance.randint(1991, 2020) if chance.random() > 0.04 else chance.choice((1987, 2021))
    in_dates = 1990 <= year <= 2020
    return Work(
        number=author.n_works,
        language=language,
        title=title,
        abstract=_abstract_elsewhere(author, language, topic, slots),
        authors=some_people(language, chance),
        year=year,
        journal=chance.choice(world()["journals"][language]),
        pages=author.some_pages(),
        keywords=author.some_keywords([topic["a"][0], topic["b"][0], *topic["a"][2:4]]),
        reason=topic["reason"] if in_dates else "publication_date",
    )


def _abstract_elsewhere(
    author: Author, language: str, topic: dict[str, Any], slots: dict[str, str]
) -> str:
    chance, own = author.chance, elsewhere(language)
    background, aim, finding = (fill(one, slots) for one in topic["sentences"])
    if topic["reason"] == "not_empirical":
        argued = [fill(one, slots) for one in chance.sample(own["argued"], 4)]
        return " ".join([background, aim, *argued[:2], finding, *argued[2:]])
    methods = [fill(chance.choice(own[key]), slots) for key in ("methods", "checks")]
    results = [finding, fill(chance.choice(own["results"]), slots)]
    end = [fill(one, slots) for one in chance.sample(own["conclusions"], 2)]
    sections = [[background, aim], methods, results, end]
    return author.laid_out(sections, words(language)["headings"])


def _town(language: str, chance: Random) -> str:
    first, last = world()["towns"][chance.choice(TOWNS_OF[language])]
    return f"{chance.choice(first)}{chance.choice(last)}"


def _look_alikes(author: Author, works: Sequence[Work]) -> Iterator[Work]:
    """Yield works that look like others and are not: reports of a series, and errata."""
    models = author.chance.sample([one for one in works if one.reason and one.language == "en"], 8)
    for model in models[:N_SERIES]:
        town = _town("en", author.chance)
        for part in ("part 1", "part 2"):
            author.n_works += 1
            yield replace(
                model,
                number=author.n_works,
                title=f"Outcome monitoring of public services in {town}, {part}",
                pages=author.some_pages(),
                reason="not_outcomes_based",
            )
    for model in models[N_SERIES:]:
        author.n_works += 1
        yield replace(
            model,
            number=author.n_works,
            title=f"Erratum to: {model.title}",
            abstract=None,
            pages=author.some_pages(),
        )


def _without_abstract(work: Work, chance: Random) -> Work:
    """Take the abstract away from a few works, as indexes do."""
    share = 0.02 if work.study else 0.08
    return replace(work, abstract=None, themes={}) if chance.random() < share else work
