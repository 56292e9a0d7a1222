"""Storm the sign-in page of a server until asked to end; `siege.py` runs this in a process.

    python tests/benchmarks/storm.py http://127.0.0.1:8000 200 known@example.org …

Each client sends a wrong password, for a known account or an unknown one, and the next as soon as
it has an answer.  Prints how often which status was answered.
"""

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit


async def storm(url: str, n_clients: int, emails: Sequence[str]) -> None:
    """Send wrong passwords until the process is asked to end, then print the counts."""
    answers: Counter[str] = Counter()
    clients = [
        asyncio.create_task(guess(url, email_of(number, emails), answers))
        for number in range(n_clients)
    ]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print("storming", flush=True)
    await ended.wait()
    for client in clients:
        client.cancel()
    print(json.dumps(answers))


def email_of(number: int, emails: Sequence[str]) -> str:
    """Return a known address for every other client, an unknown one for the others."""
    return emails[number % len(emails)] if number % 2 else f"nobody-{number}@example.org"


async def guess(url: str, email: str, answers: Counter[str]) -> None:
    """Send one wrong password after the other over one connection, which is opened as needed."""
    address = urlsplit(url)
    body = urlencode({"email": email, "password": "not the right words"})
    request = (
        f"POST /login HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
    ).encode()
    while True:
        try:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            while True:
                writer.write(request)
                answers[await status_of(reader)] += 1
        except (OSError, asyncio.IncompleteReadError):
            answers["no answer"] += 1
            await asyncio.sleep(0.1)


async def status_of(reader: asyncio.StreamReader) -> str:
    """Return the status of the next answer, and read all of it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length: ")[2].partition("\r\n")[0]
    await reader.readexactly(int(length or 0))
    return head.split(" ")[1]


if __name__ == "__main__":
    asyncio.run(storm(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
