"""Remembers calls, recordings and registrations in the store."""

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice

import msgspec
from msgspec.structs import replace

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.clock import Clock
from softswitch.base.ids import CallId, RecordingId
from softswitch.base.log import get_logger
from softswitch.calls.limits import RECORDS_SEARCHED_MAX
from softswitch.calls.meters import CallMeters
from softswitch.calls.record import wrapped_up
from softswitch.calls.runtime.on_disk import is_on_disk
from softswitch.calls.runtime.traces import Traces
from softswitch.calls.told.call_events import RecordingEnded, RecordingStarted
from softswitch.calls.told.events import SwitchEvent
from softswitch.media.protocol import RecordingFinished
from softswitch.sip.kept import KeptSubscription
from softswitch.sip.limits import BAN_MEMORY_S
from softswitch.sip.outputs import Ban, Binding, SubscriptionChanged
from softswitch.store.kept_schema import StoredKeptSubscription
from softswitch.store.schema import ActiveCall, AfterCall, Cdr, SipLeg, StoredBan, StoredBinding, StoredRecording
from softswitch.store.store import Store

log = get_logger("calls")


class StoreRecords:
    """Nothing here waits for the disk; the store's writer commits within milliseconds and reports its own faults."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        on_recording: Callable[[StoredRecording], None] | None = None,
        traces: Traces | None = None,
        tell: Callable[[SwitchEvent, str], None] | None = None,
    ) -> None:
        """`tell` hears of recordings that begin and end. `on_recording` gets every recording that is complete, once its
        call is over and the call's record is complete: nobody uses its file then, and whoever changes the record has it
        to himself."""
        self._store = store
        self._clock = clock
        self._on_recording = on_recording
        self._traces = traces
        self._tell = tell
        self.meters = CallMeters()
        self._in_progress: dict[CallId, list[StoredRecording]] = {}
        """Recordings that are complete, by their calls, of which more may yet be known."""
        self._ended: dict[CallId, Cdr] = {}
        """Records of calls that are over but for what their streams' workers say last."""
        self._open: dict[RecordingId, StoredRecording] = {}
        self._unkept: set[RecordingId] = set()
        self._lost: dict[CallId, Cdr] = {}
        """Calls of the former switch that it has left in progress."""
        self._bindings: dict[str, dict[str, Binding]] = {}
        """As they were last written, by address-of-record and key."""

    @property
    def recordings_open(self) -> int:
        return len(self._open)

    def is_in_progress(self, call_id: CallId) -> bool:
        return call_id in self._in_progress

    def call_started(self, call: ActiveCall) -> None:
        self._in_progress[call.call_id] = []
        self._store.begin_call(call)

    def call_changed(self, call: ActiveCall) -> None:
        self._store.begin_call(call)

    def calls_kept(self, calls: Iterable[tuple[CallId, bytes]]) -> list[CallId]:
        """What the next switch needs of calls in progress. Returns those that are too much, and will not go on."""
        return self._store.keep_calls(calls)

    def hasten(self) -> None:
        """What was written is to be on the disk as soon as that can be."""
        self._store.hasten()

    async def is_on_disk(self) -> bool:
        """True once all that was to be remembered is on the disk; False if the disk refuses."""
        return await is_on_disk(self._store, log, "not stored")

    def kept_calls(self) -> dict[CallId, bytes]:
        """What the former switch has kept of the calls it left in progress. At start."""
        return self._store.leftover_calls()

    def written_until(self) -> float:
        """When the last event happened that is stored (epoch seconds); 0.0 if there is none. At start."""
        return self._store.written_until()

    def call_adopted(self, call_id: CallId) -> None:
        """A call of the former switch goes on."""
        self._in_progress[call_id] = []

    def call_forgotten(self, call_id: CallId) -> None:
        """It was adopted, and does not go on after all."""
        self._in_progress.pop(call_id, None)

    def calls_lost(self, cdrs: Iterable[Cdr]) -> None:
        """Calls that a former switch left in progress, of which recordings may yet turn up. At start."""
        self._lost = {cdr.call_id: cdr for cdr in cdrs}

    def leg_began(self, call_id: CallId, leg: SipLeg) -> None:
        if self._traces is not None:
            self._traces.leg_began(call_id, leg)

    def call_ended(self, cdr: Cdr) -> None:
        self._store.end_call(cdr)
        self.meters.call_ended(cdr)
        if self._traces is not None:
            self._traces.call_ended(cdr)
        self._ended[cdr.call_id] = cdr

    def chains_joined(self, keys: Sequence[tuple[float, CallId]], chain_id: CallId) -> None:
        for key in keys:
            self._store.change_cdr(key, lambda known: replace(known, chain_id=chain_id))

    def call_measured(self, cdr: Cdr) -> None:
        self.meters.call_measured(cdr)
        if self._ended.pop(cdr.call_id, None) != cdr:
            self._store.change_cdr((cdr.started_at, cdr.call_id), lambda known: replace(known, legs=cdr.legs))
        for recording in self._in_progress.pop(cdr.call_id, ()):
            self._hand_on(recording)

    def call_wrapped_up(self, call_id: CallId, started_at: float, after: AfterCall) -> None:
        self._store.change_cdr((started_at, call_id), lambda known: wrapped_up(known, after))

    def began_at(self, call_ids: Collection[CallId]) -> dict[CallId, float]:
        """When these calls began, of which there are records; very old ones are not looked for."""
        wanted = set(call_ids)
        began: dict[CallId, float] = {}
        for cdr in islice(self._store.cdrs.descending(), RECORDS_SEARCHED_MAX):
            if not wanted:
                break
            if cdr.call_id in wanted:
                wanted.remove(cdr.call_id)
                began[cdr.call_id] = cdr.started_at
        return began

    def recording_started(self, recording: StoredRecording) -> None:
        self._open[recording.recording_id] = recording
        if self._tell is not None:
            event = RecordingStarted(
                self._clock.now(),
                recording.recording_id,
                recording.call_id,
                recording.path,
                agent_id=recording.agent,
                queue_id=recording.queue,
            )
            self._tell(event, recording.project)

    def recording_adopted(self, recording: StoredRecording) -> None:
        """One that the former switch has started goes on."""
        self._open[recording.recording_id] = recording

    def recording_changed(self, recording: StoredRecording) -> None:
        if recording.recording_id in self._open:
            self._open[recording.recording_id] = recording

    def conference_began(self, conference_id: CallId) -> None:
        self._in_progress[conference_id] = []

    def conference_ended(self, conference_id: CallId) -> None:
        for recording in self._in_progress.pop(conference_id, ()):
            self._hand_on(recording)

    def recording_unkept(self, recording_id: RecordingId) -> None:
        self._unkept.add(recording_id)

    def recording_finished(self, event: RecordingFinished) -> None:
        """Index the file. One that a former switch had begun is known by what the worker says of it."""
        if event.recording_id in self._unkept:
            self._unkept.discard(event.recording_id)
            return
        known = self._open.pop(event.recording_id, None) or self._of_former_switch(event)
        recording = msgspec.structs.replace(
            known, duration_s=event.duration_s, size_bytes=event.size_bytes, fault=event.fault
        )
        self._store.put_recording(recording)
        self._tell_of_end(recording)
        if event.call_id in self._in_progress:
            self._in_progress[event.call_id].append(recording)
        else:
            self._hand_on(recording)

    def _tell_of_end(self, recording: StoredRecording) -> None:
        if self._tell is not None:
            event = RecordingEnded(
                self._clock.now(),
                recording.recording_id,
                recording.call_id,
                recording.path,
                recording.started_at,
                round(recording.duration_s, 3),
                size_bytes=recording.size_bytes,
                agent_id=recording.agent,
                queue_id=recording.queue,
                fault=recording.fault,
            )
            self._tell(event, recording.project)

    def _of_former_switch(self, event: RecordingFinished) -> StoredRecording:
        call = self._lost.get(event.call_id)
        return StoredRecording(
            recording_id=event.recording_id,
            call_id=event.call_id,
            path=event.path,
            started_at=self._clock.wall() - event.duration_s,
            duration_s=0.0,
            size_bytes=0,
            project="" if call is None else call.project,
            calling_number="" if call is None else call.calling_number,
            call_started_at=0.0 if call is None else call.started_at,
        )

    def _hand_on(self, recording: StoredRecording) -> None:
        if self._on_recording is not None:
            self._on_recording(recording)

    def bindings_changed(self, aor: str, bindings: list[Binding]) -> None:
        """Write what is not written already. A refreshed binding is: its new expiry must survive a restart."""
        written = self._bindings.pop(aor, {})
        known = {binding.key: binding for binding in bindings}
        for key in written.keys() - known.keys():
            self._store.bindings.delete((aor, key))
        for key, binding in known.items():
            if written.get(key) is not binding:
                self._store.bindings.put((aor, key), _stored(binding))
        if known:
            self._bindings[aor] = known

    def ban_changed(self, ban: Ban, is_lifted: bool) -> None:
        if is_lifted:
            self._store.bans.delete(ban.network)
        else:
            self._store.bans.put(ban.network, msgspec.convert(ban, StoredBan, from_attributes=True))

    def subscription_changed(self, changed: SubscriptionChanged) -> None:
        """Who watches whom must survive a restart: else lamps are dead until their phones subscribe anew."""
        subscription_id, kept = changed.subscription_id, changed.kept
        if kept is None:
            self._store.kept_subscriptions.delete(subscription_id)
        else:
            content = msgspec.Raw(msgspec.msgpack.encode(kept))
            row = StoredKeptSubscription(subscription_id=subscription_id, content=content)
            self._store.kept_subscriptions.put(subscription_id, row)

    def stored_subscriptions(self) -> list[KeptSubscription]:
        """Those of the switch before this one. At start, before any phone is heard."""
        kept: list[KeptSubscription] = []
        for row in self._store.kept_subscriptions.ascending():
            try:
                kept.append(msgspec.msgpack.decode(row.content, type=KeptSubscription))
            except msgspec.ValidationError:
                self._store.kept_subscriptions.delete(row.subscription_id)
        return kept

    def stored_bans(self) -> list[Ban]:
        """Those of the switch before this one; what is too old to matter is deleted. At start."""
        bans: list[Ban] = []
        for stored in self._store.bans.ascending():
            if stored.until_wall + BAN_MEMORY_S <= self._clock.wall():
                self._store.bans.delete(stored.network)
            else:
                bans.append(msgspec.convert(stored, Ban, from_attributes=True))
        return bans

    def stored_bindings(self) -> list[Binding]:
        """Registrations of the switch before this one that have not expired. At start, before any phone is heard."""
        now, wall = self._clock.now(), self._clock.wall()
        bindings: list[Binding] = []
        for stored in self._store.bindings.ascending():
            binding = _restored(stored, now + stored.expires_at_wall - wall)
            if stored.expires_at_wall <= wall:
                self._store.bindings.delete((binding.aor, binding.key))
                continue
            bindings.append(binding)
            self._bindings.setdefault(binding.aor, {})[binding.key] = binding
        return bindings


def _stored(binding: Binding) -> StoredBinding:
    return StoredBinding(
        aor=binding.aor,
        contact_uri=binding.contact_uri,
        transport=binding.flow.kind.value,
        local_host=binding.flow.local.host,
        local_port=binding.flow.local.port,
        remote_host=binding.flow.remote.host,
        remote_port=binding.flow.remote.port,
        expires_at_wall=binding.expires_at_wall,
        q=binding.q,
        call_id=binding.call_id,
        cseq=binding.cseq,
        user_agent=binding.user_agent,
        path=binding.path,
        instance=binding.instance,
        extensions=binding.extensions,
        reg_id=binding.reg_id,
    )


def _restored(stored: StoredBinding, expires_at: float) -> Binding:
    """A TCP connection died with its switch: the flow asks for a new one, which phones that listen will take."""
    return Binding(
        aor=stored.aor,
        contact_uri=stored.contact_uri,
        flow=Flow(
            TransportKind(stored.transport),
            HostPort(stored.local_host, stored.local_port),
            HostPort(stored.remote_host, stored.remote_port),
        ),
        expires_at=expires_at,
        expires_at_wall=stored.expires_at_wall,
        call_id=stored.call_id,
        cseq=stored.cseq,
        q=stored.q,
        user_agent=stored.user_agent,
        path=stored.path,
        instance=stored.instance,
        extensions=stored.extensions,
        reg_id=stored.reg_id,
    )
