"""A conference as it is kept while it goes on: everything the next switch process needs to go on with it.

Written by calls/runtime/conferences/keeper.py whenever something has changed in it, and read at start. Times are
monotonic seconds, as in kept_call.py. Who is being called for it is not kept: those phones stop ringing, and may be
called again.
"""

import msgspec

from softswitch.base.ids import CallId, RoomId
from softswitch.calls.conferences.outputs import Placed
from softswitch.calls.conferences.terms import Role, RoomTerms
from softswitch.media.kept import KeptStream
from softswitch.media.protocol import Recording
from softswitch.store.conference_schema import StoredConferenceEvent, StoredStay


class KeptNewcomer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a `Newcomer`."""

    call_id: CallId
    role: Role
    number: str
    name: str = ""
    account: str = ""
    name_sound: str = ""
    is_called: bool = False


class KeptParticipant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a `Participant`."""

    who: KeptNewcomer
    seat: int
    place: int
    joined_at: float
    is_muted: bool = False
    is_silenced: bool = False
    has_word: bool = False
    gain_db: float = 0.0
    hearing_gain_db: float = 0.0
    talk_s: float = 0.0
    talking_since: float | None = None
    placed: Placed | None = None


class KeptFormer(msgspec.Struct, frozen=True, kw_only=True):
    """Of a `Former`."""

    who: KeptNewcomer
    seat: int
    until: float


class KeptRoom(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a `Room`."""

    started_at: float
    wall_offset: float
    participants: tuple[KeptParticipant, ...] = ()
    former: tuple[KeptFormer, ...] = ()
    is_open: bool = False
    is_locked: bool = False
    is_lecture: bool = False
    is_quiet: bool = False
    is_recording: bool = False
    recordings: list[str] = []
    end_reason: str = ""
    host_gone_at: float | None = None
    empty_until: float | None = None
    last_left_at: float = 0.0
    stays: list[StoredStay] = []
    stays_left_out: int = 0
    events: list[StoredConferenceEvent] = []


class KeptMember(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a `Member`: since when he hears others, and for how long he has before."""

    call_id: CallId
    connected_s: float = 0.0
    connected_since: float | None = None


class KeptConference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One conference."""

    boot_id: str
    conference_id: str
    key: str
    terms: RoomTerms
    room: KeptRoom
    anchor: KeptStream | None = None
    media_rooms: dict[int, RoomId] = {}
    """By place."""
    recording: Recording | None = None
    recordings: int = 0
    names: list[str] = []
    members: tuple[KeptMember, ...] = ()
