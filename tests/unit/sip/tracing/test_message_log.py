from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.sip.tracing import message_log
from softswitch.sip.tracing.limits import MESSAGE_OVERHEAD_BYTES, SEGMENT_BYTES_MAX
from softswitch.sip.tracing.message_log import LoggedMessage, MessageLog
from softswitch.sip.tracing.reading import call_id_of

FLOW = Flow(TransportKind.UDP, HostPort("10.0.0.1", 5060), HostPort("10.0.0.2", 5060))


def message(call_id: str, name: str = "Call-ID", size_bytes: int = 0) -> bytes:
    return f"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c\r\n{name}: {call_id}\r\n\r\n".encode() + b"x" * size_bytes


def found(log: MessageLog, *call_ids: str, since: float = 0.0) -> list[float]:
    return [logged.at for part in log.of_calls(call_ids, since=since) for logged in part]


def test_messages_of_a_call_are_found_in_order_whatever_their_header_is_called() -> None:
    log = MessageLog()
    for at, data in enumerate(
        [message("one"), message("two", "i"), message("one", "CALL-ID \t"), message("three"), message("two")]
    ):
        log.add(float(at), at % 2 == 1, FLOW, data)
    assert found(log, "one", "two") == [0.0, 1.0, 2.0, 4.0]
    log.add(9.0, True, FLOW, message("one"))
    assert found(log, "one") == [0.0, 2.0, 9.0], "what comes later is found as well"
    assert found(log, "nobody") == []


def test_what_has_no_call_id_is_found_by_nobody() -> None:
    log = MessageLog()
    log.add(0.0, False, FLOW, b"\xff\x00 no SIP at all")
    assert call_id_of(b"SIP/2.0 200 OK\r\nCall-ID: ") == b""
    assert found(log, "one") == []


def test_the_log_is_bounded_in_bytes_and_in_messages() -> None:
    log = MessageLog(4 * SEGMENT_BYTES_MAX)
    for at in range(400):
        log.add(float(at), False, FLOW, message("large", size_bytes=60_000))
    assert (
        3 * SEGMENT_BYTES_MAX < sum(len(each.message) for each in log.since(0, 1000).messages) < 4 * SEGMENT_BYTES_MAX
    )
    for at in range(40_000):
        log.add(float(at), False, FLOW, b"")
    assert len(log) <= 4 * SEGMENT_BYTES_MAX // MESSAGE_OVERHEAD_BYTES
    assert found(log, "large") == []


def test_a_search_leaves_out_what_is_older_than_the_call() -> None:
    log = MessageLog()
    for at in range(40):
        log.add(float(at), False, FLOW, message("one", size_bytes=60_000))
    assert found(log, "one")[0] == 0.0
    assert 0.0 < found(log, "one", since=30.0)[0] <= 30.0, "whole segments are left out"


def test_followers_get_everything_once_or_learn_what_they_missed() -> None:
    log = MessageLog(2 * SEGMENT_BYTES_MAX)
    log.add(0.0, False, FLOW, b"first")
    new = log.since(0, 10)
    assert ([each.message for each in new.messages], new.next_number, new.lost) == ([b"first"], 1, 0)
    assert log.since(1, 10) == message_log.NewMessages([], 1, 0)
    for at in range(100):
        log.add(float(at), False, FLOW, b"x" * 60_000)
    seen: list[LoggedMessage] = []
    number, lost = 1, 0
    while (new := log.since(number, 7)).messages:
        assert len(new.messages) <= 7
        seen += new.messages
        number, lost = new.next_number, lost + new.lost
    assert lost > 0
    assert len(seen) + lost == 100
    assert [each.at for each in seen] == sorted(each.at for each in seen)
    assert number == log.next_number
