"""Mutated messages, URIs, header values, session descriptions and digests give a value or `Malformed`, never more.

A few seconds for each target here, a minute in all in CI; `make fuzz MINUTES=10` goes on for longer.
"""

import os
import time
import tracemalloc

import pytest

from tests.fuzz.sip_targets import TARGETS, WORDS, mutants

SECONDS = 60.0 if os.environ.get("CI") else 6.0
BYTES_PER_BYTE_MAX = 300
"""Memory at its peak for one byte of input: a text of one-byte elements costs a string object each."""


@pytest.mark.parametrize("name", list(TARGETS))
def test_mutants(name: str) -> None:
    seed = time.time_ns()
    until = time.process_time() + SECONDS / len(TARGETS)
    for _, _ in mutants(name, seed):
        if time.process_time() > until:
            return


@pytest.mark.parametrize("name", list(TARGETS))
def test_the_largest_inputs_take_bounded_memory(name: str) -> None:
    target = TARGETS[name]
    for seed in (min(target.seeds, key=len), max(target.seeds, key=len)):
        for word in WORDS:
            data = (seed[: len(seed) // 2] + word * (32_000 // len(word)))[:32_000] + seed[len(seed) // 2 :]
            tracemalloc.start()
            try:
                target.check(data)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert peak < BYTES_PER_BYTE_MAX * len(data), (peak, word)
