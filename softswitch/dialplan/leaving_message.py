"""How a caller leaves a message in a box: tone, his words, what he does with them.

| key in the review  | what happens                                |
|--------------------|---------------------------------------------|
| 1, #, none in time | it is saved                                 |
| 2                  | he hears it                                 |
| 3                  | he says it again                            |
| 4                  | it is urgent, or no longer                  |
| 7, *               | it is deleted                               |
| 0                  | it is saved, and he goes to the operator    |

Who hangs up has left what he has said, whenever that is. The former take is kept until there is another that is long
enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.calls.outcomes import RecordedMessage, VoicemailOutcome, VoicemailReason
from softswitch.calls.verbs import VoicemailVerbs
from softswitch.calls.voice_box import VoiceBox

if TYPE_CHECKING:
    from softswitch.dialplan.call import Call

TAKES_MAX = 5
"""Times that a message is said; then what there is is saved."""
REVIEWS_MAX = 10
"""Keys in one review."""
END_DIGIT = "#"
OPERATOR_DIGIT = "0"


class LeavingMessage:
    """One message of one caller, who has heard the greeting. `room_s` is how long it may be."""

    def __init__(self, call: Call, voicemail: VoicemailVerbs, box: VoiceBox, room_s: float) -> None:
        self._call = call
        self._voicemail = voicemail
        self._box = box
        self._room_s = room_s
        self._message = voicemail.begin(box)
        self._taken: RecordedMessage | None = None
        """The last take that was long enough."""
        self._is_urgent = False
        self._is_over = False

    async def run(self) -> VoicemailOutcome:
        try:
            return await self._take_and_review()
        finally:
            if not self._is_over:  # he hung up while he heard it, or the flow was cancelled
                await self._keep()

    async def _take_and_review(self) -> VoicemailOutcome:
        for take in range(TAKES_MAX):
            await self._call.play("tone:beep")
            # A file each: a recording that goes on in the file of another would be its continuation.
            path = self._voicemail.new_path() if take else self._message.path
            spoken = await self._voicemail.record(path, limit_s=self._room_s, end_digits=END_DIGIT)
            if spoken.fault and spoken.duration_s < self._box.shortest_s:
                return await self._failed(spoken)
            if spoken.duration_s < self._box.shortest_s:
                if spoken.is_caller_gone:
                    return await self._keep()
                self._voicemail.drop_file(spoken.path)
                await self._call.play("voicemail/too-short")
                continue
            self._taken = spoken
            self._voicemail.recorded(self._message.message_id, spoken)
            if spoken.is_caller_gone:
                return await self._keep()
            if not spoken.ended_by:
                await self._call.play("voicemail/longest")
            match await self._review(spoken):
                case "again":
                    pass
                case "delete":
                    return await self._delete()
                case _:
                    break
        return await self._save()

    async def _review(self, spoken: RecordedMessage) -> str:
        """ "again", "delete", or "" to save it."""
        for _ in range(REVIEWS_MAX):
            choice = await self._call.gather("voicemail/review", maximum=1, end_digits="")
            match choice.digits:
                case "2":
                    await self._call.play_recorded(spoken.path, stop_digits="#")
                case "3":
                    await self._call.play("voicemail/record-again")
                    return "again"
                case "4":
                    self._is_urgent = not self._is_urgent
                    await self._call.play("voicemail/urgent" if self._is_urgent else "voicemail/not-urgent")
                case "7" | "*":
                    return "delete"
                case "0" if self._box.operator:
                    await self._keep()
                    await self._call.transfer(self._box.operator)
                case "1" | "#" | "":
                    return ""
                case _:
                    await self._call.play("menu/invalid-choice")
        return ""

    # Ends

    async def _keep(self) -> VoicemailOutcome:
        """What he has said so far, without a word to him. With a fault something of it is silent; its owner gets it all
        the same."""
        self._is_over = True
        message_id = self._message.message_id
        if self._taken is None:
            self._voicemail.discard(message_id)
            self._call.tag("voicemail", f"{self._box.box} too short")
            return VoicemailOutcome(reason=VoicemailReason.TOO_SHORT, box=self._box.box)
        self._call.tag("voicemail", f"{self._box.box} {message_id}")
        is_stored = await self._voicemail.complete(message_id, is_urgent=self._is_urgent)
        return VoicemailOutcome(
            reason=VoicemailReason.SAVED if is_stored and not self._taken.fault else VoicemailReason.NOT_STORED,
            box=self._box.box,
            message_id=message_id,
            duration_s=self._taken.duration_s,
            is_urgent=self._is_urgent,
        )

    async def _failed(self, spoken: RecordedMessage) -> VoicemailOutcome:
        """There is no room on the disk, or no directory: he could say it again in vain."""
        self._is_over = True
        self._voicemail.discard(self._message.message_id)
        self._voicemail.drop_file(spoken.path)
        if not spoken.is_caller_gone:
            await self._call.play("fault/technical")
        return VoicemailOutcome(reason=VoicemailReason.NOT_STORED, box=self._box.box)

    async def _save(self) -> VoicemailOutcome:
        outcome = await self._keep()
        if outcome.reason is VoicemailReason.SAVED:
            await self._call.play("voicemail/saved")
        elif outcome.reason is VoicemailReason.NOT_STORED:
            await self._call.play("fault/technical")
        return outcome

    async def _delete(self) -> VoicemailOutcome:
        self._is_over = True
        self._voicemail.discard(self._message.message_id)
        await self._call.play("voicemail/deleted")
        return VoicemailOutcome(reason=VoicemailReason.DISCARDED, box=self._box.box)
