"""`siftmap serve`: the pages, the JSON API, and a worker beside them."""

import gc
import sys

import uvicorn

from api.app import create_app
from api.cli.current_database import require_current_database
from api.cli.errors import complain
from api.cli.terminal import database, settings
from api.web.connections import TimedConnection


def serve() -> None:
    """Serve the pages at SIFTMAP_HOST and SIFTMAP_PORT."""
    require_current_database()
    config = settings()
    complain(f"siftmap is at http://{config.host}:{config.port}")
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
        http=TimedConnection,
        ws="none",
    )
