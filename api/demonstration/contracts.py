"""Invented contracts: what they pay for, where, when, and who provides the money."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random

from api.demonstration.words import words, world

WITH_INVESTOR = frozenset({"social_impact_bond", "development_impact_bond", "pay_for_success"})


@dataclass(frozen=True)
class InventedContract:
    """An invented contract, as a report might describe it."""

    number: int
    type: str
    area: str
    group: int  # which of the area's target groups it serves
    country: str
    town: str
    start: int
    scale: int
    amount: int

    @property
    def label(self) -> str:
        """Return its name in the review."""
        noun = words("en")["contracts"][self.type][0]
        people = words("en")["areas"][self.area][self.group][0]
        return f"{self.town}: {noun.removeprefix('a ').removeprefix('an ')} for {people}"

    @property
    def has_investor(self) -> bool:
        """Return whether an investor provides the money first."""
        return self.type in WITH_INVESTOR

    def slots(self, language: str) -> dict[str, str]:
        """Return the words that fill in sentences about the contract."""
        vocabulary, country = words(language), world()["countries"][self.country]
        people, outcome, service = vocabulary["areas"][self.area][self.group]
        contract, heading = vocabulary["contracts"][self.type]
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


def make_contracts(chance: Random) -> list[InventedContract]:
    """Return all contracts of the invented world, with areas and types mixed."""
    cells = [
        (area, kind)
        for area, kinds in world()["cells"].items()
        for kind, n in kinds.items()
        for _ in range(n)
    ]
    chance.shuffle(cells)
    unused_towns = {name: _towns(name, chance) for name in world()["towns"]}
    return [
        _contract(number, area, kind, unused_towns=unused_towns, chance=chance)
        for number, (area, kind) in enumerate(cells, start=1)
    ]


def _contract(
    number: int, area: str, kind: str, *, unused_towns: dict[str, Iterator[str]], chance: Random
) -> InventedContract:
    countries = world()["countries_of"][kind]
    # Countries early in the list have more contracts, because evidence is uneven.
    country = countries[min(chance.randrange(len(countries)), chance.randrange(len(countries)))]
    return InventedContract(
        number=number,
        type=kind,
        area=area,
        group=chance.randrange(2),
        country=country,
        town=next(unused_towns[world()["countries"][country]["towns"]]),
        start=chance.randint(2004, 2015),
        scale=chance.randrange(120, 4000, 20),
        amount=chance.randrange(400_000, 18_000_000, 50_000),
    )


def _towns(name: str, chance: Random) -> Iterator[str]:
    """Return the towns of a region in random order."""
    beginnings, ends = world()["towns"][name]
    towns = [beginning + end for beginning, end in product(beginnings, ends)]
    chance.shuffle(towns)
    return iter(towns)
