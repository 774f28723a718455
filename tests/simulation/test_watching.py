"""Lamps, presence and waiting messages while real calls go by."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from softswitch.acd.inputs import AgentPaused
from softswitch.acd.model import Agent
from softswitch.base.ids import AgentId
from softswitch.calls.settings import CallSettings, Extension
from softswitch.dialplan import Call, flow
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.messages.message import Response
from softswitch.store.schema import StoredPhone
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.watcher import Told, Watcher

DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"


@flow
async def extension(call: Call) -> None:
    await call.dial(call.called_number)


def simulated(
    directory: Path, *, lamps_show_parties: bool = False, is_mwi_unsolicited: bool = False, outlives: bool = False
) -> SimulatedCentre:
    settings = CallSettings(
        domain="centre.test",
        media_ip="10.0.0.1",
        recordings_directory=str(directory),
        lamps_show_parties=lamps_show_parties,
        is_mwi_unsolicited=is_mwi_unsolicited,
    )
    return SimulatedCentre(
        directory,
        flows={"extension": extension},
        routes={"101": "extension", "102": "extension"},
        agents=[Agent(agent_id=AgentId("dora"), name="Dora")],
        phones=[Extension(username="ann", number="101"), Extension(username="bob", number="102")],
        settings=settings,
        outlives=outlives,
    )


def lamp(told: Told) -> list[tuple[str, str]]:
    """Direction and state of every call named."""
    root = ElementTree.fromstring(told.body)
    return [(each.get("direction") or "", each.findtext(f"{DIALOG}state") or "") for each in root]


def seen(told: Told) -> tuple[str, str]:
    """Open or closed, and the note."""
    root = ElementTree.fromstring(told.body)
    return root.findtext(f".//{PIDF}basic") or "", root.findtext(f"{PIDF}note") or ""


async def watching(centre: SimulatedCentre, event: str, resource: str, username: str = "bob") -> Watcher:
    watcher = centre.watcher(username)
    watcher.subscribe(event, resource)
    centre.flush()
    await centre.until(lambda: bool(watcher.told), within_s=2.0)
    return watcher


def test_a_lamp_follows_the_calls_of_an_extension(tmp_path: Path) -> None:
    centre = simulated(tmp_path, lamps_show_parties=True)

    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("ann").register() == 200
        centre.phone("ann").answer_after_s = 2.0
        watcher = await watching(centre, "dialog", "101")
        caller = centre.caller("+15550123")
        caller.call("101")
        await centre.sleep(6)
        caller.hang_up()
        await centre.sleep(2)
        assert [lamp(told) for told in watcher.told] == [
            [("", "terminated")],
            [("recipient", "early")],
            [("recipient", "confirmed")],
            [("recipient", "terminated")],
        ]
        assert "sip:+15550123@centre.test" in watcher.told[1].body
        await centre.all_over()
        watcher.refresh("dialog", "101", expires=0)
        centre.flush()
        await centre.sleep(1)
        assert not centre.controller.watching.is_any_call_watched

    centre.run(scenario)


def test_his_own_call_and_one_that_was_there_before_the_watcher(tmp_path: Path) -> None:
    centre = simulated(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        for name in ("ann", "bob"):
            assert await centre.phone(name).register() == 200
        first = await watching(centre, "dialog", "101")
        centre.phone("ann").call("102", password="Secret-123")
        await centre.sleep(4)
        late = await watching(centre, "dialog", "102", "ann")
        assert lamp(late.told[0]) == [("recipient", "confirmed")]
        centre.phone("ann").hang_up()
        await centre.sleep(2)
        states = [lamp(told) for told in first.told]
        assert states[0] == [("", "terminated")]
        assert states[-2:] == [[("initiator", "confirmed")], [("initiator", "terminated")]]
        assert lamp(late.told[-1]) == [("recipient", "terminated")]
        assert all("remote" not in told.body for told in (*first.told, *late.told))
        await centre.all_over()

    centre.run(scenario)


def test_presence_is_registration_calls_the_agents_state_and_what_is_published(tmp_path: Path) -> None:
    centre = simulated(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        watcher = await watching(centre, "presence", "dora")
        await centre.log_in("dora")
        await centre.sleep(1)
        centre.acd.apply(AgentPaused(AgentId("dora"), "lunch"))
        await centre.sleep(1)
        phone = centre.watcher("dora")
        document = (
            '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:dora@centre.test"><tuple id="a"><status>'
            "<basic>closed</basic></status></tuple><note>At the dentist's</note></presence>"
        )
        phone.publish(document, expires=60)
        centre.flush()
        await centre.sleep(62)
        centre.phone("dora").send_register(expires=0)
        await centre.sleep(1)
        told = [seen(each) for each in watcher.told]
        assert told[0] == ("closed", "Not registered")
        assert ("open", "Ready") in told
        assert told[-4:] == [
            ("open", "Paused: lunch"),
            ("closed", "At the dentist's"),
            ("open", "Paused: lunch"),
            ("closed", "Not registered"),
        ]

    centre.run(scenario)


def test_who_wants_no_calls_is_seen_to(tmp_path: Path) -> None:
    centre = simulated(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("ann").register() == 200
        watcher = await watching(centre, "presence", "101")
        for is_undisturbed in (True, False):
            centre.phone_settings.set(StoredPhone(username="ann", do_not_disturb=is_undisturbed))
            await centre.sleep(1)
        assert [seen(each) for each in watcher.told] == [("open", ""), ("closed", "Do not disturb"), ("open", "")]

    centre.run(scenario)


def test_waiting_messages_are_told_to_who_asks(tmp_path: Path) -> None:
    centre = simulated(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        centre.messages_waiting.set("bob", MessageSummary(new=1))
        watcher = await watching(centre, "message-summary", "bob")
        centre.messages_waiting.set("bob", MessageSummary(new=2, old=1))
        centre.controller.watching.messages_changed("bob")
        await centre.sleep(1)
        centre.messages_waiting.set("bob", MessageSummary())
        centre.controller.watching.messages_changed("bob")
        await centre.sleep(1)
        assert [told.body.split("\r\n")[2] for told in watcher.told] == [
            "Voice-Message: 1/0 (0/0)",
            "Voice-Message: 2/1 (0/0)",
            "Voice-Message: 0/0 (0/0)",
        ]
        assert centre.store.mailboxes.count() == 0

    centre.run(scenario)


def test_registered_phones_are_told_unasked_where_that_is_wanted(tmp_path: Path) -> None:
    centre = simulated(tmp_path, is_mwi_unsolicited=True)

    async def scenario(centre: SimulatedCentre) -> None:
        centre.messages_waiting.set("bob", MessageSummary(new=3))
        notifies: list[bytes] = []
        for _ in range(2):
            assert await centre.phone("bob").register() == 200
            await centre.sleep(1)
        notifies = [line.message for line in centre.network.transcript if line.message.startswith(b"NOTIFY")]
        assert len(notifies) == 1, "a refresh tells nothing new"
        assert b"Voice-Message: 3/0 (0/0)" in notifies[0]
        centre.messages_waiting.set("bob", MessageSummary(old=3))
        await centre.sleep(1)
        notifies = [line.message for line in centre.network.transcript if line.message.startswith(b"NOTIFY")]
        assert b"Voice-Message: 0/3 (0/0)" in notifies[-1]

    centre.run(scenario)


def test_registrations_can_be_watched_by_their_owner(tmp_path: Path) -> None:
    centre = simulated(tmp_path)

    async def scenario(centre: SimulatedCentre) -> None:
        watcher = await watching(centre, "reg", "bob")
        assert await centre.phone("bob").register() == 200
        await centre.sleep(1)
        assert ['state="init"' in told.body for told in watcher.told] == [True, False]
        assert f"sip:bob@{centre.phone('bob').address}" in watcher.told[-1].body

    centre.run(scenario)


def test_lamps_are_right_after_a_restart_without_a_word_of_their_phones(tmp_path: Path) -> None:
    centre = simulated(tmp_path, outlives=True)

    async def scenario(centre: SimulatedCentre) -> None:
        assert await centre.phone("ann").register() == 200
        watcher = await watching(centre, "dialog", "101")
        caller = centre.caller("+15550123")
        caller.call("101")
        await centre.sleep(6)
        assert lamp(watcher.told[-1]) == [("recipient", "confirmed")]
        told = len(watcher.told)
        await centre.restart()
        await centre.sleep(6)
        assert lamp(watcher.told[told]) == [("recipient", "confirmed")], "the call goes on"
        caller.hang_up()
        await centre.sleep(2)
        assert lamp(watcher.told[-1])[-1][1] == "terminated"
        assert len([each for each in watcher.received if isinstance(each, Response)]) == 2, "401 and 200, long ago"

    centre.run(scenario)
