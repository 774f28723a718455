"""Lists, parameters, quoted strings, numbers."""

import pytest

from softswitch.sip.messages.grammar import (
    Malformed,
    parse_number,
    parse_parameters,
    print_parameters,
    quote,
    split_list,
    unquote,
)


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        ("one", ["one"]),
        ("", [""]),
        ("a, b ,c", ["a", "b", "c"]),
        ("a,,b", ["a", "", "b"]),
        ('"x, y" <sip:a,b@c>;q=1 , <sip:d>', ['"x, y" <sip:a,b@c>;q=1', "<sip:d>"]),
        (r'"a \", b" <sip:a>, c', [r'"a \", b" <sip:a>', "c"]),
        ('"open, <sip:a>', ['"open, <sip:a>']),
        ("<open, b", ["<open, b"]),
        ('a,"b\\', ["a", '"b\\']),
        ('"a",', ['"a"', ""]),
    ],
)
def test_split_list(value: str, elements: list[str]) -> None:
    assert split_list(value) == elements


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        (";lr", {"lr": None}),
        (";Tag=aB=;rport", {"tag": "aB=", "rport": None}),
        (' ; a = "x;y" ;b\t', {"a": '"x;y"', "b": None}),
        (r';a="q\"uote";b=2', {"a": r'"q\"uote"', "b": "2"}),
        (";received=2001:db8::1;host=[::1]", {"received": "2001:db8::1", "host": "[::1]"}),
        (";a=1;a=1", {"a": "1"}),
    ],
)
def test_parse_parameters(text: str, parameters: dict[str, str | None]) -> None:
    assert parse_parameters(text) == parameters
    assert parse_parameters(print_parameters(parameters)) == parameters


@pytest.mark.parametrize("text", [";", ";;a", "a", ";a=", ";=b", ";a=1;a=2", ';a="open', ";a b", ";a=1,b", ";a;A=1"])
def test_malformed_parameters(text: str) -> None:
    with pytest.raises(Malformed):
        parse_parameters(text)


@pytest.mark.parametrize("text", ["", "plain", 'say "hi"', "back\\slash", '\\"', "жук"])
def test_quote_and_unquote(text: str) -> None:
    assert unquote(quote(text)) == text


def test_quoting_cannot_end_a_header_line() -> None:
    assert quote("a\r\nEvil: b\0") == '"aEvil: b"'


def test_unquote_leaves_other_values_alone() -> None:
    assert unquote("token") == "token"
    assert unquote('"') == '"'


def test_parse_number() -> None:
    assert parse_number("0070", 255, "X") == 70
    for text in ("", "-1", "+1", "1 ", "1_0", "٣", "²", "0x1", "256", "9" * 5000):
        with pytest.raises(Malformed, match="X"):
            parse_number(text, 255, "X")
