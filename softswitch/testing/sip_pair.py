"""Two SIP endpoints on a FakeNetwork: alice, a phone, and the switch. The main instrument of the SIP tests.

The switch knows alice's account and believes a trunk at the address of `provider`; alice believes whatever comes from
the switch. What the stations say is collected, in order, in `facts`; `rules` answer facts as they come.
"""

from collections.abc import Callable
from typing import TypeVar

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import SipOutput
from softswitch.sip.settings import PLAIN_SESSION, Account, SessionPolicy, SipSettings, Target, TrunkPeer
from softswitch.testing.clock import ManualClock
from softswitch.testing.drive import drive
from softswitch.testing.ladder import render_ladder
from softswitch.testing.network import Conditions, FakeNetwork

F = TypeVar("F", bound=SipOutput)
Rule = Callable[[str, SipOutput, float], None]

DOMAIN = "switch.example"
ALICE = HostPort("192.0.2.10", 5060)
PROVIDER = HostPort("203.0.113.5", 5060)
SWITCH = HostPort("198.51.100.1", 5060)

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n"


class SipPair:
    """`switch` serves, `provider` and `alice` call it; all three are real endpoints under virtual time."""

    def __init__(
        self,
        *,
        seed: int = 1,
        conditions: Conditions | None = None,
        kind: TransportKind = TransportKind.UDP,
        settings: SipSettings | None = None,
        session: SessionPolicy = PLAIN_SESSION,
        far_session: SessionPolicy = PLAIN_SESSION,
    ) -> None:
        """`session` is how the switch conducts calls with the provider, `far_session` how the others do with it."""
        self.clock = ManualClock()
        self.started_at = self.clock.now()
        self.kind = kind
        self.network = FakeNetwork(SeededEntropy(seed), conditions)
        self.facts: list[tuple[str, SipOutput]] = []
        self.rules: list[Rule] = []
        believed = (TrunkPeer(name="switch", addresses=(SWITCH.host,), session=far_session),)
        wall_offset = self.clock.wall() - self.clock.now()
        self.switch = SipEndpoint(
            settings or switch_settings(session), entropy=SeededEntropy(seed + 1), wall_offset=wall_offset
        )
        phone = SipSettings(domain="phone.example", user_agent="phone", trunks=believed, hosts={DOMAIN: SWITCH.host})
        self.alice = SipEndpoint(phone, entropy=SeededEntropy(seed + 2), wall_offset=wall_offset)
        self.provider = SipEndpoint(phone, entropy=SeededEntropy(seed + 3), wall_offset=wall_offset)
        for name, endpoint, address in (
            ("alice", self.alice, ALICE),
            ("switch", self.switch, SWITCH),
            ("provider", self.provider, PROVIDER),
        ):
            addresses = [(each, address) for each in TransportKind]
            self.network.attach(name, endpoint, *addresses)
            for each, local in addresses:
                endpoint.add_listener(each, local)

    @property
    def now(self) -> float:
        return self.clock.now()

    def run(self, seconds: float | None = None) -> None:
        """Let time go by: `seconds`, or until nothing is left to happen."""
        drive(self.network, self.clock, seconds=seconds, on_fact=self._note)

    def target(self, user: str, at: HostPort = SWITCH) -> Target:
        """Somebody at an address, by the transport this pair uses."""
        transport = f";transport={self.kind.parameter}" if self.kind.is_reliable else ""
        return Target(uri=f"sip:{user}@{at}{transport}")

    def flow(self, source: HostPort, destination: HostPort) -> Flow:
        return Flow(self.kind, source, destination)

    def all(self, station: str, kind: type[F]) -> list[F]:
        """Every fact of a kind that a station has told so far."""
        return [fact for name, fact in self.facts if name == station and isinstance(fact, kind)]

    def one(self, station: str, kind: type[F]) -> F:
        """The only fact of a kind that a station has told."""
        found = self.all(station, kind)
        assert len(found) == 1, f"{station} told {len(found)} {kind.__name__}: {self.facts}"
        return found[0]

    def ladder(self) -> str:
        return render_ladder(self.network.transcript, self.started_at)

    def _note(self, name: str, fact: SipOutput, now: float) -> None:
        self.facts.append((name, fact))
        for rule in self.rules:
            rule(name, fact, now)


def switch_settings(session: SessionPolicy = PLAIN_SESSION) -> SipSettings:
    """A switch with alice's account and the provider's trunk."""
    return SipSettings(
        domain=DOMAIN,
        accounts={"alice": Account(username="alice", password="correct horse", caller_number="201")},
        trunks=(TrunkPeer(name="provider", addresses=(PROVIDER.host,), session=session),),
        hosts={DOMAIN: SWITCH.host},
    )
