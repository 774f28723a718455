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


BLOCK_BYTES = 4096
"""Asked of the operating system at once: a call takes some twenty numbers, and each would be a system call."""


class SystemEntropy:
    """Numbers no peer can guess (the operating system's generator). For one thread, and no forked process."""

    __slots__ = ("_block", "_used")

    def __init__(self) -> None:
        self._block = ""
        self._used = 0

    def token(self, bits: int = 64) -> str:
        begin = self._used
        end = self._used = begin + bits // 4
        if end > len(self._block):
            self._block = secrets.token_hex(max(BLOCK_BYTES, bits // 8))
            begin, end = 0, bits // 4
            self._used = end
        return self._block[begin:end]

    def integer(self, bits: int) -> int:
        return int(self.token(bits + -bits % 8), 16) >> -bits % 8 if bits else 0

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.integer(53) / (1 << 53)


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
