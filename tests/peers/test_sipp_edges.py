"""What SIPp does to the switch beside ordinary calls: giving up, holding, repeating, asking, trying to get in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.base.ids import CallId
from softswitch.control.protocol.call_orders import AnswerCall, CallSet
from softswitch.control.runtime.client import ControlClient, ControlRefused
from tests.peers.audio import excerpt_likeness, level_dbov, likeness_of_parts, read_wav
from tests.peers.centre import PASSWORD, Centre
from tests.peers.program import wait_until
from tests.peers.sipp import Sipp
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage, credentials

pytestmark = [pytest.mark.peers, pytest.mark.network]

SOON_S = 5.0
OUTSIDE = "+4930555"
SAME_VOICE = 0.9


@pytest.fixture(scope="module")
def running_centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Centre, str]]:
    """A centre that all tests of this file use, one after another, and the address where its agents' phones are."""
    directory = tmp_path_factory.mktemp("edges")
    registering = Stage(directory / "peers", [])
    centre = Centre(directory / "centre")
    centre.start()
    try:
        yield centre, registering.register(centre, centre.agents)
    finally:
        registering.close()
        centre.stop()


@pytest.fixture
def phones(running_centre: tuple[Centre, str]) -> str:
    """The address of the agents' phones."""
    return running_centre[1]


@pytest.fixture
def centre(running_centre: tuple[Centre, str], evidence: Evidence) -> Iterator[Centre]:
    """With four idle agents. After the test no call is left and every agent is idle again."""
    centre, _ = running_centre
    centre.mark()
    evidence.append(("serve.log", centre.log))
    yield centre
    wait_until(lambda: not centre.calls(), SOON_S, f"no call is left: {centre.calls()}")
    centre.wait_for_agents(centre.agents)
    assert "Traceback" not in centre.log(), centre.log()
    assert not [cdr.fault for cdr in centre.cdrs() if cdr.fault]


def wait_for_talk(centre: Centre) -> None:
    wait_until(lambda: any(call.state == "talking" for call in centre.calls()), SOON_S, "an agent talks to the caller")


def test_caller_cancels_while_a_phone_rings(centre: Centre, phones: str, stage: Stage) -> None:
    """He gets 200 for the CANCEL and 487 for the INVITE; the phone stops ringing."""
    ringing = stage.sipp("agent_rings", address=phones).listening()
    caller = stage.sipp(
        "caller_cancels",
        address=centre.caller_host(),
        remote=centre.host,
        number="201",
        keys=stage.rtp_phone().keywords(),
    )

    caller.wait()
    ringing.wait()

    assert [each.status for each in caller.messages() if not each.is_sent] == [100, 180, 200, 487]
    cdr = centre.settled_call()
    assert (cdr.ended_by, cdr.sip_status, cdr.answered_at, cdr.recordings) == ("caller", 487, None, ())


def test_caller_gives_up_while_the_agents_phone_rings(centre: Centre, phones: str, stage: Stage) -> None:
    """He was answered by the hotline, so he says BYE; the agent's phone is cancelled, the agent free at once."""
    ringing = stage.sipp("agent_rings", address=phones).listening()
    phone = stage.rtp_phone()
    phone.press("2")
    caller = stage.sipp(
        "caller_hangs_up", address=centre.caller_host(), remote=centre.host, keys=phone.keywords(), talk_ms=1500
    )

    caller.wait()
    ringing.wait()

    cdr = centre.settled_call()
    assert (cdr.ended_by, cdr.queue, cdr.agent, cdr.talk_s) == ("caller", "support", None, 0.0)
    assert cdr.queue_wait_s > 0.3


def test_a_phone_that_rings_is_asked_to_pick_up(centre: Centre, phones: str, stage: Stage) -> None:
    """It says in its 180 that it can be, and answers the NOTIFY and then the INVITE."""
    agent = stage.sipp("agent_is_asked", address=phones, keys=stage.rtp_phone().keywords()).listening()
    phone = stage.rtp_phone()
    phone.press("2")
    caller = stage.sipp(
        "caller_hangs_up", address=centre.caller_host(), remote=centre.host, keys=phone.keywords(), talk_ms=4000
    )
    with centre.control() as client:
        wait_until(lambda: bool(agent.messages()), SOON_S, "it rings")
        (call,) = centre.calls()
        wait_until(lambda: can_be_asked(client, call.call_id), SOON_S, "its 180 has arrived")

    wait_for_talk(centre)
    caller.wait()
    agent.wait()

    cdr = centre.settled_call()
    assert (cdr.ended_by, cdr.queue) == ("caller", "support")
    assert cdr.agent is not None


def can_be_asked(client: ControlClient, call_id: CallId) -> bool:
    """It is asked then."""
    try:
        client.ask(AnswerCall(call_id), CallSet)
    except ControlRefused:
        return False
    return True


def test_late_offer(centre: Centre, phones: str, stage: Stage, agent_voice: Voice, caller_voice: Voice) -> None:
    """INVITE without SDP: our offer is in the 200, the answer in the ACK, and both are heard."""
    calling, answering = stage.rtp_phone(), stage.rtp_phone()
    calling.press("2")
    agent = stage.sipp("agent_stays", address=phones, keys=answering.keywords()).listening()
    caller = stage.sipp(
        "caller_offers_late", address=centre.caller_host(), remote=centre.host, keys=calling.keywords(), talk_ms=3500
    )
    wait_for_talk(centre)
    calling.say(caller_voice)
    answering.say(agent_voice)

    caller.wait()
    agent.wait()

    (offer,) = caller.received("INVITE", 200)
    assert offer.sdp("m")[0].startswith("audio ")
    assert "sendonly" not in offer.sdp("a")
    (recording,) = centre.settled_call().recordings
    assert_both_are_heard(Path(recording), caller_voice, agent_voice)
    assert likeness_of_parts(agent_voice.samples, calling.heard()[-8000:]) > SAME_VOICE
    assert likeness_of_parts(caller_voice.samples, answering.heard()[-8000:]) > SAME_VOICE


def assert_both_are_heard(recording: Path, caller: Voice, agent: Voice) -> None:
    """The last second of it holds the caller left and the agent right."""
    stereo = read_wav(recording)[-8000:]
    likeness = [likeness_of_parts(caller.samples, stereo[:, 0]), likeness_of_parts(agent.samples, stereo[:, 1])]
    assert min(likeness) > SAME_VOICE, f"{recording}: caller and agent come through with {likeness}"


def test_ringing_is_acknowledged_and_the_session_refreshed(centre: Centre, phones: str, stage: Stage) -> None:
    """PRACK (RFC 3262), the session timer the caller asks for (RFC 4028), and his UPDATE without SDP (RFC 3311)."""
    calling, answering = stage.rtp_phone(), stage.rtp_phone()
    agent = stage.sipp("agent_stays", address=phones, keys=answering.keywords()).listening()
    caller = stage.sipp(
        "caller_acknowledges_ringing",
        address=centre.caller_host(),
        remote=centre.host,
        number="201",
        keys=calling.keywords(),
        talk_ms=500,
    )

    caller.wait()
    agent.wait()

    (ringing,) = caller.received("INVITE", 180)
    assert ringing.header("Require") == "100rel"
    (answered,) = caller.received("INVITE", 200)
    assert answered.sdp("m")[0].startswith("audio ")
    (refreshed,) = caller.received("UPDATE", 200)
    assert refreshed.header("Session-Expires") == "600;refresher=uac"
    assert centre.settled_call().ended_by == "caller"


def test_hold_and_resume(centre: Centre, phones: str, stage: Stage, caller_voice: Voice, agent_voice: Voice) -> None:
    """sendonly is answered with recvonly and the next version; who is held hears music, who holds hears nothing."""
    calling, answering = stage.rtp_phone(), stage.rtp_phone()
    calling.press("2")
    agent = stage.sipp("agent_stays", address=phones, keys=answering.keywords()).listening()
    caller = stage.sipp(
        "caller_holds", address=centre.caller_host(), remote=centre.host, keys=calling.keywords(), talk_ms=2000
    )
    wait_for_talk(centre)
    calling.say(caller_voice)
    answering.say(agent_voice)

    caller.wait()
    agent.wait()

    answers = caller.received("INVITE", 200)
    origins = [answer.sdp("o")[0].split() for answer in answers]
    versions = [int(origin[2]) for origin in origins]
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]
    assert len({origin[1] for origin in origins}) == 1, "the session id never changes"
    directions = [[word for word in answer.sdp("a") if word in DIRECTIONS] for answer in answers]
    assert directions[1] == ["recvonly"]
    assert [directions[0], directions[2]] in ([[], []], [["sendrecv"], ["sendrecv"]], [[], ["sendrecv"]])

    held_at, resumed_at = answers[1].at, answers[2].at
    assert calling.packets_between(held_at + 0.1, resumed_at) == 0
    assert calling.packets_between(held_at - 0.5, held_at) > 20
    assert calling.packets_between(resumed_at + 0.2, resumed_at + 1.2) > 45
    music = answering.heard_between(held_at + 0.3, resumed_at - 0.1)
    assert level_dbov(music) > -50
    assert excerpt_likeness(caller_voice.samples, music) < 0.5
    cdr = centre.settled_call()
    assert cdr.hold_s == pytest.approx(2.0, abs=0.2)
    assert_both_are_heard(Path(cdr.recordings[0]), caller_voice, agent_voice)


DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


def test_options(centre: Centre, stage: Stage) -> None:
    asking = stage.sipp("options", address=centre.caller_host(), remote=centre.host, keys={"caller": "ping"})

    asking.wait()

    (answer,) = asking.received("OPTIONS", 200)
    assert {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"} <= set(answer.header("Allow").replace(" ", "").split(","))


def test_unknown_number(centre: Centre, stage: Stage) -> None:
    caller = stage.sipp(
        "caller_is_told_404",
        address=centre.caller_host(),
        remote=centre.host,
        number="99",
        keys=stage.rtp_phone().keywords(),
    )

    caller.wait()

    cdr = centre.settled_call()
    assert (cdr.sip_status, cdr.answered_at, cdr.called_number) == (404, None, "99")


def test_wrong_password_does_not_register(centre: Centre, stage: Stage) -> None:
    before = centre.status()
    rows = credentials(["kitchen"], password=f"{PASSWORD}x")
    trying = stage.sipp("register_refused", remote=centre.host, rows=rows)

    trying.wait()

    after = centre.status()
    assert before is not None
    assert after is not None
    assert after.registrations == before.registrations


def test_repeated_invite_is_one_call(centre: Centre, stage: Stage) -> None:
    """A retransmission makes no second call; a 200 that is not confirmed is sent again."""
    caller = stage.sipp(
        "caller_repeats",
        address=centre.caller_host(),
        remote=centre.host,
        keys=stage.rtp_phone().keywords(),
        talk_ms=200,
    )

    caller.wait()

    assert len(caller.sent("INVITE")) >= 2
    answers = caller.received("INVITE", 200)
    assert len(answers) >= 2
    assert len({answer.text for answer in answers}) == 1
    assert centre.settled_call().ended_by == "caller"


@pytest.mark.parametrize("number", ["100", "201", OUTSIDE])
def test_stranger_is_challenged_and_gets_no_further(centre: Centre, stage: Stage, number: str) -> None:
    carrier = listening_carrier(centre, stage)
    stranger = stage.sipp(
        "caller_is_challenged", remote=centre.host, number=number, keys=stage.rtp_phone().keywords("reception")
    )

    stranger.wait()

    assert not centre.cdrs()
    assert not centre.calls()
    assert not carrier.messages()


def listening_carrier(centre: Centre, stage: Stage) -> Sipp:
    """Where a call to the outside would come out."""
    return stage.sipp("agent_stays", address=centre.carrier_host, keys=stage.rtp_phone().keywords()).listening()


def test_no_call_from_the_trunk_goes_out_again(centre: Centre, stage: Stage) -> None:
    """The switch is no open relay: even our own provider cannot call the outside through us."""
    carrier = listening_carrier(centre, stage)
    caller = stage.sipp(
        "caller_is_refused",
        address=centre.caller_host(),
        remote=centre.host,
        number=OUTSIDE,
        keys=stage.rtp_phone().keywords(),
    )

    caller.wait()

    assert centre.settled_call().called_number == OUTSIDE
    assert not carrier.messages()


def test_phone_that_may_not_call_out(centre: Centre, stage: Stage) -> None:
    carrier = listening_carrier(centre, stage)

    phone_calls_outside(centre, stage, "kitchen", "phone_is_refused").wait()

    assert centre.settled_call().called_number == OUTSIDE
    assert not carrier.messages()


def test_phone_that_may_call_out(centre: Centre, stage: Stage) -> None:
    """The permitted one reaches the provider, and is heard there."""
    answering = stage.rtp_phone()
    carrier = stage.sipp(
        "agent_leaves_silently", address=centre.carrier_host, keys=answering.keywords(), talk_ms=1000
    ).listening()

    phone_calls_outside(centre, stage, "reception").wait()
    carrier.wait()

    assert len(carrier.received("INVITE")) == 1
    assert answering.sources
    assert centre.settled_call().answered_at is not None


def phone_calls_outside(centre: Centre, stage: Stage, username: str, scenario: str = "phone_calls") -> Sipp:
    """A phone registers and calls the outside."""
    address = stage.register(centre, [username])
    return stage.sipp(
        scenario,
        address=address,
        remote=centre.host,
        number=OUTSIDE,
        rows=credentials([username]),
        keys=stage.rtp_phone().keywords(username),
    )


@pytest.mark.parametrize(("key", "queue"), [("1", "sales"), ("2", "support")])
def test_keys_choose_the_queue(centre: Centre, phones: str, stage: Stage, key: str, queue: str) -> None:
    """RFC 4733 events choose the menu's entry while the question is still being asked."""
    calling = stage.rtp_phone()
    calling.press(key)
    agent = stage.sipp("agent_stays", address=phones, keys=stage.rtp_phone().keywords()).listening()
    caller = stage.sipp(
        "caller_hangs_up", address=centre.caller_host(), remote=centre.host, keys=calling.keywords(), talk_ms=1500
    )

    caller.wait()
    agent.wait()

    cdr = centre.settled_call()
    assert cdr.queue == queue
    assert cdr.talk_s > 0.3


def test_recording_opens_during_the_call_and_after(
    centre: Centre, phones: str, stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> None:
    """Somebody listens to the file while both still talk."""
    calling, answering = stage.rtp_phone(), stage.rtp_phone()
    calling.press("2")
    agent = stage.sipp("agent_stays", address=phones, keys=answering.keywords()).listening()
    caller = stage.sipp(
        "caller_hangs_up", address=centre.caller_host(), remote=centre.host, keys=calling.keywords(), talk_ms=5500
    )
    wait_for_talk(centre)
    calling.say(caller_voice)
    answering.say(agent_voice)
    (part,) = (centre.directory / "recordings").rglob("*.wav.part")
    wait_until(lambda: len(read_wav(part)) > 2.5 * 8000, SOON_S, f"{part} grows")

    assert_both_are_heard(part, caller_voice, agent_voice)

    caller.wait()
    agent.wait()
    cdr = centre.settled_call()
    assert cdr.recordings == (str(part).removesuffix(".part"),)
    assert not part.exists()
    assert_both_are_heard(Path(cdr.recordings[0]), caller_voice, agent_voice)
    assert len(read_wav(cdr.recordings[0])) == pytest.approx(cdr.talk_s * 8000, abs=800)
