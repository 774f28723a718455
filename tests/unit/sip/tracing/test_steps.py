import msgspec
import pytest

from softswitch.base.traced_message import TracedMessage
from softswitch.sip.tracing.steps import Step, q850_cause, step_of
from softswitch.testing.traced_call import AT, CALLER, SDP, sip_text


def step(message: bytes, *, is_sent: bool = False) -> tuple[str, str, tuple[str, ...]]:
    made = step_of(TracedMessage(AT, is_sent, CALLER, message), "alice")
    return made.kind, made.label, made.notes


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (sip_text("INVITE sip:1@b SIP/2.0", "c", "1 INVITE"), ("request", "INVITE", ())),
        (
            sip_text("INVITE sip:1@b SIP/2.0", "c", "1 INVITE", "Content-Type: application/sdp", body=SDP),
            ("request", "INVITE", ("sdp",)),
        ),
        (
            sip_text("INVITE sip:1@b SIP/2.0", "c", "2 INVITE", "Authorization: Digest username=a"),
            ("request", "INVITE", ("credentials",)),
        ),
        (sip_text("SIP/2.0 180 Ringing", "c", "1 INVITE"), ("provisional", "180 Ringing", ())),
        (sip_text("SIP/2.0 200 OK", "c", "1 BYE"), ("success", "200 OK (BYE)", ())),
        (
            sip_text("SIP/2.0 503 No", "c", "1 INVITE", "Retry-After: 5", "Reason: Q.850;cause=34;text=x"),
            ("failure", "503 No", ("Q.850 34", "retry after 5")),
        ),
        (
            sip_text("SIP/2.0 302 Moved", "c", "1 INVITE", "Contact: <sip:2@b>"),
            ("failure", "302 Moved", ("to <sip:2@b>",)),
        ),
        (
            sip_text("BYE sip:1@b SIP/2.0", "c", "1 BYE", 'Reason: SIP;cause=200;text="elsewhere"'),
            ("request", "BYE", ('SIP;cause=200;text="elsewhere"',)),
        ),
        (b"\xff\xfe nonsense\r\n", ("malformed", "ÿþ nonsense", ())),
        (b"", ("malformed", "", ())),
    ],
)
def test_a_message_in_few_words(message: bytes, expected: tuple[str, str, tuple[str, ...]]) -> None:
    assert step(message) == expected


def test_an_invite_within_a_dialog_is_told_from_the_first() -> None:
    message = sip_text("INVITE sip:1@b SIP/2.0", "c", "2 INVITE", "Content-Type: application/sdp", body=SDP)
    held = message.replace(b"To: <sip:100@example.test>", b"To: <sip:100@example.test>;tag=b")
    assert step(held)[1] == "re-INVITE"


def test_what_breaks_the_rules_is_shown_as_far_as_it_can_be_read() -> None:
    kind, label, _ = step(sip_text("INVITE sip:1@b SIP/2.0", "c", "1 INVITE", "Content-Length: 9999999"))
    assert (kind, label) == ("malformed", "INVITE")


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("Q.850;cause=17", 17), ('q.850 ;text="x" ; cause = 21', 21), ("SIP;cause=486", None), ("Q.850", None)],
)
def test_causes_of_the_telephone_network(reason: str, cause: int | None) -> None:
    assert q850_cause(reason) == cause


def test_a_method_in_octets_that_are_no_text_can_be_stored() -> None:
    message = sip_text("SIP/2.0 200 OK", "c", "1 BYE").replace(b"1 BYE", b"\x80BYE")
    made = step_of(TracedMessage(AT, False, CALLER, message), "alice")
    assert msgspec.json.decode(msgspec.json.encode(made), type=Step) == made


def test_a_reason_made_to_be_searched_for_ever_is_not() -> None:
    assert q850_cause("Q.850;" * 5000 + "cause=17") is None
