"""The dice of the router: the same seed gives the same throws, so that a day replayed is the same day."""

_WORD = (1 << 64) - 1


class Chance:
    """SplitMix64 (Steele, Lea and Flood 2014). `state` is all there is to it, and can be saved and put back."""

    __slots__ = ("state",)

    def __init__(self, seed: int = 1) -> None:
        self.state = seed & _WORD

    def draw(self) -> float:
        """The next number, at least 0 and less than 1."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _WORD
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        return ((mixed ^ (mixed >> 31)) >> 11) / (1 << 53)
