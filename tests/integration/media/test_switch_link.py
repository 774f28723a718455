"""The worker's end of its connection to the switch, on a real socket."""

import socket
from pathlib import Path

import msgspec
import pytest

from softswitch.base.ids import CallId, StreamId
from softswitch.media.protocol import (
    PACKET_BYTES_MAX,
    PROTOCOL_VERSION,
    EventBatch,
    FromWorker,
    Hello,
    Quality,
    StreamReport,
    StreamReports,
    VoiceFacts,
)
from softswitch.media.runtime.switch_link import SwitchLink

pytestmark = pytest.mark.network

REPORTS_PER_EVENT = 100
EVENTS = 20


def test_a_switch_that_comes_back_is_told_of_all_streams_in_packets_that_it_can_read(tmp_path: Path) -> None:
    path = str(tmp_path / "worker")
    link = SwitchLink(path, "media-0")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as switch:
        switch.settimeout(5.0)
        switch.connect(path)
        switch.send(msgspec.msgpack.encode(Hello(PROTOCOL_VERSION)))
        assert link.accept()
        assert link.receive() is None
        reports = [
            StreamReport(CallId("0123456789abcdef"), StreamId(number), Quality(mos=4.37), VoiceFacts())
            for number in range(EVENTS * REPORTS_PER_EVENT)
        ]
        starts = range(0, len(reports), REPORTS_PER_EVENT)
        link.send_events([StreamReports(reports[start : start + REPORTS_PER_EVENT]) for start in starts])
        decoder: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)
        told: list[StreamReport] = []
        while len(told) < len(reports):
            message = decoder.decode(switch.recv(PACKET_BYTES_MAX))
            if isinstance(message, EventBatch):
                told += [
                    report for event in message.events if isinstance(event, StreamReports) for report in event.reports
                ]
            link.flush()
        assert told == reports
    link.close()


def test_it_is_forsaken_when_its_path_leads_elsewhere_and_no_switch_is_there(tmp_path: Path) -> None:
    path = tmp_path / "worker"
    link = SwitchLink(str(path), "media-0")
    assert not link.is_forsaken
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as switch:
        switch.connect(str(path))
        assert link.accept()
        successor = SwitchLink(str(path), "media-0")
        assert not link.is_forsaken, "its switch is there"
    assert link.receive() is None
    assert link.is_forsaken
    assert not successor.is_forsaken
    link.close()
    assert path.is_socket(), "the successor's"
    successor.close()
    assert not path.exists()
