"""What a list says about a contract that is known to exist."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Evaluation:
    """An evaluation report that the list names."""

    title: str
    url: str
    date: str


@dataclass(frozen=True)
class KnownProject:
    """One project of the list, as far as its contract can be recognised and placed on a map."""

    key: str
    name: str
    other_names: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()  # alpha-2, of the places where services are delivered
    places: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    goals: tuple[str, ...] = ()
    instrument: str = ""
    """The type that its name says, or that its payers and its country mean."""
    stage: str = ""
    start: str = ""  # of services, else when the outcomes contract was signed: a year or more
    payers: tuple[str, ...] = ()
    payer_roles: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()

    @property
    def year(self) -> int | None:
        """The year in which services began."""
        found = re.match(r"\d{4}", self.start)
        return int(found[0]) if found else None
