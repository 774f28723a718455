"""SRTP of one stream (RFC 3711): its packets are encrypted and authenticated with the keys its SDP agreed on.

The number that encrypts a packet is longer than the packet shows: its sequence number and how often that has wrapped,
the roll-over counter (ROC), which each side counts for itself. Whoever miscounts is not heard any more, so:

* Ours follows from the clock as the sequence number does (`StreamDescription.sequence` counts on beyond 16 bits). A
  worker that takes over from a dead one has its new session skip ahead: libsrtp cannot be told a ROC, but it counts
  along when it is shown packets 28,672 numbers apart, which are then thrown away.
* Theirs is told to a worker that takes over as it was a few seconds before the other died (`SrtpPosition`), which also
  keeps others from sending it what they recorded earlier. Where it is not known, or their first packets before a wrap
  were lost, each possible count is tried until a packet is authentic. That costs, so forged packets seldom cause it.
* A phone that begins again at another number after a re-INVITE is refused as a repetition. When nothing else has come
  since then, it is given a new session with the same key.
* After new keys the old one is accepted for two seconds more: its last packets are still under way.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from softswitch.media.limits import ROC_CANDIDATES_MAX, SRTP_PACKET_BYTES_MAX, SSRCS_PER_KEY_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import SrtpKeys, SrtpPosition
from softswitch.media.srtp.libsrtp import KEY_BYTES, Pointer, SrtpSession, pointer_to, read, write
from softswitch.media.tick_grid import TICK_S

STRIDE = 0x7000
"""Numbers that are skipped at once: below half of 16 bits, so that it is seen as a step forward."""

FORMER_KEY_TICKS = round(2.0 / TICK_S)
TOLD_TICKS = round(1.0 / TICK_S)
"""How long a new worker believes what the last one told of a party, though nothing of it is authentic."""
RESTART_TICKS = round(10.0 / TICK_S)
"""How long after a re-INVITE a stream may begin again."""
RESTART_AFTER_REFUSALS = 25
"""Half a second without one authentic packet."""
REPORT_AFTER_REFUSALS = 100
SEARCH_EVERY_REFUSALS = 64
"""How often a refused packet causes a search for its ROC, after the first one and the second."""

ROLLS_FOR_ONE_OF_OURS = 6
"""The party's numbers wrap six times while ours wrap once, if its packets have 10 ms and ours 60."""

RTCP_SPACING_PACKETS = 40
"""A report is sent every five seconds, at the earliest after 2.5 (RFC 3550 section 6.3): 40 packets of 60 ms."""


def fault(keys: SrtpKeys) -> str | None:
    """What is wrong with them, for people; never the keys themselves."""
    length = KEY_BYTES.get(keys.profile)
    if length is None:
        return f"SRTP profile {keys.profile} is unknown: there are {', '.join(KEY_BYTES)}"
    if len(keys.send) != length or len(keys.receive) != length:
        return f"keys of SRTP profile {keys.profile} have {length} bytes"
    return None


class SrtpSender:
    """Our packets, numbered from `index`: sequence number and ROC in one number."""

    __slots__ = ("_passed_reports", "_session", "_ssrc", "protect", "used_at")

    def __init__(self, profile: str, key: bytes, *, ssrc: int, index: int, tick: int, is_successor: bool) -> None:
        """`is_successor`: another worker sent the packets up to here under this key."""
        self.used_at = tick
        """The tick of the last packet."""
        self._session = SrtpSession(profile, key, sends=True)
        self.protect = self._session.protect
        """The packet as it is sent; b"" if that sequence number was sent before."""
        self._ssrc = ssrc
        self._passed_reports = index // RTCP_SPACING_PACKETS if is_successor else 0
        if index >= 1 << 16:
            for passed in range(index % STRIDE, index, STRIDE):
                self._session.protect(_dummy(passed, ssrc))

    def protect_rtcp(self, packet: bytes) -> bytes:
        """The same for RTCP, whose packets only the session counts: a successor skips all there can have been."""
        for _ in range(self._passed_reports):
            self._session.protect_rtcp(_dummy_report(self._ssrc))
        self._passed_reports = 0
        return self._session.protect_rtcp(packet)


class Newest(NamedTuple):
    """The newest packet of a source: sequence number and ROC in one number."""

    ssrc: int
    number: int


class SrtpReceiver:
    """The party's packets. A refused one is never heard, and changes nothing but the counts here."""

    __slots__ = (
        "_former",
        "_former_until",
        "_is_settled",
        "_is_synchronised",
        "_key",
        "_newest_index",
        "_newest_ssrc",
        "_profile",
        "_refused_in_row",
        "_restart_until",
        "_rolls_max",
        "_session",
        "_ssrcs",
        "_told_until",
        "reports",
    )

    def __init__(
        self,
        profile: str,
        key: bytes,
        *,
        rolls_max: int = 1,
        former: "SrtpReceiver | None" = None,
        tick: int = 0,
        newest: Newest | None = None,
    ) -> None:
        """`rolls_max`: how often the party's number can have wrapped by now. `former` has the last key.

        `newest` is what another worker has received under this key, or a little before that: nothing older is taken.
        """
        self._profile = profile
        self._key = key
        self._session = SrtpSession(profile, key, sends=False)
        self._newest_ssrc, self._newest_index = newest or (-1, 0)
        """Under this key; the ROC is counted along."""
        self._told_until = tick + TOLD_TICKS
        """Until then `newest` is believed, though nothing fits it."""
        if newest is not None:
            self._pass_by(newest)
        self._rolls_max = min(rolls_max, ROC_CANDIDATES_MAX)
        self._is_synchronised = False
        """A packet was authentic, so libsrtp counts along from there."""
        self._former = None if former is None else former._session
        self._former_until = tick + FORMER_KEY_TICKS
        self._is_settled = False
        """Synchronised, and there is no former key."""
        self._restart_until = -1
        self._refused_in_row = 0
        self._ssrcs: set[int] = set()
        self.reports: list[str] = []
        """What went wrong or was mended, for the log; taken by the worker."""

    @property
    def newest(self) -> Newest | None:
        """None before the first packet."""
        return None if self._newest_ssrc < 0 else Newest(self._newest_ssrc, self._newest_index)

    def negotiated(self, tick: int) -> None:
        """The party has sent an SDP with the same keys: it may begin again."""
        self._restart_until = tick + RESTART_TICKS
        self._refused_in_row = 0

    def unprotect(self, packet: Pointer, length: int, ssrc: int, sequence: int, tick: int) -> int:
        """Decrypt in place. The new length, or 0 if it is not authentic or a repetition."""
        if not self._has_room_for(ssrc):
            return 0
        if self._is_settled:
            plain_length = self._session.unprotect(packet, length)
            if plain_length:
                self._note_newest(ssrc, sequence)
        else:
            plain_length = self._try_all(packet, length, ssrc, sequence, tick)
        if plain_length:
            self._ssrcs.add(ssrc)
            self._refused_in_row = 0
        else:
            self._count_refused(tick)
        return plain_length

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """b"" if it is not authentic or a repetition."""
        ssrc = int.from_bytes(packet[4:8], "big")
        plain = self._session.unprotect_rtcp(packet) if self._has_room_for(ssrc) else b""
        if plain:
            self._ssrcs.add(ssrc)
        return plain

    def _has_room_for(self, ssrc: int) -> bool:
        return ssrc in self._ssrcs or len(self._ssrcs) < SSRCS_PER_KEY_MAX

    def _try_all(self, packet: Pointer, length: int, ssrc: int, sequence: int, tick: int) -> int:
        """With the key, with the former one, and with every ROC there can be."""
        original = read(packet, length)
        plain_length = self._session.unprotect(packet, length)
        if not plain_length and not self._is_synchronised and self._may_search():
            write(packet, original)
            plain_length = self._search(packet, original, ssrc, sequence)
        if plain_length:
            self._is_synchronised = True
            self._note_newest(ssrc, sequence)
        if self._former is not None and tick > self._former_until:
            self._former = None
        if self._former is not None and not plain_length:
            write(packet, original)
            return self._former.unprotect(packet, length)
        self._is_settled = self._is_synchronised and self._former is None
        return plain_length

    def _may_search(self) -> bool:
        return self._refused_in_row < 2 or self._refused_in_row % SEARCH_EVERY_REFUSALS == 0

    def _search(self, packet: Pointer, original: bytes, ssrc: int, sequence: int) -> int:
        """Try ROC 1, 2, ...: a new session is shown dummies up to each, which another one makes with the same key."""
        dummies = SrtpSession(self._profile, self._key, sends=True)
        session = SrtpSession(self._profile, self._key, sends=False)
        passed = _Passed(sequence)
        known = self._newest_index if ssrc == self._newest_ssrc else 0
        first = max(1, known >> 16)
        last = first + ROC_CANDIDATES_MAX if known else self._rolls_max
        for rolls in range(first, last + 1):
            if rolls << 16 | sequence < known:
                continue
            for index in passed.up_to(rolls << 16 | sequence):
                write(packet, dummy := dummies.protect(_dummy(index, ssrc)))
                session.unprotect(packet, len(dummy))
            write(packet, original)
            plain_length = session.unprotect(packet, len(original))
            if plain_length:
                self._session = session
                self._newest_ssrc, self._newest_index = ssrc, rolls << 16 | sequence
                return plain_length
        return 0

    def _pass_by(self, newest: Newest) -> None:
        """Have the session count along to there, so that it refuses what is older."""
        dummies = SrtpSession(self._profile, self._key, sends=True)
        packet = np.zeros(SRTP_PACKET_BYTES_MAX, np.uint8)
        at = pointer_to(packet)
        for index in range(newest.number % STRIDE, newest.number + 1, STRIDE):
            write(at, dummy := dummies.protect(_dummy(index, newest.ssrc)))
            self._session.unprotect(at, len(dummy))

    def _note_newest(self, ssrc: int, sequence: int) -> None:
        """As libsrtp does it (RFC 3711 section 3.3.1): less than half of 16 bits ahead is a step forward."""
        if ssrc != self._newest_ssrc:
            self._newest_ssrc, self._newest_index = ssrc, sequence
            return
        ahead = (sequence - self._newest_index) & 0xFFFF
        if ahead < 0x8000:
            self._newest_index += ahead

    def _count_refused(self, tick: int) -> None:
        self._refused_in_row += 1
        if self._refused_in_row == RESTART_AFTER_REFUSALS and tick < self._restart_until:
            self._session = SrtpSession(self._profile, self._key, sends=False)
            self._is_synchronised = self._is_settled = False
            self._newest_ssrc = -1
            self._refused_in_row = 0
            self._restart_until = -1
            self._report("the party began its packets anew under the same key after a re-INVITE: that was followed")
        elif tick > self._told_until and not self._is_synchronised and self._newest_ssrc >= 0:
            # The party began anew in the last seconds of the other worker.
            self._session = SrtpSession(self._profile, self._key, sends=False)
            self._newest_ssrc = -1
            self._refused_in_row = 0
        elif self._refused_in_row == REPORT_AFTER_REFUSALS:
            self._report("the party's packets do not fit its SRTP key, or are repetitions: they are not heard")

    def _report(self, text: str) -> None:
        if text not in self.reports:
            self.reports.append(text)


class _Passed:
    """Numbers to be shown to a session so that it counts along, from `first` upwards."""

    __slots__ = ("_is_first", "_last")

    def __init__(self, first: int) -> None:
        self._last = first
        self._is_first = True

    def up_to(self, index: int) -> Iterator[int]:
        """The next ones; afterwards `index` is a step forward for the session."""
        if self._is_first:
            self._is_first = False
            yield self._last
        while index - self._last > STRIDE:
            self._last += STRIDE
            yield self._last


class StreamSrtp(NamedTuple):
    """Both directions of a stream."""

    keys: SrtpKeys
    sender: SrtpSender
    receiver: SrtpReceiver


def agree(
    keys: SrtpKeys | None,
    former: StreamSrtp | None,
    *,
    ssrc: int,
    index: int,
    tick: int,
    is_successor: bool,
    position: SrtpPosition | None = None,
) -> StreamSrtp | None:
    """What a stream is sent and received with after an SDP; what did not change goes on as it was.

    `index` is that of our next packet since the keys came in force. `is_successor`: they are older than this worker;
    otherwise they begin now, at ROC 0 whatever the number. `position` is how far another worker has heard the party.
    """
    index = index if is_successor else index & 0xFFFF
    if keys is None:
        return None
    if former is not None and keys == former.keys:
        former.receiver.negotiated(tick)
        return former
    if former is not None and (keys.profile, keys.receive) == (former.keys.profile, former.keys.receive):
        receiver = former.receiver
    else:
        rolls_max = 1 + ROLLS_FOR_ONE_OF_OURS * (1 + (index >> 16))
        receiver = SrtpReceiver(
            keys.profile,
            keys.receive,
            rolls_max=rolls_max,
            former=former and former.receiver,
            tick=tick,
            newest=None if position is None else Newest(position.ssrc, position.index),
        )
    if former is not None and (keys.profile, keys.send) == (former.keys.profile, former.keys.send):
        sender = former.sender
    else:
        sender = SrtpSender(keys.profile, keys.send, ssrc=ssrc, index=index, tick=tick, is_successor=is_successor)
    return StreamSrtp(keys, sender, receiver)


def _dummy(index: int, ssrc: int) -> bytes:
    return pack(payload_type=0, sequence=index, timestamp=0, ssrc=ssrc, payload=b"\0")


def _dummy_report(ssrc: int) -> bytes:
    """An empty receiver report (RFC 3550 section 6.4.2)."""
    return b"\x80\xc9\0\1" + ssrc.to_bytes(4, "big")
