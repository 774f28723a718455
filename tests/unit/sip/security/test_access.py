"""Networks that may, or may not, speak to a listener."""

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.security import access as access_module
from softswitch.sip.security.access import Access
from softswitch.sip.security.networks import parse_network
from softswitch.sip.settings import AccessList

LOCAL = HostPort("198.51.100.1", 5060)


def flow(host: str, *, kind: TransportKind = TransportKind.UDP, local: HostPort = LOCAL) -> Flow:
    return Flow(kind, local, HostPort(host, 5060))


def test_without_lists_everybody_is_let_in() -> None:
    assert Access((), ()).permits(flow("192.0.2.1"))
    assert Access((AccessList(),), ()).permits(flow("192.0.2.1"))


def test_deny_comes_before_allow() -> None:
    access = Access((AccessList(allow=("10.0.0.0/8", "2001:db8::/32"), deny=("10.9.0.0/16",)),), ())
    assert access.permits(flow("10.1.2.3"))
    assert access.permits(flow("2001:db8::7"))
    assert not access.permits(flow("10.9.2.3"))
    assert not access.permits(flow("192.0.2.1"))
    assert not access.permits(flow("192.0.2.1")), "and is remembered"


def test_a_listener_has_lists_of_its_own() -> None:
    lists = AccessList(kind=TransportKind.UDP, local=HostPort("0.0.0.0", 5060), allow=("10.0.0.0/8",))
    access = Access((lists,), ())
    assert not access.permits(flow("192.0.2.1"))
    assert access.permits(flow("192.0.2.1", kind=TransportKind.TCP))
    assert access.permits(flow("192.0.2.1", local=HostPort("198.51.100.1", 5070)))


def test_trunks_are_let_in_everywhere() -> None:
    access = Access((AccessList(deny=("0.0.0.0/0",)),), [parse_network("203.0.113.0/24")])
    assert access.permits(flow("203.0.113.9"))
    assert not access.permits(flow("203.0.114.9"))


def test_what_is_remembered_is_bounded(monkeypatch: object) -> None:
    access = Access((AccessList(allow=("10.0.0.0/8",)),), ())
    before = access_module.VERDICTS_MAX
    access_module.VERDICTS_MAX = 5
    try:
        for number in range(20):
            access.permits(flow(f"192.0.2.{number}"))
    finally:
        access_module.VERDICTS_MAX = before
    assert len(access._verdicts) <= 5  # pyright: ignore[reportPrivateUsage]
