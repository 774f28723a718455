"""Any bytes can be masked, shown as a step and on a ladder, and packed for capture files and Homer."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.traced_message import TracedMessage
from softswitch.sip.tracing.hep import hep_packet
from softswitch.sip.tracing.ladder import Ladder
from softswitch.sip.tracing.masking import masked
from softswitch.sip.tracing.message_log import MessageLog
from softswitch.sip.tracing.pcap import packet_record
from softswitch.sip.tracing.reading import call_id_of, names_number
from softswitch.sip.tracing.steps import Step, step_of
from softswitch.testing.traced_call import refused_call

WHOLE = [each.message for each in refused_call()]
FLOW = Flow(TransportKind.TCP, HostPort("fe80::1%eth0", 5060), HostPort("fe80::2", 5060), 1)
HEADERS = (
    b"Call-ID: \xff",
    b"Reason: Q.850;cause=\xff",
    b"Authorization: Digest response=\xfe",
    b"i:",
    b"Warning: \x80",
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Real ones with something cut out and put in."""
    message = draw(st.sampled_from(WHOLE))
    start = draw(st.integers(0, len(message)))
    end = draw(st.integers(start, min(len(message), start + 40)))
    put_in = draw(st.binary(max_size=20) | st.sampled_from([b"\r\n" + header + b"\r\n" for header in HEADERS]))
    return message[:start] + put_in + message[end:]


@given(message=messages() | st.binary(max_size=200), is_sent=st.booleans())
def test_any_bytes_can_be_shown_and_sent(message: bytes, is_sent: bool) -> None:
    hidden = masked(message)
    assert len(hidden) == len(message)
    assert masked(hidden) == hidden
    traced = TracedMessage(1_700_000_000.0, is_sent, FLOW, hidden)
    step = step_of(traced, "party")
    assert msgspec.json.decode(msgspec.json.encode(step), type=Step) == step
    assert "\n" not in Ladder(["party"], [], 80).line(step, traced.at)
    assert hep_packet(traced, capture_id=1).endswith(hidden)
    assert packet_record(traced).endswith(hidden)
    names_number(message, "100")
    log = MessageLog()
    log.add(0.0, is_sent, FLOW, message)
    found = [each for part in log.of_calls([call_id_of(message).decode("utf-8", "surrogateescape")]) for each in part]
    assert [each.message for each in found] == [message]
