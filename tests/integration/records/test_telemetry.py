"""Calls of a store at a collector, which here is a web server that reads what OTLP sends."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from softswitch.app.telemetry import Exporter
from softswitch.base.clock import SystemClock
from softswitch.base.ids import CallId
from softswitch.config.settings import ControlSection, Settings, StoreSection
from softswitch.config.telemetry_settings import TelemetrySection
from softswitch.store import open_store
from softswitch.store.schema import Cdr

pytestmark = pytest.mark.network


class Received(HTTPServer):
    """Spans by name, and the headers of the last request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.names: list[str] = []
        self.key: str | None = None
        self.service = ""


class _Take(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Received)
        asked = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        for resource in asked.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            server.service = named["service.name"]
            server.names += [span.name for scope in resource.scope_spans for span in scope.spans]
        server.key = self.headers["x-key"]
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@pytest.fixture
def collector() -> Iterator[Received]:
    server = Received()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def unexpected(line: str) -> None:
    raise AssertionError(line)


def settings(directory: Path, port: int) -> Settings:
    (directory / "run").mkdir(exist_ok=True)
    return Settings(
        store=StoreSection(directory=str(directory / "store")),
        control=ControlSection(socket=str(directory / "run" / "control.sock")),
        telemetry=TelemetrySection(
            endpoint=f"http://127.0.0.1:{port}/v1/traces", headers={"x-key": "secret"}, service_name="centre"
        ),
    )


def ended(call_id: str, ago_s: float) -> Cdr:
    at = SystemClock().wall() - ago_s
    return Cdr(
        call_id=CallId(call_id),
        started_at=at - 5,
        ended_at=at,
        calling_number=call_id,
        called_number="100",
        end_reason="completed",
        ended_by="caller",
    )


def export_once(configured: Settings) -> None:
    """As a process that is told to stop at once: it exports what is there."""
    stop = threading.Event()
    stop.set()
    Exporter(configured, stop, SystemClock()).run()


def test_calls_are_exported_once_and_after_a_restart_those_that_ended_meanwhile(
    tmp_path: Path, collector: Received
) -> None:
    configured = settings(tmp_path, collector.server_port)
    (tmp_path / "run" / "telemetry.until").write_text(f"{SystemClock().wall() - 600:.3f}\n")
    store = open_store(str(tmp_path / "store"), report=unexpected)
    for call in (ended("old", 900), ended("first", 300), ended("just-now", 1)):
        store.cdrs.put((call.started_at, call.call_id), call)
    store.commit().result(10)
    store.close()
    export_once(configured)
    assert collector.names == ["call first -> 100"]
    assert (collector.key, collector.service) == ("secret", "centre")
    export_once(configured)
    assert collector.names == ["call first -> 100"]


def test_a_collector_that_is_away_loses_nothing(tmp_path: Path, collector: Received) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "telemetry.until").write_text(f"{SystemClock().wall() - 600:.3f}\n")
    store = open_store(str(tmp_path / "store"), report=unexpected)
    call = ended("first", 300)
    store.cdrs.put((call.started_at, call.call_id), call)
    store.commit().result(10)
    store.close()
    answers = collector.RequestHandlerClass
    collector.RequestHandlerClass = _Refuse
    export_once(settings(tmp_path, collector.server_port))
    assert collector.names == []
    collector.RequestHandlerClass = answers
    export_once(settings(tmp_path, collector.server_port))
    assert collector.names == ["call first -> 100"]


class _Refuse(_Take):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(400)
        self.end_headers()
