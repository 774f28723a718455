"""What queues.toml may name is what there is."""

from typing import get_args, get_type_hints

from softswitch.acd.model import StrategyName
from softswitch.acd.strategies import STRATEGIES
from softswitch.config.rows import QueueRow


def test_every_strategy_can_be_configured_and_chosen() -> None:
    configurable = get_type_hints(QueueRow)["strategy"]
    assert set(get_args(configurable)) == set(get_args(StrategyName)) == set(STRATEGIES)
