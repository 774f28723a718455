"""Taking over the registrations of the former switch: CPU time from the open store to phones that can be called.

Run: python benchmarks/bench_restore.py [--bindings N] [--json]

The bar is one second for 20,000. Also: what a refresh costs the store's callers. The figure is the least of three.
"""

import argparse
import json
import tempfile
from time import process_time, thread_time

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SeededEntropy
from softswitch.calls.runtime.records import StoreRecords
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import Binding
from softswitch.sip.settings import SipSettings
from softswitch.store import open_store

DOMAIN = "switch.example"
SWITCH = HostPort("198.51.100.1", 5060)
LIFETIME_S = 3600.0


def binding_of(number: int, now: float, wall: float) -> Binding:
    host = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    kind = TransportKind.TCP if number % 4 == 0 else TransportKind.UDP
    return Binding(
        aor=f"phone{number}@{DOMAIN}",
        contact_uri=f"sip:phone{number}@{host}:5060" + (";transport=tcp" if kind is TransportKind.TCP else ""),
        flow=Flow(kind, SWITCH, HostPort(host, 5060)),
        expires_at=now + LIFETIME_S,
        expires_at_wall=wall + LIFETIME_S,
        call_id=f"1j9FpLxk3uxtm8tn-{number}",
        cseq=7,
        user_agent="Example Phone 4.2.1",
        instance=f"<urn:uuid:00000000-0000-1000-8000-{number:012x}>",
    )


def restore_ms(directory: str, clock: SystemClock) -> tuple[float, int]:
    store = open_store(directory, report=print)
    endpoint = SipEndpoint(SipSettings(domain=DOMAIN), entropy=SeededEntropy(1), wall_offset=clock.wall() - clock.now())
    for kind in TransportKind:
        endpoint.add_listener(kind, SWITCH)
    records = StoreRecords(store, clock)
    started = process_time()
    restored = endpoint.restore_bindings(records.stored_bindings(), clock.now(), clock.wall())
    spent = (process_time() - started) * 1e3
    for output in endpoint.take_outputs():
        print("unexpected:", output)
    store.close()
    return spent, len(restored)


def refresh_us(directory: str, clock: SystemClock, bindings: int) -> float:
    """What the loop pays to have a refreshed binding written."""
    store = open_store(directory, report=print)
    records = StoreRecords(store, clock)
    now, wall = clock.now() + 600.0, clock.wall() + 600.0
    refreshed = [binding_of(number, now, wall) for number in range(bindings)]
    started = thread_time()
    for binding in refreshed:
        records.bindings_changed(binding.aor, [binding])
    spent = thread_time() - started
    store.close()
    return spent / bindings * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bindings", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as directory:
        write_us = refresh_us(directory, clock, options.bindings)
        results = [restore_ms(directory, clock) for _ in range(3)]
        assert all(count == options.bindings for _, count in results), results
    figures = {"bindings": options.bindings, "restore_ms": min(spent for spent, _ in results), "write_us": write_us}
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:12} {value:10.1f}")


if __name__ == "__main__":
    main()
