"""Transfers, pickups, parking, forwarding and codes in any order, while the switch is killed at random moments."""

from pathlib import Path
from random import Random

import pytest
import structlog

from softswitch.acd.model import AgentState
from tests.simulation.test_features_anything import Chaos, everything


class Deaths(Chaos):
    """Whatever is going on, the switch may die, and the next one soon after it."""

    async def step(self) -> None:
        await super().step()
        if self.random.random() > 0.12:
            return
        self.centre.has_lost_words = True  # of the last moment
        await self.centre.sleep(self.random.choice([0.0, 0.05, 0.1, 0.2]))
        await self.centre.restart(away_s=self.random.choice([0.02, 0.3, 1.5]))
        if self.random.random() < 0.3:
            await self.centre.sleep(self.random.choice([0.0, 0.01, 0.03]))
            await self.centre.restart(away_s=0.05)

    def check(self) -> None:
        """What began and ended within the last moment may be forgotten; nothing may be there twice, or stay."""
        centre, records = self.centre, self.centre.cdrs()
        assert len({cdr.call_id for cdr in records}) == len(records)
        assert not list(centre.store.active_calls.ascending())
        assert not list(centre.store.kept_calls.raw(b""))
        for summary in centre.endpoint.trunks.summaries(centre.clock.now()):
            assert (summary.used_in, summary.used_out) == (0, 0), summary.name
        assert all(calls_now == 0 for _, calls_now in centre.toll.used())
        (eve,) = [agent for agent in centre.acd.agent_summaries() if agent.agent_id == "eve"]
        assert eve.state in (AgentState.READY, AgentState.NOT_READY)


@pytest.mark.parametrize("seed", [1, 21, 54, 60])
def test_whatever_is_combined_nothing_stays_taken(tmp_path: Path, seed: int) -> None:
    with structlog.testing.capture_logs() as logs:
        everything(tmp_path, seed, outlives=True).run(lambda centre: Deaths(centre, Random(seed)).run())
    ours = ("not taken", "not resumed", "not read")
    assert not [each for each in logs if any(word in each["event"] for word in ours)]
