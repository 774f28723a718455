"""Whose UDPTL a fax port listens to: the rules of receiving/latch.py, for datagrams that have no SSRC.

| datagram                                        | verdict                                                          |
|-------------------------------------------------|------------------------------------------------------------------|
| from the address the SDP gave                   | accepted at once, whoever was heard before                       |
| from the source that is heard                   | accepted                                                         |
| from elsewhere, nothing heard yet               | accepted when it is the second in sequence from there, if the    |
|                                                 | host is the SDP's or the one of the party's signalling           |
|                                                 | (`learn_from`; None: any)                                        |
| from elsewhere otherwise                        | a stranger's: dropped, counted                                   |

A machine that receives a page is silent for minutes, so silence opens nothing here: a party that has moved says so by a
re-INVITE. Once the SDP's own address has been heard, nobody else ever is.
"""

from softswitch.base.address import HostPort


class FaxLatch:
    """The rules for one port."""

    __slots__ = ("_candidate", "_learn_from", "_remote", "source")

    def __init__(self, remote: HostPort | None, *, learn_from: str | None) -> None:
        self.source: HostPort | None = None
        """Whose datagrams are passed on."""
        self._remote = remote
        self._learn_from = learn_from
        self._candidate: tuple[HostPort, int] | None = None
        """The last source that may be the party, and its sequence number."""

    def receive(self, source: HostPort, sequence: int) -> bool:
        """Whether a datagram is the party's; afterwards `source` may have changed."""
        if source in (self.source, self._remote):
            self.source = source
            return True
        if self.source is not None or not self._may_be_the_party(source.host):
            return False
        last, self._candidate = self._candidate, (source, sequence)
        # Signals at the beginning are sent several times with one number.
        if last is None or last[0] != source or (sequence - last[1]) & 0xFFFF > 1:
            return False
        self.source = source
        return True

    def describe(self, remote: HostPort | None, *, learn_from: str | None) -> bool:
        """The party's SDP as it is now; True when it is another address, and the source is to be found anew."""
        self._learn_from = learn_from
        if remote == self._remote:
            return False
        self._remote = remote
        self.source = self._candidate = None
        return True

    def destination(self) -> HostPort | None:
        """Where the party is sent to."""
        return self.source or self._remote

    @property
    def is_final(self) -> bool:
        """The SDP's own address is heard: the socket may be connected to it, and the kernel drops all others."""
        return self.source is not None and self.source == self._remote

    def _may_be_the_party(self, host: str) -> bool:
        is_of_sdp = self._remote is not None and host == self._remote.host
        return is_of_sdp or self._learn_from in (None, host)
