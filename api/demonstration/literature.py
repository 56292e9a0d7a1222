"""The invented literature: works about the contracts, off-topic works, and look-alikes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from random import Random
from typing import Any

from api.demonstration.contracts import InventedContract, make_contracts
from api.demonstration.words import fill, off_topic, words, world
from api.demonstration.works import Author, InventedStudy, Work, some_people

N_RELEVANT = 188
N_OFF_TOPIC = {"en": 620, "es": 70, "fr": 60}
N_SERIES, N_ERRATA = 6, 2
TOWNS_OF = {"en": ("english", "northern", "asian"), "es": ("iberian",), "fr": ("french",)}
REPORTED_IN = {"es": 0.85, "fr": 0.85}  # how often a study is in its country's language


def make_works(chance: Random) -> list[Work]:
    """Return the invented literature in random order."""
    author = Author(chance)
    works = list(_relevant(author, make_contracts(chance)))
    for language, n in N_OFF_TOPIC.items():
        works += [_off_topic_work(author, language) for _ in range(n)]
    works += _look_alikes(author, works)
    works = [_without_abstract(work, chance) for work in works]
    chance.shuffle(works)
    return works


def _relevant(author: Author, contracts: Sequence[InventedContract]) -> Iterator[Work]:
    is_first = True
    for study in _studies(author.chance, contracts):
        for _ in range(author.chance.choices((1, 2, 3), (62, 28, 10))[0]):
            if author.n_works == N_RELEVANT:
                return
            work = author.write(study)
            yield _with_long_title(work) if is_first else work
            is_first = False


def _studies(chance: Random, contracts: Sequence[InventedContract]) -> Iterator[InventedStudy]:
    """Yield studies without end; contracts without a study come first."""
    cells: dict[tuple[str, str], list[InventedContract]] = {}
    for contract in contracts:
        cells.setdefault((contract.area, contract.type), []).append(contract)
    turns = {cell: cycle(members) for cell, members in cells.items()}
    designs, weights = zip(*DESIGNS.items(), strict=True)
    for number, contract in enumerate(cycle(contracts), start=1):
        cell = contract.area, contract.type
        n = min(len(cells[cell]), chance.choices((1, 2, 3, 4), (42, 33, 16, 9))[0])
        chosen = tuple(next(turns[cell]) for _ in range(n))
        language = _language(chosen[0], chance)
        yield InventedStudy(
            number=number,
            language=language,
            authors=some_people(language, chance),
            contracts=chosen,
            design=chance.choices(designs, weights)[0],
            year=min(2020, max(contract.start for contract in chosen) + chance.randint(1, 5)),
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


def _language(contract: InventedContract, chance: Random) -> str:
    country = world()["countries"][contract.country]
    for language, share in REPORTED_IN.items():
        if language in country and chance.random() < share:
            return language
    return "en"


def _with_long_title(work: Work) -> Work:
    """Return the work with a title long enough to test the layout of pages."""
    title = (
        f"{work.title}, together with an account of how the measures were chosen, priced, verified "
        "and twice renegotiated, of what the people who were served and the staff who served them "
        "thought of it, and of the lessons that commissioners, providers and investors elsewhere "
        "may or may not wish to draw from the experience"
    )
    return replace(work, title=title)


def _off_topic_work(author: Author, language: str) -> Work:
    """Return a work that shares words with the question but is about something else."""
    chance, vocabulary = author.chance, off_topic(language)
    author.n_works += 1
    for _ in range(100):
        topic = chance.choice(vocabulary["topics"])
        slots = {
            "a": chance.choice(topic["a"]),
            "b": chance.choice(topic["b"]),
            "tail": chance.choice(vocabulary["tails"]),
            "place": _town(language, chance),
        }
        if title := author.new_title(topic["titles"], slots):
            return _complete_off_topic_work(author, language, topic, title=title, slots=slots)
    raise LookupError(f"No title is left for another work in the language {language}")


def _complete_off_topic_work(
    author: Author, language: str, topic: dict[str, Any], *, title: str, slots: dict[str, str]
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
        abstract=_off_topic_abstract(author, language, topic, slots=slots),
        authors=some_people(language, chance),
        year=year,
        journal=chance.choice(world()["journals"][language]),
        pages=author.some_pages(),
        keywords=author.some_keywords([topic["a"][0], topic["b"][0], *topic["a"][2:4]]),
        reason=topic["reason"] if in_dates else "publication_date",
    )


def _off_topic_abstract(
    author: Author, language: str, topic: dict[str, Any], *, slots: dict[str, str]
) -> str:
    chance, vocabulary = author.chance, off_topic(language)
    background, aim, finding = (fill(sentence, slots) for sentence in topic["sentences"])
    if topic["reason"] == "not_empirical":
        argued = [fill(text, slots) for text in chance.sample(vocabulary["argued"], 4)]
        return " ".join([background, aim, *argued[:2], finding, *argued[2:]])
    methods = [fill(chance.choice(vocabulary[key]), slots) for key in ("methods", "checks")]
    results = [finding, fill(chance.choice(vocabulary["results"]), slots)]
    end = [fill(text, slots) for text in chance.sample(vocabulary["conclusions"], 2)]
    sections = [[background, aim], methods, results, end]
    return author.lay_out(sections, words(language)["headings"])


def _town(language: str, chance: Random) -> str:
    beginnings, ends = world()["towns"][chance.choice(TOWNS_OF[language])]
    return f"{chance.choice(beginnings)}{chance.choice(ends)}"


def _look_alikes(author: Author, works: Sequence[Work]) -> Iterator[Work]:
    """Yield works that look like duplicates but are not: parts of a series, and errata."""
    irrelevant = [work for work in works if work.reason and work.language == "en"]
    models = author.chance.sample(irrelevant, N_SERIES + N_ERRATA)
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
    """Return the work, in a few cases without its abstract, as in real indexes."""
    share = 0.02 if work.study else 0.08
    return replace(work, abstract=None, themes={}) if chance.random() < share else work
