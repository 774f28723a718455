"""baresip with Opus and G.722: converted for a party with another codec, passed on to one with the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.peers.audio import RATE_HZ, Samples, aligned, pesq, read_wav
from tests.peers.baresip import Baresip
from tests.peers.centre import PASSWORD, PHONES, Centre
from tests.peers.program import wait_until
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage

pytestmark = [pytest.mark.peers, pytest.mark.network]

PAIRS = [("OPUS", "PCMA"), ("G722", "OPUS"), ("OPUS", "OPUS")]
"""Codecs of caller and agent."""

PESQ_MIN = 3.0
"""PESQ-NB; with time to spare it is 4.0 to 4.5. How good the codecs are is measured in virtual time
(test_coded_quality.py); here a busy machine is heard as well."""
SPOKEN_S = 12
HANGS_UP_WITHIN_S = 40.0


@dataclass(frozen=True, slots=True)
class Conversation:
    """One call that is over."""

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
    """One for each pair, side by side."""
    directory = tmp_path_factory.mktemp("codecs")
    centre = Centre(directory / "centre", agents=len(PAIRS))
    stage = Stage(directory / "peers", told)
    told.append(("serve.log", centre.log))
    centre.start()
    try:
        yield hold_conversations(centre, stage, Voice(caller_voice.samples[: SPOKEN_S * RATE_HZ]), agent_voice)
    finally:
        stage.close()
        centre.stop()
        assert "Traceback" not in centre.log(), centre.log()


def hold_conversations(
    centre: Centre, stage: Stage, caller_says: Voice, agent_voice: Voice
) -> dict[tuple[str, str], Conversation]:
    agent_says = Voice(agent_voice.samples[: (SPOKEN_S + 1) * RATE_HZ])
    parties: list[tuple[Baresip, Baresip]] = []
    for phone, agent_name, codecs in zip(PHONES, centre.agents, PAIRS, strict=True):
        agent = stage.baresip(
            username=agent_name, password=PASSWORD, domain=centre.host, voice=agent_says, codec=codecs[1]
        )
        centre.wait_for_agents([agent_name])
        caller = stage.baresip(
            username=phone, password=PASSWORD, domain=centre.host, voice=caller_says, codec=codecs[0], dial="102"
        )
        centre.wait_for_agents([agent_name], "busy")
        parties.append((caller, agent))
    for caller, agent in parties:
        wait_until(
            lambda caller=caller, agent=agent: caller.has_hung_up and agent.has_hung_up,
            HANGS_UP_WITHIN_S,
            f"{agent.username} has said all",
        )
    recordings = {str(cdr.agent): cdr.recordings[0] for cdr in centre.settled(len(PAIRS))}
    held: dict[tuple[str, str], Conversation] = {}
    for codecs, (caller, agent) in zip(PAIRS, parties, strict=True):
        stereo = read_wav(recordings[agent.username])
        held[codecs] = Conversation(stereo[:, 0], stereo[:, 1], caller.heard(), agent.heard())
    return held


@pytest.mark.parametrize("codecs", PAIRS, ids=lambda codecs: f"caller {codecs[0]}, agent {codecs[1]}")
def test_both_are_recorded_and_hear_each_other_well(
    conversations: dict[tuple[str, str], Conversation],
    codecs: tuple[str, str],
    told: Evidence,
    evidence: Evidence,
    caller_voice: Voice,
    agent_voice: Voice,
) -> None:
    evidence += told
    conversation = conversations[codecs]
    caller_says = caller_voice.samples[: (SPOKEN_S - 1) * RATE_HZ]
    agent_says = agent_voice.samples[: (SPOKEN_S - 1) * RATE_HZ]
    scores = {
        "left": pesq(*aligned(caller_says, conversation.left)),
        "right": pesq(*aligned(agent_says, conversation.right)),
        "heard by agent": pesq(*aligned(caller_says, conversation.agent_heard)),
        "heard by caller": pesq(*aligned(agent_says, conversation.caller_heard)),
    }
    assert min(scores.values()) >= PESQ_MIN, scores
