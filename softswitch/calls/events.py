"""Everything that can happen to a call: the events of the three domains that meet in it."""

import msgspec

from softswitch.acd.outputs import AcdOutput
from softswitch.base.ids import LegId
from softswitch.media.feeds.orders import ProgramLeft
from softswitch.media.protocol import MediaEvent
from softswitch.sip.outputs import (
    InfoReceived,
    LegAnswered,
    LegChanged,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegProgress,
    ProgressConfirmed,
    ReferProgress,
    ReferReceived,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteFailed,
    ReinviteReceived,
    ReinviteWithdrawn,
)

LegEvent = (
    LegProgress
    | ProgressConfirmed
    | LegAnswered
    | LegFailed
    | LegConfirmed
    | LegChanged
    | LegEnded
    | ReinviteReceived
    | ReinviteConfirmed
    | ReinviteAnswered
    | ReinviteFailed
    | ReinviteWithdrawn
    | InfoReceived
    | ReferReceived
    | ReferProgress
)


class PartyJoined(msgspec.Struct, frozen=True):
    """A party from another call answers in this one (calls/runtime/taking_over.py): he is in it, with a stream."""

    leg_id: LegId


class FarReplaced(msgspec.Struct, frozen=True):
    """Whoever the caller talks to is somebody else now; the conversation goes on."""

    old_leg: LegId
    new_leg: LegId


class FarDone(msgspec.Struct, frozen=True):
    """An agent on an open line is done with the caller, and said so with a key; he stays."""

    leg_id: LegId


class FarPressed(msgspec.Struct, frozen=True):
    """Somebody who was called, and does not talk to the caller yet, has pressed a key."""

    leg_id: LegId
    digit: str


class ConferenceLeft(msgspec.Struct, frozen=True):
    """The caller is in his conference no more; why, his seat says."""


class ConversationBegan(msgspec.Struct, frozen=True):
    """Somebody the caller follows talks."""


class SupervisionOver(msgspec.Struct, frozen=True):
    """The conversation the caller took part in is over."""


CallEvent = (
    LegEvent
    | MediaEvent
    | AcdOutput
    | PartyJoined
    | FarReplaced
    | FarDone
    | FarPressed
    | ConversationBegan
    | SupervisionOver
    | ConferenceLeft
    | ProgramLeft
)
