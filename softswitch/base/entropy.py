"""The only source of unpredictable numbers: tags, branches, Call-IDs, nonces, SSRCs, random delays."""

import random
import secrets
from typing import Protocol


class Entropy(Protocol):
    def token(self, bits: int = 64) -> str:
        """Lower-case hex, `bits` long."""
        ...

    def integer(self, bits: int) -> int:
        """Uniform in [0, 2**bits)."""
        ...

    def uniform(self, low: float, high: float) -> float: ...


class SystemEntropy:
    """Numbers no peer can guess (the operating system's generator)."""

    __slots__ = ()

    def token(self, bits: int = 64) -> str:
        return secrets.token_hex(bits // 8)

    def integer(self, bits: int) -> int:
        return secrets.randbits(bits)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * secrets.randbits(53) / (1 << 53)


class SeededEntropy:
    """The same numbers every time: for tests, simulation and the demo."""

    __slots__ = ("_random",)

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def token(self, bits: int = 64) -> str:
        return f"{self._random.getrandbits(bits):0{bits // 4}x}"

    def integer(self, bits: int) -> int:
        return self._random.getrandbits(bits)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)
