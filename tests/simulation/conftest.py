"""What the ladders have in common: each is compared with its golden file."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from softswitch.testing.sip_pair import SipPair

GOLDEN = Path(__file__).parents[1] / "golden" / "ladders"


@pytest.fixture
def ladder(request: pytest.FixtureRequest) -> Iterator[Callable[[SipPair], None]]:
    """Call it with the pair when the scenario is over. Every endpoint must have forgotten everything by then."""
    pairs: list[SipPair] = []
    yield pairs.append
    (pair,) = pairs
    for name, endpoint in (("switch", pair.switch), ("provider", pair.provider), ("alice", pair.alice)):
        left = endpoint.statistics()
        assert (left.legs, left.dialogs, left.transactions) == (0, 0, 0), f"{name} still holds {left}"
    path = GOLDEN / f"{request.node.name.removeprefix('test_')}.txt"
    if os.environ.get("SOFTSWITCH_GOLDEN") == "write":
        path.write_text(pair.ladder())
    assert pair.ladder() == path.read_text()
