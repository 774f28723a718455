"""A byte mutator: seeds cut, doubled, spliced, flipped and sprinkled with words that matter to a parser.

Whatever meets an outcome nobody met before becomes a seed itself: the search goes on from where it got furthest.
Deterministic: the same random generator, seeds and outcomes give the same inputs.
"""

import random
from collections.abc import Hashable, Sequence

CORPUS_MAX = 4_000
"""Seeds kept; beyond it a found one replaces another that was found."""

BYTES_MAX = 70_000
"""A little more than a datagram can hold."""


class Mutator:
    """`next()` gives an input, `note(outcome)` says what became of it."""

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes], dice: random.Random) -> None:
        self._corpus = list(seeds)
        self._given = len(self._corpus)
        self._words = list(words)
        self._dice = dice
        self._seen: set[Hashable] = set()
        self._last = b""

    @property
    def outcomes(self) -> int:
        return len(self._seen)

    def next(self) -> bytes:
        dice = self._dice
        mutant = bytearray(dice.choice(self._corpus))
        for _ in range(dice.choice((1, 1, 2, 3, 5, 8))):
            self._change(mutant)
        self._last = bytes(mutant[:BYTES_MAX])
        return self._last

    def note(self, outcome: Hashable) -> None:
        if outcome in self._seen or len(self._seen) >= CORPUS_MAX * 4:
            return
        self._seen.add(outcome)
        if len(self._corpus) < CORPUS_MAX:
            self._corpus.append(self._last)
        else:
            self._corpus[self._dice.randrange(self._given, CORPUS_MAX)] = self._last

    def _change(self, mutant: bytearray) -> None:
        dice = self._dice
        start = dice.randint(0, len(mutant))
        end = min(len(mutant), start + dice.choice((0, 1, 2, 4, 16, 64, 256)))
        match dice.randrange(9):
            case 0:
                del mutant[start:end]
            case 1:
                mutant[start:start] = mutant[start:end]
            case 2:
                mutant[start:end] = dice.choice(self._words)
            case 3:
                mutant[start:start] = dice.choice(self._words) * dice.choice((1, 1, 2, 40))
            case 4:
                mutant[start:end] = dice.randbytes(dice.randint(0, 4))
            case 5:
                if mutant:
                    mutant[start % len(mutant)] ^= 1 << dice.randrange(8)
            case 6:
                other = dice.choice(self._corpus)
                cut = dice.randint(0, len(other))
                mutant[start:] = other[cut:]
            case 7:
                other = dice.choice(self._corpus)
                cut = dice.randint(0, len(other))
                mutant[start:start] = other[cut : cut + dice.choice((4, 16, 64))]
            case _:
                self._swap_lines(mutant)

    def _swap_lines(self, mutant: bytearray) -> None:
        lines = bytes(mutant).split(b"\r\n")
        if len(lines) > 1:
            one, other = self._dice.randrange(len(lines)), self._dice.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            mutant[:] = b"\r\n".join(lines)
