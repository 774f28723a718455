"""Streams of calls to programs, as the control socket says them."""

from typing import Literal

import msgspec

from softswitch.base.ids import CallId

StreamSide = Literal["caller", "other", "both", "mixed"]


class StreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A program that hears a call. `program` is its id, or its URL; `fault` says why it is not connected, or was not
    before. Counts are of frames of 20 ms, as told every five seconds: to the program, dropped on the way because it was
    too slow or away; said by it, and thrown away unheard."""

    stream_id: str
    program: str
    side: StreamSide
    talks: bool = False
    is_connected: bool = False
    fault: str = ""
    sent: int = 0
    dropped: int = 0
    said: int = 0
    refused: int = 0


class StartStream(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Let a program hear a call in progress, until `StopStream` or the end of the call; it cannot speak.

    `program` is an id of programs.toml, or a ws:// or wss:// URL. `side` is whose sound: one party's, both as two
    channels, or both mixed. `rate_hz` None is what is configured, 8000 for a URL.
    """

    call_id: CallId
    program: str
    side: StreamSide = "both"
    rate_hz: Literal[8000, 16000] | None = None
    by: str = ""


class StopStream(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """End a stream of a call, whoever began it; of one that talks, the flow goes on."""

    call_id: CallId
    stream_id: str
    by: str = ""
