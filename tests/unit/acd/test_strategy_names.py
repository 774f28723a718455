"""What queues.toml may name is what there is."""

from typing import get_args

from softswitch.acd.model import StrategyName
from softswitch.acd.strategies import STRATEGIES
from softswitch.config.rows import QueueStrategy


def test_every_strategy_can_be_configured_and_chosen() -> None:
    assert set(get_args(QueueStrategy)) == set(get_args(StrategyName)) == set(STRATEGIES)
