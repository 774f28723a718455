"""Search for longer: `python -m tests.fuzz.search --minutes 10 [--target uri]`, or `make fuzz`.

The minutes are shared among the targets. An input that breaks an invariant is printed with its traceback, written to
fuzz-found/, and the exit code is 1; then it belongs into tests/fuzz or tests/golden as a test of its own.
"""

import argparse
import resource
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz.sip_targets import TARGETS, Found, mutants

REPORT_EVERY_S = 30.0


def search(name: str, seconds: float, seed: int) -> bool:
    """Whether nothing was found."""
    started_at = reported_at = time.monotonic()
    count = outcomes = 0
    try:
        for count, outcomes in mutants(name, seed):
            now = time.monotonic()
            if now - reported_at >= REPORT_EVERY_S or now - started_at >= seconds:
                reported_at = now
                peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                print(
                    f"{name}: {count} inputs, {outcomes} outcomes, {now - started_at:.0f} s, {peak_mib} MiB", flush=True
                )
            if now - started_at >= seconds:
                return True
    except Found as found:
        traceback.print_exc()
        folder = Path("fuzz-found")
        folder.mkdir(exist_ok=True)
        (folder / f"{name}-{seed}-{count}").write_bytes(found.data)
        return False
    return True


def main() -> int:
    options = argparse.ArgumentParser(description="Mutate what strangers may send, and see whether anything breaks.")
    options.add_argument("--minutes", type=float, default=10.0, help="in all")
    options.add_argument("--target", choices=list(TARGETS), action="append", help="only this; may be repeated")
    options.add_argument("--seed", type=int, default=None)
    chosen = options.parse_args()
    names: list[str] = chosen.target or list(TARGETS)
    seed: int = time.time_ns() if chosen.seed is None else chosen.seed
    print(f"seed {seed}", flush=True)
    results = [search(name, chosen.minutes * 60.0 / len(names), seed) for name in names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
