"""Any Refer-To, Replaces or body of a NOTIFY is either understood or Malformed, and what we print is read back."""

from hypothesis import example, given
from hypothesis import strategies as st

from softswitch.sip.messages.grammar import Malformed
from softswitch.sip.messages.message import Request
from softswitch.sip.messages.refer_to import ReferTo, with_replaces
from softswitch.sip.messages.replaces import Replaces
from softswitch.sip.messages.sipfrag import read_status_line, status_line

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=80)
PIECES = st.lists(
    st.sampled_from(
        [
            "<",
            ">",
            "sip:",
            "tel:",
            "a@b",
            "?",
            "Replaces=",
            "%3B",
            ";",
            "to-tag=",
            "from-tag=",
            "1",
            "%",
            "%zz",
            "&",
            "é",
        ]
    ),
    max_size=14,
).map("".join)
TAG = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=20)
CALL_ID = st.text('abcXYZ019-.@&?=/:[]"', min_size=1, max_size=40)


@given(TEXT | PIECES)
@example("<sip:a@b?Replaces=>")
@example("<sip:a@b?Replaces=%3B%3B>")
def test_any_refer_to_is_understood_or_malformed(value: str) -> None:
    refer = Request("REFER", "sip:x", [("refer-to", value)])
    try:
        refer_to = ReferTo.of(refer)
    except Malformed as fault:
        told = fault.status_hint
        assert told is not None
        assert told in (400, 403), "what would end the call as well is never said"
    else:
        assert ReferTo.of(refer) == refer_to


@given(TEXT | PIECES)
def test_any_replaces_is_understood_or_malformed(value: str) -> None:
    try:
        replaces = Replaces.parse(value)
    except Malformed:
        return
    assert replaces.to_tag
    assert replaces.from_tag
    assert Replaces.parse(str(replaces)) == replaces


@given(CALL_ID, TAG, TAG, st.booleans())
def test_the_dialog_we_name_is_the_one_that_is_read(call_id: str, to_tag: str, from_tag: str, is_early: bool) -> None:
    replaces = Replaces(call_id, to_tag, from_tag, is_early)
    uri = with_replaces("sip:201@switch.example", replaces)
    assert ReferTo.of(Request("REFER", "sip:x", [("refer-to", f"<{uri}>")])).replaces == replaces


@given(st.binary(max_size=300))
def test_any_body_tells_how_far_it_is_or_nothing(body: bytes) -> None:
    told = read_status_line(body)
    assert told is None or 100 <= told[0] < 700


@given(st.integers(100, 699), st.text("abc XYZ", max_size=30))
def test_what_we_tell_is_read(status: int, reason: str) -> None:
    told = read_status_line(status_line(status, reason.strip()))
    assert told is not None
    assert told[0] == status
