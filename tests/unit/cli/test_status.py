"""What `softswitch status` says of where phones register."""

import msgspec
import pytest

from softswitch.cli.status import _lines  # pyright: ignore[reportPrivateUsage]
from softswitch.testing.operations import FixedOperations


@pytest.mark.parametrize(
    ("listen", "said"),
    [
        (["udp:192.0.2.5:5060", "tcp:192.0.2.5:5060"], "sip:example.test"),
        (["udp:192.0.2.5:5070", "tcp:192.0.2.5:5071"], "sip:example.test:5070"),
        (["tls:192.0.2.5:5061"], "sip:example.test"),
        ([], "sip:example.test"),
    ],
)
def test_the_port_is_said_where_phones_would_take_another(listen: list[str], said: str) -> None:
    answer = msgspec.structs.replace(FixedOperations().status(), listen=listen)
    assert dict(_lines(answer))["phones"] == f"register at {said}"
