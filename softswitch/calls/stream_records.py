"""What a call's record says of the programs that heard it."""

from collections.abc import Mapping

import msgspec

from softswitch.calls.programs import StreamFacts
from softswitch.store.schema import Streamed

STREAMS_RECORDED_MAX = 50
"""Of a flow that begins and ends one after another the newest are kept."""


class StreamRecords:
    __slots__ = ("_rows",)

    def __init__(self) -> None:
        self._rows: dict[str, Streamed] = {}

    def noted(self, facts: StreamFacts) -> None:
        """How a stream does by now."""
        former = self._rows.get(facts.stream_id)
        self._rows[facts.stream_id] = Streamed(
            program=facts.program,
            side=facts.side,
            talks=facts.talks,
            sent=facts.sent,
            dropped=facts.dropped,
            said=facts.said,
            refused=facts.refused,
            fault="" if former is None else former.fault,
        )
        while len(self._rows) > STREAMS_RECORDED_MAX:
            del self._rows[next(iter(self._rows))]

    def ended(self, facts: StreamFacts, reason: str, fault: str) -> None:
        self.noted(facts)
        if facts.stream_id in self._rows:
            self._rows[facts.stream_id] = msgspec.structs.replace(
                self._rows[facts.stream_id], end_reason=reason, fault=fault
            )

    def kept(self) -> dict[str, Streamed]:
        return dict(self._rows)

    def adopt(self, kept: Mapping[str, Streamed]) -> None:
        """What `kept` said in the switch before."""
        self._rows = dict(kept)

    def rows(self) -> tuple[Streamed, ...]:
        return tuple(self._rows.values())
