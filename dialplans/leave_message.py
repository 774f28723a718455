"""A caller who does not want to wait leaves a message: the target of a queue's exit key, or of its overflow.

In queues.toml:

    exit_keys = {"1" = "flow:leave_message"}
    announce = {texts = ["queue/press-one-to-leave-message"]}

If the queue has a voicemail box (voicemail.toml: one with its id, or with queue = its id), the message goes there.
Else the recording is in the index of recordings, under the call's id; the call's record has the tag "message".
"""

from softswitch.dialplan import Call, flow

SHORTEST_S = 2.0
"""Somebody who says less has thought better of it."""


@flow
async def leave_message(call: Call) -> None:
    if call.has_voice_box():
        await call.voicemail(greeting="none")
        await call.play("greeting/goodbye")
        return
    await call.play("voicemail/leave-message")
    message = await call.record(limit_s=180.0)
    if message.duration_s < SHORTEST_S:
        call.tag("message", "too short")
        await call.play("voicemail/too-short", "greeting/goodbye")
        return
    call.tag("message", message.path)
    await call.play("voicemail/saved", "greeting/goodbye")
