"""A server that misbehaves as told, and a cache that no other test sees."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nsai.data import find

Behaviour = Callable[["Handler"], None]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and no journal."""
    monkeypatch.setenv("NSAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NSAI_DATA_LOG", raising=False)
    return tmp_path / "cache" / "data"


@pytest.fixture
def need() -> Callable[[str], None]:
    """Skip a test, saying why, unless a set of the catalogue is on this machine."""

    def check(name: str) -> None:
        found = find(name)
        if not found.available:
            pytest.skip(f"{name} is not on this machine: {found.detail}")

    return check


class Handler(BaseHTTPRequestHandler):
    """Answers a path with the next of its behaviours; the last one stays."""

    server: "FaultyServer"

    def do_GET(self) -> None:
        with self.server.guard:
            self.server.requests.append((self.path, self.headers.get("Range")))
            queue = self.server.routes.get(self.path, [status(404)])
            behave = queue.pop(0) if len(queue) > 1 else queue[0]
        with suppress(BrokenPipeError, ConnectionResetError):  # the client may hang up
            behave(self)

    def head(self, code: int, **headers: Any) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class FaultyServer(ThreadingHTTPServer):
    """Keeps a body, the behaviours of each path and the requests so far."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.routes: dict[str, list[Behaviour]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.guard = threading.Lock()
        self.stopping = threading.Event()

    def serve(self, path: str, *behaviours: Behaviour) -> str:
        self.routes[path] = list(behaviours)
        return f"http://127.0.0.1:{self.server_port}{path}"


def whole(handler: Handler) -> None:
    """Send the body, or the rest of it from where a Range asks."""
    body, asked = handler.server.body, handler.headers.get("Range")
    if asked is None:
        handler.head(200, Content_Length=len(body))
    else:
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        stated = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.head(206, Content_Length=len(body) - start, Content_Range=stated)
        body = body[start:]
    handler.wfile.write(body)


def without_range(handler: Handler) -> None:
    """Send the whole body, whatever Range asks."""
    handler.head(200, Content_Length=len(handler.server.body))
    handler.wfile.write(handler.server.body)


def cut(count: int) -> Behaviour:
    """Announce the body and hang up after some bytes of it."""

    def behave(handler: Handler) -> None:
        handler.head(200, Content_Length=len(handler.server.body))
        handler.wfile.write(handler.server.body[:count])

    return behave


def stall(count: int) -> Behaviour:
    """Announce the body, send some bytes of it and fall silent."""

    def behave(handler: Handler) -> None:
        cut(count)(handler)
        handler.wfile.flush()
        handler.server.stopping.wait()

    return behave


def trickle(handler: Handler) -> None:
    """Send a byte now and then: never silent, never done."""
    handler.head(200, Content_Length=len(handler.server.body))
    for byte in handler.server.body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        if handler.server.stopping.wait(0.05):
            return


def slowly(handler: Handler) -> None:
    """Send the body after a moment, so that a second request would come meanwhile."""
    time.sleep(0.5)
    whole(handler)


def sends(body: bytes, *, announce: bool = True) -> Behaviour:
    """Send other bytes, with their length or until the connection closes."""

    def behave(handler: Handler) -> None:
        handler.head(200, **({"Content_Length": len(body)} if announce else {}))
        handler.wfile.write(body)

    return behave


def endless(handler: Handler) -> None:
    """Send bytes without a length and without an end."""
    handler.head(200)
    while not handler.server.stopping.is_set():
        handler.wfile.write(bytes(1 << 16))


def status(code: int) -> Behaviour:
    """Answer with an error."""
    return lambda handler: handler.send_error(code)


def redirect(location: str) -> Behaviour:
    """Send elsewhere."""
    return lambda handler: handler.head(302, Location=location, Content_Length=0)


def resumes_elsewhere(handler: Handler) -> None:
    """Answer a Range with another part of the body than it asks for."""
    body = handler.server.body
    stated = f"bytes 7-{len(body) - 1}/{len(body)}"
    handler.head(206, Content_Length=len(body) - 7, Content_Range=stated)
    handler.wfile.write(body[7:])


@pytest.fixture
def faults() -> dict[str, Any]:
    """The behaviours by name, as test files here cannot import one another."""
    made = (whole, without_range, cut, stall, trickle, slowly, sends, endless, status, redirect)
    return {behaviour.__name__: behaviour for behaviour in (*made, resumes_elsewhere)}


@pytest.fixture
def server(monkeypatch) -> Iterator[FaultyServer]:
    """A running server with 200 kB to give."""
    monkeypatch.setenv("no_proxy", "*")
    made = FaultyServer(bytes(range(256)) * 800)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.stopping.set()
    made.shutdown()
    thread.join()
    made.server_close()
