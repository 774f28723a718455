"""What the verbs of a call are made of: how each begins, and how something is played."""

import asyncio
from collections.abc import Sequence

from softswitch.calls.kept.kept_verbs import KeptPlay, KeptVerb
from softswitch.calls.pace import FlowSpins, Pace
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import project_of, sounds_of
from softswitch.calls.runtime.own_phone_verbs import OwnPhoneVerbs
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.settings import RecordingPolicy
from softswitch.media.protocol import PlayFinished


class VerbSteps(OwnPhoneVerbs):
    """The part of `CallerVerbs` that the others stand on."""

    def __init__(self, call: ActiveCall, resumption: KeptVerb | None = None) -> None:
        super().__init__(call, resumption)
        self._pace = Pace()

    async def _step(self, verb: str) -> None:
        """What every verb begins with. Raises `CallEnded`, and `FlowSpins` for one verb too many without waiting."""
        await self._call.mailbox.check()
        try:
            self._pace.step(verb, self._call.around.clock.now())
        except FlowSpins:
            await asyncio.sleep(0)  # whatever the flow makes of it, others have their turn
            raise

    async def _answer_for(self, verb: str) -> None:
        await self._step(verb)
        await self._call.answer()

    async def _play(
        self, sounds: Sequence[str], stop_digits: str, *, skip_s: float = 0.0, first: int = 0, began_at: float = 0.0
    ) -> str:
        """To the end, or to a digit. `first` and `began_at` are for whoever goes on with it after a restart."""
        kept, stream = self._resumption(KeptPlay), self._call.caller_stream
        play_id = stream.play(sounds, skip_s=skip_s) if kept is None else kept.play_id
        if kept is not None and stream.playing != play_id:
            self._kept = None  # else what is played next were taken for it
            return ""  # it came to its end while no switch was there
        with self._in_progress(lambda: KeptPlay(play_id=play_id, first=first, began_at=began_at)):
            while True:
                digit = self._call.digits_typed.take(stop_digits)
                if digit:
                    stream.stop_play(play_id)
                    return digit
                event = await self._call.mailbox.next()
                if isinstance(event, PlayFinished) and event.play_id == play_id:
                    return ""

    async def _tell_of_recording(self, policy: RecordingPolicy) -> None:
        """A project may want its callers to hear, once and to its end, that they are recorded."""
        notice = project_of(self._call).recording_notice
        is_told = self._call.is_told_of_recording and self._resumption(KeptPlay) is None
        if not notice or is_told or policy is not RecordingPolicy.ALWAYS:
            return
        self._call.is_told_of_recording = True
        await self._answer_for("play")
        await self._play(or_silence(lambda: [sounds_of(self._call).resolve(notice, self._call.language)]), "")
