"""A phone with a busy lamp, played by SIPp, watches an agent whose phone rings for a caller who gives up."""

import time
from collections.abc import Callable

import pytest

from tests.peers.centre import Centre
from tests.peers.program import wait_until
from tests.peers.stage import Stage, credentials

pytestmark = [pytest.mark.peers, pytest.mark.network]

SOON_S = 5.0
NOTIFY_EVERY_S = 0.5
"""As EventPolicy says."""


def test_a_lamp_is_lit_while_a_phone_rings(open_centre: Callable[[int], Centre], stage: Stage) -> None:
    centre = open_centre(2)
    phones = stage.register(centre, centre.agents)
    centre.wait_for_agents(centre.agents)
    watcher = stage.sipp("watcher", remote=centre.host, number="201", rows=credentials(["agent2"]))
    wait_until(lambda: bool(watcher.received("NOTIFY")), SOON_S, "the lamp's first state")
    first_at = watcher.received("NOTIFY")[0].at
    wait_until(lambda: time.time() > first_at + NOTIFY_EVERY_S, SOON_S, "the next state is told at once")
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
    watcher.wait()

    told = watcher.received("NOTIFY")
    assert [each.body.partition("<state>")[2].partition("<")[0] for each in told] == [
        "terminated",
        "early",
        "terminated",
        "terminated",
    ]
    assert [each.header("Subscription-State").partition(";")[0] for each in told] == ["active"] * 3 + ["terminated"]
    assert all('entity="sip:201@' in each.body for each in told)
