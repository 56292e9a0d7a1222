"""`siftmap worker`: the jobs that pages ask for, in a process of its own."""

import signal

from api.cli.current_database import require_current_database
from api.cli.errors import complain
from api.cli.terminal import database, settings
from api.work.worker import Worker


def worker() -> None:
    """Do the jobs that pages ask for, until stopped; for SIFTMAP_WORKER=separate."""
    require_current_database()
    worker_loop = Worker(database(), settings())
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda _signal, _frame: worker_loop.stop())
    complain("The worker is ready. Ctrl-C ends it after its current job.")
    worker_loop.run()
