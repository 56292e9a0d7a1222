"""Connections that only wait for their client are closed; those that work are not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from api.web import connections
from api.web.connections import TimedConnection
from tests import own_loop

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
SHORT = 0.2
ENOUGH = 10.0  # seconds after which a test fails that waits in vain

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer(_scope, _receive, send) -> None:
    """Answer without reading what is sent."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


async def answer_late(scope, receive, send) -> None:
    await asyncio.sleep(SHORT * 3)
    await answer(scope, receive, send)


async def answer_at_length(_scope, _receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def listening(app: Callable) -> AsyncIterator[Callable[[], Coroutine[None, None, Client]]]:
    """A server of ``app``, as a function that connects to it."""
    config, state = Config(app, log_level="critical"), ServerState()
    made = lambda: TimedConnection(config, state, {})  # noqa: E731
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(await asyncio.open_connection("127.0.0.1", port))
        return clients[-1]

    yield connect
    for _, writer in clients:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    for connection in list(state.connections):
        connection.transport.abort()
    server.close()


def run(test: Coroutine[None, None, None]) -> None:
    own_loop.run(test)


async def is_closed(client: Client, *, dripping: bytes = b"") -> bool:
    """Wait until the server closes the connection, sending a byte now and then."""
    reader, writer = client
    until = time.monotonic() + ENOUGH
    with suppress(OSError):
        while time.monotonic() < until and dripping and not reader.at_eof():
            writer.write(dripping)
            await writer.drain()
            with suppress(TimeoutError):
                if not await asyncio.wait_for(reader.read(65_536), SHORT / 10):
                    return True
        while await asyncio.wait_for(reader.read(65_536), ENOUGH):
            pass
    return time.monotonic() < until


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PATIENCE", SHORT)
    monkeypatch.setattr(connections, "SLOWEST_READER", SHORT)


@pytest.mark.parametrize(
    ("sent", "dripping"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nx-slow: ", b"a"),
        (REQUEST + b"GET", b""),
        (REQUEST + b"GET / HTTP/1.1\r\nx-slow: ", b"a"),
        (POST, b"a"),
    ],
    ids=["nothing", "slow headers", "half a next request", "slow next", "body after the answer"],
)
def test_who_only_makes_us_wait_is_closed(impatient, sent, dripping):
    async def test() -> None:
        async with listening(answer) as connect:
            client = await connect()
            client[1].write(sent)
            assert await is_closed(client, dripping=dripping)

    run(test())


def test_who_does_not_take_the_answer_is_closed(impatient):
    async def test() -> None:
        async with listening(answer_at_length) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            await asyncio.sleep(SHORT * 5)
            n_read = 0
            with suppress(OSError):
                while part := await reader.read(65_536):
                    n_read += len(part)
            assert n_read < 1_000 * 65_536

    run(test())


def test_who_waits_for_us_is_not_closed(impatient):
    async def test() -> None:
        async with listening(answer_late) as connect:
            reader, writer = await connect()
            writer.write(REQUEST)
            assert b"done" in await reader.readuntil(b"done")

    run(test())


def test_one_too_many_closes_the_one_that_has_waited_longest(monkeypatch):
    monkeypatch.setattr(connections, "MOST", 2)

    async def test() -> None:
        async with listening(answer_late) as connect:
            working = await connect()
            working[1].write(REQUEST)
            await asyncio.sleep(0.05)
            idle = await connect()
            newest = await connect()
            newest[1].write(REQUEST)
            assert await is_closed(idle)
            for reader, _ in (working, newest):
                assert b"done" in await reader.readuntil(b"done")

    run(test())


def test_a_flood_of_headers_is_refused():
    async def test() -> None:
        async with listening(answer) as connect:
            reader, writer = await connect()
            writer.write(b"GET / HTTP/1.1\r\n" + b"x-flood: y\r\n" * 200_000)
            assert (await reader.readline()).startswith(b"HTTP/1.1 400")

    run(test())


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: -5\r\n", b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: 1e9\r\n", b"transfer-encoding: chunked, chunked\r\n",
    ],
)  # fmt: skip
def test_a_length_that_is_none_is_refused(head):
    async def test() -> None:
        async with listening(answer) as connect:
            reader, writer = await connect()
            writer.write(b"POST / HTTP/1.1\r\nhost: x\r\n" + head + b"\r\n")
            status = int((await reader.readline()).split()[1])
            assert status in (400, 501)

    run(test())
