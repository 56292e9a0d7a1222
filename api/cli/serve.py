"""`siftmap serve`: the pages, the JSON API, and a worker beside them."""

import gc
import sys
from typing import Any

import uvicorn

from api.app import create_app
from api.cli.current_database import require_current_database
from api.cli.errors import complain
from api.cli.terminal import database, settings
from api.settings import Settings
from api.web.connections import TimedConnection
from review.people.accounts import oldest_email
from review.people.first_account import first_account_token


def serve() -> None:
    """Serve the pages at SIFTMAP_HOST and SIFTMAP_PORT."""
    require_current_database()
    config = settings()
    address = config.public_origins[0] if config.public_origins else config.own_address
    complain(f"siftmap is at {config.own_address}")
    with database().reading() as session:
        if oldest_email(session) is None:
            token = first_account_token(config.key())
            complain(f"Create the first account: {address}/first-account/{token}")
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
        **proxy_options(config),
    )


def proxy_options(config: Settings) -> dict[str, Any]:
    """Return uvicorn's options for believing the headers of the proxies that were named.

    By default uvicorn believes those of everybody on the same host.
    """
    return {
        "proxy_headers": bool(config.trusted_proxies),
        "forwarded_allow_ips": [str(network) for network in config.trusted_proxies],
    }
