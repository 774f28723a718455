"""Calls in progress for the control socket: rows, ending and transferring them, their recordings and supervisors."""

from collections.abc import Iterable

import msgspec

from softswitch.app.parts import Parts
from softswitch.app.stream_operations import stream_rows
from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.ids import CallId, RecordingId
from softswitch.calls import supervision
from softswitch.calls.call_state import CallState
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.faxes import fax_of
from softswitch.calls.runtime.on_disk import on_disk
from softswitch.calls.runtime.supervision import Supervision
from softswitch.calls.runtime.telling import told
from softswitch.calls.runtime.transferring import transfer_by_command
from softswitch.control.protocol.replies import Done, RecordingSet, Refused, SupervisionSet, Transferred
from softswitch.control.protocol.requests import RecordingAction, SupervisionMode
from softswitch.control.protocol.rows import CallRow

_CALL_STATES = {CallState.ARRIVED: "flow", CallState.ANSWERED: "flow", CallState.ENDED: "ending"}


class CallOperations:
    """The part of `SwitchOperations` that is about calls in progress."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def calls(self) -> Iterable[CallRow]:
        for call in list(self._parts.controller.calls.values()):
            yield self.row(call)

    async def hang_up(self, call_id: CallId) -> Done | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        call.hang_up_from_outside("operator hung up")
        return Done()

    async def transfer_call(self, call_id: CallId, target: str) -> Transferred | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        try:
            follow_up = transfer_by_command(call, target)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return Transferred(self.row(follow_up))

    async def set_recording(
        self, call_id: CallId, action: RecordingAction, seconds: float | None, by: str
    ) -> RecordingSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        recordings = call.recordings
        match action:
            case "mask":
                recordings.mask(seconds, f"operator {by}".strip())
            case "unmask":
                recordings.unmask()
            case "start":
                if not call.is_answered or call.mailbox.is_closed:
                    return Refused("not_possible", "only a call that was answered and goes on can be recorded")
                if not recordings.start():
                    return Refused("not_possible", 'this call is never recorded (record = "never", or its flow)')
            case "stop":
                if recordings.is_compulsory:
                    return Refused("not_possible", "this conversation is always recorded: mask it instead")
                recordings.stop()
        return RecordingSet(self.row(call))

    async def hold_recording(self, recording_id: RecordingId, started_at: float, is_held: bool) -> Done | Refused:
        store = self._parts.store
        entry = store.recordings.get((started_at, recording_id))
        if entry is None:
            return Refused("not_found", f'there is no recording "{recording_id}" any more')
        store.put_recording(msgspec.structs.replace(entry, is_held=is_held))
        try:
            await on_disk(store)
        except SoftswitchError as error:
            current = store.recordings.get((started_at, recording_id))
            if current is not None:
                store.put_recording(msgspec.structs.replace(current, is_held=entry.is_held))
            return Refused("failed", str(error))
        return Done()

    async def supervise(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        extension = call.around.settings().extension_for(phone)
        if extension is None:
            return Refused("not_found", f'there is no phone "{phone}": name an account or a number of agents.toml')
        try:
            await Supervision(call, extension, supervision.SupervisionMode(mode)).begin()
        except LocalError as error:
            return Refused("not_possible", str(error))
        return SupervisionSet(self.row(call), extension.username)

    async def set_supervision(self, call_id: CallId, mode: SupervisionMode, phone: str) -> SupervisionSet | Refused:
        call = self._parts.controller.calls.get(call_id)
        if call is None:
            return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
        present = {each.extension.username: each for each in call.supervisions}
        extension = call.around.settings().extension_for(phone)
        wanted = [extension.username] if extension is not None else [phone] if phone else list(present)
        if len(wanted) != 1 or wanted[0] not in present:
            among = ", ".join(present) or "nobody: `softswitch calls listen` rings a phone"
            return Refused("not_found", f"name a phone that supervises this call ({among})")
        present[wanted[0]].switch_to(supervision.SupervisionMode(mode))
        return SupervisionSet(self.row(call), wanted[0])

    def row(self, call: ActiveCall) -> CallRow:
        now = self._parts.clock.now()
        record = call.record
        is_waiting = call.state is CallState.WAITING
        wait_s = record.queue_wait_s + (now - call.state_since if is_waiting else 0.0)
        recording = call.recordings.current
        return CallRow(
            call_id=call.call_id,
            state=_CALL_STATES.get(call.state, call.state.value),
            calling_number=record.calling_number,
            called_number=record.called_number,
            started_at=record.started_at,
            duration_s=self._parts.clock.wall() - record.started_at,
            flow=record.flow,
            queue=record.queue,
            agent=record.agent,
            wait_s=wait_s if record.queue else None,
            recording=RecordingId("") if recording is None else recording.recording_id,
            masked_s=max(0.0, call.recordings.masked_until - now),
            supervisors={each.extension.username: each.mode.value for each in call.supervisions},
            mos=record.measurements.mos,
            talking=sorted(record.measurements.talking),
            fax=fax_of(call),
            project=record.project,
            streams=stream_rows(call),
            slot=call.around.parking.slot_of(call) if call.state is CallState.PARKED else "",
            is_on_hold=call.conversation is not None and call.conversation.is_on_hold,
            tags=told(record.tags),
            variables=told(call.variables),
        )
