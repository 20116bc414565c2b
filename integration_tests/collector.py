"""A metrics collector that takes what it gets, refuses it, or never answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


class Collector(ThreadingHTTPServer):
    """Keeps the requests it got; `released` lets the answers go that a hung one holds back."""

    daemon_threads = True

    def __init__(self, mode: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.mode = mode
        self.released = threading.Event()
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def metrics(self) -> dict[str, list[tuple[dict[str, str], float]]]:
        """Every point of every request: name → (attributes, value)."""
        found: dict[str, list[tuple[dict[str, str], float]]] = {}
        for _, _, body in self.got:
            request = ExportMetricsServiceRequest.FromString(body)
            for scope in (scope for each in request.resource_metrics for scope in each.scope_metrics):
                for metric in scope.metrics:
                    data = metric.gauge if metric.HasField("gauge") else metric.sum
                    for point in data.data_points:
                        labels = {each.key: each.value.string_value for each in point.attributes}
                        value = point.as_int if point.HasField("as_int") else point.as_double
                        found.setdefault(metric.name, []).append((labels, value))
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        if self.server.mode == "hung":
            self.server.released.wait(60)
        self.send_response(400 if self.server.mode == "refusing" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def collector(mode: str = "taking") -> Iterator[Collector]:
    """A running one."""
    server = Collector(mode)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
