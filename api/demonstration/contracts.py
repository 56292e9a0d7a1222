"""Invented contracts: what they pay for, where, since when and with whose money."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from api.demonstration.words import words, world

WITH_INVESTOR = frozenset({"social_impact_bond", "development_impact_bond", "pay_for_success"})


@dataclass(frozen=True)
class Contract:
    """An invented contract, as a report might describe it."""

    number: int
    type: str
    area: str
    group: int  # which of the area's groups of people it serves
    country: str
    town: str
    start: int
    scale: int
    amount: int

    @property
    def label(self) -> str:
        """Return the name that it goes by in the review."""
        noun = words("en")["contracts"][self.type][0]
        people = words("en")["areas"][self.area][self.group][0]
        return f"{self.town}: {noun.removeprefix('a ').removeprefix('an ')} for {people}"

    @property
    def has_investor(self) -> bool:
        """Whether somebody else puts up the money."""
        return self.type in WITH_INVESTOR

    def slots(self, language: str) -> dict[str, str]:
        """Return the words that sentences about the contract are filled in with."""
        own, country = words(language), world()["countries"][self.country]
        people, outcome, service = own["areas"][self.area][self.group]
        contract, heading = own["contracts"][self.type]
        payer = country["payer"] if language == "en" else country[f"{language}_payer"]
        return {
            "people": people,
            "outcome": outcome,
            "service": service,
            "contract": contract,
            "Contract": contract[0].upper() + contract[1:],
            "Heading": heading,
            "payer": payer,
            "country": country[language],
            "place": self.town,
            "start": str(self.start),
        }


def make_contracts(chance: Random) -> list[Contract]:
    """Return all contracts of the invented world, in an order that mixes areas and types."""
    cells = [
        (area, kind)
        for area, kinds in world()["cells"].items()
        for kind, n in kinds.items()
        for _ in range(n)
    ]
    chance.shuffle(cells)
    free = {name: _towns(name, chance) for name in world()["towns"]}
    return [
        _contract(number, area, kind, free, chance)
        for number, (area, kind) in enumerate(cells, start=1)
    ]


def _contract(
    number: int, area: str, kind: str, free: dict[str, Iterator[str]], chance: Random
) -> Contract:
    where = world()["countries_of"][kind]
    # The first countries of a list have more contracts than the last: evidence is uneven.
    country = where[min(chance.randrange(len(where)), chance.randrange(len(where)))]
    return Contract(
        number=number,
        type=kind,
        area=area,
        group=chance.randrange(2),
        country=country,
        town=next(free[world()["countries"][country]["towns"]]),
        start=chance.randint(2004, 2015),
        scale=chance.randrange(120, 4000, 20),
        amount=chance.randrange(400_000, 18_000_000, 50_000),
    )


def _towns(name: str, chance: Random) -> Iterator[str]:
    """Yield the towns of a part of the world, each once."""
    first, last = world()["towns"][name]
    every = [one + other for one, other in product(first, last)]
    chance.shuffle(every)
    return iter(every)
