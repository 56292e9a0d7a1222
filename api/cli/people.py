"""Commands for accounts, reviews and protocols."""

from typing import Annotated

import typer
from sqlalchemy import func, select

from api.cli.terminal import As, AsJson, Slug, acting, database, review_id, show
from protocols.loader import find, load_file
from review.errors import Invalid
from review.people.accounts import add_account, change_password, find_account
from review.reviews import add_member, create_review, remove_member
from review.tables import Record, Review
from review.vocabulary import Role

user = typer.Typer(no_args_is_help=True, help="Accounts.")
review = typer.Typer(no_args_is_help=True, help="Reviews.")
protocol = typer.Typer(no_args_is_help=True, help="Protocol files.")


@user.command("add")
def add_user(
    email: str,
    name: Annotated[str, typer.Option(help="How others see the person.")] = "",
    password: Annotated[
        str, typer.Option(help="Asked for where it is not given.", envvar="SIFTMAP_NEW_PASSWORD")
    ] = "",
    admin: Annotated[bool, typer.Option(help="May run this instance.")] = False,
    in_review: Annotated[str, typer.Option("--review", help="Add to this review …")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="… with this role.")] = None,
) -> None:
    """Add an account, and optionally make it a member of a review."""
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with database().writing() as session:
        account = add_account(session, email=email, name=name, password=secret, is_admin=admin)
        if in_review:
            if not role:
                raise Invalid("Say with which --role: lead, reviewer, adjudicator or advisor.")
            for one in role:
                add_member(
                    session,
                    review_id=review_id(in_review),
                    email=account.email,
                    role=one,
                    by=acting(""),
                )
        print(f"Added {account.email}.")


@user.command("password")
def set_password(
    email: str,
    password: Annotated[
        str, typer.Option(help="Asked for where it is not given.", envvar="SIFTMAP_NEW_PASSWORD")
    ] = "",
) -> None:
    """Give an account a new password, for instance to somebody who forgot theirs."""
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with database().writing() as session:
        change_password(session, find_account(session, email).id, secret)
    print(f"{email} has a new password; whoever was signed in as them is not any more.")


@review.command("create")
def create(
    slug: Slug,
    from_protocol: Annotated[
        str, typer.Option("--protocol", help="A shipped protocol's name, or a file.")
    ],
    title: Annotated[str, typer.Option(help="The protocol's title, where not given.")] = "",
    by: As = "",
    as_json: AsJson = False,
) -> None:
    """Start a review under a protocol."""
    text = load_file(find(from_protocol)).text
    actor = acting(by)
    with database().writing() as session:
        made = create_review(session, slug=slug, title=title or None, protocol_text=text, by=actor)
        show(
            {"id": made.id, "slug": made.slug, "title": made.title},
            as_json=as_json,
            text=f"Started the review '{made.slug}': {made.title}",
        )


@review.command("list")
def list_reviews(as_json: AsJson = False) -> None:
    """List the reviews with their number of records."""
    with database().reading() as session:
        rows = session.execute(
            select(Review.slug, Review.title, func.count(Record.id))
            .outerjoin(Record, Record.review_id == Review.id)
            .group_by(Review.id, Review.slug, Review.title)
            .order_by(Review.slug)
        ).all()
    show(
        [{"slug": slug, "title": title, "records": n} for slug, title, n in rows],
        as_json=as_json,
        text="\n".join(f"{slug}  {n:,} records  {title}" for slug, title, n in rows)
        or "No review yet. Start one with `siftmap review create`.",
    )


@review.command("member")
def member(
    slug: Slug,
    email: str,
    role: Annotated[Role, typer.Option(help="The role to give, or to take away.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the role away.")] = False,
    by: As = "",
) -> None:
    """Give somebody who has an account a role in a review, or take it away."""
    act = remove_member if remove else add_member
    with database().writing() as session:
        act(session, review_id=review_id(slug), email=email, role=role, by=acting(by))
    print(f"{email} is {'no longer ' if remove else ''}{role} in '{slug}'.")


@protocol.command("check")
def check(
    file: Annotated[str, typer.Argument(help="A file, or a shipped protocol's name.")],
    as_json: AsJson = False,
) -> None:
    """Report every mistake of a protocol file at once, each with its line."""
    loaded = load_file(find(file))
    show(
        {"title": loaded.protocol.title, "sha256": loaded.sha256},
        as_json=as_json,
        text=f"{file}: no mistakes. {loaded.protocol.title}",
    )
