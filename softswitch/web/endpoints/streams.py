"""Streams: programs that hear a call in progress."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.base.ids import CallId
from softswitch.control.protocol.replies import StreamSet
from softswitch.control.protocol.rows import CallRow
from softswitch.control.protocol.streams import StartStream, StopStream, StreamSide
from softswitch.web.asked import Asked
from softswitch.web.route import NoQuery, Routes

routes = Routes("calls")


class StreamOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`program` is an id of programs.toml, or a ws:// or wss:// URL. `side` is whose sound: one party's, both as two
    channels, or both mixed; `rate_hz` as configured, or 8000, where it is left out."""

    program: Annotated[str, Meta(min_length=1, max_length=500)]
    side: StreamSide = "both"
    rate_hz: Literal[8000, 16000] | None = None


class StreamAnswer(msgspec.Struct, frozen=True):
    """The call as it is after the order; `stream_id` is the stream that was begun or ended."""

    call: CallRow
    stream_id: str


@routes.post("/calls/{call_id}/streams", answer=StreamAnswer, body=StreamOrder)
async def start_stream(asked: Asked[StreamOrder, NoQuery]) -> StreamAnswer:
    """Let a program hear a call in progress.

    Over a WebSocket, until it is stopped or the call ends; it cannot speak (docs/live-media.md).
    """
    order = asked.body
    request = StartStream(
        call_id=CallId(asked.path["call_id"]),
        program=order.program,
        side=order.side,
        rate_hz=order.rate_hz,
        by=asked.caller.name,
    )
    return _answer(await asked.switch.ask(request, StreamSet))


@routes.delete("/calls/{call_id}/streams/{stream_id}", answer=StreamAnswer)
async def stop_stream(asked: Asked[None, NoQuery]) -> StreamAnswer:
    """End a stream of a call.

    Whoever began it; of one that talks, the flow goes on.
    """
    path = asked.path
    request = StopStream(call_id=CallId(path["call_id"]), stream_id=path["stream_id"], by=asked.caller.name)
    return _answer(await asked.switch.ask(request, StreamSet))


def _answer(done: StreamSet) -> StreamAnswer:
    return StreamAnswer(done.call, done.stream_id)
