"""A record that is kept and adopted says the same as the one that went on."""

from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.ids import AgentId, CallId, LegId, QueueId, StreamId
from softswitch.calls.chain import Chain
from softswitch.calls.kept.kept_record import KeptRecord, adopt_record, keep_record
from softswitch.calls.record import CallRecord, EndReason
from softswitch.media.protocol import Quality, VoiceFacts
from softswitch.store.schema import AfterCall, Forwarded, SipLeg, Supervised, TrunkTry


def record_of(name: str = "one", at: float = 1000.0) -> CallRecord:
    return CallRecord(CallId(name), calling_number="100", calling_name="Ann", called_number="200", started_at=at)


def through_the_store(record: CallRecord, chains: dict[CallId, Chain] | None = None) -> CallRecord:
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(keep_record(record)), type=KeptRecord)
    return adopt_record(kept, {} if chains is None else chains)


def test_every_slot_is_kept() -> None:
    """A fact that is added to the record and not to what is kept of it would be lost with the process."""
    assert set(CallRecord.__slots__) | {"legs_left_out"} == set(KeptRecord.__struct_fields__)


STEPS: dict[str, Callable[[CallRecord], object]] = {
    "leg": lambda record: record.legs.began(LegId("a"), SipLeg(sip_call_id="x", role="caller", party="p", leg_id="a")),
    "rings": lambda record: record.legs.rings(LegId("a"), 1001.0),
    "answered": lambda record: record.legs.answered(LegId("a"), 1002.0),
    "queue": lambda record: record.stays.entered(QueueId("q"), 1003.0, record.ring_s),
    "moved": lambda record: record.stays.moved(QueueId("r"), 1009.0, record.ring_s),
    "agent": lambda record: record.stays.answered(AgentId("bob"), 8.0, record.ring_s),
    "parted": lambda record: record.stays.parted(1030.0, talk_s=12.0, hold_s=1.0),
    "wrapped up": lambda record: record.wrapped_up(AfterCall(agent=AgentId("bob"), wrap_up_s=4.0, disposition="sold")),
    "opened": lambda record: record.measurements.opened(StreamId(7), "caller", "account:ann", LegId("a")),
    "measured": lambda record: record.measurements.reported(
        StreamId(7), Quality(packets_received=9, mos=4.1), VoiceFacts(talk_s=2.0)
    ),
    "final": lambda record: record.measurements.finished(
        StreamId(7), Quality(packets_received=20, mos=4.0), VoiceFacts(talk_s=5.0)
    ),
    "forwarded": lambda record: record.forwarded(Forwarded(at=1.0, by="200", to="300", reason="busy")),
    "trunk": lambda record: record.trunk_tried(TrunkTry(trunk="provider", status=200)),
    "supervised": lambda record: record.supervisions.append(Supervised(at=2.0, by="sue", mode="listen")),
    "tag": lambda record: record.tags.update(colour="red"),
    "score": lambda record: record.scores.update(csat=5),
    "rang": lambda record: setattr(record, "ring_s", record.ring_s + 3.0),
    "talked": lambda record: setattr(record, "talk_s", record.talk_s + 30.0),
    "ended": lambda record: record.ended("caller", EndReason.COMPLETED),
    "chain": lambda record: record.chain.call_over((900.0, CallId("zero"))),
}


@given(before=st.lists(st.sampled_from(sorted(STEPS))), after=st.lists(st.sampled_from(sorted(STEPS))))
def test_a_record_goes_on_as_if_nothing_had_happened(before: list[str], after: list[str]) -> None:
    living = record_of()
    for step in before:
        STEPS[step](living)
    adopted = through_the_store(living)
    for step in after:
        STEPS[step](living)
        STEPS[step](adopted)
    assert adopted.as_cdr(1100.0) == living.as_cdr(1100.0)
    assert adopted.measurements.is_complete == living.measurements.is_complete


def test_what_is_kept_does_not_change_with_the_record() -> None:
    record = record_of()
    record.tags["colour"] = "red"
    kept = keep_record(record)
    record.tags["colour"] = "blue"
    record.recordings.append("later.wav")
    assert kept.tags == {"colour": "red"}
    assert kept.recordings == []


def test_calls_of_one_chain_share_it_again() -> None:
    one, two, other = record_of("one", 1.0), record_of("two", 2.0), record_of("other", 3.0)
    two.follows(one)
    chains: dict[CallId, Chain] = {}
    one, two, other = (through_the_store(each, chains) for each in (one, two, other))
    one.chain.join(other.chain)
    assert two.chain.chain_id == other.chain.chain_id == CallId("one")
