"""The even UDP ports of the media range: given out in turn, and left alone for a while after use.

A caller's phone may go on sending for seconds after the call; a port that rests meanwhile cannot bring that sound into
somebody else's call. The odd port above each is reserved for RTCP (RFC 3550 section 11).
"""

from collections import deque
from collections.abc import Collection

from softswitch.base.entropy import Entropy
from softswitch.media.tick_grid import phase_of_port

REST_S = 30.0

REST_LEAST_S = 2.0
"""When no port has rested that long, the one that has rested longest is taken after this time: better a trace of
another's sound, which the latch keeps out, than a call refused."""


class PortPool:
    """Which ports are free. Ports go round in a fixed order that starts nowhere in particular."""

    __slots__ = ("_free", "_range", "_resting", "_used")

    def __init__(self, ports: range, entropy: Entropy) -> None:
        """`ports` holds the whole range; an odd port without its even partner is not used."""
        even = list(range(ports.start + ports.start % 2, ports.stop - 1, 2))
        start = int(entropy.uniform(0, len(even)))
        self._range = ports
        self._free = deque(even[start:] + even[:start])
        self._resting: deque[tuple[float, int]] = deque()
        """(free again at, port), in the order of release and so of time."""
        self._used: set[int] = set()

    def __str__(self) -> str:
        return f"{self._range.start}-{self._range.stop - 1}"

    def take(self, now: float, *, phase: int | None = None) -> int | None:
        """A port that nobody used for REST_S, of that phase if it matters, or None when there is none.

        When there is none, one that has rested for REST_LEAST_S will do.
        """
        while self._resting and (
            self._resting[0][0] <= now or (not self._free and self._resting[0][0] <= now + REST_S - REST_LEAST_S)
        ):
            self._free.append(self._resting.popleft()[1])
        port = next((port for port in self._free if phase in (None, phase_of_port(port))), None)
        if port is not None:
            self._free.remove(port)
            self._used.add(port)
        return port

    def claim(self, ports: Collection[int]) -> None:
        """They are in use, whether or not they were taken here; those outside the range, and odd ones, are not ours."""
        claimed = set(ports) - self._used
        if not claimed:
            return
        free = deque(port for port in self._free if port not in claimed)
        resting = deque((until, port) for until, port in self._resting if port not in claimed)
        self._used |= claimed.intersection((*self._free, *(port for _, port in self._resting)))
        self._free, self._resting = free, resting

    def release(self, port: int, now: float) -> None:
        """Let a port rest; one that is not in use is left as it is."""
        if port in self._used:
            self._used.remove(port)
            self._resting.append((now + REST_S, port))

    @property
    def size(self) -> int:
        """How many ports there are, in use or not."""
        return len(self._free) + len(self._resting) + len(self._used)

    @property
    def in_use(self) -> int:
        return len(self._used)
