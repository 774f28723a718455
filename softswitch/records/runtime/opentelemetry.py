"""Spans to a collector of OpenTelemetry, by OTLP over HTTP. Needs its SDK, which is no dependency of the switch:
`pip install "softswitch[telemetry]"`."""

from collections.abc import Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from softswitch import __version__
from softswitch.records.tracing.spans import Span

EXPORT_S = 10
"""A collector that takes longer is away."""
NANOSECONDS = 1_000_000_000


class Collector:
    """`url` is the whole one, mostly http://HOST:4318/v1/traces."""

    def __init__(self, url: str, headers: Mapping[str, str], service_name: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint=url, headers=dict(headers), timeout=EXPORT_S)
        self._resource = Resource.create({"service.name": service_name, "service.version": __version__})

    def take(self, spans: Sequence[Span]) -> bool:
        """Whether the collector has them."""
        return self._exporter.export([self._readable(span) for span in spans]) is SpanExportResult.SUCCESS

    def close(self) -> None:
        self._exporter.shutdown()

    def _readable(self, span: Span) -> ReadableSpan:
        parent = _context(span.trace_id, span.parent_id) if span.parent_id else None
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace_id, span.span_id),
            parent=parent,
            resource=self._resource,
            attributes=span.attributes,
            kind=SpanKind.SERVER if parent is None else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR if span.is_failed else StatusCode.UNSET),
            start_time=round(span.began_at * NANOSECONDS),
            end_time=round(span.ended_at * NANOSECONDS),
        )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
