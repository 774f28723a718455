"""The timers of RFC 3261 table 4 and RFC 6026, all derived from T1, T2 and T4.

A value per endpoint, never global: a test or a slow satellite link has its own.
"""

import msgspec


class SipTimers(msgspec.Struct, frozen=True):
    """T1: round-trip estimate; T2: longest interval between retransmissions; T4: life of a message in the network.

    All in seconds.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def transaction_s(self) -> float:
        """64 * T1: Timers B, D (UDP), F, H, J (UDP), L and M."""
        return 64.0 * self.t1

    def settle_s(self, is_reliable: bool) -> float:
        """Timers I and K: how long retransmissions may still arrive; nothing is repeated on a reliable transport."""
        return 0.0 if is_reliable else self.t4

    def absorb_s(self, is_reliable: bool) -> float:
        """Timers D and J: how long a peer may still repeat what was answered."""
        return 0.0 if is_reliable else self.transaction_s
