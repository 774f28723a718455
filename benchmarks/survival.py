"""What the death of a process costs calls in progress, measured where it is felt: at the phones.

    python benchmarks/survival.py [--calls 300] [--kills 3] [--workers 2] [--json]

Callers talk to agents, wait with music, choose in menus, ring agents and are fifteen in a conference; some are
recorded, and a supervisor listens. Their phones are another process, with real SIP and RTP (tests/survival). Then the
switch, each media worker, the web process and the supervisor are killed (`kill -9`), and the switch with a worker:

* `switch_back_s`: from the kill until the switch answers at its control socket *and* has answered a request within a
  call that was there before; the longest of all kills;
* `audio_gap_ms_switch`, `audio_gap_ms_worker`: the longest time between two packets (beyond the 20 ms that there always
  is) that any of the phones had to bear while somebody was to be heard, as its kernel took them;
* `calls_lost`: calls of which one end was hung up, or whose requests were refused, of all kills together. Killed is
  what is left of them.

Switch, workers and phones share the machine's cores: with more calls than it can carry, or other programs beside, the
figures mean little, and `phones_late_ms` and `withheld_ms` (how long what was started again waited for a core) say so.
"""

import argparse
import json
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from processes import where_and_when

from tests.survival.centre import Sizes
from tests.survival.scene import SUPERVISOR, Scene

BAR_BACK_S, BAR_WORKER_MS = 1.5, 1000.0


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kill. `answered_s` is None where nothing was asked, or answered, within a call."""

    killed: str
    back_s: float
    answered_s: float | None
    gap_ms: float
    silence_ms: float
    calls_lost: int
    is_wrong: bool
    """Somebody heard what he should not, or does not hear what he should, or was told what no phone may be."""
    phones_late_ms: float
    withheld_ms: float
    """For so long the processes that were started again waited for a processor: a quiet machine has none of it."""


def kill(scene: Scene, *names: str) -> Death:
    """Kill them, and ask within calls, one after another, until one request is answered."""
    answered_at: list[float] = []
    asking = threading.Thread(target=lambda: answered_at.append(scene.crowd.probe(scene.lines("talking"))))
    killed_at, after = scene.kill_while(asking.start if "switch" in names else lambda: None, *names)
    if "switch" in names:
        asking.join()
    return Death(
        killed="+".join(names),
        back_s=round(after.back_s, 3),
        answered_s=round(answered_at[0] - killed_at, 3) if answered_at and answered_at[0] else None,
        gap_ms=after.gap_ms,
        silence_ms=after.silence_ms,
        calls_lost=scene.calls_lost(after),
        is_wrong=not after.is_sound,
        phones_late_ms=after.late_ms,
        withheld_ms=round(after.withheld_ms),
    )


def measure(arguments: argparse.Namespace) -> tuple[list[Death], Sizes]:
    """Everybody who is lost is gone for the kills that follow: the table shows it."""
    sizes = Sizes.of(arguments.calls)
    workers = [f"media-{number}" for number in range(arguments.workers)]
    deaths: list[Death] = []
    with (
        tempfile.TemporaryDirectory(prefix="softswitch-") as folder,
        Scene(Path(folder), sizes, workers=arguments.workers) as scene,
    ):
        scene.fill()
        for names in [("web",), (SUPERVISOR,), *((name,) for name in workers)]:
            deaths.append(kill(scene, *names))
            show(deaths[-1])
        for names in [("switch",)] * arguments.kills + [("switch", workers[0])]:
            deaths.append(kill(scene, *names))
            show(deaths[-1])
    return deaths, sizes


def show(death: Death) -> None:
    answered = "never" if death.answered_s is None else f"{death.answered_s:.2f} s"
    print(
        f"{death.killed:<16}{death.back_s:>7.2f} s{answered:>10}{death.gap_ms:>9.0f} ms{death.silence_ms:>9.0f} ms"
        f"{death.calls_lost:>7}{death.withheld_ms:>9.0f} ms{'  wrong sound' if death.is_wrong else ''}",
        flush=True,
    )


def summary(deaths: list[Death], sizes: Sizes) -> dict[str, object]:
    switch = [death for death in deaths if death.killed == "switch"]
    worker = [death for death in deaths if death.killed.startswith("media")]
    answered = [death.answered_s for death in switch]
    return {
        "calls": sizes.calls,
        "switch_back_s": None if None in answered else max(max(d.back_s, d.answered_s or 0.0) for d in switch),
        "audio_gap_ms_switch": max(death.gap_ms for death in switch),
        "audio_gap_ms_worker": max(death.gap_ms for death in worker),
        "silence_ms_worker": max(death.silence_ms for death in worker),
        "calls_lost": sum(death.calls_lost for death in deaths),
        "phones_late_ms": max(death.phones_late_ms for death in deaths),
        "withheld_ms_switch": max(death.withheld_ms for death in switch),
    }


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The arguments of the command line, or these."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--kills", type=int, default=3, help="of the switch")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args(arguments)


def main() -> None:
    arguments = parse()
    print(f"{'killed':<16}{'back':>9}{'answers':>10}{'gap':>12}{'silence':>12}{'lost':>7}{'withheld':>12}")
    deaths, sizes = measure(arguments)
    result = summary(deaths, sizes)
    print(
        f"bars: back within {BAR_BACK_S:g} s, a worker's gap {BAR_WORKER_MS:g} ms, no gap of the switch, no call lost"
    )
    if arguments.json:
        print(json.dumps({**result, "deaths": msgspec.to_builtins(deaths), **where_and_when()}))


if __name__ == "__main__":
    main()
