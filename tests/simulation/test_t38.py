"""Faxes as T.38, in virtual time: who is offered what, what passes where, and how it ends."""

from pathlib import Path

import pytest

from softswitch.base.address import HostPort
from softswitch.base.ids import LegId
from softswitch.calls.runtime.faxes import fax_of
from softswitch.calls.settings import CallSettings
from softswitch.media.protocol import FaxPort, PutFaxPort, StreamDescription, StreamTimedOut
from softswitch.sip.description.sdp import SessionDescription
from softswitch.sip.outputs import (
    InviteReceived,
    LegAnswered,
    LegFailed,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteFailed,
    ReinviteReceived,
    ReinviteWithdrawn,
)
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone
from tests.simulation.faxing import OTHERS, PASSED_ON, FaxMachine, connected, simulated


def stream(centre: SimulatedCentre, phone: SimulatedPhone) -> StreamDescription:
    """The switch's stream towards the phone."""
    return next(
        each
        for each in centre.worker.description.streams.values()
        if each.remote is not None and each.remote.host == phone.address.host
    )


def fax_port(centre: SimulatedCentre, phone: SimulatedPhone) -> FaxPort:
    ports = centre.worker.description.fax_ports.values()
    return next(each for each in ports if each.remote is not None and each.remote.host == phone.address.host)


def passes_t38(centre: SimulatedCentre, one: FaxMachine, other: FaxMachine) -> None:
    """Each has a port, joined with the other's, and no sound meanwhile."""
    ports = fax_port(centre, one), fax_port(centre, other)
    assert [port.remote for port in ports] == [HostPort(each.address.host, each.image_port) for each in (one, other)]
    assert (ports[0].peer, ports[1].peer) == (ports[1].port_id, ports[0].port_id)
    for phone in (one, other):
        assert (stream(centre, phone).sends, stream(centre, phone).receives) == (False, False)
        assert fax_port(centre, phone).learn_from == stream(centre, phone).learn_from == phone.address.host
    assert not centre.worker.description.hearings
    (call,) = centre.controller.calls.values()
    assert fax_of(call) == "t38"


def passes_sound(centre: SimulatedCentre, *phones: FaxMachine, how: str = "g711") -> None:
    """They hear each other, as modems if they are faxes."""
    assert not centre.worker.description.fax_ports
    for phone in phones:
        heard = stream(centre, phone)
        assert (heard.sends, heard.receives, heard.is_fax) == (True, True, bool(how))
    assert len(centre.worker.description.hearings) == 2
    (call,) = centre.controller.calls.values()
    assert fax_of(call) == how


def attributes(sdp: bytes) -> tuple[str, ...]:
    """Those of the T.38 in a description of the switch."""
    (image,) = [media for media in SessionDescription.parse(sdp).media if media.kind == "image"]
    return tuple(value for letter, value in image.lines if letter == "a")


def media(sdp: bytes) -> list[tuple[str, bool]]:
    return [(each.kind, each.port > 0) for each in SessionDescription.parse(sdp).media]


def offered_to(phone: FaxMachine) -> bytes:
    """The last re-INVITE the phone got."""
    offer = phone.seen(ReinviteReceived)[-1]
    assert isinstance(offer, ReinviteReceived)
    return offer.sdp


def answered_to(phone: FaxMachine) -> bytes:
    answer = phone.seen(ReinviteAnswered)[-1]
    assert isinstance(answer, ReinviteAnswered)
    return answer.sdp


async def over(centre: SimulatedCentre, *phones: FaxMachine, tag: str) -> None:
    phones[0].hang_up()
    await centre.all_over()
    (cdr,) = centre.cdrs()
    assert (cdr.tags.get("fax", ""), cdr.fault) == (tag, "")


@pytest.mark.parametrize("is_called_first", [True, False])
def test_what_one_machine_offers_is_offered_to_the_other_and_his_answer_is_the_answer(
    tmp_path: Path, is_called_first: bool
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        first, second = (machine, caller) if is_called_first else (caller, machine)
        first.offer_image()
        await centre.until(lambda: bool(first.seen(ReinviteAnswered)))
        assert attributes(offered_to(second)) == PASSED_ON
        assert attributes(answered_to(first)) == OTHERS
        assert media(offered_to(second)) == media(answered_to(first)) == [("image", True)]
        passes_t38(centre, first, second)
        machine.offer_sound()
        await centre.sleep(1)
        assert media(offered_to(caller)) == media(answered_to(machine)) == [("audio", True)]
        passes_sound(centre, caller, machine)
        caller.offer_image()
        await centre.until(lambda: len(caller.seen(ReinviteAnswered)) == 2 - is_called_first)
        await centre.sleep(1)
        passes_t38(centre, caller, machine)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


@pytest.mark.parametrize(("status", "told"), [(488, 488), (415, 415), (606, 606), (500, 488), (False, 488)])
def test_a_machine_that_does_not_take_it_goes_on_in_sound_and_so_does_the_one_that_asked(
    tmp_path: Path, status: int | bool, told: int
) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        caller.takes_t38 = status
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteFailed)))
        failed = machine.seen(ReinviteFailed)[0]
        assert isinstance(failed, ReinviteFailed)
        assert failed.status == told
        await centre.sleep(2)
        passes_sound(centre, caller, machine)
        # One who has accepted it with a port of 0 has no sound either, and is offered that again.
        assert len(caller.seen(ReinviteReceived)) == (2 if status is False else 1)
        await over(centre, caller, machine, tag="g711")

    simulated(tmp_path).run(scenario)


def test_t38_and_sound_offered_together_are_sound_where_the_other_has_no_t38(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        caller.takes_t38 = 488
        sound = "m=audio 30000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000"
        machine.offer_image(before=sound)
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        assert media(answered_to(machine)) == [("audio", True), ("image", False)]
        passes_sound(centre, caller, machine)
        caller.takes_t38 = True
        machine.offer_image(before=sound)
        await centre.until(lambda: len(machine.seen(ReinviteAnswered)) == 2)
        assert media(answered_to(machine)) == [("audio", False), ("image", True)]
        passes_t38(centre, caller, machine)
        caller.offer_sound()
        await centre.sleep(1)
        assert media(offered_to(machine)) == [("audio", True), ("image", False)]
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def test_a_declined_sound_beside_the_image_stays_declined(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image(before="m=audio 0 RTP/AVP 8")
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        assert media(answered_to(machine)) == [("audio", False), ("image", True)]
        passes_t38(centre, caller, machine)
        await over(centre, machine, caller, tag="t38")

    simulated(tmp_path).run(scenario)


def test_both_ask_at_the_same_time(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        caller.offer_image()
        machine.offer_image()
        await centre.sleep(20)
        passes_t38(centre, caller, machine)
        caller.offer_sound()
        machine.offer_sound()
        await centre.sleep(20)
        passes_sound(centre, caller, machine)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def test_one_asks_while_the_other_thinks_about_the_same_question(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.thinks_s = 5.0
        caller.offer_image()
        await centre.sleep(3)
        assert not caller.seen(ReinviteFailed)
        passes_sound(centre, caller, machine, how="") if not centre.worker.description.fax_ports else None
        await centre.sleep(3)
        passes_t38(centre, caller, machine)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


@pytest.mark.parametrize("who", ["asker", "asked"])
def test_one_hangs_up_while_the_other_thinks(tmp_path: Path, who: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.thinks_s = 5.0
        caller.offer_image()
        await centre.sleep(1)
        (caller if who == "asker" else machine).hang_up()
        await centre.sleep(10)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.fault == ""

    simulated(tmp_path).run(scenario)


def test_it_is_told_again_and_moves(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        machine.image_port = 4600
        machine.offer_image()
        await centre.until(lambda: len(machine.seen(ReinviteAnswered)) == 2)
        assert attributes(answered_to(machine)) == OTHERS
        assert len(caller.seen(ReinviteReceived)) == 1, "the other one has nothing to do with it"
        passes_t38(centre, machine, caller)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def test_an_extension_may_not(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        for phone in (caller, machine):
            phone.offer_image()
            await centre.until(lambda phone=phone: bool(phone.seen(ReinviteFailed)))
            assert not phone.seen(ReinviteReceived)
        passes_sound(centre, caller, machine)
        await over(centre, caller, machine, tag="g711")

    simulated(tmp_path, t38=False).run(scenario)


def test_a_provider_may_not(tmp_path: Path) -> None:
    settings = CallSettings(
        domain=DOMAIN,
        media_ip="10.0.0.1",
        recordings_directory=str(tmp_path),
        trunks_without_t38=frozenset({"provider"}),
    )

    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteFailed)))
        assert not caller.seen(ReinviteReceived)
        await over(centre, caller, machine, tag="g711")

    simulated(tmp_path, settings=settings).run(scenario)


def test_a_caller_who_offers_it_in_a_menu_is_refused_and_known_as_a_fax(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller = centre.caller("+15550123", kind=FaxMachine)
        assert isinstance(caller, FaxMachine)
        caller.call("300")
        await centre.until(lambda: caller.is_answered)
        caller.offer_image()
        await centre.until(lambda: bool(caller.seen(ReinviteFailed)))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.tags == {"fax": "g711"}

    simulated(tmp_path).run(scenario)


@pytest.mark.parametrize(
    "sdp",
    [
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nt=0 0\r\nm=image 4500 udptl t38\r\n",
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 224.0.0.1\r\nt=0 0\r\nm=image 4500 udptl t38\r\n",
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP6 ::2\r\nt=0 0\r\nm=image 4500 udptl t38\r\n",
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=image 4500 tcp t38\r\n",
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=image 4500 udptl x\r\n",
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=image 99999 udptl t38\r\n",
        b"v=0\r\no=- 1 99 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4\r\nt=0 0\r\nm=image 4500 udptl t38\r\n",
    ],
)
def test_what_is_no_t38_is_refused_and_nothing_has_changed(tmp_path: Path, sdp: bytes) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        caller.reinvite(sdp)
        await centre.until(lambda: bool(caller.seen(ReinviteFailed)))
        assert not machine.seen(ReinviteReceived)
        assert not centre.worker.description.fax_ports
        assert len(centre.worker.description.hearings) == 2
        caller.hang_up()
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_without_a_port_for_it_the_fax_goes_on_in_sound(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        centre.worker.refuse = lambda command: "in use" if isinstance(command, PutFaxPort) else ""
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteFailed)))
        passes_sound(centre, caller, machine)
        caller.hang_up()
        await centre.until(lambda: not centre.controller.calls)

    simulated(tmp_path).run(scenario)


def test_when_nothing_comes_any_more_the_call_ends(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        silent = fax_port(centre, caller)
        assert silent.timeout_s > 0
        centre.worker.emit(StreamTimedOut(silent.call_id, silent.stream_id, silent.timeout_s))
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert cdr.end_reason == "media timeout"

    simulated(tmp_path).run(scenario)


def test_a_worker_that_died_passes_on_what_it_did_before(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        before = fax_port(centre, caller), fax_port(centre, machine)
        centre.worker_dies()
        await centre.sleep(0.2)
        centre.worker_returns()
        await centre.until(lambda: centre.worker.is_serving and bool(centre.worker.description.fax_ports))
        assert (fax_port(centre, caller), fax_port(centre, machine)) == before
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def test_who_stays_after_a_fax_hears_what_his_flow_plays(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre, "105")
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        machine.hang_up()
        await centre.until(lambda: bool(centre.worker.description.playbacks))
        await centre.sleep(0.5)
        assert media(offered_to(caller)) == [("audio", True)]
        assert stream(centre, caller).sends
        assert not centre.worker.description.fax_ports
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_a_caller_with_t38_alone_is_connected_with_a_machine_that_takes_it(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        machine = centre.phone("machine", kind=FaxMachine)
        assert isinstance(machine, FaxMachine)
        await machine.register()
        caller = centre.caller("+15550123", kind=FaxMachine)
        assert isinstance(caller, FaxMachine)
        caller.call_with_image("100")
        await centre.until(lambda: caller.is_answered)
        (invite,) = machine.seen(InviteReceived)
        assert isinstance(invite, InviteReceived)
        assert (media(invite.sdp), attributes(invite.sdp)) == ([("image", True)], PASSED_ON)
        (answered,) = caller.seen(LegAnswered)
        assert isinstance(answered, LegAnswered)
        assert attributes(answered.sdp) == OTHERS
        await centre.sleep(1)
        ports = fax_port(centre, caller), fax_port(centre, machine)
        assert (ports[0].peer, ports[1].peer) == (ports[1].port_id, ports[0].port_id)
        machine.offer_sound()
        await centre.sleep(1)
        assert media(offered_to(caller)) == [("audio", True)]
        passes_sound(centre, caller, machine)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


@pytest.mark.parametrize("number", ["100", "300"])
def test_a_caller_with_t38_alone_is_refused_where_nobody_takes_it(tmp_path: Path, number: str) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        machine = centre.phone("machine", kind=FaxMachine)
        machine.busy_status = 488
        await machine.register()
        caller = centre.caller("+15550123", kind=FaxMachine)
        assert isinstance(caller, FaxMachine)
        caller.call_with_image(number)
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        failed = caller.seen(LegFailed)[0]
        assert isinstance(failed, LegFailed)
        assert failed.status == 488
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_a_caller_with_t38_alone_is_refused_by_one_who_may_not(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        machine = centre.phone("machine", kind=FaxMachine)
        await machine.register()
        caller = centre.caller("+15550123", kind=FaxMachine)
        assert isinstance(caller, FaxMachine)
        caller.call_with_image("100")
        await centre.until(lambda: bool(caller.seen(LegFailed)))
        failed = caller.seen(LegFailed)[0]
        assert isinstance(failed, LegFailed)
        assert failed.status == 488
        assert not machine.seen(InviteReceived)
        await centre.all_over()
        (cdr,) = centre.cdrs()
        assert (cdr.fault, cdr.tags["dialled"]) == ("", "unreachable")

    simulated(tmp_path, t38=False).run(scenario)


def test_machines_are_told_the_address_that_they_can_reach(tmp_path: Path) -> None:
    """It is not always the one at which the workers open ports."""
    told = "198.51.100.99"
    settings = CallSettings(domain=DOMAIN, media_ip=told, recordings_directory=str(tmp_path))

    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        for sdp, phone in ((offered_to(caller), caller), (answered_to(machine), machine)):
            session = SessionDescription.parse(sdp)
            local = fax_port(centre, phone).local
            assert (session.connection_of(session.media[0]), session.media[0].port) == (told, local.port)
            assert local.host != told
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path, settings=settings).run(scenario)


def test_a_recording_goes_on_and_holds_silence_meanwhile(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre, "110")
        (recording,) = centre.worker.description.recordings.values()
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        assert list(centre.worker.description.recordings.values()) == [recording]
        passes_t38(centre, caller, machine)
        machine.offer_sound()
        await centre.sleep(1)
        passes_sound(centre, caller, machine)
        assert list(centre.worker.description.recordings.values()) == [recording]
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def test_digits_and_hold_are_as_before_when_the_two_talk_again(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        caller.press("5")
        await centre.sleep(1)
        machine.offer_sound()
        await centre.sleep(1)
        passes_sound(centre, caller, machine)
        machine.hold("sendonly")
        await centre.sleep(1)
        assert [play.loop for play in centre.worker.description.playbacks.values()] == [True]
        machine.offer_image()
        await centre.sleep(1)
        passes_t38(centre, caller, machine)
        assert not centre.worker.description.playbacks
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def leg_to(centre: SimulatedCentre, phone: FaxMachine) -> LegId:
    """The switch's leg towards a phone."""
    (call,) = centre.controller.calls.values()
    return next(
        each.leg.leg_id
        for each in call.parties
        if each.leg.audio is not None
        and each.leg.audio.remote is not None
        and each.leg.audio.remote.host == phone.address.host
    )


def test_who_takes_his_question_back_talks_on_and_the_other_one_comes_back_to_sound(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        caller.thinks_s = 2.0
        machine.offer_image()
        await centre.sleep(1)
        centre.endpoint.refuse_reinvite(leg_to(centre, machine), 487, centre.clock.now())
        centre.controller.receive_sip(ReinviteWithdrawn(leg_to(centre, machine)))
        centre.flush()
        await centre.sleep(3)
        assert [media(event.sdp) for event in caller.seen(ReinviteReceived) if isinstance(event, ReinviteReceived)] == [
            [("image", True)],
            [("audio", True)],
        ]
        assert not centre.worker.description.fax_ports
        assert len(centre.worker.description.hearings) == 2
        await over(centre, caller, machine, tag="")

    simulated(tmp_path).run(scenario)


def test_a_question_taken_back_before_it_is_passed_on_never_is(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        centre.worker.answers = False
        machine.offer_image()
        await centre.sleep(0.1)
        centre.endpoint.refuse_reinvite(leg_to(centre, machine), 487, centre.clock.now())
        centre.controller.receive_sip(ReinviteWithdrawn(leg_to(centre, machine)))
        centre.worker.answers = True
        await centre.sleep(10)
        assert not caller.seen(ReinviteReceived)
        assert not centre.worker.description.fax_ports
        await over(centre, caller, machine, tag="")

    simulated(tmp_path).run(scenario)


def test_an_invite_without_sdp_is_answered_with_the_t38_in_force(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        leg_id = leg_to(centre, machine)
        (call,) = centre.controller.calls.values()
        party = call.party(leg_id)
        assert party is not None
        described = party.leg.described
        centre.controller.receive_sip(ReinviteReceived(leg_id, b""))
        assert party.leg.described == described
        machine.image_port = 4700
        centre.controller.receive_sip(ReinviteConfirmed(leg_id, machine.image(OTHERS)))
        await centre.sleep(1)
        passes_t38(centre, machine, caller)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)


def test_one_who_is_transferred_in_the_middle_of_it_hears_the_next_one(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        desk = centre.phone("desk")
        await desk.register()
        machine.offer_image()
        await centre.until(lambda: bool(machine.seen(ReinviteAnswered)))
        machine.refer("191")
        await centre.until(lambda: desk.is_answered)
        await centre.sleep(3)
        assert media(offered_to(caller)) == [("audio", True)]
        assert not centre.worker.description.fax_ports
        assert all(stream(centre, each).sends for each in (caller, desk))
        assert len(centre.worker.description.hearings) == 2
        caller.hang_up()
        await centre.all_over()

    simulated(tmp_path).run(scenario)


def test_a_fax_machine_passes_as_it_is_from_the_beginning(tmp_path: Path) -> None:
    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        passes_sound(centre, caller, machine)
        await over(centre, caller, machine, tag="g711")

    simulated(tmp_path, is_fax=True).run(scenario)


def test_machines_go_back_to_sound_when_the_switch_is_killed_and_may_ask_again(tmp_path: Path) -> None:
    """What they send each other passes through ports that the next switch does not know."""

    async def scenario(centre: SimulatedCentre) -> None:
        caller, machine = await connected(centre)
        caller.offer_image()
        await centre.until(lambda: bool(caller.seen(ReinviteAnswered)))
        await centre.sleep(1)
        passes_t38(centre, caller, machine)
        await centre.restart()
        await centre.sleep(2)
        assert media(offered_to(caller)) == media(offered_to(machine)) == [("audio", True)]
        passes_sound(centre, caller, machine)
        assert not centre.worker.description.fax_ports
        answered = len(machine.seen(ReinviteAnswered))
        machine.offer_image()
        await centre.until(lambda: len(machine.seen(ReinviteAnswered)) > answered)
        await centre.sleep(1)
        passes_t38(centre, machine, caller)
        await over(centre, caller, machine, tag="t38")

    simulated(tmp_path).run(scenario)
