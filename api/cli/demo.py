"""`siftmap demo`: the demonstration review."""

from api.cli.migrate import migrate
from api.cli.progress import progress
from api.cli.terminal import database, settings
from api.demonstration import LOGINS, PASSWORD, make_demonstration


def demo() -> None:
    """Load the demonstration review, which is synthetic, and print how to sign in."""
    migrate()
    with progress("Making the demonstration") as report:
        is_new = make_demonstration(database(), settings(), lambda _step, done: report(done))
    print("Made the demonstration." if is_new else "The demonstration exists already.")
    for role, email in LOGINS.items():
        print(f"  {role:<12} {email:<24} password: {PASSWORD}")
