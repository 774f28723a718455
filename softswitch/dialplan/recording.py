"""What the caller says, and what of the call is kept."""

from __future__ import annotations

from softswitch.calls.outcomes import RecordedMessage
from softswitch.dialplan.verb_group import VerbGroup


class Recording(VerbGroup):
    """Messages, and recordings of the whole call."""

    async def record(self, *, limit_s: float = 120.0, end_digits: str = "#", beep: bool = True) -> RecordedMessage:
        """Record what the caller says until he types one of `end_digits`, hangs up, or `limit_s` is over.

        Returns the message in each of the three cases, so that it can be passed on.
        """
        await self._verbs.answer()
        if beep:
            await self._verbs.play([self._verbs.sounds.tone("beep")])
        return await self._verbs.record_message(limit_s=limit_s, end_digits=end_digits)

    async def start_recording(self) -> bool:
        """Record the call from now on, until `stop_recording` or its end: the caller left, whoever he talks to right.

        False where it is never done: by configuration of the number called or of the queue whose agent he talks to.
        """
        return await self._verbs.start_recording()

    async def stop_recording(self) -> None:
        """End what is being recorded; the file is in the index, the rest of the call in none."""
        await self._verbs.stop_recording()

    async def mask_recording(self, seconds: float | None = None) -> None:
        """Leave out what is said from now on: recordings hold silence of the same length, and no digits.

        It ends after `seconds` at the latest ([recordings] mask_max_s if None), or with `resume_recording`.
        """
        await self._verbs.mask_recording(seconds)

    async def resume_recording(self) -> None:
        """Record what is said again."""
        await self._verbs.resume_recording()
