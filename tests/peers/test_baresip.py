"""baresip as an agent's phone and as a caller's: registers with digest, speaks, and is judged by what was recorded.

The conversations of this file run side by side, once, and each test looks at one side of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from softswitch.base.ids import AgentId
from softswitch.store.schema import Cdr
from tests.peers.audio import RATE_HZ, Samples, crosstalk, judge, likeness_of_parts, offset_of, read_wav
from tests.peers.baresip import Baresip
from tests.peers.centre import PASSWORD, PHONES, Centre
from tests.peers.program import wait_until
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage

pytestmark = [pytest.mark.peers, pytest.mark.network]

PESQ_MIN = 4.3
"""G.711 by itself leaves these voices 4.41 and 4.44; a single lost frame can be heard below 4.3."""
PESQ_LOST_MAX = 0.15
"""Two codecs, one after the other, leave less: 4.26. Beside that no more may be lost than by a delay that changes."""
CROSSTALK_MAX = 0.05
MUTED_S = 4.0
"""The caller only listens at first, and the agent only listens at the end: then one channel must be silent."""
SILENCE_MAX = 8
"""A-law has no zero: this is its smallest value, and what its silence comes out as."""
SAME_VOICE = 0.98
HANGS_UP_WITHIN_S = 40.0

CODECS = [("PCMU", "PCMU"), ("PCMA", "PCMA"), ("PCMA", "PCMU")]
"""Of caller and agent; the last pair is transcoded."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One call that is over: what was recorded, and what the two have heard."""

    cdr: Cdr
    left: Samples
    right: Samples
    caller_heard: Samples
    agent_heard: Samples


@pytest.fixture(scope="module")
def told() -> Evidence:
    """What is shown of the conversations if a test fails."""
    return []


@pytest.fixture(scope="module")
def conversations(
    tmp_path_factory: pytest.TempPathFactory, told: Evidence, caller_voice: Voice, agent_voice: Voice
) -> Iterator[dict[tuple[str, str], Conversation]]:
    """One for each pair of codecs, caller and agent both baresip. The agent hangs up when all is said."""
    directory = tmp_path_factory.mktemp("baresip")
    centre = Centre(directory / "centre", agents=len(CODECS))
    stage = Stage(directory / "peers", told)
    told.append(("serve.log", centre.log))
    centre.start()
    try:
        yield hold_conversations(centre, stage, caller_voice, agent_voice)
    finally:
        stage.close()
        centre.stop()
        assert "Traceback" not in centre.log(), centre.log()


def hold_conversations(
    centre: Centre, stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> dict[tuple[str, str], Conversation]:
    pause = np.zeros(int(MUTED_S * RATE_HZ), dtype=np.int16)
    caller_says = Voice(np.concatenate([pause, caller_voice.samples, pause]))
    agent_says = Voice(np.concatenate([agent_voice.samples, pause]))
    parties: list[tuple[Baresip, Baresip]] = []
    for caller_name, agent_name, codecs in zip(PHONES, centre.agents, CODECS, strict=True):
        agent = stage.baresip(
            username=agent_name, password=PASSWORD, domain=centre.host, voice=agent_says, codec=codecs[1]
        )
        centre.wait_for_agents([agent_name])
        caller = stage.baresip(
            username=caller_name, password=PASSWORD, domain=centre.host, voice=caller_says, codec=codecs[0], dial="102"
        )
        centre.wait_for_agents([agent_name], "busy")
        parties.append((caller, agent))
    for caller, agent in parties:
        wait_until(
            lambda caller=caller, agent=agent: caller.has_hung_up and agent.has_hung_up,
            HANGS_UP_WITHIN_S,
            f"{agent.username} has said all",
        )
    cdrs = {cdr.agent: cdr for cdr in centre.settled(len(CODECS))}
    held: dict[tuple[str, str], Conversation] = {}
    for codecs, (caller, agent) in zip(CODECS, parties, strict=True):
        cdr = cdrs[AgentId(agent.username)]
        stereo = read_wav(cdr.recordings[0])
        held[codecs] = Conversation(cdr, stereo[:, 0], stereo[:, 1], caller.heard(), agent.heard())
    return held


@pytest.fixture(params=CODECS, ids=lambda codecs: f"caller {codecs[0]}, agent {codecs[1]}")
def codecs(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Of caller and agent."""
    return request.param


@pytest.fixture
def conversation(
    conversations: dict[tuple[str, str], Conversation], codecs: tuple[str, str], told: Evidence, evidence: Evidence
) -> Conversation:
    evidence += told
    return conversations[codecs]


def test_the_recording_is_as_good_as_the_codec(
    conversation: Conversation, codecs: tuple[str, str], caller_voice: Voice, agent_voice: Voice
) -> None:
    caller_codec, agent_codec = codecs
    left = judge(caller_voice.samples, caller_voice.carried(caller_codec), conversation.left)
    right = judge(agent_voice.samples, agent_voice.carried(agent_codec), conversation.right)
    said = f"{conversation.cdr.recordings[0]}\nleft:  {left}\nright: {right}"

    assert min(left.pesq, right.pesq) >= PESQ_MIN, said


def test_both_hear_each_other_as_well_as_the_codecs_let_them(
    conversation: Conversation, codecs: tuple[str, str], caller_voice: Voice, agent_voice: Voice
) -> None:
    caller_codec, agent_codec = codecs
    by_agent = Voice(caller_voice.carried(caller_codec)).carried(agent_codec)
    by_caller = Voice(agent_voice.carried(agent_codec)).carried(caller_codec)
    agent = judge(caller_voice.samples, by_agent, conversation.agent_heard)
    caller = judge(agent_voice.samples, by_caller, conversation.caller_heard)

    for verdict in (agent, caller):
        least = PESQ_MIN if caller_codec == agent_codec else verdict.pesq_of_codec - PESQ_LOST_MAX
        assert verdict.pesq >= least, f"what baresip heard: {agent}\nwhat the caller heard: {caller}"


def test_each_voice_is_in_its_own_channel_only(
    conversation: Conversation, caller_voice: Voice, agent_voice: Voice
) -> None:
    left, right = conversation.left, conversation.right
    caller_at, agent_at = offset_of(caller_voice.samples, left), offset_of(agent_voice.samples, right)

    assert crosstalk(caller_voice.samples, caller_at, right) < CROSSTALK_MAX
    assert crosstalk(agent_voice.samples, agent_at, left) < CROSSTALK_MAX
    # Half a second apart from the voice, because a delay may change while it is heard.
    alone = left[: caller_at - RATE_HZ // 2]
    assert len(alone) > 3 * RATE_HZ, "the agent spoke alone at first"
    assert np.abs(alone).max() <= SILENCE_MAX
    alone = right[agent_at + len(agent_voice.samples) + RATE_HZ // 2 :]
    assert len(alone) > 3 * RATE_HZ, "the caller spoke alone at the end"
    assert np.abs(alone).max() <= SILENCE_MAX


def test_the_call_is_on_record(conversation: Conversation) -> None:
    cdr = conversation.cdr
    assert (cdr.flow, cdr.queue, cdr.ended_by, cdr.fault) == ("desk", "support", "agent", "")
    assert cdr.talk_s * RATE_HZ == pytest.approx(len(conversation.left), abs=0.1 * RATE_HZ)


def test_a_phone_calls_a_colleague(
    open_centre: Callable[[int], Centre], stage: Stage, caller_voice: Voice, agent_voice: Voice
) -> None:
    """A phone that proves who it is with every call reaches another by its number; both are heard, nothing is kept."""
    centre = open_centre(1)
    called = stage.baresip(
        username="agent1", password=PASSWORD, domain=centre.host, voice=Voice(agent_voice.samples[: 7 * RATE_HZ])
    )
    centre.wait_for_agents(["agent1"])
    calling = stage.baresip(
        username="reception",
        password=PASSWORD,
        domain=centre.host,
        voice=Voice(caller_voice.samples[: 5 * RATE_HZ]),
        dial="201",
    )

    wait_until(lambda: calling.has_hung_up and called.has_hung_up, HANGS_UP_WITHIN_S, "the call is over")

    cdr = centre.settled_call()
    assert (cdr.calling_number, cdr.called_number, cdr.ended_by) == ("110", "201", "caller")
    assert cdr.recordings == ()
    assert likeness_of_parts(caller_voice.samples, called.heard()[RATE_HZ : 4 * RATE_HZ]) > SAME_VOICE
    assert likeness_of_parts(agent_voice.samples, calling.heard()[RATE_HZ : 4 * RATE_HZ]) > SAME_VOICE


def test_a_wrong_password_is_no_phone(open_centre: Callable[[int], Centre], stage: Stage, agent_voice: Voice) -> None:
    centre = open_centre(1)
    phone = stage.baresip(username="agent1", password=f"{PASSWORD}x", domain=centre.host, voice=agent_voice)

    wait_until(lambda: "401 Unauthorized" in phone.output(), HANGS_UP_WITHIN_S, "the registration is refused")

    centre.wait_for_agents(["agent1"], "no phone")
