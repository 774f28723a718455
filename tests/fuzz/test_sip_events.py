"""Invariant: whatever authenticated watchers ask for, in any order, over a network that loses and doubles, nothing is
raised; versions that one watcher reads grow; and when everything has expired nothing is left.
"""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from softswitch.base.address import HostPort, TransportKind
from softswitch.sip.events.dialog_info import DialogInfo, WatchedDialog
from softswitch.sip.events.presence import Presence
from softswitch.sip.outputs import ResourceUnwatched, ResourceWatched
from softswitch.sip.settings import Account
from softswitch.testing.network import Conditions
from softswitch.testing.sip_pair import DOMAIN, SWITCH, SipPair, switch_settings
from softswitch.testing.watcher import Watcher

EVENTS = ["dialog", "presence", "dialog;id=1", "message-summary", "reg", "winfo", ";", ""]
HEADERS = [
    {},
    {"Accept": "text/plain"},
    {"Accept": ",,*/*"},
    {"Expires": "99999999999"},
    {"Expires": "-1"},
    {"Expires": "0"},
    {"Contact": "<tel:5>"},
    {"Contact": "*"},
    {"SIP-If-Match": "x"},
    {"Record-Route": "<sip:192.0.2.99;lr>"},
    {"Content-Type": "application/pidf+xml;charset=x"},
]
BODIES = [
    "",
    "<",
    '<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple id="1"><status><basic>open</basic></status></tuple>'
    "</presence>",
]
STATES = [
    DialogInfo(),
    DialogInfo((WatchedDialog(id="a", state="early", direction="recipient"),)),
    Presence(is_open=True, note="\x00]]>&"),
]
STEPS = st.one_of(
    st.tuples(st.just("subscribe"), st.sampled_from(EVENTS), st.sampled_from(HEADERS)),
    st.tuples(st.just("refresh"), st.sampled_from([0, 60, 600]), st.none()),
    st.tuples(st.just("publish"), st.sampled_from(BODIES), st.sampled_from(HEADERS)),
    st.tuples(st.just("state"), st.sampled_from(STATES), st.none()),
    st.tuples(st.just("answer"), st.sampled_from([200, 481, 503, None]), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.3, 5.0, 100.0]), st.none()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=14), st.integers(0, 1000), st.sampled_from([0.0, 0.2]))
def test_watchers_leave_nothing_behind(
    steps: list[tuple[str, object, dict[str, str] | None]], seed: int, loss: float
) -> None:
    accounts = {**switch_settings().accounts, "bob": Account(username="bob", password="bob's own")}
    pair = SipPair(
        seed=seed,
        conditions=Conditions(loss=loss, duplication=loss),
        settings=replace(switch_settings(), accounts=accounts),
    )
    bob = Watcher(HostPort("192.0.2.20", 5060), SWITCH, DOMAIN, "bob", "bob's own")
    pair.network.attach("bob", bob, (TransportKind.UDP, bob.local))
    for step, value, headers in steps:
        match step, value:
            case "subscribe", str(event):
                bob.subscribe(event, "alice", headers=headers)
            case "refresh", int(expires) if bob.has_dialog("alice"):
                bob.refresh("dialog", "alice", expires=expires)
            case "publish", str(body):
                bob.publish(body, headers=headers)
            case "state", DialogInfo() | Presence() as state:
                pair.switch.set_event_state("alice", state, pair.now)
            case "answer", int() | None as status:
                bob.answer_status = status
            case "wait", float(seconds):
                pair.run(seconds)
            case _:
                pass
        pair.run(0.05)
    pair.run(4000.0)
    left = pair.switch.statistics()
    assert (left.subscriptions, left.dialogs, left.transactions) == (0, 0, 0), left
    assert len(pair.all("switch", ResourceWatched)) == len(pair.all("switch", ResourceUnwatched))
    versions: dict[str, list[int]] = {}
    for notify in bob.requests("NOTIFY"):
        found = re.search(rb'version="(\d+)"', notify.body)
        if found is not None:
            versions.setdefault(notify.call_id, []).append(int(found[1]))
    if not loss:
        assert all(numbers == sorted(numbers) for numbers in versions.values()), versions
