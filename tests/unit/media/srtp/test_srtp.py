"""SRTP: what a party without the key can do, which is nothing, and counting that never goes astray."""

from typing import Any

import msgspec
import numpy as np
import pytest
from pylibsrtp import Error, Policy, Session

from softswitch.base.address import HostPort
from softswitch.base.ids import StreamId
from softswitch.media.limits import SSRCS_PER_KEY_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.phase import Stream
from softswitch.media.protocol import (
    Describe,
    DropStream,
    FirstPacket,
    Hearing,
    PutStream,
    SendDigits,
    SetHearing,
    SrtpKeys,
    SrtpPosition,
)
from softswitch.media.srtp.libsrtp import KEY_BYTES, PROFILES
from softswitch.media.tick_grid import TICK_S
from softswitch.testing.media_engine import EngineDriver, party

DEFAULT = "AES_CM_128_HMAC_SHA1_80"
VOICE, SILENCE = 0x90, 0xFF
STRANGER = HostPort("198.51.100.9", 9999)
_ssrcs: Any = Policy
OUTBOUND: int = _ssrcs.SSRC_ANY_OUTBOUND
INBOUND: int = _ssrcs.SSRC_ANY_INBOUND
REPORT = b"\x80\xc9\0\1\0\0\0\7"


def keys(profile: str = DEFAULT, *, seed: int = 1, rolls: int = 0) -> SrtpKeys:
    random = np.random.default_rng(seed)
    return SrtpKeys(profile, random.bytes(KEY_BYTES[profile]), random.bytes(KEY_BYTES[profile]), rolls)


class Phone:
    """The other end, on pylibsrtp's own sessions. `index` is that of its next packet, with the ROC."""

    def __init__(self, agreed: SrtpKeys, *, index: int = 0, ssrc: int = 7) -> None:
        self.index = index
        self.ssrc = ssrc
        self._agreed = agreed
        self._sending = _session(agreed.profile, agreed.receive, OUTBOUND)
        self._receiving = _session(agreed.profile, agreed.send, INBOUND)
        for passed in range(index % 0x4000, index, 0x4000):
            self._sending.protect(packet(passed, ssrc))

    def speak(self) -> bytes:
        self.index += 1
        return self._sending.protect(packet(self.index - 1, self.ssrc))

    def report(self) -> bytes:
        return self._sending.protect_rtcp(REPORT)

    def hear(self, packets: list[bytes]) -> bytes:
        """Raises Error for a packet that is not ours."""
        return b"".join(self._receiving.unprotect(one)[12:] for one in packets)

    def read_report(self, report: bytes) -> bytes:
        return self._receiving.unprotect_rtcp(report)


def _session(profile: str, key: bytes, ssrc_type: int) -> Session:
    return Session(Policy(key=key, ssrc_type=ssrc_type, srtp_profile=PROFILES[profile]))


def packet(index: int, ssrc: int = 7, *, byte: int = VOICE) -> bytes:
    return pack(payload_type=0, sequence=index, timestamp=160 * index, ssrc=ssrc, payload=bytes([byte]) * 160)


def bridge(agreed: SrtpKeys, **changes: object) -> EngineDriver:
    """Stream 1 under SRTP, its party heard by stream 2 in the clear, and the other way round."""
    driver = EngineDriver()
    driver.put(1, srtp=agreed, **changes)
    driver.put(2)
    driver.apply(
        SetHearing(Hearing(StreamId(1), [StreamId(2)])),
        SetHearing(Hearing(StreamId(2), [StreamId(1)])),
    )
    return driver


def stream_1(driver: EngineDriver) -> Stream:
    stream = driver.engine.streams.find(StreamId(1))
    assert stream is not None
    return stream


def heard_of(driver: EngineDriver) -> set[int]:
    """The bytes that stream 2's party has heard."""
    return set(driver.heard(2))


@pytest.mark.parametrize("profile", PROFILES)
def test_both_directions_under_every_profile(profile: str) -> None:
    agreed = keys(profile)
    driver, phone = bridge(agreed), Phone(agreed)
    for index in range(20):
        driver.deliver(1, phone.speak())
        driver.deliver(2, packet(index, byte=0x31))
        driver.tick()
    assert driver.heard(2).count(VOICE) > 12 * 160
    sent = driver.sent[StreamId(1)]
    assert {one[:2] for one in sent} == {b"\x80\0"}
    assert phone.hear(sent).count(0x31) > 12 * 160


@pytest.mark.parametrize("ptime_ms", [10, 30, 60])
def test_other_packet_lengths_are_encrypted_alike(ptime_ms: int) -> None:
    agreed = keys()
    driver, phone = bridge(agreed, ptime_ms=ptime_ms), Phone(agreed)
    for index in range(30):
        driver.deliver(2, packet(index, byte=0x31))
        driver.tick()
    sent = driver.sent[StreamId(1)]
    assert {len(one) for one in sent} == {12 + 8 * ptime_ms + 10}
    assert phone.hear(sent).count(0x31) > 20 * 160


def test_digits_are_encrypted_too() -> None:
    agreed = keys()
    driver, phone = bridge(agreed), Phone(agreed)
    driver.apply(SendDigits(StreamId(1), "5"))
    driver.tick(30)
    sent = driver.sent[StreamId(1)]
    phone.hear(sent)
    assert {one[1] & 0x7F for one in sent} == {0, 101}


def test_a_coded_stream_on_hold_is_not_encoded_and_goes_on_where_it_was() -> None:
    agreed = keys()
    driver, phone = bridge(agreed, codec="G722", payload_type=9), Phone(agreed)
    first = stream_1(driver).description
    driver.tick(5)
    driver.apply(PutStream(msgspec.structs.replace(first, sends=False)))
    driver.tick(200)
    assert len(driver.sent[StreamId(1)]) == 5
    driver.apply(PutStream(first))
    driver.tick(5)
    sent = driver.sent[StreamId(1)]
    assert len(sent) == 10
    phone.hear(sent)


def test_nobody_without_the_key_is_heard() -> None:
    agreed = keys()
    driver, phone = bridge(agreed), Phone(agreed)
    stranger = Phone(keys(seed=2), index=1000)
    random = np.random.default_rng(5)
    recorded: list[bytes] = []
    refused = driver.engine.phases[0].secure
    for index in range(200):
        genuine = phone.speak()
        recorded.append(genuine)
        flipped = bytearray(recorded[-1])
        flipped[int(random.integers(len(flipped)))] ^= 1 << int(random.integers(8))
        forged = [stranger.speak(), bytes(flipped), packet(index, byte=0x22), random.bytes(182), b"\x80", recorded[0]]
        driver.deliver(1, *forged[:5], genuine, genuine, recorded[0])
        driver.tick()
    assert refused.refused == 200 * 7
    assert heard_of(driver) == {SILENCE, VOICE}
    assert driver.heard(2).count(VOICE) >= 195 * 160


@pytest.mark.parametrize("profile", PROFILES)
def test_forgeries_alone_are_silence_whoever_sends_them(profile: str) -> None:
    driver = bridge(keys(profile))
    stranger = Phone(keys(profile, seed=2))
    for index in range(50):
        driver.deliver(1, stranger.speak(), packet(index), source=party(1))
        driver.tick()
    assert heard_of(driver) == {SILENCE}


def test_a_stranger_cannot_latch_and_the_owner_of_the_key_can() -> None:
    agreed = keys()
    driver, phone = bridge(agreed, remote=HostPort("192.0.2.77", 5000), learn_from=""), Phone(agreed)
    for index in range(20):
        driver.deliver(1, packet(index), source=STRANGER)
        driver.tick()
    assert stream_1(driver).latch.source is None
    assert not [event for event in driver.engine.take_events() if isinstance(event, FirstPacket)]
    behind_nat = HostPort("203.0.113.5", 6000)
    for _ in range(20):
        driver.deliver(1, phone.speak(), source=behind_nat)
        driver.tick()
    first = [event for event in driver.engine.take_events() if isinstance(event, FirstPacket)]
    assert [event.source for event in first] == [behind_nat]
    assert VOICE in heard_of(driver)


def test_what_came_in_the_clear_before_the_keys_is_forgotten() -> None:
    agreed = keys()
    driver = EngineDriver()
    early = driver.put(1, remote=None)
    driver.put(2)
    for index in range(20):
        driver.deliver(1, packet(index), source=STRANGER)
        driver.tick()
    driver.deliver(1, *(packet(index) for index in range(20, 60)), source=STRANGER)
    driver.tick()
    assert stream_1(driver).latch.source == STRANGER
    driver.apply(
        SetHearing(Hearing(StreamId(2), [StreamId(1)])),
        PutStream(msgspec.structs.replace(early, remote=party(1), srtp=agreed)),
    )
    driver.sent.clear()
    phone = Phone(agreed)
    for index in range(60, 100):
        driver.deliver(1, packet(index), source=STRANGER)
        driver.tick()
    assert heard_of(driver) == {SILENCE}
    assert stream_1(driver).latch.source is None
    driver.deliver(1, phone.speak())
    driver.tick()
    assert stream_1(driver).latch.source == party(1)


def test_the_roll_over_counters_of_both_sides_go_on_beyond_the_wrap() -> None:
    agreed = keys()
    driver, phone = bridge(agreed, sequence=65_500), Phone(agreed, index=65_500)
    for _ in range(100):
        driver.deliver(1, phone.speak())
        driver.tick()
    phone.hear(driver.sent[StreamId(1)])
    assert driver.heard(2).count(VOICE) > 95 * 160


def test_the_first_packets_before_the_wrap_may_be_lost() -> None:
    agreed = keys()
    driver, phone = bridge(agreed), Phone(agreed, index=65_536 + 3)
    for _ in range(20):
        driver.deliver(1, phone.speak())
        driver.tick()
    assert VOICE in heard_of(driver)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("hours", "theirs"), [(0.1, 30_000), (1.0, 65_536 * 3 + 200), (20.0, 65_536 * 60 + 40_000)])
def test_a_worker_that_takes_over_counts_as_the_dead_one_did(profile: str, hours: float, theirs: int) -> None:
    """Its description is of a stream that began long ago."""
    agreed = keys(profile)
    ours_at_start = 20_000
    driver = EngineDriver(now=100_000.0)
    began = driver.now - hours * 3600
    driver.put(1, srtp=agreed, started_at=began, sequence=ours_at_start)
    driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    phone = Phone(agreed, index=theirs)
    phone_hears = _session(profile, agreed.send, INBOUND)
    dead_worker = _session(profile, agreed.send, OUTBOUND)
    sent_before = ours_at_start + round(hours * 3600 / TICK_S) - 10
    for index in range(ours_at_start, sent_before, 0x4000):
        phone_hears.unprotect(dead_worker.protect(packet(index, 1)))
    for _ in range(20):
        driver.deliver(1, phone.speak())
        driver.tick()
    for one in driver.sent[StreamId(1)]:
        phone_hears.unprotect(one)
    assert VOICE in heard_of(driver)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_was_recorded_of_a_party_cannot_be_sent_to_the_successor_of_a_dead_worker(profile: str) -> None:
    """Nor does it lead the successor astray: it would take an old count of wraps for the party's."""
    agreed = keys(profile)
    dead, phone = bridge(agreed), Phone(agreed, index=65_536 * 2 - 30)
    recorded = [phone.speak() for _ in range(200)]
    for one in recorded:
        dead.deliver(1, one)
        dead.tick()
    (account,) = dead.engine.account()
    assert account.positions == [SrtpPosition(StreamId(1), phone.ssrc, phone.index - 1)]
    successor = EngineDriver(now=dead.now)
    assert successor.apply(account) == []
    for one in recorded[:40]:  # the last 128 may come late (RFC 3711 section 3.3.2)
        successor.deliver(1, one)
        successor.tick()
    assert heard_of(successor) == {SILENCE}
    assert successor.engine.phases[0].secure.refused == 40
    for _ in range(20):
        successor.deliver(1, phone.speak())
        successor.tick()
    assert successor.heard(2).count(VOICE) > 15 * 160


@pytest.mark.parametrize(("ahead", "is_new"), [(65_536 * 2 + 7, False), (65_536 * 7 + 40_000, False), (1, True)])
def test_a_successor_finds_a_party_that_went_on_for_hours_or_with_another_source(ahead: int, is_new: bool) -> None:
    agreed = keys()
    known = SrtpPosition(StreamId(1), 7, 65_536 * 70 + 60_000)
    driver = EngineDriver(now=1e6)
    long_ago = driver.put(1, srtp=agreed, started_at=driver.now - 120 * 3600.0)
    driver.apply(DropStream(StreamId(1)))
    listener = driver.put(2)
    description = Describe([long_ago, listener], [Hearing(StreamId(2), [StreamId(1)])], [], [], positions=[known])
    assert driver.apply(description) == []
    phone = Phone(agreed, index=ahead) if is_new else Phone(agreed, index=known.index + ahead)
    phone.ssrc = 8 if is_new else 7
    for _ in range(20):
        driver.deliver(1, phone.speak())
        driver.tick()
    assert driver.heard(2).count(VOICE) > 15 * 160


def test_a_party_that_began_anew_just_before_the_worker_died_is_found_after_a_second() -> None:
    agreed = keys()
    driver = bridge(agreed)
    (account,) = driver.engine.account()
    described = msgspec.structs.replace(account, positions=[SrtpPosition(StreamId(1), 7, 65_536 * 2)])
    successor = EngineDriver(now=driver.now)
    assert successor.apply(described) == []
    phone = Phone(agreed, index=300)
    for _ in range(75):
        successor.deliver(1, phone.speak())
        successor.tick()
    assert 15 * 160 < successor.heard(2).count(VOICE) < 30 * 160


def test_reports_of_a_successor_are_newer_than_those_of_the_dead_worker() -> None:
    agreed = keys()
    phone = Phone(agreed)
    driver = EngineDriver(now=100_000.0)
    driver.put(1, srtp=agreed, started_at=driver.now - 600.0, ssrc=7)
    dead_worker = _session(agreed.profile, agreed.send, OUTBOUND)
    for _ in range(240):
        phone.read_report(dead_worker.protect_rtcp(REPORT))
    srtp = stream_1(driver).srtp
    assert srtp is not None
    assert phone.read_report(srtp.sender.protect_rtcp(REPORT)) == REPORT
    assert srtp.receiver.unprotect_rtcp(report := phone.report()) == REPORT
    assert srtp.receiver.unprotect_rtcp(report) == b""
    assert srtp.receiver.unprotect_rtcp(REPORT) == b""


def test_hold_and_the_same_keys_again_change_nothing() -> None:
    agreed = keys()
    driver = bridge(agreed)
    phone = Phone(agreed)
    first = stream_1(driver).description
    for index in range(60):
        if index % 10 == 0:
            driver.apply(PutStream(msgspec.structs.replace(first, sends=index % 20 == 0)))
        driver.deliver(1, phone.speak())
        driver.tick()
    phone.hear(driver.sent[StreamId(1)])
    assert len(driver.sent[StreamId(1)]) == 30
    assert driver.heard(2).count(VOICE) > 55 * 160


def test_another_packet_length_goes_on_with_the_next_number() -> None:
    agreed = keys()
    driver, phone = bridge(agreed, sequence=65_530), Phone(agreed)
    description = stream_1(driver).description
    for ptime_ms in (40, 20, 10, 20):
        driver.tick(20)
        packets = round((driver.now - description.started_at) * 1000) // description.ptime_ms
        description = msgspec.structs.replace(
            description,
            ptime_ms=ptime_ms,
            started_at=description.started_at + packets * description.ptime_ms / 1000,
            sequence=description.sequence + packets,
            timestamp=description.timestamp + packets * description.ptime_ms * 8,
        )
        driver.apply(PutStream(description))
    driver.tick(20)
    sent = driver.sent[StreamId(1)]
    phone.hear(sent)
    assert [int.from_bytes(one[2:4], "big") for one in sent] == [65_530 + n & 0xFFFF for n in range(len(sent))]
    assert len(sent) == 20 + 10 + 20 + 40 + 20


@pytest.mark.parametrize("ptime_ms", [10, 20, 30])
def test_the_counter_outlasts_hours_on_hold(ptime_ms: int) -> None:
    agreed = keys()
    driver, phone = bridge(agreed, ptime_ms=ptime_ms), Phone(agreed)
    first = stream_1(driver).description
    driver.tick(10)
    driver.apply(PutStream(msgspec.structs.replace(first, sends=False)))
    for minutes in range(120):
        if minutes == 60:
            driver.apply(PutStream(msgspec.structs.replace(first, sends=False, remote=None)))
        if minutes == 63:
            driver.apply(PutStream(msgspec.structs.replace(first, sends=False)))
        driver.leave_out(2999)
        driver.tick()
    driver.tick()
    driver.apply(PutStream(first))
    driver.tick(20)
    sent = driver.sent[StreamId(1)]
    assert 50 < len([one for one in sent if one[1] == 0]) < 20 * 20 / ptime_ms + 10 * 20 / ptime_ms + 65
    assert set(phone.hear(sent)) == {SILENCE}


@pytest.mark.parametrize("is_successor", [False, True])
@pytest.mark.parametrize(("codec", "clock_rate_hz", "ptime_ms"), [("OPUS", 48_000, 20), ("G722", 8000, 60)])
def test_the_counter_of_a_coded_stream_outlasts_hold_then_another_codec_or_worker(
    codec: str, clock_rate_hz: int, ptime_ms: int, is_successor: bool
) -> None:
    agreed = keys()
    changes = {"codec": codec, "clock_rate_hz": clock_rate_hz, "payload_type": 98, "sequence": 30_000}
    driver, phone = bridge(agreed, ptime_ms=ptime_ms, **changes), Phone(agreed)
    first = stream_1(driver).description
    driver.tick(10)
    driver.apply(PutStream(msgspec.structs.replace(first, sends=False)))
    for _ in range(40):
        driver.leave_out(2999)
        driver.tick(4)
    phone.hear(driver.sent[StreamId(1)])
    driver.sent.clear()
    if is_successor:
        driver = EngineDriver(driver.now)
        driver.apply(PutStream(first))
    else:
        g711 = {"codec": "PCMU", "clock_rate_hz": 8000, "payload_type": 0}
        driver.apply(PutStream(msgspec.structs.replace(first, **g711)))
    driver.tick(60)
    assert phone.hear(driver.sent[StreamId(1)])


def test_new_keys_and_the_last_packets_under_the_old_ones() -> None:
    agreed, changed = keys(), keys(seed=9)
    driver, phone = bridge(agreed), Phone(agreed)
    first = stream_1(driver).description
    for _ in range(10):
        driver.deliver(1, phone.speak())
        driver.tick()
    phone.hear(driver.sent.pop(StreamId(1)))
    driver.apply(PutStream(msgspec.structs.replace(first, srtp=changed)))
    on_the_way = [phone.speak() for _ in range(3)]
    renewed = Phone(changed, index=phone.index)
    for index in range(50):
        driver.deliver(1, *([on_the_way[index]] if index < 3 else [renewed.speak()]))
        driver.tick()
    renewed.hear(driver.sent.pop(StreamId(1)))
    assert set(driver.heard(2)[20 * 160 :]) == {VOICE}
    secure = driver.engine.phases[0].secure
    assert secure.refused == 0
    driver.tick(100)
    driver.deliver(1, phone.speak())
    driver.tick()
    assert secure.refused == 1


def test_a_phone_that_begins_anew_after_a_reinvite_is_followed_and_without_one_is_not() -> None:
    agreed = keys()
    driver, phone = bridge(agreed), Phone(agreed)
    first = stream_1(driver).description
    for _ in range(300):
        driver.deliver(1, phone.speak())
        driver.tick()
    again = Phone(agreed)
    driver.sent.clear()
    for _ in range(100):
        driver.deliver(1, again.speak())
        driver.tick()
    assert heard_of(driver) <= {SILENCE} | set(driver.heard(2)[: 12 * 160])
    assert VOICE not in set(driver.heard(2)[12 * 160 :])
    driver.apply(PutStream(first))
    driver.sent.clear()
    for _ in range(60):
        driver.deliver(1, again.speak())
        driver.tick()
    assert VOICE in set(driver.heard(2)[30 * 160 :])
    reports = [text for _, text in driver.engine.phases[0].secure.take_reports()]
    assert ["do not fit" in text for text in reports] == [True, False]


def test_while_a_party_is_heard_its_old_packets_cannot_make_it_begin_anew() -> None:
    agreed = keys()
    driver, phone = bridge(agreed), Phone(agreed)
    first = stream_1(driver).description
    recorded = [phone.speak() for _ in range(200)]
    for one in recorded:
        driver.deliver(1, one)
        driver.tick()
    driver.apply(PutStream(first))
    before = driver.engine.phases[0].secure.refused
    for index in range(40):
        driver.deliver(1, *recorded[4 * index : 4 * index + 4], phone.speak())
        driver.tick()
    assert driver.engine.phases[0].secure.refused == before + 160


def test_sources_under_one_key_are_bounded() -> None:
    agreed = keys()
    driver = bridge(agreed)
    for ssrc in range(SSRCS_PER_KEY_MAX + 10):
        driver.deliver(1, Phone(agreed, ssrc=ssrc).speak())
    driver.tick()
    assert driver.engine.phases[0].secure.refused == 10


def test_streams_in_the_clear_and_secure_ones_share_a_phase_and_rows_are_used_again() -> None:
    agreed = keys()
    driver, phone = bridge(agreed), Phone(agreed)
    driver.apply(DropStream(StreamId(1)))
    driver.put(3)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(3)])))
    assert not driver.engine.phases[0].secure
    for index in range(20):
        driver.deliver(3, packet(index))
        driver.tick()
    assert VOICE in heard_of(driver)
    with pytest.raises(Error):
        phone.hear(driver.sent[StreamId(3)])


def test_keys_that_do_not_fit_are_refused_and_shown_to_nobody() -> None:
    driver = EngineDriver()
    description = driver.put(1)
    for bad in (SrtpKeys("NULL", b"", b""), SrtpKeys(DEFAULT, b"secret", b"secret")):
        reasons = driver.apply(PutStream(msgspec.structs.replace(description, srtp=bad)))
        assert len(reasons) == 1
        assert "secret" not in reasons[0]
    assert "secret" not in repr(msgspec.structs.replace(description, srtp=bad))
