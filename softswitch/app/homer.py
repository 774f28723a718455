"""The link to Homer, if the operator wants one."""

import asyncio

from softswitch.base.clock import Clock
from softswitch.calls.runtime.traces import Traces
from softswitch.config import Configuration
from softswitch.config.addresses import parse_host_port
from softswitch.sip.runtime.homer import HomerLink


def homer_link(
    configuration: Configuration, traces: Traces, clock: Clock, loop: asyncio.AbstractEventLoop
) -> HomerLink | None:
    """`load` has checked that the address can be read."""
    section = configuration.settings.trace
    remote = parse_host_port(section.homer)
    if remote is None:
        return None

    def correlate(sip_call_id: str) -> str:
        known = traces.leg_of(sip_call_id)
        return "" if known is None else known.call_id

    return HomerLink(
        traces.messages,
        remote,
        capture_id=section.homer_id,
        password=section.homer_password,
        correlate=correlate,
        clock=clock,
        loop=loop,
    )
