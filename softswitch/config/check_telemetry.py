"""What must hold for [telemetry]: an address that can be one, and something to reach it with."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from softswitch.config.draft import Draft


def check_telemetry(draft: Draft) -> None:
    endpoint, faults = draft.settings.telemetry.endpoint, draft.fault_lists["softswitch.toml"]
    if not endpoint:
        return
    path = ("telemetry", "endpoint")
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        faults.add(path, "this is no address of a collector", 'Write "http://collector.example.com:4318/v1/traces"')
    elif find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        remedy = 'pip install "softswitch[telemetry]", or remove the line'
        faults.add(path, "the SDK of OpenTelemetry is not installed", remedy)
