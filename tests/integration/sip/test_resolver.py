"""Names looked up at a real name server on loopback: cached, bounded in time, and kept while nobody answers."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from softswitch.base.address import HostPort, TransportKind
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SeededEntropy, SystemEntropy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import InviteReceived, LegAnswered, LegFailed, SipOutput
from softswitch.sip.routing.server_location import Destination, Wanted
from softswitch.sip.runtime import resolver as resolver_module
from softswitch.sip.runtime.driver import SipDriver
from softswitch.sip.runtime.resolver import ServerResolver
from softswitch.sip.settings import SipSettings, Target, TrunkPeer
from softswitch.testing.runtime.name_server import NameServer
from softswitch.testing.sip_pair import ANSWER, OFFER

pytestmark = pytest.mark.network

HERE = "127.0.0.1"
WAIT_S = 8.0
UDP = TransportKind.UDP
ZONE = {
    "SRV _sip._udp.provider.example": ["10 0 5070 one.provider.example.", "20 0 5080 two.provider.example."],
    "A one.provider.example": ["192.0.2.11"],
    "A two.provider.example": ["192.0.2.22"],
    "AAAA two.provider.example": ["2001:db8::22"],
}


@asynccontextmanager
async def asking(
    zone: Mapping[str, Sequence[str]] = ZONE, *, ttl_s: int = 300, hosts: Path = Path("/nonexistent")
) -> AsyncGenerator[tuple[NameServer, ServerResolver]]:
    server = NameServer(zone, ttl_s=ttl_s)
    address = await server.start()
    resolver = ServerResolver(asyncio.get_running_loop(), SeededEntropy(1), [address], hosts)
    try:
        yield server, resolver
    finally:
        await resolver.stop()
        server.stop()


async def found(resolver: ServerResolver, wanted: Wanted) -> list[str]:
    future: asyncio.Future[tuple[Destination, ...]] = asyncio.get_running_loop().create_future()
    resolver.locate(wanted, [UDP], ["A", "AAAA"], future.set_result)
    destinations = await asyncio.wait_for(future, WAIT_S)
    return [str(destination.remote) for destination in destinations]


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await scenario()

    uvloop.run(main())


def test_the_servers_of_a_name_in_order_and_asked_for_once() -> None:
    async def scenario() -> None:
        async with asking() as (server, resolver):
            expected = ["192.0.2.11:5070", "192.0.2.22:5080", "[2001:db8::22]:5080"]
            many = await asyncio.gather(*(found(resolver, Wanted("provider.example", None, UDP)) for _ in range(20)))
            assert many == [expected] * 20
            assert await found(resolver, Wanted("PROVIDER.example".lower())) == expected
            assert set(server.asked.values()) == {1}

    run(scenario)


def test_that_there_is_no_such_name_is_remembered_too() -> None:
    async def scenario() -> None:
        async with asking() as (server, resolver):
            for _ in range(3):
                assert await found(resolver, Wanted("nobody.example", 5060)) == []
            assert server.asked == {"A nobody.example": 1, "AAAA nobody.example": 1}

    run(scenario)


def test_an_answer_that_has_run_out_is_used_while_no_name_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver_module, "ANSWER_KEPT_MIN_S", 0.0)
    monkeypatch.setattr(resolver_module, "SEARCH_TIMEOUT_S", 0.3)

    async def scenario() -> None:
        async with asking(ttl_s=0) as (server, resolver):
            wanted = Wanted("one.provider.example", 5060)
            assert await found(resolver, wanted) == ["192.0.2.11:5060"]
            assert await found(resolver, wanted) == ["192.0.2.11:5060"]
            assert server.asked["A one.provider.example"] == 2
            server.is_silent = True
            assert await found(resolver, wanted) == ["192.0.2.11:5060"]
            assert await found(resolver, Wanted("two.provider.example", 5060)) == []

    run(scenario)


def test_the_hosts_file_goes_first_and_is_read_again(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# ours\n192.0.2.99 provider.example sbc  # a comment\n2001:db8::99 provider.example\n\n")

    async def scenario() -> None:
        async with asking(hosts=hosts) as (server, resolver):
            assert await found(resolver, Wanted("provider.example")) == ["192.0.2.99:5060", "[2001:db8::99]:5060"]
            assert server.asked == {}
            hosts.unlink()
            assert (await found(resolver, Wanted("provider.example")))[0] == "192.0.2.11:5070"

    run(scenario)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "..", "x" * 300, "a..b"])
def test_what_is_no_name_leads_nowhere(name: str) -> None:
    async def scenario() -> None:
        async with asking() as (_, resolver):
            assert await found(resolver, Wanted(name)) == []

    run(scenario)


def test_a_call_to_a_name_leaves_a_dead_server_for_the_next() -> None:
    async def scenario() -> None:
        facts: list[SipOutput] = []
        changed = asyncio.Event()
        clock, loop = SystemClock(), asyncio.get_running_loop()
        there = SipEndpoint(
            SipSettings(domain="there", trunks=(TrunkPeer(name="here", addresses=(HERE,)),)), entropy=SystemEntropy()
        )

        def answer(fact: SipOutput) -> None:
            if isinstance(fact, InviteReceived):
                there.accept(fact.leg_id, ANSWER, clock.now())

        def note(fact: SipOutput) -> None:
            facts.append(fact)
            changed.set()

        far = SipDriver(there, clock=clock, on_event=answer, loop=loop)
        await far.start([(UDP, HostPort(HERE, 0))])
        port = far.listening[0][1].port
        zone = {
            "SRV _sip._udp.carrier.example": ["1 0 9 dead.carrier.example.", f"2 0 {port} live.carrier.example."],
            "A dead.carrier.example": ["127.99.99.99"],
            "A live.carrier.example": [HERE],
        }
        async with asking(zone) as (_, resolver):
            here = SipEndpoint(SipSettings(domain="here", failover_s=0.2), entropy=SystemEntropy())
            near = SipDriver(here, clock=clock, on_event=note, loop=loop, resolver=resolver)
            await near.start([(UDP, HostPort(HERE, 0))])
            for host in ("carrier.example", "nobody.example"):
                here.invite(Target(uri=f"sip:1@{host}"), from_uri="sip:2@here", sdp=OFFER, now=clock.now())
            near.flush()
            async with asyncio.timeout(WAIT_S):
                while not {type(fact) for fact in facts} >= {LegAnswered, LegFailed}:
                    changed.clear()
                    await changed.wait()
            await near.stop()
        await far.stop()

    run(scenario)
