"""Commands for the person who runs the server."""

import gc
import signal
import sys

import uvicorn

from api.app import create_app
from api.cli.terminal import AsJson, database, progress, settings, show, stderr_console
from api.demonstration import LOGINS, PASSWORD, make_demonstration
from api.work.worker import Worker
from review.storage import migration
from review.storage.files import FileStore
from review.storage.migration import is_current
from review.verify import verify as find_faults


def serve() -> None:
    """Serve the pages at SIFTMAP_HOST and SIFTMAP_PORT."""
    _require_current_database()
    config = settings()
    stderr_console.print(f"siftmap is at http://{config.host}:{config.port}")
    app = create_app(config, database())
    # What is loaded now stays, so the collector need not look through it during a request.
    gc.collect()
    gc.freeze()
    # A page that counts a whole review must not make each query of a short page wait 5 ms for it.
    sys.setswitchinterval(0.001)
    uvicorn.run(
        app,
        host=config.host,
        port=config.port,
        log_level="warning",
        server_header=False,
    )


def worker() -> None:
    """Do the jobs that pages ask for, until stopped; for SIFTMAP_WORKER=separate."""
    _require_current_database()
    worker_loop = Worker(database(), settings())
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda _signal, _frame: worker_loop.stop())
    stderr_console.print("The worker is ready. Ctrl-C ends it after its current job.")
    worker_loop.run()


def migrate() -> None:
    """Bring the database to the newest revision, completely or not at all."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    migration.upgrade(settings().url)
    print("The database is at the newest revision.")


def demo() -> None:
    """Load the demonstration review, which is synthetic, and print how to sign in."""
    migrate()
    with progress("Making the demonstration") as report:
        is_new = make_demonstration(database(), settings(), lambda _step, done: report(done))
    print("Made the demonstration." if is_new else "The demonstration exists already.")
    for role, email in LOGINS.items():
        print(f"  {role:<12} {email:<24} password: {PASSWORD}")


def verify(as_json: AsJson = False) -> None:
    """Recompute every invariant and the hash chains; status 1 if there is any fault."""
    with database().reading() as session:
        faults = list(find_faults(session, files=FileStore(settings().files_dir)))
    show(
        [{"review": fault.review, "fault": fault.what} for fault in faults],
        as_json=as_json,
        text="\n".join(f"{fault.review}: {fault.what}" for fault in faults) or "All is well.",
    )
    if faults:
        raise SystemExit(1)


def _require_current_database() -> None:
    if not is_current(database()):
        stderr_console.print(
            "The database is not at the newest revision. Run `siftmap migrate` first."
        )
        raise SystemExit(1)
