"""An invented list of known contracts, such as INDIGO publishes of real ones."""

from collections.abc import Iterable, Iterator
from random import Random

from sqlalchemy.orm import Session

from api.demonstration.contracts import InventedContract, make_contracts
from api.demonstration.people import Cast
from api.demonstration.words import words, world
from review.studies.known_contracts.indigo import IndigoFile
from review.studies.known_contracts.lists import keep_list
from review.studies.known_contracts.matches import match_automatically
from review.studies.known_contracts.projects import Evaluation, KnownProject

NAME = "invented list of known contracts.json"
SHARE_LISTED = 0.85  # of the review's contracts
SHARE_EVALUATED = 0.15  # of the others


def add_known_contracts(
    session: Session, cast: Cast, contracts: Iterable[InventedContract], *, chance: Random
) -> None:
    """Add a list that has most of the review's contracts and many that nobody studied; match."""
    listed = [one for one in contracts if chance.random() < SHARE_LISTED]
    towns = {one.town for one in listed}
    others = [one for one in make_contracts(chance) if one.town not in towns]
    found = IndigoFile(projects=list(_projects([*listed, *others], len(listed), chance)))
    keep_list(session, review_id=cast.review_id, found=found, name=NAME, by=cast.lead)
    match_automatically(session, review_id=cast.review_id, by=cast.lead)


def _projects(
    contracts: list[InventedContract], n_studied: int, chance: Random
) -> Iterator[KnownProject]:
    for place, one in enumerate(contracts):
        country = world()["countries"][one.country]
        people = words("en")["areas"][one.area][one.group][0]
        name = f"{one.town} {people} {one.type.replace('_', ' ')}".title()
        is_evaluated = place >= n_studied and chance.random() < SHARE_EVALUATED
        yield KnownProject(
            key=f"INVENTED-{place + 1:04}",
            name=name,
            countries=(one.country,),
            places=(one.town,),
            sectors=(one.area.replace("_", " ").capitalize(),),
            instrument=one.type.replace("_", " ").capitalize(),
            stage=chance.choice(("Implementation", "Service delivery complete", "Complete")),
            start=str(one.start),
            payers=(country["payer"],),
            evaluations=(Evaluation(f"{name}: final report", "", str(one.start + 5)),)
            if is_evaluated
            else (),
        )
