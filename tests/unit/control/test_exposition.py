"""Metrics as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from softswitch.control.exposition import exposition
from softswitch.control.protocol.metrics import MetricFamily, Sample, Spread

FAMILIES = [
    MetricFamily(name="calls", kind="gauge", help="Now.", samples=[Sample({}, 3.0)]),
    MetricFamily(
        name="ended",
        kind="counter",
        help='Over; "quoted" and \\ too.',
        samples=[Sample({"by": "caller"}, 2.0), Sample({"by": 'a "b"\n'}, 1.0)],
    ),
    MetricFamily(
        name="talk_seconds", kind="histogram", help="Talk.", spreads=[Spread({}, (5.0, 60.0), [1, 4, 2], 99.5)]
    ),
    MetricFamily(name="nothing_yet", kind="counter", help="Empty."),
]


def test_what_is_written_can_be_read() -> None:
    read = {family.name: family for family in text_string_to_metric_families(exposition(FAMILIES).decode())}
    assert {name: family.type for name, family in read.items()} == {each.name: each.kind for each in FAMILIES}
    assert [(sample.labels, sample.value) for sample in read["ended"].samples] == [
        ({"by": "caller"}, 2.0),
        ({"by": 'a "b"\n'}, 1.0),
    ]


def test_buckets_count_everything_up_to_their_bound() -> None:
    read = {family.name: family for family in text_string_to_metric_families(exposition(FAMILIES).decode())}
    samples = read["talk_seconds"].samples
    assert [(sample.labels["le"], sample.value) for sample in samples if sample.name.endswith("_bucket")] == [
        ("5", 1.0),
        ("60", 5.0),
        ("+Inf", 7.0),
    ]
    assert {sample.name: sample.value for sample in samples if "le" not in sample.labels} == {
        "talk_seconds_count": 7.0,
        "talk_seconds_sum": 99.5,
    }
