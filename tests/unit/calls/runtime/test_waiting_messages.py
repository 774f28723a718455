"""Counts of voice messages: kept over a restart, forgotten when there are none."""

from typing import cast

from softswitch.calls.runtime.ports import Sip
from softswitch.calls.runtime.waiting_messages import NOTHING, WaitingMessages
from softswitch.calls.settings import CallSettings
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.store.store import Store, memory_store

SETTINGS = CallSettings(domain="centre.test", media_ip="10.0.0.1", recordings_directory="recordings")


def waiting(store: Store) -> WaitingMessages:
    """Nobody is told anything unasked, so there is no endpoint."""
    return WaitingMessages(cast("Sip", None), lambda: SETTINGS, store, own=lambda username: None)


def test_counts_survive_a_restart_until_there_are_none() -> None:
    store = memory_store()
    counts = MessageSummary(new=2, old=7, urgent_new=1, urgent_old=3)
    waiting(store).set("anna", counts)
    reborn = waiting(store)
    assert (reborn.of("anna"), reborn.all()) == (counts, {"anna": counts})
    assert reborn.of("boris") == NOTHING
    reborn.set("anna", NOTHING)
    assert waiting(store).all() == {}
