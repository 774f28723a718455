"""Subscriptions and publications against a whole endpoint in virtual time: what watchers are told, and when it ends."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from softswitch.base.address import HostPort, TransportKind
from softswitch.sip.events import subscriptions
from softswitch.sip.events.dialog_info import DialogInfo, DialogState, WatchedDialog
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.events.presence import Presence
from softswitch.sip.outputs import PresencePublished, RequestFinished, ResourceUnwatched, ResourceWatched, SipOutput
from softswitch.sip.settings import Account, SipSettings
from softswitch.testing.sip_pair import DOMAIN, SWITCH, SipPair, switch_settings
from softswitch.testing.watcher import Watcher

GOLDEN = Path(__file__).parents[1] / "golden" / "ladders"
PIDF = (
    '<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:alice@x"><tuple id="a">'
    "<status><basic>{basic}</basic></status><note>{note}</note></tuple></presence>"
)


class WatchedPair(SipPair):
    """The pair, and bob, whose phone has lamps. His NOTIFYs are answered at once."""

    def __init__(self, *, watched_by: tuple[str, ...] | None = None) -> None:
        settings = switch_settings()
        alice = replace(settings.accounts["alice"], watched_by=watched_by)
        accounts = {"alice": alice, "bob": Account(username="bob", password="bob's own")}
        self._settings = replace(settings, accounts=accounts)
        super().__init__(settings=self._settings)
        self.bob = Watcher(HostPort("192.0.2.20", 5060), SWITCH, DOMAIN, "bob", "bob's own")
        self.phone = Watcher(HostPort("192.0.2.30", 5060), SWITCH, DOMAIN, "alice", "correct horse")
        self.network.attach("bob", self.bob, (TransportKind.UDP, self.bob.local))
        self.network.attach("phone", self.phone, (TransportKind.UDP, self.phone.local))

    def settings_with(self, **changes: object) -> SipSettings:
        return replace(self._settings, **changes)

    def show(self, *states: DialogState) -> None:
        dialogs = tuple(
            WatchedDialog(id=f"d{number}", state=state, direction="recipient") for number, state in enumerate(states)
        )
        self.switch.set_event_state("alice", DialogInfo(dialogs), self.now)

    def answers(self, state: DialogInfo | Presence | MessageSummary) -> None:
        """Whoever runs the calls knows this of alice at once."""

        def rule(name: str, fact: SipOutput, now: float) -> None:
            if name == "switch" and isinstance(fact, ResourceWatched):
                self.switch.set_event_state(fact.resource, state, now)

        self.rules.append(rule)


@pytest.fixture
def ladder(request: pytest.FixtureRequest) -> Iterator[Callable[[WatchedPair], None]]:
    """Call it with the pair when the scenario is over; nothing may be left of it by then."""
    pairs: list[WatchedPair] = []
    yield pairs.append
    (pair,) = pairs
    left = pair.switch.statistics()
    assert (left.subscriptions, left.dialogs, left.transactions) == (0, 0, 0), left
    path = GOLDEN / f"{request.node.name.removeprefix('test_')}.txt"
    if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
        path.write_text(pair.ladder())
    assert pair.ladder() == path.read_text()


def test_a_lamp_follows_a_call(ladder: Callable[[WatchedPair], None]) -> None:
    pair = WatchedPair()
    pair.answers(DialogInfo())
    pair.bob.subscribe("dialog", "201")
    pair.run(1.0)
    assert pair.one("switch", ResourceWatched) == ResourceWatched("dialog", "alice")
    for state in ("early", "confirmed", "terminated"):
        pair.show(state)
        pair.run(1.0)
    pair.bob.refresh("dialog", "201")
    pair.run(1.0)
    pair.bob.refresh("dialog", "201", expires=0)
    pair.run()
    assert [told.state.partition(";")[0] for told in pair.bob.told] == ["active"] * 5 + ["terminated"]
    assert [told.body.partition("<state>")[2].partition("<")[0] for told in pair.bob.told] == [
        "terminated",
        "early",
        "confirmed",
        "terminated",
        "terminated",
        "terminated",
    ]
    assert [f'version="{number}"' in told.body for number, told in enumerate(pair.bob.told)] == [True] * 6
    assert 'entity="sip:201@switch.example"' in pair.bob.told[0].body
    assert pair.one("switch", ResourceUnwatched) == ResourceUnwatched("dialog", "alice")
    ladder(pair)


def test_messages_wait(ladder: Callable[[WatchedPair], None]) -> None:
    pair = WatchedPair()
    pair.answers(MessageSummary(new=2, old=8, urgent_old=1))
    pair.phone.subscribe("message-summary", "alice", expires=100)
    pair.run(1.0)
    pair.switch.set_event_state("alice", MessageSummary(old=10), pair.now)
    pair.run(200.0)
    assert [told.body.split("\r\n")[0] for told in pair.phone.told] == [
        "Messages-Waiting: yes",
        "Messages-Waiting: no",
        "Messages-Waiting: no",
    ]
    assert "Voice-Message: 2/8 (0/1)" in pair.phone.told[0].body
    assert pair.phone.told[-1].state == "terminated;reason=timeout"
    ladder(pair)


def test_presence_is_published_and_seen(ladder: Callable[[WatchedPair], None]) -> None:
    pair = WatchedPair()

    def rule(name: str, fact: SipOutput, now: float) -> None:
        if isinstance(fact, PresencePublished):
            shown = fact.presences[0] if fact.presences else Presence()
            pair.switch.set_event_state(fact.user, shown, now)

    pair.rules.append(rule)
    pair.bob.subscribe("presence", "alice")
    pair.run(1.0)
    pair.phone.publish(PIDF.format(basic="open", note="in the garden"))
    pair.run(1.0)
    pair.phone.publish(expires=60)
    pair.run(1.0)
    pair.phone.publish(PIDF.format(basic="closed", note="asleep"), expires=60)
    pair.run(61.0)
    pair.bob.refresh("presence", "alice", expires=0)
    pair.run()
    assert pair.phone.statuses == [200, 200, 200]
    assert ["open" in told.body for told in pair.bob.told] == [False, True, False, False, False]
    assert "in the garden" in pair.bob.told[1].body
    assert "asleep" in pair.bob.told[2].body
    ladder(pair)


def test_a_watcher_that_does_not_answer_is_forgotten(ladder: Callable[[WatchedPair], None]) -> None:
    pair = WatchedPair()
    pair.bob.answer_status = None
    pair.bob.subscribe("dialog", "alice")
    pair.run(100.0)
    ladder(pair)


@pytest.mark.parametrize("status", [481, 404, 500])
def test_a_watcher_that_refuses_is_forgotten(status: int) -> None:
    pair = WatchedPair()
    pair.bob.answer_status = status
    pair.bob.subscribe("dialog", "alice")
    pair.run(1.0)
    assert pair.switch.statistics().subscriptions == 0
    assert len(pair.bob.told) == 1
    pair.bob.refresh("dialog", "alice")
    pair.run(1.0)
    assert pair.bob.statuses == [200, 481]


def test_only_the_newest_state_is_told_and_not_too_often() -> None:
    pair = WatchedPair()
    pair.answers(DialogInfo())
    pair.bob.subscribe("dialog", "alice")
    pair.run(2.0)
    for _ in range(20):
        pair.show("early")
        pair.show("confirmed")
        pair.show("early", "confirmed")
        pair.run(0.02)
    pair.show()
    pair.run(2.0)
    bodies = [told.body for told in pair.bob.told]
    assert len(bodies) == 3
    assert 'id="none"' in bodies[-1]
    pair.show()
    pair.run(2.0)
    assert len(pair.bob.told) == 3, "what is no news is not told"


def test_a_fetch_is_told_once() -> None:
    pair = WatchedPair()
    pair.answers(Presence(is_open=True))
    pair.bob.subscribe("presence", "alice", expires=0)
    pair.run(1.0)
    ((state, body, content_type),) = pair.bob.told
    assert (state, content_type, "open" in body) == ("terminated;reason=timeout", "application/pidf+xml", True)
    assert pair.switch.statistics().subscriptions == 0


def test_the_second_watcher_is_told_what_the_first_one_knows() -> None:
    pair = WatchedPair()
    pair.answers(DialogInfo())
    pair.bob.subscribe("dialog", "alice")
    pair.run(1.0)
    pair.show("confirmed")
    pair.phone.subscribe("dialog", "alice")
    pair.run(1.0)
    assert "confirmed" in pair.phone.told[0].body
    assert len(pair.all("switch", ResourceWatched)) == 1
    assert len(pair.switch.subscriptions()) == 2


@pytest.mark.parametrize(
    ("event", "resource", "headers", "status", "header"),
    [
        ("winfo", "alice", {}, 489, ("allow-events", "dialog, message-summary, presence, reg, refer")),
        ("dialog", "nobody", {}, 404, None),
        ("message-summary", "alice", {}, 403, None),
        ("reg", "alice", {}, 403, None),
        ("dialog", "alice", {"Accept": "text/plain"}, 406, None),
        ("dialog", "alice", {"Accept": "application/*;q=0.5, text/plain"}, 200, ("expires", "600")),
        ("dialog;id=7", "alice", {}, 200, ("expires", "600")),
    ],
)
def test_what_is_refused(
    event: str, resource: str, headers: dict[str, str], status: int, header: tuple[str, str] | None
) -> None:
    pair = WatchedPair()
    pair.bob.subscribe(event, resource, headers=headers)
    pair.run(1.0)
    assert pair.bob.statuses == [status]
    if header is not None:
        assert pair.bob.responses("SUBSCRIBE")[-1].get(header[0]) == header[1]
    assert len(pair.bob.told) == (status == 200)
    if pair.bob.told:
        assert pair.bob.requests("NOTIFY")[0].get("event") == event


def test_a_brief_subscription_is_refused() -> None:
    pair = WatchedPair()
    pair.bob.subscribe("dialog", "alice", expires=10)
    pair.run(1.0)
    assert pair.bob.responses("SUBSCRIBE")[-1].get("min-expires") == "60"
    pair.bob.subscribe("dialog", "alice", expires=100_000)
    pair.run(1.0)
    assert pair.bob.responses("SUBSCRIBE")[-1].get("expires") == "3600"
    pair.bob.refresh("dialog", "alice", expires=10)
    pair.run(1.0)
    assert pair.bob.statuses == [423, 200, 423]


@pytest.mark.parametrize(
    ("event", "watched_by", "status"),
    [("dialog", (), 403), ("dialog", ("bob",), 200), ("message-summary", ("bob",), 200), ("presence", ("eve",), 403)],
)
def test_who_may_watch_whom(event: str, watched_by: tuple[str, ...], status: int) -> None:
    pair = WatchedPair(watched_by=watched_by)
    pair.bob.subscribe(event, "alice")
    pair.phone.subscribe(event, "alice")
    pair.run(1.0)
    assert (pair.bob.statuses, pair.phone.statuses) == ([status], [200])


def test_a_watcher_who_may_no_longer_is_told_so() -> None:
    pair = WatchedPair()
    pair.bob.subscribe("dialog", "alice")
    pair.phone.subscribe("dialog", "alice")
    pair.run(1.0)
    settings = switch_settings()
    accounts = {
        "alice": replace(settings.accounts["alice"], watched_by=()),
        "bob": Account(username="bob", password="bob's own"),
    }
    pair.switch.update_settings(replace(settings, accounts=accounts))
    pair.run(1.0)
    assert pair.bob.told[-1].state == "terminated;reason=noresource"
    assert len(pair.phone.told) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("", {}, 400),
        ("<presence", {}, 400),
        (PIDF.format(basic="open", note="x"), {"Content-Type": "text/plain"}, 415),
        (PIDF.format(basic="open", note="x" * 20_000), {}, 413),
        (PIDF.format(basic="open", note="x"), {"SIP-If-Match": "gone"}, 412),
        (PIDF.format(basic="open", note="x"), {"Event": "dialog"}, 489),
        (PIDF.format(basic="open", note="x"), {"Expires": "5"}, 423),
    ],
)
def test_a_publication_that_cannot_be(body: str, headers: dict[str, str], status: int) -> None:
    pair = WatchedPair()
    pair.phone.publish(body, headers=headers)
    pair.run(1.0)
    assert pair.phone.statuses == [status]
    assert pair.all("switch", PresencePublished) == []


def test_nobody_publishes_for_another() -> None:
    pair = WatchedPair()
    pair.bob.publish(PIDF.format(basic="open", note="x"))
    pair.run(1.0)
    assert pair.bob.statuses == [200]
    assert pair.one("switch", PresencePublished).user == "bob"


@pytest.mark.parametrize(
    ("event", "place", "status"), [("dialog", "701", 200), ("dialog", "703", 404), ("presence", "701", 404)]
)
def test_calls_can_be_watched_where_there_is_no_account(event: str, place: str, status: int) -> None:
    pair = WatchedPair()
    settings = pair.settings_with(places=frozenset({"701", "702"}))
    pair.switch.update_settings(settings)
    pair.answers(DialogInfo())
    pair.bob.subscribe(event, place)
    pair.run(1.0)
    assert pair.bob.statuses == [status]
    if status != 200:
        return
    assert 'entity="sip:701@switch.example"' in pair.bob.told[0].body
    pair.switch.update_settings(replace(settings, places=frozenset({"702"})))
    pair.run(1.0)
    assert pair.bob.told[-1].state == "terminated;reason=noresource"
    assert pair.one("switch", ResourceUnwatched) == ResourceUnwatched("dialog", "701")


def test_a_place_with_the_number_of_an_account_is_the_account() -> None:
    pair = WatchedPair(watched_by=())
    pair.switch.update_settings(pair.settings_with(places=frozenset({"201"})))
    pair.bob.subscribe("dialog", "201")
    pair.run(1.0)
    assert pair.bob.statuses == [403]


def test_subscriptions_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "SUBSCRIPTIONS_OF_ONE_MAX", 2)
    pair = WatchedPair()
    for _ in range(3):
        pair.bob.subscribe("dialog", "alice")
        pair.run(1.0)
    assert pair.bob.statuses == [200, 200, 503]
    assert pair.bob.responses("SUBSCRIBE")[-1].get("retry-after") is not None
    pair.bob.refresh("dialog", "alice", expires=0)
    pair.run(1.0)
    pair.bob.subscribe("dialog", "alice")
    pair.run(1.0)
    assert pair.bob.statuses == [200, 200, 503, 200, 200]


def test_a_trunk_watches_nobody() -> None:
    pair = WatchedPair()
    for method in ("SUBSCRIBE", "PUBLISH"):
        pair.provider.request(
            method,
            pair.target("alice"),
            from_uri="sip:p@provider.example",
            headers=[("event", "presence"), ("contact", "<sip:p@203.0.113.5>")],
            now=pair.now,
        )
    pair.run(1.0)
    assert [each.status for each in pair.all("provider", RequestFinished)] == [403, 403]
