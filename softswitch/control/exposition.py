"""Metrics in the text format that Prometheus reads, written by its own library."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from softswitch.control.protocol.metrics import MetricFamily

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposition(families: Iterable[MetricFamily]) -> bytes:
    """The whole page."""
    registry = CollectorRegistry()
    registry.register(_Given([_metric(family) for family in families]))
    return generate_latest(registry)


class _Given(Collector):
    """Metrics that were counted elsewhere."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def _metric(family: MetricFamily) -> Metric:
    if family.kind == "histogram":
        labels = list(family.spreads[0].labels) if family.spreads else []
        histogram = HistogramMetricFamily(family.name, family.help, labels=labels)
        for spread in family.spreads:
            bounds = [*(f"{bound:g}" for bound in spread.bounds), "+Inf"]
            buckets = list(zip(bounds, accumulate(spread.counts), strict=True))
            histogram.add_metric(list(spread.labels.values()), buckets, spread.total)
        return histogram
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    labels = list(family.samples[0].labels) if family.samples else []
    metric = kind(family.name, family.help, labels=labels)
    for sample in family.samples:
        metric.add_metric(list(sample.labels.values()), sample.value)
    return metric
