"""Who a command acts as."""

from typing import Annotated

import typer

from api.cli.terminal import database
from review.events import OPERATOR, Actor
from review.people.accounts import find_account

ActAs = Annotated[str, typer.Option("--as", help="Act as this person, by e-mail address.")]


def actor_of(email: str) -> Actor:
    """Return the person with this e-mail address as an actor; the operator if it is empty."""
    if not email:
        return OPERATOR
    with database().reading() as session:
        return Actor.person(find_account(session, email).id)
