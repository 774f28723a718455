"""Runs the stations of a FakeNetwork in virtual time, event by event, until nothing is left to do or time is up."""

from collections.abc import Callable

from softswitch.sip.outputs import CloseFlow, SipOutput, Transmit
from softswitch.testing.clock import ManualClock
from softswitch.testing.network import FakeNetwork

OnFact = Callable[[str, SipOutput, float], None]
"""Called with the station's name, what it says and the time; may give commands to any station."""

STEPS_MAX = 100_000
"""More events than any test needs: beyond it something goes in circles."""


def drive(network: FakeNetwork, clock: ManualClock, *, seconds: float | None = None, on_fact: OnFact) -> None:
    """Let `seconds` go by, or run until no packet flies and no timer is armed.

    After every input the station's outputs are drained before the next, as a driver does: packets go onto the
    network, everything else to `on_fact`. Ends at the time asked for.
    """
    ends_at = None if seconds is None else clock.now() + seconds
    for _ in range(STEPS_MAX):
        _drain(network, clock, on_fact)
        at = _next_event(network)
        if at is None or (ends_at is not None and at > ends_at):
            if ends_at is not None:
                clock.advance_to(ends_at)
            return
        now = clock.advance_to(at)
        arrival = network.next_arrival()
        if arrival is not None and arrival <= now:
            network.deliver_next(now)
        else:
            for station in network.stations.values():
                due = station.next_timeout()
                if due is not None and due <= now:
                    station.handle_timeout(now)
    raise AssertionError(f"no end after {STEPS_MAX} events: something goes in circles")


def _drain(network: FakeNetwork, clock: ManualClock, on_fact: OnFact) -> None:
    """Until nobody has anything more to say: a fact's recipient may have given commands to any station."""
    is_quiet = False
    while not is_quiet:
        is_quiet = True
        for name, station in network.stations.items():
            for output in station.take_outputs():
                is_quiet = False
                if isinstance(output, Transmit):
                    network.send(name, output.flow, output.message, clock.now())
                elif isinstance(output, CloseFlow):
                    network.close(output.flow.connection, clock.now())
                else:
                    on_fact(name, output, clock.now())


def _next_event(network: FakeNetwork) -> float | None:
    times = [station.next_timeout() for station in network.stations.values()]
    times.append(network.next_arrival())
    return min((at for at in times if at is not None), default=None)
