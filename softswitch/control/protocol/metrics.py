"""What is counted and measured, in the terms of Prometheus: asked for with `GetMetrics`, answered with `Metrics`."""

from typing import Literal

import msgspec

MetricKind = Literal["counter", "gauge", "histogram"]


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One series of a counter or gauge."""

    labels: dict[str, str]
    value: float


class Spread(msgspec.Struct, frozen=True, array_like=True):
    """One series of a histogram: `counts[i]` values up to `bounds[i]` and above the bound before; one more at the end
    for those above all. `total` is the sum of the values."""

    labels: dict[str, str]
    bounds: tuple[float, ...]
    counts: list[int]
    total: float


class MetricFamily(msgspec.Struct, frozen=True, kw_only=True):
    """All series of one name. Of a counter the name is without "_total"; units are base units (seconds, bytes)."""

    name: str
    kind: MetricKind
    help: str
    samples: list[Sample] = []
    spreads: list[Spread] = []


class GetMetrics(msgspec.Struct, frozen=True, tag=True):
    pass


class Metrics(msgspec.Struct, frozen=True, tag=True):
    """In the order in which they are shown."""

    families: list[MetricFamily]
