"""Commands for whoever runs the server."""

import gc
import signal
import sys

import uvicorn

from api.app import create_app
from api.cli.terminal import AsJson, database, errors, progress, settings, show
from api.demonstration import LOGINS, PASSWORD, make_demonstration
from api.work.worker import Worker
from review.storage import migration
from review.storage.files import FileStore
from review.storage.migration import is_current
from review.verify import verify as find_faults


def serve() -> None:
    """Serve the pages at SIFTMAP_HOST and SIFTMAP_PORT."""
    if not is_current(database()):
        errors.print("The database is not at the newest revision. Run `siftmap migrate` first.")
        raise SystemExit(1)
    config = settings()
    errors.print(f"siftmap is at http://{config.host}:{config.port}")
    app = create_app(config, database())
    # What is loaded by now stays: the collector need not look through it in the midst of a request.
    gc.collect()
    gc.freeze()
    # A page that counts a whole review must not make every query of a short one wait 5 ms for it.
    sys.setswitchinterval(0.001)
    uvicorn.run(
        app,
        host=config.host,
        port=config.port,
        log_level="warning",
        server_header=False,
    )


def worker() -> None:
    """Do the work that pages ask for, until stopped; where SIFTMAP_WORKER is separate."""
    if not is_current(database()):
        errors.print("The database is not at the newest revision. Run `siftmap migrate` first.")
        raise SystemExit(1)
    doing = Worker(database(), settings())
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda _signal, _frame: doing.stop())
    errors.print("The worker is ready; Ctrl-C ends it after the job that is under way.")
    doing.run()


def migrate() -> None:
    """Bring the database to the newest revision; all of it happens, or nothing."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    migration.upgrade(settings().url)
    print("The database is at the newest revision.")


def demo() -> None:
    """Load the demonstration review, synthetic and labelled so; again it says how to sign in."""
    migrate()
    with progress("Making the demonstration") as tell:
        is_new = make_demonstration(database(), settings(), lambda _what, done: tell(done))
    print("Made the demonstration." if is_new else "The demonstration is there already.")
    for role, email in LOGINS.items():
        print(f"  {role:<12} {email:<24} password: {PASSWORD}")


def verify(as_json: AsJson = False) -> None:
    """Recompute every invariant and the hash chains; status 1 on any fault."""
    with database().reading() as session:
        faults = list(find_faults(session, files=FileStore(settings().files_dir)))
    show(
        [{"review": fault.review, "fault": fault.what} for fault in faults],
        as_json=as_json,
        text="\n".join(f"{fault.review}: {fault.what}" for fault in faults) or "All is well.",
    )
    if faults:
        raise SystemExit(1)
