"""Callers of a trunk that share a port, in a real switch, with a stranger at all ports."""

import asyncio
from pathlib import Path

import pytest

from softswitch.media.runtime.held_ports import RANGE_PER_HELD
from tests.integration.attack.arena import Arena
from tests.integration.attack.test_media import spray

pytestmark = pytest.mark.network

CALLS = 3


def open_ports(ports: range) -> list[int]:
    """Those of the UDP ports that some program has."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return [port for line in lines if (port := int(line.split()[1].rpartition(":")[2], 16)) in ports]


def test_callers_share_a_port_and_sound_is_whole(tmp_path: Path) -> None:
    async def scenario(arena: Arena) -> None:
        held = 2 * (len(arena.media_ports) // 2 // RANGE_PER_HELD)  # ready for calls to come
        await asyncio.to_thread(arena.wait_until, lambda: len(open_ports(arena.media_ports)) >= held, 10.0)
        async with arena.conversations(tmp_path / "talks", CALLS):
            await asyncio.to_thread(spray, arena, 20)
            # RTP and RTCP: one pair for all callers, one for each agent.
            assert len(open_ports(arena.media_ports)) == held + 2 * (1 + CALLS)

    with Arena(tmp_path / "arena", settings='media_ports = "shared"\n') as arena:
        asyncio.run(scenario(arena))
