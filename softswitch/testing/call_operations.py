"""Calls, supervisors and messages as the control socket sees them, with fixed contents."""

from collections.abc import AsyncGenerator

import msgspec

from softswitch.base.ids import CallId, RecordingId
from softswitch.control.protocol.replies import (
    Done,
    Messages,
    RecordingSet,
    Refused,
    StreamSet,
    SupervisionSet,
    TraceRows,
    Transferred,
)
from softswitch.control.protocol.requests import GetMessages, RecordingAction, SupervisionMode, Trace
from softswitch.control.protocol.rows import CallRow, TraceRow
from softswitch.control.protocol.streams import StartStream, StopStream, StreamRow
from softswitch.sip.tracing.reading import call_id_of
from softswitch.testing.fixed_switch import STARTED_AT, FixedSwitch
from softswitch.testing.traced_call import LEGS, refused_call


class FixedCallOperations(FixedSwitch):
    """The part of `FixedOperations` that is about calls."""

    def __init__(self) -> None:
        super().__init__()
        self.message_rows = refused_call()
        self.call_rows = [
            CallRow(
                call_id=CallId("c1"),
                state="talking",
                calling_number="+442071838750",
                called_number="100",
                started_at=STARTED_AT + 60,
                duration_s=95.4,
                flow="hotline",
                queue="support",
                agent="anna",
                wait_s=12.0,
                recording=RecordingId("r1"),
            ),
            CallRow(
                call_id=CallId("c2"),
                state="waiting",
                calling_number="+74951234567",
                called_number="100",
                started_at=STARTED_AT + 120,
                duration_s=31.0,
                flow="hotline",
                queue="support",
                wait_s=20.5,
            ),
        ]

    def calls(self) -> list[CallRow]:
        return self.call_rows

    async def hang_up(self, call_id: CallId) -> Done | Refused:
        self.orders.append(("hang_up", call_id))
        if any(row.call_id == call_id for row in self.call_rows):
            return Done()
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def start_stream(self, request: StartStream) -> StreamSet | Refused:
        for at, row in enumerate(self.call_rows):
            if row.call_id == request.call_id:
                stream = StreamRow(stream_id="7", program=request.program, side=request.side, is_connected=True)
                self.orders.append(("start_stream", request.call_id, request.program, request.side))
                self.call_rows[at] = msgspec.structs.replace(row, streams=[*row.streams, stream])
                return StreamSet(self.call_rows[at], "7")
        return Refused("not_found", f'there is no call "{request.call_id}"')

    async def stop_stream(self, request: StopStream) -> StreamSet | Refused:
        for at, row in enumerate(self.call_rows):
            if row.call_id == request.call_id and any(each.stream_id == request.stream_id for each in row.streams):
                self.orders.append(("stop_stream", request.call_id, request.stream_id))
                left = [each for each in row.streams if each.stream_id != request.stream_id]
                self.call_rows[at] = msgspec.structs.replace(row, streams=left)
                return StreamSet(self.call_rows[at], request.stream_id)
        return Refused("not_found", f'the call has no stream "{request.stream_id}"')

    async def transfer_call(self, call_id: CallId, target: str) -> Transferred | Refused:
        self.orders.append(("transfer_call", call_id, target))
        for row in self.call_rows:
            if row.call_id == call_id:
                return Transferred(msgspec.structs.replace(row, call_id=CallId("c2"), called_number=target))
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def set_recording(
        self, call_id: CallId, action: RecordingAction, seconds: float | None, by: str
    ) -> RecordingSet | Refused:
        self.orders.append(("set_recording", call_id, action, str(seconds), by))
        for row in self.call_rows:
            if row.call_id == call_id:
                masked_s = (seconds or 300.0) if action == "mask" else 0.0
                recording = RecordingId("" if action == "stop" else "r1")
                return RecordingSet(msgspec.structs.replace(row, recording=recording, masked_s=masked_s))
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def hold_recording(self, recording_id: RecordingId, started_at: float, is_held: bool) -> Done | Refused:
        self.orders.append(("hold_recording", recording_id, str(started_at), str(is_held)))
        return Done()

    async def supervise(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        self.orders.append(("supervise", call_id, phone, mode))
        return self._supervised(call_id, phone, mode)

    async def set_supervision(self, call_id: CallId, mode: SupervisionMode, phone: str) -> SupervisionSet | Refused:
        self.orders.append(("set_supervision", call_id, mode, phone))
        return self._supervised(call_id, phone or "carl", mode)

    def _supervised(self, call_id: CallId, phone: str, mode: SupervisionMode) -> SupervisionSet | Refused:
        for row in self.call_rows:
            if row.call_id == call_id:
                return SupervisionSet(msgspec.structs.replace(row, supervisors={phone: mode}), phone)
        return Refused("not_found", f"there is no call {call_id}; `softswitch calls` lists them all")

    async def messages(self, request: GetMessages) -> Messages | Refused:
        call = next((row for row in self.call_rows if row.call_id == request.call_id), None)
        if request.call_id and call is None:
            return Refused("not_found", f"there is no call {request.call_id}; `softswitch calls` lists them all")
        wanted = request.call_id or request.number == "100" or set(request.sip_call_ids) & {"one@provider", "two"}
        return Messages(list(self.message_rows) if wanted else [], sip_legs=list(LEGS) if wanted else [], call=call)

    async def trace(self, request: Trace) -> AsyncGenerator[TraceRows | Refused, None]:
        self.orders.append(("trace", request.call_id, request.number, request.peer, str(request.is_from_memory)))
        names = {leg.sip_call_id: leg.party for leg in LEGS}
        rows = [TraceRow(each, names[call_id_of(each.message).decode()], CallId("c1")) for each in self.message_rows]
        yield TraceRows(rows[:3])
        yield TraceRows([], 0)
        yield TraceRows(rows[3:], 5)
        yield TraceRows([], is_last=True)
