"""Everything that can happen to a call: the events of the three domains that meet in it."""

from softswitch.acd.outputs import AcdOutput
from softswitch.media.protocol import MediaEvent
from softswitch.sip.outputs import (
    InfoReceived,
    LegAnswered,
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
)

LegEvent = (
    LegProgress
    | ProgressConfirmed
    | LegAnswered
    | LegFailed
    | LegConfirmed
    | LegEnded
    | ReinviteReceived
    | ReinviteConfirmed
    | ReinviteAnswered
    | ReinviteFailed
    | InfoReceived
    | ReferReceived
    | ReferProgress
)
CallEvent = LegEvent | MediaEvent | AcdOutput
