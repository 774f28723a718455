"""How one stream sounds, from its counters: loss, runs of losses, delay, and the E-model's score for each direction."""

from typing import NamedTuple

from softswitch.media.quality.e_model import G711, IMPAIRMENTS, mean_opinion_score, rating

REMOTE_BUFFER_MS = 40.0
"""What a telephone's own jitter buffer adds, which it tells nobody."""


class Counts(NamedTuple):
    """Packets of a stream's party, since the stream began or between two instants."""

    received: int = 0
    lost: int = 0
    late: int = 0
    """Came, but after what they carry should have been played."""
    loss_runs: int = 0

    def since(self, then: "Counts") -> "Counts":
        return Counts(*(now - before for now, before in zip(self, then, strict=True)))

    @property
    def expected(self) -> int:
        return self.received + max(self.lost, 0)

    @property
    def loss_percent(self) -> float:
        """Of what should have been heard, what was not heard when it should."""
        missing = max(self.lost, 0) + max(self.late, 0)
        return min(100.0 * missing / self.expected, 100.0) if self.expected else 0.0

    @property
    def burst_ratio(self) -> float:
        """G.107 clause 7.5: the mean length of a run of losses over what it would be if each came by chance alone."""
        if self.loss_runs < 1 or self.lost < 1 or not self.expected:
            return 1.0
        loss = self.lost / self.expected
        return max(self.lost / self.loss_runs * (1.0 - loss), 1.0)


def score(codec: str, *, loss_percent: float, burst_ratio: float, delay_ms: float) -> float:
    """MOS of what a listener hears; `delay_ms` one way, from mouth to ear."""
    impairment = IMPAIRMENTS.get(codec, G711)
    r = rating(delay_ms=round(delay_ms), loss_percent=loss_percent, burst_ratio=burst_ratio, impairment=impairment)
    return round(mean_opinion_score(r), 2)
