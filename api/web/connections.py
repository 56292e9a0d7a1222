"""Connections whose requests do not arrive in time, or that are one too many, are closed."""

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol

# As Apache's mod_reqtimeout has it for headers: https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html
PATIENCE = 20.0
"""Seconds for the headers of a request, and for what a client still sends after its answer."""
SLOWEST_READER = 60.0
"""Seconds in which a client takes the 48 kB of an answer that are on their way to it."""
MOST = 500
"""Connections at a time; a process may usually have 1,024 files open, and needs some for files."""


class TimedConnection(H11Protocol):
    """A connection that is given up while it only waits for its client, and that for too long.

    The time for a body is limited where it is read, in `api.web.bodies`.
    """

    _deadline: asyncio.TimerHandle | None = None
    _is_unread = False  # the client does not take the answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request; if there are too many connections, give one up for it."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > MOST:
            connections = cast("set[TimedConnection]", self.connections) - {self}
            waiting = filter(TimedConnection._is_waiting, connections)
            min(waiting, key=TimedConnection._due, default=self).give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._set_deadline(None)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Handle what the client sent, and wait for the rest if that is no whole request yet."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Wait for the client to take what was written."""
        super().pause_writing()
        self._is_unread = True
        self._set_deadline(SLOWEST_READER)

    def resume_writing(self) -> None:
        """Write on."""
        super().resume_writing()
        self._is_unread = False
        self._set_deadline(None)
        self._watch()

    def give_up(self) -> None:
        """Close the connection, whatever is still to be sent."""
        self.transport.abort()

    def _watch(self) -> None:
        """Set the deadline when we begin to wait for headers; they do not move it by coming."""
        if self._is_unread:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._set_deadline(None)
        elif self._deadline is None and not self.transport.is_closing():
            self._set_deadline(PATIENCE)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self.give_up)

    def _is_waiting(self) -> bool:
        return self._deadline is not None and not self._is_unread

    def _due(self) -> float:
        return cast(asyncio.TimerHandle, self._deadline).when()
