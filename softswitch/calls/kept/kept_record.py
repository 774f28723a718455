"""A call's record as it is kept while the call goes on: all of `CallRecord`, to the last list.

`keep_record` takes it down, `adopt_record` makes it anew in the next switch. Calls of one chain are to share one
`Chain`, so whoever adopts several calls hands the same `chains` to all of them.
"""

from collections.abc import MutableMapping
from typing import Any

import msgspec

from softswitch.base.ids import CallId, LegId, StreamId
from softswitch.calls.chain import Chain, RecordKey
from softswitch.calls.measurements import Role
from softswitch.calls.record import CallRecord, EndedBy, EndReason
from softswitch.media.protocol import Quality, VoiceFacts
from softswitch.store.schema import ContactStay, Forwarded, SipLeg, Streamed, Supervised, TrunkTry


class KeptStays(msgspec.Struct, frozen=True, kw_only=True):
    """Of `QueueStays`."""

    stays: tuple[ContactStay, ...] = ()
    current: ContactStay | None = None
    moved_s: float = 0.0
    rang_before_s: float = 0.0


class KeptChain(msgspec.Struct, frozen=True, kw_only=True):
    """Of the whole `Chain` the call is of."""

    chain_id: CallId
    started_at: float
    ended: tuple[RecordKey, ...] = ()


class KeptMeasurement(msgspec.Struct, frozen=True, kw_only=True):
    """Of one stream of `CallMeasurements`."""

    stream_id: StreamId
    leg_id: LegId
    role: Role
    party: str
    quality: Quality | None = None
    voice: VoiceFacts | None = None
    is_final: bool = False


class KeptRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fields of `CallRecord`, by its names."""

    call_id: CallId
    calling_number: str
    calling_name: str
    called_number: str
    started_at: float
    chain: KeptChain
    answered_at: float | None = None
    project: str = ""
    flow: str = ""
    queue: str = ""
    agent: str = ""
    conference: str = ""
    queue_wait_s: float = 0.0
    ring_s: float = 0.0
    talk_s: float = 0.0
    consult_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    disposition: str = ""
    is_disposition_missing: bool = False
    end_reason: EndReason | None = None
    ended_by: EndedBy = "switch"
    sip_status: int = 0
    legs: tuple[tuple[LegId, SipLeg], ...] = ()
    legs_left_out: int = 0
    stays: KeptStays = KeptStays()
    consults_for: str = ""
    is_consulting: bool = False
    conference_s: float = 0.0
    recorded_s: float = 0.0
    cause: int = 0
    far_cause: int = 0
    has_far_left: bool = False
    is_far_silent: bool = False
    is_unserved: bool = False
    measurements: tuple[KeptMeasurement, ...] = ()
    recordings: list[str] = []
    scores: dict[str, int] = {}
    tags: dict[str, str] = {}
    forwards: list[Forwarded] = []
    supervisions: list[Supervised] = []
    streams: dict[str, Streamed] = {}
    transferred_to: str = ""
    transferred_by: str = ""
    is_transfer_attended: bool = False
    linked_calls: list[CallId] = []
    trunk: str = ""
    trunks: list[TrunkTry] = []
    fault: str = ""


_MADE = ("legs", "stays", "chain", "measurements", "streams")
"""Fields that have a class of their own in `CallRecord`."""

_PLAIN = tuple(name for name in CallRecord.__slots__ if name not in _MADE)

Chains = MutableMapping[CallId, Chain]


def keep_record(record: CallRecord) -> KeptRecord:
    """Nothing of it is shared with the record, which goes on changing."""
    plain: dict[str, Any] = {name: _copied(getattr(record, name)) for name in _PLAIN}
    return KeptRecord(
        **plain,
        chain=KeptChain(**record.chain.kept()),
        legs=record.legs.rows(),
        legs_left_out=record.legs.left_out,
        stays=KeptStays(**record.stays.kept()),
        measurements=tuple(KeptMeasurement(**row) for row in record.measurements.kept()),
        streams=record.streams.kept(),
    )


def adopt_record(kept: KeptRecord, chains: Chains) -> CallRecord:
    """The record, as it was."""
    record = CallRecord(
        kept.call_id,
        calling_number=kept.calling_number,
        calling_name=kept.calling_name,
        called_number=kept.called_number,
        started_at=kept.started_at,
    )
    for name in _PLAIN:
        setattr(record, name, _copied(getattr(kept, name)))
    record.chain = _chain(kept.chain, chains)
    record.legs.adopt(kept.legs, kept.legs_left_out)
    record.stays.adopt(**msgspec.structs.asdict(kept.stays))
    for row in kept.measurements:
        record.measurements.adopt(**msgspec.structs.asdict(row))
    record.streams.adopt(kept.streams)
    return record


def _chain(kept: KeptChain, chains: Chains) -> Chain:
    chain = chains.get(kept.chain_id)
    if chain is None:
        chain = chains[kept.chain_id] = Chain(kept.chain_id, kept.started_at)
    chain.adopt(kept.ended)
    return chain


def _copied(value: object) -> object:
    """Lists and maps go on growing in the record; what is in them is never changed."""
    return value.copy() if isinstance(value, (list, dict)) else value  # pyright: ignore[reportUnknownVariableType]
