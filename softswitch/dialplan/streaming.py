"""Programs outside: voice bots that talk to the caller, analyses that hear the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from softswitch.calls.outcomes import StreamOutcome
from softswitch.dialplan.verb_group import VerbGroup

StreamSide = Literal["caller", "other", "both", "mixed"]


class Streaming(VerbGroup):
    """Each names a program of programs.toml, or a `wss://` URL, and raises `LocalError` for what is neither.

    What goes over the WebSocket, docs/live-media.md says.
    """

    async def stream(
        self,
        program: str,
        *,
        rate_hz: Literal[8000, 16000] | None = None,
        record: bool | None = None,
        timeout_s: float | None = None,
        values: Mapping[str, str] | None = None,
    ) -> StreamOutcome:
        """Let a program talk to the caller: it hears him and learns his keys, and he hears it.

        Returns when it says "stop", whose `result` is in the outcome; when it is lost or cannot be reached; or after
        `timeout_s`. What to do next is the flow's. `record` as for `dial`; `values` reach the program with the call's
        own facts. It answers the call.
        """
        return await self._verbs.stream(
            program, rate_hz=rate_hz, record=record, timeout_s=timeout_s, values=values or {}
        )

    async def start_stream(
        self,
        program: str,
        *,
        side: StreamSide = "both",
        rate_hz: Literal[8000, 16000] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> bool:
        """Let a program hear the call from now on, whoever the caller talks to, until `stop_stream` or its end.

        It hears the "caller", the "other", "both" as two channels, or both "mixed"; it says nothing, and nobody notices
        it. While recordings are masked it hears silence. A connection that is lost is made again. False if there are
        too many streams. It answers the call.
        """
        return await self._verbs.start_stream(program, side=side, rate_hz=rate_hz, values=values or {})

    async def stop_stream(self, program: str = "") -> None:
        """End what `start_stream` began: of this program, or all of it."""
        await self._verbs.stop_stream(program)
