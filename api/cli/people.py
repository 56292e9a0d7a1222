"""Commands for accounts, reviews and protocols."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.acting import ActAs, actor_of
from api.cli.terminal import AsJson, ReviewSlug, database, review_id_of, show
from protocols.loader import find, load_file
from review.errors import Invalid, NotFound
from review.people.accounts import add_account, change_password, find_account
from review.people.closing import close_account, reopen_account
from review.people.passwords import hash_password
from review.reviews import add_member, create_review, remove_member, reviews_with_sizes
from review.vocabulary import Role


def add_user(
    email: str,
    name: Annotated[str, typer.Option(help="How others see the person.")] = "",
    password: Annotated[
        str, typer.Option(help="Asked for if left out.", envvar="SIFTMAP_NEW_PASSWORD")
    ] = "",
    admin: Annotated[
        bool, typer.Option(help="An administrator of the server, who may start reviews.")
    ] = False,
    in_review: Annotated[str, typer.Option("--review", help="Add to this review …")] = "",
    role: Annotated[list[Role] | None, typer.Option(help="… with this role.")] = None,
) -> None:
    """Add an account, and optionally make it a member of a review."""
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    password_hash = hash_password(secret)
    with database().writing() as session:
        account = add_account(
            session, email=email, name=name, password_hash=password_hash, is_admin=admin
        )
        if in_review:
            if not role:
                raise Invalid("Add --role with lead, reviewer, adjudicator or advisor.")
            for given_role in role:
                add_member(
                    session,
                    review_id=review_id_of(in_review),
                    email=account.email,
                    role=given_role,
                    by=actor_of(""),
                )
        print(f"Added {account.email}.")


def set_password(
    email: str,
    password: Annotated[
        str, typer.Option(help="Asked for if left out.", envvar="SIFTMAP_NEW_PASSWORD")
    ] = "",
) -> None:
    """Give an account a new password, for instance if someone forgot theirs."""
    secret = password or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    password_hash = hash_password(secret)
    with database().writing() as session:
        change_password(session, find_account(session, email).id, password_hash)
    print(f"{email} has a new password. All their sessions have ended.")


def close(email: str) -> None:
    """Close an account: its sessions and tokens end at once; decisions and roles stay."""
    with database().writing() as session:
        without_lead = close_account(session, email)
    print(f"{email} is closed: signed out everywhere, and all tokens are revoked.")
    for slug in without_lead:
        print(f"'{slug}' has no other lead. Add one with `siftmap review member`.")


def reopen(email: str) -> None:
    """Open a closed account again, with its old password and roles; tokens stay revoked."""
    with database().writing() as session:
        reopen_account(session, email)
    print(f"{email} is open again.")


def start_review(
    slug: ReviewSlug,
    from_protocol: Annotated[
        str, typer.Option("--protocol", help="A shipped protocol's name, or a file.")
    ],
    title: Annotated[str, typer.Option(help="The protocol's title if left out.")] = "",
    by: ActAs = "",
    as_json: AsJson = False,
) -> None:
    """Start a review under a protocol."""
    text = load_file(_protocol_file(from_protocol)).text
    actor = actor_of(by)
    with database().writing() as session:
        created = create_review(
            session, slug=slug, title=title or None, protocol_text=text, by=actor
        )
        show(
            {"id": created.id, "slug": created.slug, "title": created.title},
            as_json=as_json,
            text=f"Started the review '{created.slug}': {created.title}",
        )


def list_reviews(as_json: AsJson = False) -> None:
    """List the reviews with their number of records."""
    with database().reading() as session:
        rows = [(review.slug, review.title, n) for review, n in reviews_with_sizes(session)]
    show(
        [{"slug": slug, "title": title, "records": n} for slug, title, n in rows],
        as_json=as_json,
        text="\n".join(f"{slug}  {n:,} records  {title}" for slug, title, n in rows)
        or "There is no review yet. Start one with `siftmap review create`.",
    )


def change_member(
    slug: ReviewSlug,
    email: str,
    role: Annotated[Role, typer.Option(help="The role to give, or to take away.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the role away.")] = False,
    by: ActAs = "",
) -> None:
    """Give someone who has an account a role in a review, or take it away."""
    act = remove_member if remove else add_member
    with database().writing() as session:
        act(session, review_id=review_id_of(slug), email=email, role=role, by=actor_of(by))
    print(f"{email} is {'no longer ' if remove else ''}{role} in '{slug}'.")


def check_protocol(
    file: Annotated[str, typer.Argument(help="A file, or a shipped protocol's name.")],
    as_json: AsJson = False,
) -> None:
    """Report every mistake in a protocol file at once, each with its line."""
    loaded = load_file(_protocol_file(file))
    show(
        {"title": loaded.protocol.title, "sha256": loaded.sha256},
        as_json=as_json,
        text=f"{file}: no mistakes. {loaded.protocol.title}",
    )


def _protocol_file(name_or_path: str) -> Path:
    """Return the file of a protocol; raise NotFound where neither a name nor a path is known."""
    try:
        return find(name_or_path)
    except LookupError as error:
        raise NotFound(str(error)) from error
