"""SIPp on both sides of the hotline: callers come in from the trunk, agents answer, everybody is heard and recorded."""

from collections.abc import Callable, Sequence
from statistics import median

import pytest

from softswitch.store.schema import Cdr
from tests.peers.audio import excerpt_likeness, read_wav
from tests.peers.centre import Centre
from tests.peers.speech import Voice
from tests.peers.stage import Stage, credentials

pytestmark = [pytest.mark.peers, pytest.mark.network]

CALLS = 50
AGENTS = 8
TCP_CALLS = 10
TALK_MS = 2000
SAME_VOICE = 0.95
LIKELY_VOICE = 0.5
"""SIPp sends its sound from one thread of no precedence: on a busy machine it skips, and so does the recording."""
OTHER_VOICE = 0.2


def test_fifty_callers_are_answered_by_eight_agents(
    open_centre: Callable[[int], Centre], stage: Stage, agent_voice: Voice, caller_voice: Voice
) -> None:
    """More callers than agents: some wait. Agents hang up first, callers rate the call, the switch says BYE."""
    centre = open_centre(AGENTS)
    phones = stage.register(centre, centre.agents)
    centre.wait_for_agents(centre.agents)
    answering = stage.sipp(
        "agent_leaves", address=phones, calls=CALLS, talk_ms=TALK_MS, speech=agent_voice.coded("PCMU")
    ).listening()
    calling = stage.sipp(
        "caller_stays",
        address=centre.caller_host(),
        remote=centre.host,
        calls=CALLS,
        rate=5,
        keys={"choice": "2"},
        speech=caller_voice.coded("PCMU"),
    )

    calling.wait(timeout_s=60)
    answering.wait(timeout_s=5)

    cdrs = centre.settled(CALLS)
    assert len(cdrs) == CALLS
    assert len(calling.received("BYE")) == CALLS
    for cdr in cdrs:
        assert (cdr.flow, cdr.queue, cdr.scores, cdr.fault) == ("hotline", "support", {"satisfaction": 5}, "")
        assert cdr.agent in centre.agents
        assert cdr.sip_status == 200
        assert cdr.talk_s == pytest.approx(TALK_MS / 1000, abs=0.25)
    assert {cdr.calling_number for cdr in cdrs} == {f"+4930{number}" for number in range(1, CALLS + 1)}
    assert max(cdr.queue_wait_s for cdr in cdrs) > 0.5, "nobody had to wait: too many agents for this test"

    assert_all_are_recorded(centre, cdrs, caller_voice, agent_voice)
    centre.wait_for_agents(centre.agents)


def test_calls_over_tcp(
    open_centre: Callable[[int], Centre], stage: Stage, agent_voice: Voice, caller_voice: Voice
) -> None:
    """Calls come over one TCP connection and go out over the one that the agents have registered over."""
    centre = open_centre(TCP_CALLS)
    answering = stage.sipp(
        "register_and_wait",
        called="agent_is_left",
        remote=centre.host,
        transport="t1",
        calls=TCP_CALLS,
        rate=50,
        rows=credentials(centre.agents),
        speech=agent_voice.coded("PCMU"),
        talk_ms=7000,
    )
    centre.wait_for_agents(centre.agents)
    with centre.control() as client:
        assert [row.transport for row in client.registrations()] == ["TCP"] * TCP_CALLS
    calling = stage.sipp(
        "caller_leaves",
        address=centre.caller_host(),
        remote=centre.host,
        transport="t1",
        calls=TCP_CALLS,
        rate=5,
        keys={"choice": "1"},
        speech=caller_voice.coded("PCMU"),
        talk_ms=3000,
    )

    calling.wait()
    cdrs = centre.settled(TCP_CALLS)
    answering.wait()

    assert len(cdrs) == TCP_CALLS
    for cdr in cdrs:
        assert (cdr.queue, cdr.ended_by, cdr.sip_status, cdr.fault) == ("sales", "caller", 200, "")
        assert cdr.talk_s > 1.0
    assert_all_are_recorded(centre, cdrs, caller_voice, agent_voice)
    # Their connection is closed now, and with it the way to them.
    centre.wait_for_agents(centre.agents, "no phone")


def assert_all_are_recorded(centre: Centre, cdrs: Sequence[Cdr], caller: Voice, agent: Voice) -> None:
    """One file for each call, as long as the talk, with the caller left and the agent right, each alone."""
    recordings = {recording.path: recording for recording in centre.recordings()}
    assert len(recordings) == len(cdrs)
    own: list[float] = []
    for cdr in cdrs:
        (path,) = cdr.recordings
        recording = recordings[path]
        assert (recording.call_id, recording.agent, recording.fault) == (cdr.call_id, cdr.agent, "")
        # Begun and ended by orders to a process that may have to wait for a processor.
        assert recording.duration_s == pytest.approx(cdr.talk_s, abs=0.2)
        stereo = read_wav(path)
        assert len(stereo) == pytest.approx(recording.duration_s * 8000, abs=1)
        left, right = stereo[:, 0], stereo[:, 1]
        heard = [excerpt_likeness(caller.samples, left), excerpt_likeness(agent.samples, right)]
        other = [excerpt_likeness(agent.samples, left), excerpt_likeness(caller.samples, right)]
        assert min(heard) > LIKELY_VOICE, f"{path}: {heard}"
        assert max(other) < OTHER_VOICE, f"{path}: {other}"
        own += heard
    assert median(own) > SAME_VOICE, sorted(own)
