"""Whose packets a stream listens to: symmetric RTP (RFC 4961) that cannot be taken over.

A port on the Internet receives packets from anybody. The party's SDP says where it listens, which behind a NAT is not
where its packets come from. So the source is learnt, and the rules make learning safe:

| packet                                             | verdict                                                       |
|----------------------------------------------------|---------------------------------------------------------------|
| from the address the SDP gave                      | accepted at once, whoever was heard before                    |
| from the source that is heard                      | accepted                                                      |
| from elsewhere, nothing heard yet                  | accepted when it is the fourth in sequence from there and 22  |
|                                                    | ms after the first: a burst of forged packets is not real     |
|                                                    | time; and only from the SDP's host or the one where the       |
|                                                    | party's signalling comes from, unless `learn_from` is None:   |
|                                                    | under SRTP it is, since packets have proved whose they are    |
| the same, but neither sound nor a digit of the     | proves nothing, and is not heard: comfort noise, keep-alives, |
| stream's payload types                             | another codec                                                 |
| from elsewhere, with the SSRC that is heard and a  | accepted: the party's NAT gave it another port; who did not   |
| sequence number at most 536 from the last          | see its packets cannot know both numbers                      |
| from elsewhere otherwise                           | a stranger's: never heard, counted                            |
| anything but the SDP's address, `learn` not set    | a stranger's                                                  |

After a new SDP the source heard so far is a stranger for two seconds: its last packets must not win over the new one's
first. A source that was learnt is final after five seconds without a packet from the SDP's address. Then, or at once if
it is that address, the socket may be connected to it, and the kernel drops everything else; it is disconnected when
the source falls silent, so that the rules can work again.
"""

from typing import NamedTuple

from softswitch.base.address import HostPort

LEARNING_PACKETS = 4
LEARNING_S = 0.022
SETTLING_S = 5.0
BARRED_S = 2.0
SEQUENCE_DISTANCE_MAX = 536


class _Candidate(NamedTuple):
    source: HostPort
    ssrc: int
    sequence: int
    packets: int
    since: float


class SourceLatch:
    """The rules for one stream. Packets from a connected socket need not be shown to it."""

    __slots__ = (
        "_barred",
        "_barred_until",
        "_candidate",
        "_latched_at",
        "_learn",
        "_learn_from",
        "_remote",
        "_sequence",
        "_ssrc",
        "source",
        "strangers",
    )

    def __init__(self, remote: HostPort | None, *, learn: bool, learn_from: str | None = None) -> None:
        self.source: HostPort | None = None
        """Whose packets are heard."""
        self.strangers = 0
        """Packets that were not, those of a source that is being learnt among them."""
        self._remote = remote
        self._learn = learn
        self._learn_from = learn_from
        self._latched_at = 0.0
        self._ssrc = -1
        self._sequence = 0
        self._candidate: _Candidate | None = None
        self._barred: HostPort | None = None
        self._barred_until = 0.0

    def receive(self, source: HostPort, ssrc: int, sequence: int, now: float, *, is_proof: bool = True) -> bool:
        """Whether a packet is heard; afterwards `source` may have changed.

        `is_proof`: its payload type is one that the stream's party sends sound or digits with.
        """
        if source != self.source and not self._is_admitted(source, ssrc, sequence, now, is_proof=is_proof):
            self.strangers += 1
            return False
        if source != self.source:
            self.source = source
            self._latched_at = now
            self._candidate = None
        self._ssrc, self._sequence = ssrc, sequence
        return True

    def describe(self, remote: HostPort | None, *, learn: bool, learn_from: str | None = None, now: float) -> bool:
        """The party's SDP as it is now. True when the source is to be found anew: disconnect the socket."""
        is_moved = remote != self._remote
        self._remote, self._learn, self._learn_from = remote, learn, learn_from
        if not is_moved and (learn or self.source in (None, remote)):
            return False
        if self.source is not None and self.source != remote:
            self._barred, self._barred_until = self.source, now + BARRED_S
            self.source = None
        self._candidate = None
        return True

    def forget(self) -> None:
        """Packets begin to be authenticated: who was heard before may have been anybody."""
        self.source = None
        self._candidate = None

    def reopen(self, ssrc: int, sequence: int) -> None:
        """The source fell silent and its socket was disconnected; these are the numbers of its last packet."""
        self._ssrc, self._sequence = ssrc, sequence

    def final_source(self, now: float) -> HostPort | None:
        """The address the socket may be connected to, if that is settled."""
        if self._remote is not None and (not self._learn or self.source == self._remote):
            return self._remote
        if self.source is not None and now - self._latched_at >= SETTLING_S:
            return self.source
        return None

    def destination(self) -> HostPort | None:
        """Where our packets go: to the source that is heard, before that to the SDP's address."""
        return self.source if self.source is not None and self._learn else self._remote

    def _is_admitted(self, source: HostPort, ssrc: int, sequence: int, now: float, *, is_proof: bool) -> bool:
        if source == self._remote:
            # Another's sound is not given up for a keep-alive.
            return is_proof or self.source is None
        if not self._learn or (source == self._barred and now < self._barred_until):
            return False
        if self.source is None:
            if not self._may_be_the_party(source.host):
                return False
            return self._has_proved_itself(source, ssrc, sequence, now, is_proof=is_proof)
        distance = ((sequence - self._sequence + 0x8000) & 0xFFFF) - 0x8000
        return is_proof and ssrc == self._ssrc and abs(distance) <= SEQUENCE_DISTANCE_MAX

    def _may_be_the_party(self, host: str) -> bool:
        is_of_sdp = self._remote is not None and host == self._remote.host
        return is_of_sdp or self._learn_from in (None, host)

    def _has_proved_itself(self, source: HostPort, ssrc: int, sequence: int, now: float, *, is_proof: bool) -> bool:
        last = self._candidate
        is_next = (
            last is not None and (source, ssrc) == (last.source, last.ssrc) and sequence == (last.sequence + 1) & 0xFFFF
        )
        if last is None or not is_next:
            if is_proof:
                self._candidate = _Candidate(source, ssrc, sequence, 1, now)
            return False
        self._candidate = last._replace(sequence=sequence, packets=last.packets + is_proof)
        return is_proof and self._candidate.packets >= LEARNING_PACKETS and now - last.since >= LEARNING_S
