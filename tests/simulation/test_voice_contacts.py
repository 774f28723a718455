"""Voice messages given to agents: whose phone rings, who has heard what, and what waits again."""

from pathlib import Path

from softswitch.acd.inputs import ContactWithdrawn
from softswitch.acd.model import Agent, AgentState, Channel, ContactState, Queue, StrategyName
from softswitch.base.ids import AgentId, QueueId
from softswitch.calls.runtime.voice_contacts import AGAIN_S, PREFIX, VoiceContacts
from softswitch.calls.settings import CallSettings, Extension, QueueTreatment, TrunkRoute
from softswitch.calls.voice_box import VoiceBox
from softswitch.media.protocol import StartPlay
from softswitch.sip.outputs import InviteReceived
from softswitch.store.voicemail_schema import StoredVoiceMessage
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN

BOX = VoiceBox(box="sales", number="190", queue=QueueId("support"))
CUSTOMER = "+15550101"


def simulated(
    tmp_path: Path, strategy: StrategyName = "longest_idle", *agents: str, outlives: bool = False
) -> SimulatedCentre:
    names = [AgentId(name) for name in agents or ("ann",)]
    return SimulatedCentre(
        tmp_path,
        flows={},
        routes={},
        queues=[Queue(queue_id=QueueId("support"), wrap_up_s=2.0, no_answer_limit=5, strategy=strategy)],
        agents=[Agent(agent_id=name) for name in names],
        phones=[Extension(username=name, agent_id=name, trunks=frozenset({"provider"})) for name in names],
        settings=CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(tmp_path / "recordings"),
            voicemail_directory=str(tmp_path / "voicemail"),
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            queues={"support": QueueTreatment()},
            voice_boxes={"sales": BOX},
        ),
        outlives=outlives,
    )


async def left(centre: SimulatedCentre, number: int = 1) -> StoredVoiceMessage:
    message = StoredVoiceMessage(
        message_id=f"m{number}",
        box="sales",
        path=centre.voicemail.new_path(),
        received_wall=centre.clock.wall(),
        calling_number=CUSTOMER,
    )
    centre.voicemail.begin(message)
    centre.voicemail.recorded(message.message_id, message.path, 12.0)
    assert await centre.voicemail.complete(message.message_id, is_urgent=False)
    return message


def state(centre: SimulatedCentre, number: int = 1) -> tuple[str, str, bool]:
    message = centre.voicemail.get(f"m{number}")
    assert message is not None
    return message.state, message.heard_by, message.is_contact


def ann(centre: SimulatedCentre) -> AgentState:
    return centre.acd.agent_summaries()[0].state


def is_played(centre: SimulatedCentre, path: str) -> bool:
    return any(isinstance(each, StartPlay) and each.playback.sounds == [path] for each in centre.media_commands)


def test_an_agents_phone_rings_and_plays_the_message(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        message = await left(centre)
        assert state(centre) == ("new", "", True)
        (contact,) = centre.acd.contact_summaries()
        assert (contact.channel, contact.queue_id) == (Channel.VOICEMAIL, "support")
        assert contact.state is ContactState.WAITING
        await centre.log_in("ann")
        phone = centre.phone("ann")
        phone.talk_s = None
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        (ringing,) = phone.seen(InviteReceived)
        assert isinstance(ringing, InviteReceived)
        assert ringing.calling_name == f"voicemail: {CUSTOMER}"
        await centre.until(lambda: is_played(centre, message.path))
        await centre.until(lambda: not centre.controller.calls)
        assert state(centre) == ("old", "ann", False)
        await centre.until(lambda: ann(centre) is AgentState.READY)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.agent, cdr.queue, cdr.tags["voicemail"]) == ("ann", "support", "sales m1")

    simulated(tmp_path).run(scenario)


def test_a_key_calls_the_sender(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(CUSTOMER)
        customer.talk_s = 5.0
        message = await left(centre)
        await centre.log_in("ann")
        phone = centre.phone("ann")
        phone.talk_s = None
        await centre.until(lambda: is_played(centre, message.path))
        phone.press("5")
        await centre.until(lambda: bool(customer.seen(InviteReceived)))
        await centre.until(lambda: not centre.controller.calls)
        assert state(centre) == ("old", "ann", False)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.talk_s > 0

    simulated(tmp_path).run(scenario)


def test_who_does_not_answer_has_not_heard_it(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await left(centre)
        phone = centre.phone("ann")
        phone.answer_after_s = None
        await centre.log_in("ann")
        await centre.until(lambda: bool(phone.seen(InviteReceived)))
        await centre.until(lambda: not centre.controller.calls)
        assert state(centre) == ("new", "", True)
        assert centre.acd.contact_summaries() == []
        await centre.sleep(AGAIN_S + 1)
        (contact,) = centre.acd.contact_summaries()
        assert contact.contact_id.startswith(f"{PREFIX}m1.")
        assert contact.wait_s > AGAIN_S, "it has kept its place"

    simulated(tmp_path).run(scenario)


def test_what_somebody_has_heard_by_phone_waits_no_more(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await left(centre, 1)
        await left(centre, 2)
        assert len(centre.acd.contact_summaries()) == 2
        centre.voicemail.heard("m1", "boris")
        centre.voicemail.delete("m2")
        assert centre.acd.contact_summaries() == []
        assert state(centre, 1) == ("old", "boris", False)
        assert state(centre, 2) == ("deleted", "", False)

    simulated(tmp_path).run(scenario)


def test_what_a_supervisor_takes_out_waits_no_more(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await left(centre)
        (contact,) = centre.acd.contact_summaries()
        centre.acd.apply(ContactWithdrawn(contact.contact_id, "spam", by="otto"))
        assert centre.acd.contact_summaries() == []
        assert state(centre) == ("new", "", False)
        await centre.sleep(AGAIN_S + 1)
        assert centre.acd.contact_summaries() == []

    simulated(tmp_path).run(scenario)


def test_of_several_who_are_rung_the_first_who_answers_hears_it(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        message = await left(centre)
        ann, bob = centre.phone("ann"), centre.phone("bob")
        ann.answer_after_s, bob.answer_after_s = None, 2.0
        await centre.log_in("ann", "bob")
        await centre.until(lambda: is_played(centre, message.path))
        assert ann.seen(InviteReceived)
        await centre.until(lambda: not centre.controller.calls)
        assert state(centre) == ("old", "bob", False)
        await centre.all_over()

    simulated(tmp_path, "ring_all", "ann", "bob").run(scenario)


def test_a_switch_that_starts_queues_what_waited(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        await left(centre, 1)
        await left(centre, 2)
        before = {contact.contact_id for contact in centre.acd.contact_summaries()}
        gone = next(each for each in before if each.startswith(f"{PREFIX}m2."))
        centre.voicemail.heard("m2", "boris")
        centre.voicemail.set_contact("m2", True)
        centre.voicemail.renew("m2")
        reborn = VoiceContacts(centre.acd, centre.loop)
        reborn.connect(centre.around, centre.controller)
        reborn.start()
        after = {contact.contact_id for contact in centre.acd.contact_summaries()}
        assert before - after == {gone}, "the router had kept the place of the first"
        assert len(after) == 2

    simulated(tmp_path).run(scenario)


def test_an_agent_who_talks_to_the_sender_when_the_switch_dies_is_his_until_they_part(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        customer = centre.caller(CUSTOMER)
        message = await left(centre)
        await centre.log_in("ann")
        phone = centre.phone("ann")
        await centre.until(lambda: is_played(centre, message.path))
        phone.press("5")
        await centre.until(lambda: any(call.conversation for call in centre.controller.calls.values()))
        await centre.sleep(5.0)
        await centre.restart()
        await centre.sleep(60.0)
        assert ann(centre) is AgentState.BUSY
        assert len(phone.seen(InviteReceived)) == 1
        customer.hang_up()
        await centre.until(lambda: ann(centre) is AgentState.READY)
        assert state(centre) == ("old", "ann", False)
        assert not phone.is_answered
        await centre.all_over()
        assert centre.acd.contact_ids() == []

    simulated(tmp_path, outlives=True).run(scenario)


def test_an_agent_who_was_hearing_a_message_when_the_switch_died_hears_it_again(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        message = await left(centre)
        await centre.log_in("ann")
        phone = centre.phone("ann")
        await centre.until(lambda: is_played(centre, message.path))
        before = len(centre.media_commands)
        await centre.sleep(0.5)
        await centre.restart()
        await centre.sleep(1.0)
        assert phone.is_answered
        del centre.media_commands[:before]
        await centre.until(lambda: is_played(centre, message.path))
        phone.press("9")
        await centre.until(lambda: not phone.is_answered)
        assert state(centre) == ("old", "ann", False)
        await centre.until(lambda: ann(centre) is AgentState.READY)
        assert len(phone.seen(InviteReceived)) == 1
        await centre.all_over()
        assert centre.acd.contact_ids() == []

    simulated(tmp_path, outlives=True).run(scenario)
