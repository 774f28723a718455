"""Shipped dialplans go on after a restart of the switch, wherever it dies."""

from collections.abc import Iterator

import pytest

from softswitch.testing.call import FakeCall
from softswitch.testing.restarts import check_restarts


@pytest.fixture
def restarts() -> Iterator[None]:
    """Each fake call of the test is run with deaths of its switch as well, first: it must end the same each time."""
    FakeCall.rehearsal = check_restarts
    yield
    FakeCall.rehearsal = None
