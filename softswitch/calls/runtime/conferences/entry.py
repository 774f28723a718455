"""At the door of a conference: which room, whether he knows the PIN, what his name is."""

from pathlib import Path

from softswitch.base.ids import RecordingId
from softswitch.base.log import get_logger
from softswitch.calls.conferences.pins import PinGuard
from softswitch.calls.conferences.terms import Role, RoomTerms
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.sounds import or_silence
from softswitch.calls.verbs import CallVerbs
from softswitch.media.protocol import Recording, RecordingFinished

log = get_logger("security")

PIN_TRIES = 3
PIN_DIGITS_MAX = 12
PIN_FIRST_S = 10.0
PIN_BETWEEN_S = 4.0
NAME_S = 4.0
"""Time for a name and a company."""
CLOSING_S = 2.0
"""How long the worker may take to close the file of a name; without it he is announced by his number."""
BEEP = "tone:1000/150"
ANY_DIGIT = "0123456789*#"


class Entry:
    """One caller's way in. Everything raises `CallEnded` once he is gone."""

    def __init__(self, call: ActiveCall, verbs: CallVerbs, guard: PinGuard, *, language: str = "") -> None:
        self._call = call
        self._verbs = verbs
        self._guard = guard
        self._language = language or call.language

    async def say(self, *names: str, stop_digits: str = "") -> str:
        """Returns the digit that has cut it short."""
        sounds = self._verbs.sounds
        files = or_silence(lambda: [sounds.resolve(name, self._language) for name in names])
        return await self._verbs.play(files, stop_digits=stop_digits)

    async def role(self, terms: RoomTerms) -> Role | None:
        """What the PIN he types makes of him; None: he does not know it."""
        found = await self._ask({terms.room_id: terms})
        return None if found is None else found[1]

    async def room(self, rooms: dict[str, RoomTerms]) -> tuple[RoomTerms, Role] | None:
        """The room whose PIN he types, among those without a number of their own."""
        return await self._ask(rooms, is_general=True)

    async def _ask(self, rooms: dict[str, RoomTerms], *, is_general: bool = False) -> tuple[RoomTerms, Role] | None:
        room = "" if is_general else next(iter(rooms))
        clock = self._call.around.clock
        for _ in range(PIN_TRIES):
            if not self._guard.may_try(room, self._caller, clock.now()):
                log.warning("conference pin", call_id=self._call.call_id, conference=room, reason="too many wrong ones")
                await self.say("conference/pin-blocked")
                return None
            pin = await self._typed()
            for terms in rooms.values():
                role = terms.role_by_pin(pin) if pin or not is_general else None
                if role is not None:
                    self._guard.right(room, self._caller)
                    return terms, role
            if pin:
                self._guard.wrong(room, self._caller, clock.now())
                log.warning("conference pin", call_id=self._call.call_id, conference=room, reason="wrong")
            await self.say("conference/wrong-pin")
        return None

    @property
    def _caller(self) -> str:
        """Whose guesses are counted together."""
        extension = self._call.caller.extension
        return self._call.record.calling_number if extension is None else f"account:{extension.username}"

    async def _typed(self) -> str:
        first = await self.say("conference/enter-pin", stop_digits=ANY_DIGIT)
        if first in ("#", "*"):
            return ""
        rest = await self._verbs.digits(
            maximum=PIN_DIGITS_MAX - len(first),
            first_s=PIN_BETWEEN_S if first else PIN_FIRST_S,
            between_s=PIN_BETWEEN_S,
            end_digits="#",
        )
        return first + rest.digits

    async def name(self, directory: str) -> str:
        """The path of what he says as his name, as a sound; "" if there is none."""
        await self.say("conference/say-name")
        call, around = self._call, self._call.around
        await self._verbs.play([BEEP])
        recording = Recording(
            recording_id=RecordingId(around.entropy.token(96)),
            call_id=call.call_id,
            path=str(Path(directory, f"{around.entropy.token(64)}.wav")),
            left=call.caller_stream.stream_id,
            right=None,
            started_at=around.clock.now(),
        )
        around.records.recording_unkept(recording.recording_id)
        around.media.start_recording(recording)
        try:
            await self._verbs.digits(maximum=1, first_s=NAME_S, between_s=NAME_S, end_digits="#")
        finally:
            around.media.stop_recording(recording.recording_id)
        return recording.path if await self._is_closed(recording.recording_id) else ""

    async def _is_closed(self, recording_id: RecordingId) -> bool:
        clock, mailbox = self._call.around.clock, self._call.mailbox
        deadline = clock.now() + CLOSING_S
        while (left := deadline - clock.now()) > 0:
            event = await mailbox.next(left)
            if isinstance(event, RecordingFinished) and event.recording_id == recording_id:
                return not event.fault
        return False
