"""Who calls and who diverted: what is believed of a provider, and what he is told."""

import msgspec
import pytest

from softswitch.sip.messages.message import Request
from softswitch.sip.trunks.identity import (
    Caller,
    Diversion,
    IdentityHeader,
    IdentityRules,
    introduce,
    read_called,
    read_caller,
    read_diversions,
)
from softswitch.sip.trunks.limits import DIVERSIONS_MAX

RULES = IdentityRules(domain="provider.example")
ALICE = Caller(number="+74951234567", name="Alice")
HIDDEN = Caller(number="+74951234567", name="Alice", is_hidden=True)


def invite(*headers: tuple[str, str], sender: str = '"Bob" <sip:5551@provider.example>;tag=1') -> Request:
    to = "<sip:+74950000000@us.example>"
    return Request("INVITE", "sip:account@198.51.100.1;line=x", [("from", sender), ("to", to), *headers])


# Out


def test_a_number_goes_into_from_and_nowhere_else_unless_it_is_said() -> None:
    told = introduce(ALICE, RULES, "112")
    assert told.from_uri == "sip:+74951234567@provider.example"
    assert told.from_display == "Alice"
    assert told.headers == ()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("p-asserted-identity", '"Alice" <sip:+74951234567@provider.example>'),
        ("p-preferred-identity", '"Alice" <sip:+74951234567@provider.example>'),
        (
            "remote-party-id",
            '"Alice" <sip:+74951234567@provider.example>;party=calling;screen=yes;privacy=off',
        ),
    ],
)
def test_the_identity_goes_into_the_header_the_provider_reads(header: IdentityHeader, value: str) -> None:
    assert introduce(ALICE, msgspec.structs.replace(RULES, header=header), "112").headers == ((header, value),)


def test_who_hides_is_known_to_a_trusted_provider_alone() -> None:
    rules = msgspec.structs.replace(RULES, header="p-asserted-identity")
    told = introduce(HIDDEN, rules, "112")
    assert (told.from_display, told.from_uri) == ("Anonymous", "sip:anonymous@anonymous.invalid")
    assert told.headers == (
        ("p-asserted-identity", '"Alice" <sip:+74951234567@provider.example>'),
        ("privacy", "id"),
    )
    untrusted = introduce(HIDDEN, msgspec.structs.replace(rules, is_trusted=False), "112")
    assert untrusted.headers == (("privacy", "id"),)
    assert "4951234567" not in repr(untrusted)
    assert "Alice" not in repr(untrusted)


def test_a_hidden_remote_party_is_marked_so() -> None:
    told = introduce(HIDDEN, msgspec.structs.replace(RULES, header="remote-party-id"), "112")
    assert told.headers[0][1].endswith(";party=calling;screen=yes;privacy=full")


def test_some_want_their_account_in_from_whoever_calls() -> None:
    rules = msgspec.structs.replace(RULES, account="acc77", header="p-preferred-identity")
    told = introduce(ALICE, rules, "112")
    assert told.from_uri == "sip:acc77@provider.example"
    assert told.headers == (("p-preferred-identity", '"Alice" <sip:+74951234567@provider.example>'),)
    assert introduce(HIDDEN, rules, "112").from_uri == "sip:acc77@provider.example"


def test_some_want_telephone_uris_and_user_phone() -> None:
    rules = msgspec.structs.replace(RULES, header="p-asserted-identity", is_tel=True, has_user_phone=True)
    told = introduce(ALICE, rules, "112")
    assert told.from_uri == "sip:+74951234567@provider.example;user=phone"
    assert told.headers[0][1] == '"Alice" <tel:+74951234567>'
    named = introduce(Caller(number="alice"), rules, "112")
    assert named.headers[0][1] == "<sip:alice@provider.example;user=phone>", "a name is no telephone number"


def test_a_caller_without_a_number_asserts_nothing() -> None:
    told = introduce(Caller(number=""), msgspec.structs.replace(RULES, header="p-asserted-identity"), "112")
    assert told.headers == ()
    assert told.from_uri == "sip:anonymous@provider.example"


def test_diversions_go_out_the_newest_first_and_history_the_oldest_first() -> None:
    passed_on = (Diversion("100", "unconditional"), Diversion("200", "no-answer"))
    told = introduce(ALICE, msgspec.structs.replace(RULES, diversion="both"), "300", passed_on)
    assert told.headers == (
        ("diversion", "<sip:200@provider.example>;reason=no-answer;counter=1;privacy=off"),
        ("diversion", "<sip:100@provider.example>;reason=unconditional;counter=1;privacy=off"),
        ("history-info", "<sip:100@provider.example>;index=1"),
        ("history-info", "<sip:200@provider.example;cause=302>;index=1.1"),
        ("history-info", "<sip:300@provider.example;cause=408>;index=1.1.1"),
    )
    assert introduce(ALICE, RULES, "300", passed_on).headers == ()
    assert introduce(ALICE, msgspec.structs.replace(RULES, diversion="both"), "300").headers == ()


def test_what_goes_out_comes_in_again() -> None:
    passed_on = (Diversion("100", "unconditional"), Diversion("200", "user-busy"))
    for kind in ("diversion", "history-info"):
        rules = IdentityRules(domain="provider.example", diversion=kind)
        values = [value for _, value in introduce(ALICE, rules, "300", passed_on).headers]
        assert read_diversions({kind: ", ".join(values)}) == passed_on


def test_an_endless_row_of_diversions_is_cut() -> None:
    passed_on = [Diversion(str(number)) for number in range(50)]
    told = introduce(ALICE, msgspec.structs.replace(RULES, diversion="diversion"), "1", passed_on)
    assert len(told.headers) == DIVERSIONS_MAX
    value = ", ".join(f"<sip:{number}@a>;reason=unknown" for number in range(50))
    assert len(read_diversions({"diversion": value})) == DIVERSIONS_MAX


# In


def test_an_asserted_identity_is_believed_of_a_trusted_provider() -> None:
    request = invite(("p-asserted-identity", '"Carol" <tel:+74957654321>'))
    assert read_caller(request, is_trusted=True) == Caller(number="+74957654321", name="Carol")
    assert read_caller(request, is_trusted=False) == Caller(number="5551", name="Bob")


def test_of_several_identities_the_first_that_can_be_read_counts() -> None:
    request = invite(("p-asserted-identity", "<https://x>, nonsense, <sip:1;phone-context=+7@a>, <tel:+2>"))
    assert read_caller(request, is_trusted=True).number == "1"


@pytest.mark.parametrize("value", ["id", "ID", "user;id", "header", "id;critical"])
def test_privacy_is_a_wish_of_the_caller(value: str) -> None:
    request = invite(("p-asserted-identity", "<tel:+74957654321>"), ("privacy", value))
    caller = read_caller(request, is_trusted=True)
    assert caller.is_hidden
    assert caller.number == "+74957654321", "the switch may know"


def test_no_privacy_is_none() -> None:
    assert not read_caller(invite(("privacy", "none")), is_trusted=True).is_hidden


def test_an_anonymous_from_is_nobody_but_for_an_asserted_identity() -> None:
    sender = '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'
    assert read_caller(invite(sender=sender), is_trusted=True) == Caller(number="", is_hidden=True)
    known = invite(("p-asserted-identity", "<tel:+74957654321>"), sender=sender)
    assert read_caller(known, is_trusted=True).number == "+74957654321"
    assert read_caller(known, is_trusted=True).is_hidden


def test_a_remote_party_is_read_where_nothing_is_asserted() -> None:
    request = invite(("remote-party-id", '"Dora" <sip:777@a>;party=calling;privacy=full'))
    assert read_caller(request, is_trusted=True) == Caller(number="777", name="Dora", is_hidden=True)


def test_the_called_number_is_where_the_provider_writes_it() -> None:
    request = invite(("p-called-party-id", "<sip:+74951112233@us.example>"))
    assert read_called(request, "request-uri") == "account"
    assert read_called(request, "to") == "+74950000000"
    assert read_called(request, "p-called-party-id") == "+74951112233"
    assert read_called(invite(), "p-called-party-id") == "account"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ()),
        (
            {"diversion": "<sip:200@a>;reason=user-busy, <tel:+100>;reason=unconditional"},
            (Diversion("+100", "unconditional"), Diversion("200", "user-busy")),
        ),
        ({"diversion": "<sip:200@a>"}, (Diversion("200", "unknown"),)),
        ({"diversion": "rubbish"}, ()),
        ({"history-info": "<sip:2@a;cause=486>;index=1.1, <sip:1@a>;index=1"}, (Diversion("1", "user-busy"),)),
        ({"history-info": "<sip:1@a>;index=x, <sip:2@a>;index=9999999999"}, (Diversion("1", "unknown"),)),
    ],
)
def test_who_passed_the_call_on(headers: dict[str, str], expected: tuple[Diversion, ...]) -> None:
    assert read_diversions(headers) == expected
