"""baresip over TLS: it registers and calls along its connection, and the sound is encrypted."""

import time
from pathlib import Path

import pytest

from softswitch.testing.certificates import Authority
from tests.peers.audio import RATE_HZ, judge
from tests.peers.centre import PASSWORD, Centre
from tests.peers.program import wait_until
from tests.peers.speech import Voice
from tests.peers.stage import Evidence, Stage

pytestmark = [pytest.mark.peers, pytest.mark.network]

HANGS_UP_WITHIN_S = 40.0
SPOKEN_S = 8
PESQ_LOST_MAX = 0.25


@pytest.mark.parametrize("is_killed", [False, True])
def test_two_phones_call_each_other_over_tls_with_srtp(
    tmp_path: Path, evidence: Evidence, stage: Stage, caller_voice: Voice, agent_voice: Voice, is_killed: bool
) -> None:
    """Also when the switch dies meanwhile, and their connections with it."""
    authority = Authority(tmp_path / "tls")
    centre = Centre(tmp_path / "centre", agents=1, srtp={"reception": "required", "agent1": "required"}, tls=authority)
    evidence.append(("serve.log ends", lambda: centre.log()[-6000:]))
    centre.start()
    try:
        caller_says = Voice(caller_voice.samples[: SPOKEN_S * RATE_HZ])
        agent_says = Voice(agent_voice.samples[: (SPOKEN_S + 2) * RATE_HZ])
        secure = {
            "password": PASSWORD,
            "domain": centre.host,
            "media_encryption": "srtp-mand",
            "transport": "tls",
            "ca": authority.ca,
        }
        called = stage.baresip(username="agent1", voice=agent_says, **secure)
        centre.wait_for_agents(["agent1"])
        with centre.control() as client:
            assert {row.transport for row in client.registrations()} == {"TLS"}
        calling = stage.baresip(username="reception", voice=caller_says, dial="201", **secure)
        if is_killed:
            wait_until(lambda: calling.is_talking and called.is_talking, HANGS_UP_WITHIN_S, "they talk")
            time.sleep(1.0)
            killed = centre.kill("switch")
            wait_until(lambda: centre.pid("switch") not in (0, killed), HANGS_UP_WITHIN_S, "another switch is there")
        wait_until(lambda: calling.has_hung_up and called.has_hung_up, HANGS_UP_WITHIN_S, "all is said")
        verdict = judge(caller_says.samples, caller_says.carried("PCMU"), called.heard())
        assert verdict.pesq >= verdict.pesq_of_codec - PESQ_LOST_MAX, str(verdict)
        assert "SRTP is Enabled" in called.output()
        cdr = centre.settled_call()
        assert (cdr.ended_by, cdr.fault) == ("caller", "")
        assert cdr.talk_s >= SPOKEN_S - 1
    finally:
        stage.close()
        centre.stop()
    assert "Traceback" not in centre.log()
