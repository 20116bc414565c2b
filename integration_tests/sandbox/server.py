"""The sandbox on a real socket: an ASGI application, uvicorn around it, and a handle to stop it by."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import struct
import threading
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from integration_tests.sandbox.batch import answer_batch
from integration_tests.sandbox.call import Answer, Call, parameters
from integration_tests.sandbox.control import Asked, Control, decoded
from integration_tests.sandbox.faults import WIRE
from integration_tests.sandbox.graph import written
from integration_tests.sandbox.scenario import Scenario, load, load_file
from integration_tests.sandbox.thumbnails import CDN
from integration_tests.sandbox.versions import FORM

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
CONTROL = "/_sandbox"
JSON = (b"content-type", b"application/json; charset=UTF-8")


class Sandbox:
    """The ASGI application."""

    def __init__(self, scenario: Scenario) -> None:
        self.control = Control(scenario)
        self._calls = 0
        self._working: asyncio.Future[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive) if scope["method"] in {"POST", "PUT", "DELETE"} else b""
        path: str = scope["path"]
        if path == CONTROL or path.startswith(f"{CONTROL}/"):
            await self._controlled(scope, path[len(CONTROL) :].strip("/"), body, send)
            return
        graph = self.control.graph
        call = decode(scope, path, body)
        if call.parts[:1] == (CDN,):
            answer = graph.picture(call)
        elif call.method == "POST" and not call.parts:
            answer = answer_batch(graph, call)
        else:
            answer = graph.answer(call)
        await self._delay()
        answer.headers["date"] = format_datetime(graph.world.clock.now(), usegmt=True)
        await _send(answer, graph.trace(), send)
        if graph.runs.ahead.has_work and (self._working is None or self._working.done()):
            self._working = asyncio.ensure_future(self._work_ahead())

    async def _work_ahead(self) -> None:
        """Make rows of report runs between the calls; those of the present world, should it be replaced."""
        while (ahead := self.control.graph.runs.ahead).has_work:
            ahead.work()
            await asyncio.sleep(0)

    async def _delay(self) -> None:
        scenario, world = self.control.graph.scenario, self.control.graph.world
        self._calls += 1
        if scenario.latency_ms:
            swing = (2 * world.share("latency", self._calls) - 1) * scenario.latency_jitter
            await asyncio.sleep(max(0.0, scenario.latency_ms + swing) / 1000)

    async def _controlled(self, scope: Message, path: str, body: bytes, send: Send) -> None:
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        try:
            status, found = self.control.answer(Asked(scope["method"], path, query, decoded(body), base_url(scope)))
        except json.JSONDecodeError as error:
            status, found = 400, {"error": f"the body is not JSON: {error}"}
        except Exception:  # noqa: BLE001 # whoever asks has to see where it broke
            status, found = 500, {"error": traceback.format_exc()}
        kind = (b"content-type", b"text/html; charset=utf-8") if isinstance(found, bytes) else JSON
        payload = found if isinstance(found, bytes) else json.dumps(found, default=str).encode()
        await _whole(send, status, [kind, (b"cache-control", b"no-store")], payload)


def decode(scope: Message, path: str, body: bytes) -> Call:
    """A Graph call from a request; the credentials are taken out of the parameters."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    params = parameters(scope["query_string"].decode())
    form = _form(headers.get(b"content-type", b""), body)
    token, token_in = None, "none"
    authorization = headers.get(b"authorization", b"").decode(errors="replace")
    if authorization[:7].lower() == "bearer ":
        token, token_in = authorization[7:].strip(), "header"
    elif authorization[:6].lower() == "oauth ":
        token, token_in = authorization[6:].strip(), "header"
    for where, found in (("query", params), ("body", form)):
        if (given := found.pop("access_token", None)) is not None and token is None:
            token, token_in = given, where
    params |= form
    parts = [part for part in path.split("/") if part]
    version = parts.pop(0) if parts and FORM.match(parts[0]) else ""
    proof = params.pop("appsecret_proof", None)
    return Call(scope["method"], version, tuple(parts), params, token, token_in, proof, base_url=base_url(scope))


def base_url(scope: Message) -> str:
    """The scheme and host that a request came to."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"localhost")
    return f"{scope.get('scheme', 'http')}://{host.decode()}"


def _form(content_type: bytes, body: bytes) -> dict[str, str]:
    if not body:
        return {}
    if content_type.startswith(b"application/json"):
        try:
            loaded = json.loads(body)
        except ValueError:
            return {}
        if not isinstance(loaded, dict):
            return {}
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in loaded.items()}
    if content_type.startswith(b"multipart/form-data"):
        return _multipart(content_type, body)
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _multipart(content_type: bytes, body: bytes) -> dict[str, str]:
    boundary = content_type.partition(b"boundary=")[2].strip(b'"')
    found = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0]
        found[name.decode()] = value.decode(errors="replace")
    return found


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _send(answer: Answer, trace: str, send: Send) -> None:
    """Send an answer, or do to the connection what a fault says."""
    wire = answer.headers.pop(WIRE, "")
    payload = written(answer.body)
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    if not any(name == b"content-type" for name, _ in headers):
        headers.append(JSON)
    headers += [(b"x-fb-trace-id", trace.encode()), (b"cache-control", b"private, no-cache, no-store, must-revalidate")]
    if wire.startswith("stall"):
        await asyncio.sleep(float(wire.partition(":")[2] or 30))
    if wire == "reset":
        _abort(send)
        return
    if wire == "chunks":
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        for at in range(0, len(payload), 65_536):
            await send({"type": "http.response.body", "body": payload[at : at + 65_536], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    if wire == "cut":
        await send({"type": "http.response.start", "status": answer.status,
                    "headers": [*headers, (b"content-length", str(len(payload)).encode())]})  # fmt: skip
        await send({"type": "http.response.body", "body": payload[: len(payload) // 2], "more_body": True})
        # The half has to leave before the connection does.
        await asyncio.sleep(0.01)
        _transport(send).close()
        return
    await _whole(send, answer.status, headers, payload)


async def _whole(send: Send, status: int, headers: list[tuple[bytes, bytes]], payload: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(payload)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload})


def _transport(send: Send) -> Any:
    """The connection behind uvicorn's send."""
    return send.__self__.transport  # type: ignore[attr-defined]


def _abort(send: Send) -> None:
    """Close the connection at once, with a reset."""
    transport = _transport(send)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@dataclass(frozen=True, slots=True)
class Handle:
    """A sandbox that runs in a thread of its own."""

    url: str
    sandbox: Sandbox
    server: uvicorn.Server
    thread: threading.Thread

    def stop(self) -> None:
        """End the server and wait for it."""
        self.server.should_exit = True
        self.server.force_exit = True
        self.thread.join(timeout=10)


def serve_in_thread(scenario: Any = None, port: int = 0) -> Handle:
    """Start a sandbox for a scenario: a dictionary, the path of a YAML file, or None for the default one.

    Raises:
        ValueError: naming the key of the scenario that is wrong.
    """
    sandbox = Sandbox(scenario_of(scenario))
    listening = listen("127.0.0.1", port)
    server = server_for(sandbox)
    ready = threading.Event()

    async def serve() -> None:
        task = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started and not task.done():
            await asyncio.sleep(0.001)
        ready.set()
        await task

    thread = threading.Thread(target=run, args=(serve,), name="sandbox", daemon=True)
    thread.start()
    ready.wait(10)
    return Handle(address(listening), sandbox, server, thread)


def scenario_of(source: Any) -> Scenario:
    """A scenario from a dictionary, a path, or the default file."""
    if source is None:
        source = Path(__file__).parent / "scenarios" / "default.yaml"
    return load_file(source) if isinstance(source, str | Path) else load(source)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(2048)
    return listening


def address(listening: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"


def server_for(sandbox: Sandbox) -> uvicorn.Server:
    """A quiet uvicorn around a sandbox."""
    settings = uvicorn.Config(
        sandbox, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, date_header=False, timeout_graceful_shutdown=1, timeout_keep_alive=60,
        log_level="critical",
    )  # fmt: skip
    return uvicorn.Server(settings)


def spare_collector() -> None:
    """Keep the garbage collector of a process that is nothing but a sandbox from looking through what was imported.

    It would stall answers again and again; and most of what a sandbox makes stays, so that it finds next to nothing.
    Not so in a test, where what is there belongs to others.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def run(serve: Callable[[], Any]) -> None:
    """Run a coroutine function to its end on uvloop, where there is one."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve())
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
