"""What the verbs of a call are made of: how each begins, and how something is played."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from softswitch.calls.kept.kept_verbs import KeptVerb
from softswitch.calls.pace import FlowSpins, Pace
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.belonging import project_of, sounds_of
from softswitch.calls.runtime.own_phone_verbs import OwnPhoneVerbs
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.settings import RecordingPolicy
from softswitch.media.protocol import PlayFinished

KeptT = TypeVar("KeptT", bound=KeptVerb)


class VerbSteps(OwnPhoneVerbs):
    """The part of `CallerVerbs` that the others stand on."""

    def __init__(self, call: ActiveCall, resumption: KeptVerb | None = None) -> None:
        """`resumption` is how far the first verb that is carried out was, in the switch before."""
        super().__init__(call)
        self._pace = Pace()
        self._kept = resumption
        self._keep: Callable[[], KeptVerb] | None = None

    def keep(self) -> KeptVerb | None:
        """How far the verb in progress is; None if it is to begin again, or there is none."""
        return self._kept if self._keep is None else self._keep()

    def _resumption(self, kind: type[KeptT]) -> KeptT | None:
        """How far this verb was; None: it begins now."""
        return self._kept if isinstance(self._kept, kind) else None

    @contextmanager
    def _in_progress(self, keep: Callable[[], KeptVerb]) -> Generator[None]:
        """While this verb goes on it says by `keep` how far it is."""
        self._kept, self._keep = None, keep
        try:
            yield
        finally:
            self._keep = None

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

    async def _play(self, sounds: Sequence[str], stop_digits: str, *, skip_s: float = 0.0) -> str:
        stream = self._call.caller_stream
        play_id = stream.play(sounds, skip_s=skip_s)
        while True:
            event = await self._call.mailbox.next()
            if isinstance(event, PlayFinished) and event.play_id == play_id:
                return ""
            digit = self._call.digits_typed.take(stop_digits)
            if digit:
                stream.stop_play(play_id)
                return digit

    async def _tell_of_recording(self, policy: RecordingPolicy) -> None:
        """A project may want its callers to hear, once, that they are recorded."""
        notice = project_of(self._call).recording_notice
        if not notice or self._call.is_told_of_recording or policy is not RecordingPolicy.ALWAYS:
            return
        self._call.is_told_of_recording = True
        await self._answer_for("play")
        await self._play(or_silence(lambda: [sounds_of(self._call).resolve(notice, self._call.language)]), "")
