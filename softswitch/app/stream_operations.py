"""Streams to programs for the control socket."""

from collections.abc import Callable

import msgspec

from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.control.protocol.replies import Refused, StreamSet
from softswitch.control.protocol.rows import CallRow
from softswitch.control.protocol.streams import StartStream, StopStream, StreamRow

log = get_logger("calls")


class StreamOperations:
    """The part of `SwitchOperations` that is about streams."""

    def __init__(self, parts: Parts, row: Callable[[ActiveCall], CallRow]) -> None:
        self._parts = parts
        self._row = row

    async def start_stream(self, request: StartStream) -> StreamSet | Refused:
        call = self._parts.controller.calls.get(request.call_id)
        if call is None:
            return _no_call(request.call_id)
        if not call.is_answered or call.mailbox.is_closed:
            return Refused("not_possible", "only a call that was answered and goes on can be heard")
        try:
            stream = call.streams.start(
                request.program, side=request.side, rate_hz=request.rate_hz, talks=False, by=request.by
            )
        except LocalError as error:
            return Refused("not_possible", str(error))
        return StreamSet(self._row(call), stream.facts.stream_id)

    async def stop_stream(self, request: StopStream) -> StreamSet | Refused:
        call = self._parts.controller.calls.get(request.call_id)
        if call is None:
            return _no_call(request.call_id)
        if not call.streams.stop(request.stream_id, "an operator has stopped it"):
            among = ", ".join(facts.stream_id for facts in call.streams.facts()) or "it has none"
            return Refused("not_found", f'the call has no stream "{request.stream_id}" ({among})')
        log.info("stream stopped", call_id=call.call_id, stream=request.stream_id, by=request.by)
        return StreamSet(self._row(call), request.stream_id)


def stream_rows(call: ActiveCall) -> list[StreamRow]:
    return [StreamRow(**msgspec.structs.asdict(facts)) for facts in call.streams.facts()]


def _no_call(call_id: str) -> Refused:
    return Refused("not_found", f'there is no call "{call_id}": see `softswitch calls`')
