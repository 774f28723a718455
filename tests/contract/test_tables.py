"""What every store keeps to: the same tests for LMDB and for the twin in memory."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, CallId, RecordingId
from softswitch.store import Store, memory_store, open_store
from softswitch.store.limits import KEPT_CALL_BYTES_MAX, SCAN_ROWS_MAX
from softswitch.store.schema import (
    END_REASON_RESTARTED,
    ActiveCall,
    Cdr,
    StoredAgentState,
    StoredBinding,
    StoredRecording,
)


def unexpected(line: str) -> None:
    raise AssertionError(line)


@pytest.fixture(params=["lmdb", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    make: dict[str, Callable[[], Store]] = {
        "lmdb": lambda: open_store(str(tmp_path / "store"), map_size_mb=16, report=unexpected),
        "memory": memory_store,
    }
    opened = make[str(request.param)]()
    yield opened
    opened.close()


def settle(store: Store) -> None:
    store.commit().result(timeout=10)


def a_cdr(number: int, *, started_at: float | None = None) -> Cdr:
    at = 1_700_000_000.0 + number if started_at is None else started_at
    return Cdr(
        call_id=CallId(f"call-{number:05}"),
        started_at=at,
        answered_at=at + 0.25,
        ended_at=at + 60,
        calling_number="+74951234567",
        called_number="100",
        end_reason="completed",
        ended_by="caller",
        scores={"satisfaction": 5},
        tags={"order": "№ 17"},
        recordings=("/recordings/a.wav",),
    )


def put_cdr(store: Store, cdr: Cdr) -> None:
    store.cdrs.put((cdr.started_at, cdr.call_id), cdr)


def test_what_was_put_is_there_after_the_commit(store: Store):
    cdr = a_cdr(1)
    put_cdr(store, cdr)
    settle(store)
    assert store.cdrs.get((cdr.started_at, cdr.call_id)) == cdr
    assert store.cdrs.get((cdr.started_at, "another")) is None
    assert store.cdrs.count() == 1


def test_the_later_of_two_puts_counts(store: Store):
    for status in ("ready", "not_ready"):
        state = StoredAgentState(agent_id=AgentId("anna"), status=status, reason="lunch", since_wall=5.0)
        store.agent_states.put("anna", state)
    settle(store)
    found = store.agent_states.get("anna")
    assert found is not None
    assert found.status == "not_ready"
    assert store.agent_states.count() == 1


def test_deleted_is_gone_and_deleting_nothing_is_fine(store: Store):
    state = StoredAgentState(agent_id=AgentId("anna"), status="ready")
    store.agent_states.put("anna", state)
    store.agent_states.delete("nobody")
    settle(store)
    store.agent_states.delete("anna")
    settle(store)
    assert store.agent_states.get("anna") is None
    assert list(store.agent_states.ascending()) == []


def test_tables_are_apart(store: Store):
    store.agent_states.put("same-key", StoredAgentState(agent_id=AgentId("same-key"), status="ready"))
    settle(store)
    assert store.active_calls.get("same-key") is None
    assert store.active_calls.count() == 0


def test_contacts_of_any_length_are_kept_apart(store: Store):
    contacts = ["sip:anna@192.0.2.1", "sip:anna@192.0.2.2", f"sip:anna@192.0.2.1;x={'y' * 5000}", "sip:\udcff@h"]
    for contact in contacts[:3]:
        store.bindings.put(("anna@example.com", contact), binding(contact))
    settle(store)
    assert {found.contact_uri for found in store.bindings.ascending()} == set(contacts[:3])
    store.bindings.delete(("anna@example.com", contacts[3]))  # undecodable bytes of a peer are a key like any other
    settle(store)
    assert store.bindings.count() == 3


def binding(contact: str) -> StoredBinding:
    return StoredBinding(
        aor="anna@example.com",
        contact_uri=contact,
        transport="UDP",
        local_host="0.0.0.0",
        local_port=5060,
        remote_host="192.0.2.1",
        remote_port=5062,
        expires_at_wall=1_700_000_300.5,
        path=("<sip:edge;lr>",),
    )


def test_iteration_is_in_order_of_time_from_either_end(store: Store):
    for number in (3, 1, 2):
        put_cdr(store, a_cdr(number))
    settle(store)
    assert [cdr.call_id[-1] for cdr in store.cdrs.ascending()] == ["1", "2", "3"]
    assert [cdr.call_id[-1] for cdr in store.cdrs.descending()] == ["3", "2", "1"]


def test_a_range_holds_its_start_and_not_its_stop(store: Store):
    for number in range(5):
        put_cdr(store, a_cdr(number))
    settle(store)
    start, stop = (1_700_000_001.0, ""), (1_700_000_003.0, "")
    assert [cdr.call_id[-1] for cdr in store.cdrs.ascending(start, stop)] == ["1", "2"]
    assert [cdr.call_id[-1] for cdr in store.cdrs.descending(start, stop)] == ["2", "1"]
    assert list(store.cdrs.ascending(stop, start)) == []
    assert list(store.cdrs.descending(stop, start)) == []


def test_calls_of_one_microsecond_are_kept_apart(store: Store):
    for number in range(3):
        put_cdr(store, a_cdr(number, started_at=1_700_000_000.0))
    settle(store)
    assert [cdr.call_id[-1] for cdr in store.cdrs.descending()] == ["2", "1", "0"]


def test_pages_from_the_newest_to_the_oldest(store: Store):
    for number in range(7):
        put_cdr(store, a_cdr(number))
    settle(store)
    seen: list[str] = []
    page = store.cdrs.newest(3)
    seen += [cdr.call_id[-1] for cdr in page.values]
    put_cdr(store, a_cdr(9))  # what comes meanwhile does not shift the pages
    settle(store)
    while page.cursor is not None:
        page = store.cdrs.newest(3, page.cursor)
        seen += [cdr.call_id[-1] for cdr in page.values]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert store.cdrs.newest(0).values[0].call_id == "call-00009"
    assert store.recordings.newest(10) == type(page)((), None)


def test_iteration_goes_beyond_one_read(store: Store):
    count = 2 * SCAN_ROWS_MAX
    for number in range(count):
        put_cdr(store, a_cdr(number))
    settle(store)
    assert [cdr.call_id for cdr in store.cdrs.ascending()] == [f"call-{number:05}" for number in range(count)]
    assert [cdr.call_id for cdr in store.cdrs.descending()] == [f"call-{number:05}" for number in range(count)][::-1]


def test_a_call_is_in_progress_until_its_record_is_written(store: Store):
    cdr = a_cdr(1)
    store.begin_call(
        ActiveCall(call_id=cdr.call_id, started_at=cdr.started_at, calling_number="+7495", called_number="100")
    )
    settle(store)
    assert store.active_calls.count() == 1
    store.end_call(cdr)
    settle(store)
    assert store.active_calls.count() == 0
    assert list(store.cdrs.ascending()) == [cdr]


def test_calls_left_over_by_a_dead_switch_get_their_records(store: Store):
    for number in range(3):
        call = ActiveCall(
            call_id=CallId(f"call-{number}"),
            started_at=100.0 + number,
            calling_number="+7495",
            calling_name="Ivan",
            called_number="100",
            flow="hotline",
            project="acme",
            chain_id=CallId("call-0") if number == 1 else "",
        )
        store.begin_call(call)
    settle(store)
    written = store.end_leftover_calls(200.0)
    settle(store)
    assert list(store.cdrs.ascending()) == written
    assert [(cdr.call_id, cdr.ended_at, cdr.answered_at) for cdr in written] == [
        ("call-0", 200.0, None),
        ("call-1", 200.0, None),
        ("call-2", 200.0, None),
    ]
    assert {(cdr.end_reason, cdr.ended_by, cdr.flow, cdr.project) for cdr in written} == {
        (END_REASON_RESTARTED, "switch", "hotline", "acme")
    }
    assert [cdr.chain_id for cdr in written] == ["call-0", "call-0", "call-2"]
    assert store.active_calls.count() == 0
    assert store.end_leftover_calls(300.0) == []


def begin(store: Store, *numbers: int) -> list[CallId]:
    cdrs = [a_cdr(number) for number in numbers]
    for cdr in cdrs:
        store.begin_call(
            ActiveCall(call_id=cdr.call_id, started_at=cdr.started_at, calling_number="+7495", called_number="100")
        )
    settle(store)
    return [cdr.call_id for cdr in cdrs]


def content(text: str) -> bytes:
    return msgspec.msgpack.encode({"state": text})


def test_what_is_kept_of_a_call_is_there_until_its_record_is(store: Store):
    goes_on, ends = begin(store, 1, 2)
    assert store.keep_calls([(goes_on, content("rings")), (ends, content("rings"))]) == []
    store.keep_calls([(goes_on, content("talks"))])
    settle(store)
    assert store.leftover_calls() == {goes_on: content("talks"), ends: content("rings")}
    store.end_call(a_cdr(2))
    settle(store)
    assert store.leftover_calls() == {goes_on: content("talks")}


def test_calls_that_are_adopted_get_no_records_yet(store: Store):
    adopted, lost, bare = begin(store, 1, 2, 3)
    store.keep_calls([(adopted, content("talks")), (lost, content("talks"))])
    settle(store)
    written = store.end_leftover_calls(1_700_000_100.0, {adopted})
    settle(store)
    assert [cdr.call_id for cdr in written] == [lost, bare]
    assert [call.call_id for call in store.active_calls.ascending()] == [adopted]
    assert store.leftover_calls() == {adopted: content("talks")}
    store.end_call(a_cdr(1))
    settle(store)
    assert store.active_calls.count() == store.kept_calls.count() == 0
    assert store.cdrs.count() == 3


def test_what_a_switch_left_that_knew_nothing_of_kept_calls_is_nobodys(store: Store):
    (call_id,) = begin(store, 1)
    store.keep_calls([(call_id, content("talks"))])
    store.active_calls.delete(call_id)
    settle(store)
    assert store.leftover_calls() == {}
    assert store.end_leftover_calls(1_700_000_100.0) == []
    settle(store)
    assert store.kept_calls.count() == 0


def test_a_call_of_which_there_is_too_much_is_kept_no_more(store: Store):
    large, small = begin(store, 1, 2)
    store.keep_calls([(large, content("talks"))])
    too_much = content("." * KEPT_CALL_BYTES_MAX)
    assert store.keep_calls([(large, too_much), (small, content("talks"))]) == [large]
    settle(store)
    assert store.leftover_calls() == {small: content("talks")}


def test_recordings_are_found_by_time(store: Store):
    recording = StoredRecording(
        recording_id=RecordingId("r1"),
        call_id=CallId("c1"),
        path="/recordings/r1.wav",
        started_at=1_700_000_000.5,
        duration_s=61.25,
        size_bytes=1_960_044,
    )
    store.put_recording(recording)
    settle(store)
    assert store.recordings.newest(1).values == (recording,)


@pytest.mark.parametrize("key", ["", "x" * 512])
def test_a_key_lmdb_cannot_hold_is_the_callers_mistake(store: Store, key: str):
    with pytest.raises(LocalError, match="agent_states"):
        store.agent_states.get(key)


def test_statistics_count_what_was_written(store: Store):
    store.agent_states.put("anna", StoredAgentState(agent_id=AgentId("anna"), status="ready"))
    settle(store)
    statistics = store.statistics()
    assert (statistics.commits, statistics.writes, statistics.lost, statistics.pending) == (1, 1, 0, 0)
    assert not statistics.is_failing


Step = tuple[str, int]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(["put", "delete", "commit"]), st.integers(0, 8)), max_size=30))
def test_any_order_of_writes_leaves_what_a_dict_would_hold(store: Store, steps: list[Step]):
    model: dict[str, StoredAgentState] = {}
    for agent in range(9):
        store.agent_states.delete(f"agent-{agent}")
    for position, (verb, number) in enumerate(steps):
        agent_id = f"agent-{number}"
        if verb == "put":
            model[agent_id] = StoredAgentState(agent_id=AgentId(agent_id), status="ready", since_wall=float(position))
            store.agent_states.put(agent_id, model[agent_id])
        elif verb == "delete":
            model.pop(agent_id, None)
            store.agent_states.delete(agent_id)
        else:
            settle(store)
    settle(store)
    assert list(store.agent_states.ascending()) == [model[key] for key in sorted(model)]
    assert store.agent_states.count() == len(model)


def test_a_record_is_found_by_its_id_however_old_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.store.tables.KEYS_AT_ONCE", 3)
    for number in range(10):
        store.end_call(a_cdr(number))
    store.end_call(msgspec.structs.replace(a_cdr(7), started_at=1_700_000_100.0, called_number="200"))
    settle(store)
    assert store.cdrs.newest_with_id("call-00000", 100) == a_cdr(0)
    newest = store.cdrs.newest_with_id("call-00007", 100)
    assert newest is not None
    assert newest.called_number == "200"
    assert store.cdrs.newest_with_id("call-00000", 10) is None, "it is the eleventh"
    for unknown in ("00000", "call-0000", "", "\ud800"):
        assert store.cdrs.newest_with_id(unknown, 100) is None
