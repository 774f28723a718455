"""Option tags in Supported and Require."""

import pytest

from softswitch.sip.messages.message import Request
from softswitch.sip.messages.option_tags import has_option


@pytest.mark.parametrize(
    ("values", "is_there"),
    [
        ([], False),
        ([""], False),
        (["timer"], True),
        (["replaces, Timer"], True),
        (["timers"], False),
        (["my-timer, timer2"], False),
        (["replaces", "path, timer"], True),
        (["replaces", "path"], False),
    ],
)
def test_an_option_is_a_whole_element_of_any_of_the_headers(values: list[str], is_there: bool) -> None:
    request = Request("INVITE", "sip:a", [("supported", value) for value in values])
    assert has_option(request, "supported", "timer") is is_there
