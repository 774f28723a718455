"""Lamps outlive the process of the switch, and the connections of their phones: nobody subscribes anew."""

import msgspec
import pytest
from msgspec.structs import replace

from softswitch.base.address import HostPort, TransportKind
from softswitch.sip.events.dialog_info import DialogInfo, DialogState, WatchedDialog
from softswitch.sip.kept import KeptSubscription
from softswitch.sip.messages.message import Request
from softswitch.sip.outputs import ResourceUnwatched, ResourceWatched, SipOutput, SubscriptionChanged
from softswitch.sip.sessions.dialog import CSEQ_LEAP
from softswitch.sip.settings import Account, SipSettings
from softswitch.testing.sip_pair import DOMAIN, SWITCH, SipPair, switch_settings
from softswitch.testing.successor import succeed
from softswitch.testing.watcher import Watcher

BOB = HostPort("192.0.2.20", 5060)


def settings_with(*, watched_by: tuple[str, ...] | None = None) -> SipSettings:
    settings = switch_settings()
    alice = replace(settings.accounts["alice"], watched_by=watched_by)
    return replace(settings, accounts={"alice": alice, "bob": Account(username="bob", password="bob's own")})


class Lamp:
    """Bob's lamp for alice, whose calls are in `state`; a store has what is kept of it."""

    def __init__(self, kind: TransportKind = TransportKind.UDP) -> None:
        self.pair = SipPair(settings=settings_with())
        self.state: DialogState = "terminated"
        self.written: dict[str, bytes] = {}
        self.pair.rules.append(self._note)
        self.bob = Watcher(BOB, SWITCH, DOMAIN, "bob", "bob's own", kind)
        self.pair.network.attach("bob", self.bob, (kind, BOB))
        self.bob.subscribe("dialog", "201", expires=600)
        self.pair.run(1.0)

    def show(self, state: DialogState) -> None:
        self.state = state
        self.pair.switch.set_event_state("alice", self._info, self.pair.now)

    def switch_dies(self, settings: SipSettings | None = None) -> int:
        """How many subscriptions the next process goes on with."""
        succeed(self.pair, [], settings=settings or settings_with())
        kept = [msgspec.msgpack.decode(each, type=KeptSubscription) for each in self.written.values()]
        return self.pair.switch.restore_subscriptions(kept, self.pair.now)

    def seen(self) -> list[str]:
        return [told.body.partition("<state>")[2].partition("<")[0] for told in self.bob.told]

    def break_connections(self) -> None:
        for number in self.pair.network.connections:
            self.pair.network.close(number, self.pair.now)

    @property
    def _info(self) -> DialogInfo:
        return DialogInfo((WatchedDialog(id="d", state=self.state, direction="recipient"),))

    def _note(self, name: str, fact: SipOutput, now: float) -> None:
        if name == "switch" and isinstance(fact, ResourceWatched):
            self.pair.switch.set_event_state(fact.resource, self._info, now)
        if name == "switch" and isinstance(fact, SubscriptionChanged):
            if fact.kept is None:
                self.written.pop(fact.subscription_id, None)
            else:
                self.written[fact.subscription_id] = msgspec.msgpack.encode(fact.kept)


def cseqs(lamp: Lamp) -> list[int]:
    return [each.cseq.number for each in lamp.bob.received if isinstance(each, Request)]


def versions(lamp: Lamp) -> list[int]:
    return [int(told.body.partition(' version="')[2].partition('"')[0]) for told in lamp.bob.told]


def test_a_lamp_goes_on_over_a_restart() -> None:
    lamp = Lamp()
    lamp.show("confirmed")
    lamp.pair.run(1.0)
    lamp.state = "terminated"
    assert lamp.switch_dies() == 1
    lamp.pair.run(5.0)
    assert lamp.seen() == ["terminated", "confirmed", "terminated"], "what it missed"
    lamp.show("early")
    lamp.pair.run(1.0)
    lamp.bob.refresh("dialog", "201")
    lamp.pair.run(1.0)
    assert lamp.seen()[3:] == ["early", "early"]
    assert cseqs(lamp) == sorted(set(cseqs(lamp)))
    assert len(lamp.written) == 1
    lamp.bob.refresh("dialog", "201", expires=0)
    lamp.pair.run(1.0)
    assert lamp.bob.told[-1].state.startswith("terminated")
    assert lamp.pair.one("switch", ResourceUnwatched)
    assert lamp.written == {}


def test_a_watcher_sees_versions_and_numbers_rise_over_many_deaths() -> None:
    lamp = Lamp()
    for generation in range(3):
        for _ in range(60):
            lamp.show("early" if lamp.state == "terminated" else "terminated")
            lamp.pair.run(0.6)
        assert lamp.switch_dies() == 1, generation
        lamp.pair.run(4.0)
    assert len(lamp.bob.told) > 180
    assert cseqs(lamp) == sorted(set(cseqs(lamp)))
    assert versions(lamp) == sorted(set(versions(lamp)))


def test_versions_rise_for_a_watcher_who_answers_slowly() -> None:
    """Of what he is too slow for only the newest is told, but each state has a version."""
    lamp = Lamp()
    for _ in range(12):
        for _ in range(4):
            lamp.pair.network.lose_next("bob", "switch", "SIP/2.0 200")
        for _ in range(13):
            lamp.show("early" if lamp.state == "terminated" else "terminated")
            lamp.pair.run(0.6)
    assert versions(lamp)[-1] > CSEQ_LEAP
    assert lamp.switch_dies() == 1
    before = versions(lamp)[-1]
    lamp.pair.run(4.0)
    assert versions(lamp)[-1] > before


@pytest.mark.parametrize("kind", [TransportKind.TCP, TransportKind.WSS])
@pytest.mark.parametrize("dies", [True, False])
def test_a_lamp_on_a_stream_is_told_when_its_phone_is_back(kind: TransportKind, dies: bool) -> None:
    lamp = Lamp(kind)
    if dies:
        lamp.switch_dies()
    else:
        lamp.break_connections()
    lamp.show("confirmed")
    lamp.pair.run(60.0)
    assert lamp.seen() == ["terminated"]
    assert lamp.pair.switch.statistics().subscriptions == 1
    lamp.bob.refresh("dialog", "201")
    lamp.pair.run(2.0)
    assert lamp.seen()[-1] == "confirmed"
    lamp.show("terminated")
    lamp.pair.run(2.0)
    assert lamp.seen()[-1] == "terminated"


def test_a_lamp_whose_phone_is_never_back_goes_out() -> None:
    lamp = Lamp(TransportKind.WS)
    lamp.switch_dies()
    lamp.pair.run(700.0)
    left = lamp.pair.switch.statistics()
    assert (left.subscriptions, left.dialogs, left.transactions) == (0, 0, 0)
    assert lamp.written == {}


def test_what_has_expired_meanwhile_is_deleted() -> None:
    lamp = Lamp()
    lamp.pair.rules.clear()
    lamp.pair.run(1000.0)
    lamp.pair.rules.append(lamp._note)  # pyright: ignore[reportPrivateUsage]
    assert lamp.switch_dies() == 0
    lamp.pair.run(1.0)
    assert lamp.written == {}


def test_a_watcher_who_may_no_longer_is_told_so_after_the_restart() -> None:
    lamp = Lamp()
    lamp.switch_dies(settings_with(watched_by=()))
    lamp.pair.run(2.0)
    assert lamp.bob.told[-1].state == "terminated;reason=noresource"
    assert lamp.written == {}


def test_a_fetch_is_nothing_to_keep() -> None:
    lamp = Lamp()
    written = dict(lamp.written)
    lamp.bob.subscribe("dialog", "201", expires=0)
    lamp.pair.run(2.0)
    assert lamp.written == written


def test_many_lamps_are_told_one_after_the_other_and_who_asks_at_once() -> None:
    """Calls have the time between them."""
    lamp = Lamp()
    ((subscription_id, written),) = lamp.written.items()
    kept = msgspec.msgpack.decode(written, type=KeptSubscription)
    for number in range(1000):
        another = replace(kept, subscription_id=str(number), dialog=replace(kept.dialog, call_id=b"%d" % number))
        lamp.written[str(number)] = msgspec.msgpack.encode(another)
    lamp.written[subscription_id] = lamp.written.pop(subscription_id)  # the last one
    before = len(lamp.bob.told)
    assert lamp.switch_dies() == 1001
    lamp.pair.run(2.0)
    assert 400 <= len(lamp.bob.told) - before <= 600
    lamp.bob.refresh("dialog", "201")
    lamp.pair.run(0.1)
    assert lamp.bob.statuses[-1] == 200
    lamp.pair.run(3.0)
    assert len(lamp.bob.told) - before >= 1001
