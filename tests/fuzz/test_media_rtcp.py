"""Whatever bytes come as RTCP, they are a report or nothing; and a running stream bears them all."""

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.protocol import StreamReports
from softswitch.media.quality.rtcp import ReportBlock, SenderInfo, build, parse
from softswitch.testing.media_engine import EngineDriver

words = st.integers(0, 2**32 - 1)
blocks = st.builds(
    ReportBlock, st.just(1), st.integers(0, 255), st.integers(-(2**23), 2**23 - 1), words, words, words, words
)
senders = st.builds(SenderInfo, st.integers(0, 2**64 - 1), words, words, words)
reports = st.builds(
    build, words, st.none() | senders, st.none() | blocks, st.text(max_size=20), is_goodbye=st.booleans()
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A report of which some bytes are others, cut short or with something behind it."""
    packet = bytearray(draw(reports))
    for at in draw(st.lists(st.integers(0, len(packet) - 1), max_size=5)):
        packet[at] = draw(st.integers(0, 255))
    return bytes(packet[: draw(st.integers(0, len(packet)))]) + draw(st.binary(max_size=40))


@given(packet=st.binary(max_size=200) | damaged())
def test_any_bytes_are_a_report_or_nothing(packet: bytes) -> None:
    report = parse(packet)
    assert report is None or len(report.blocks) <= len(packet) // 24


@settings(deadline=None, max_examples=30)
@given(packets=st.lists(reports | damaged() | st.binary(max_size=60), max_size=8), is_muxed=st.booleans())
def test_a_stream_bears_any_rtcp(packets: list[bytes], is_muxed: bool) -> None:
    driver = EngineDriver()
    driver.put(1, has_rtcp_mux=is_muxed)
    for packet in packets:
        if is_muxed:
            driver.deliver(1, packet)
        else:
            driver.deliver_rtcp(1, packet)
        driver.tick()
    driver.tick(260)
    (quality,) = [
        report.quality
        for event in driver.engine.take_events()
        if isinstance(event, StreamReports)
        for report in event.reports
    ]
    assert quality.round_trip_ms is None or 0.0 <= quality.round_trip_ms <= 10_000.0
    assert quality.remote_mos is None or 1.0 <= quality.remote_mos <= 4.5
