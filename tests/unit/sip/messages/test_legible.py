"""Texts of peers made fit for records and screens."""

import pytest

from softswitch.sip.messages.legible import legible, legible_uri


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"Anna", "Anna"),
        ("Jürgen".encode(), "Jürgen"),
        ("Jürgen".encode("latin-1"), "Jürgen"),
        (b"both \xc3\xbc and \xfc", "both Ã¼ and ü"),
        (b"\x1b[2Jnew\r\nline\x00", "[2Jnewline"),
        (b"\x9b2J", "2J"),
        ("a\u2028b".encode(), "ab"),
    ],
)
def test_text_can_be_encoded_and_printed(octets: bytes, text: str) -> None:
    made = legible(octets.decode("utf-8", "surrogateescape"))
    assert made == text
    assert made.encode()  # raises for a surrogate


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"sip:anna@192.0.2.1", "sip:anna@192.0.2.1"),
        ("sip:jürgen@192.0.2.1".encode(), "sip:jürgen@192.0.2.1"),
        (b"sip:j\xfcrgen@192.0.2.1", "sip:j%FCrgen@192.0.2.1"),
    ],
)
def test_a_uri_means_the_same(octets: bytes, text: str) -> None:
    made = legible_uri(octets.decode("utf-8", "surrogateescape"))
    assert made == text
    assert made.encode()
