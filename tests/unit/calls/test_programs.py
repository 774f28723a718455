"""Programs that are named by their URL."""

import pytest

from softswitch.base.errors import LocalError
from softswitch.calls.programs import is_url, program_at, shown, url_fault


@pytest.mark.parametrize("url", ["ws://127.0.0.1:8765", "wss://bot.example.com/calls?key=4711", "ws://[::1]:80/"])
def test_what_is_a_url(url: str) -> None:
    assert url_fault(url) == ""
    assert program_at(url).url == url
    assert is_url(url)


@pytest.mark.parametrize(
    "text",
    [
        "bot",
        "http://x",
        "ws://",
        "wss://x y/",
        "ws://x:0/",
        "ws://x:99999/",
        "ws://ö.example/",
        "ws://x/#a",
        "ws://[::1",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(LocalError, match="write wss://host/path"):
        program_at(text)


def test_a_password_in_a_url_is_refused_and_a_key_in_it_shown_to_nobody() -> None:
    assert "headers" in url_fault("wss://user:secret@x/")
    assert shown("wss://x/y?key=secret") == "wss://x/y"
