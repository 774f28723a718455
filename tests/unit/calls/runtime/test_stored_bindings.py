"""Registrations in the store: what is written when, and what a restart gives back."""

from msgspec.structs import replace

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.calls.runtime.records import StoreRecords
from softswitch.sip.outputs import Binding
from softswitch.store.store import Store, memory_store
from softswitch.testing.clock import ManualClock

AOR = "anna@example.com"
FLOW = Flow(TransportKind.UDP, HostPort("198.51.100.1", 5060), HostPort("192.0.2.1", 5060))


def binding(clock: ManualClock, uri: str, *, seconds: float = 300.0, reg_id: int = 0) -> Binding:
    return Binding(
        aor=AOR,
        contact_uri=uri,
        flow=FLOW,
        expires_at=clock.now() + seconds,
        expires_at_wall=clock.wall() + seconds,
        call_id="a",
        cseq=1,
        instance="<urn:uuid:1>",
        reg_id=reg_id,
    )


def stored(store: Store) -> list[str]:
    return sorted(each.contact_uri for each in store.bindings.ascending())


def test_what_has_not_changed_is_not_written_again() -> None:
    clock, store = ManualClock(), memory_store()
    records = StoreRecords(store, clock)
    desk, mobile = binding(clock, "sip:desk@192.0.2.1"), binding(clock, "sip:mobile@192.0.2.2")
    records.bindings_changed(AOR, [desk, mobile])
    written = store.statistics().writes
    refreshed = replace(desk, expires_at_wall=desk.expires_at_wall + 60)
    records.bindings_changed(AOR, [refreshed, mobile])
    assert store.statistics().writes == written + 1
    records.bindings_changed(AOR, [refreshed])
    assert stored(store) == ["sip:desk@192.0.2.1"]
    records.bindings_changed(AOR, [])
    assert stored(store) == []


def test_a_restart_finds_flows_of_one_phone_and_its_last_expiry() -> None:
    clock, store = ManualClock(), memory_store()
    flows = [binding(clock, "sip:a@10.0.0.1", reg_id=number) for number in (1, 2)]
    StoreRecords(store, clock).bindings_changed(AOR, flows)
    reborn = StoreRecords(store, clock)
    assert sorted(reborn.stored_bindings(), key=lambda each: each.reg_id) == flows
    written = store.statistics().writes
    reborn.bindings_changed(AOR, reborn.stored_bindings())
    assert store.statistics().writes == written
    clock.advance(301)
    assert StoreRecords(store, clock).stored_bindings() == []
    assert stored(store) == []
