"""A real worker's RTCP, on its own port and on the RTP port, what it measures, and when it misses a party."""

import select
import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.media.protocol import (
    DropStream,
    Hearing,
    PutStream,
    SetHearing,
    StreamReport,
    StreamReports,
    StreamStatistics,
    StreamTimedOut,
)
from softswitch.media.quality.rtcp import PACKET_TYPES, Report, ReportBlock, SenderInfo, build, middle_of, ntp_of, parse
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty, converse

pytestmark = pytest.mark.network

Parties = Callable[[int], list[RtpParty]]
Speech = Callable[[float], NDArray[np.uint8]]


@pytest.fixture
def rtcp() -> Iterator[socket.socket]:
    """The party's RTCP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(10.0)
        yield udp


def read(packet: bytes) -> Report:
    report = parse(packet)
    assert report is not None
    return report


def next_report(worker: MediaProcess, party: RtpParty) -> StreamReport:
    while True:
        for report in worker.event(StreamReports, 10.0).reports:
            if report.stream_id == party.stream_id:
                return report


def test_reports_go_both_ways_and_the_switch_learns_of_them(
    worker: MediaProcess, parties: Parties, speech: Speech, rtcp: socket.socket
) -> None:
    (party,) = parties(1)
    there = HostPort(*rtcp.getsockname())
    assert worker.command(PutStream(party.description(rtcp_remote=there))) == []
    party.say(speech(8.0))
    converse([party], 3.5)
    packet, source = rtcp.recvfrom(1500)
    assert source == ("127.0.0.1", party.port + 1)
    report = read(packet)
    assert report.ssrc == 0x1000 + party.stream_id
    assert report.sender is not None
    assert abs(report.sender.ntp / (1 << 32) - 2_208_988_800 - time.time()) < 5.0
    assert report.sender.packets > 30
    (block,) = report.blocks
    assert (block.ssrc, block.lost, block.fraction_lost) == (party.ssrc, 0, 0)
    now = time.time()
    held = (middle_of(ntp_of(now)) - middle_of(report.sender.ntp)) & 0xFFFFFFFF
    answer = ReportBlock(report.ssrc, 0, 3, 0, 16, middle_of(report.sender.ntp), held)
    rtcp.sendto(build(party.ssrc, SenderInfo(ntp_of(now), 0, 10, 1600), answer, "party"), source)
    converse([party], 5.0)
    told = next_report(worker, party)
    if told.quality.remote_lost is None:
        told = next_report(worker, party)
    quality = told.quality
    assert quality.remote_lost == 3
    assert quality.remote_jitter_ms == 2.0
    assert quality.round_trip_ms is not None
    assert quality.round_trip_ms < 50.0
    assert quality.packets_lost == 0
    assert 4.0 < quality.mos <= 4.41
    assert quality.jitter_ms < 5.0
    worker.command(DropStream(party.stream_id))
    while not (report := read(rtcp.recv(1500))).is_goodbye:
        assert report.blocks[0].last_report == middle_of(ntp_of(now))
    final = worker.event(StreamStatistics)
    assert final.voice.talk_s > 3.0
    assert final.quality.packets_received == party.said


def test_muxed_rtcp_shares_the_rtp_port(worker: MediaProcess, parties: Parties, speech: Speech) -> None:
    (party,) = parties(1)
    assert worker.command(PutStream(party.description(has_rtcp_mux=True))) == []
    party.say(speech(1.0))
    converse([party], 1.0)
    party.socket.sendto(build(party.ssrc, None, ReportBlock(0x1000 + party.stream_id, 0, 9, 0, 0, 0, 0), "x"), (
        "127.0.0.1",
        party.port,
    ))  # fmt: skip
    converse([party], 3.0)
    muxed = [packet for packet in party.heard if packet[1] in PACKET_TYPES]
    assert muxed
    assert read(muxed[0]).blocks[0].ssrc == party.ssrc
    worker.command(DropStream(party.stream_id))
    final = worker.event(StreamStatistics)
    assert final.quality.remote_lost == 9
    assert final.quality.packets_received == party.said


def test_a_party_of_whom_nothing_comes_is_missed_and_rtcp_is_life(
    worker: MediaProcess, parties: Parties, speech: Speech
) -> None:
    silent, reporting = parties(2)
    worker.command(
        PutStream(silent.description(timeout_s=1.5)),
        PutStream(reporting.description(timeout_s=1.5, has_rtcp_mux=True)),
        SetHearing(Hearing(silent.stream_id, [reporting.stream_id])),
    )
    for party in (silent, reporting):
        party.say(speech(0.3))
    for _ in range(6):
        converse([silent, reporting], 0.5)
        reporting.socket.sendto(build(reporting.ssrc, None, None, "x"), ("127.0.0.1", reporting.port))
    missed = worker.event(StreamTimedOut)
    assert missed.stream_id == silent.stream_id
    assert 1.5 <= missed.silent_s < 2.5
    worker.command()
    assert all(event.stream_id == silent.stream_id for event in worker.events if isinstance(event, StreamTimedOut))


def test_rtcp_leaves_with_the_priority_of_voice(
    worker: MediaProcess, parties: Parties, speech: Speech, rtcp: socket.socket
) -> None:
    (party,) = parties(1)
    rtcp.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    there = HostPort(*rtcp.getsockname())
    worker.command(PutStream(party.description(rtcp_remote=there)))
    party.say(speech(0.2))
    converse([party], 3.0)
    assert select.select([rtcp], [], [], 5.0)[0]
    _, ancillary, _, _ = rtcp.recvmsg(1500, 64)
    assert [(level, kind, content[0] >> 2) for level, kind, content in ancillary] == [
        (socket.IPPROTO_IP, socket.IP_TOS, 46)
    ]
