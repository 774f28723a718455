"""A room without calls: people come, go and press keys at times the test says."""

from softswitch.base.ids import CallId
from softswitch.calls.conferences.carrying_out import carry_out
from softswitch.calls.conferences.keys import Keys, WrongKeys
from softswitch.calls.conferences.outputs import Closed, Dismissed, Placed, RoomOutput, Told, Word
from softswitch.calls.conferences.participant import Newcomer
from softswitch.calls.conferences.room import Room
from softswitch.calls.conferences.terms import JoinRefusal, LeaveReason, Role, RoomTerms

WALL_OFFSET = 1_000_000.0


def terms(**changes: object) -> RoomTerms:
    settings: dict[str, object] = {"room_id": "board", "host_pin": "1111", "guest_pin": "2222", "announces": "nothing"}
    return RoomTerms(**{**settings, **changes})  # type: ignore[arg-type]


class Conference:
    """People are called by a letter, which is their call's id and their number."""

    def __init__(self, room_terms: RoomTerms | None = None) -> None:
        self.now: float = 100.0
        self.room = Room("conference-1", room_terms or terms(), self.now, wall_offset=WALL_OFFSET)
        self.outputs: list[RoomOutput] = []
        self.placed: dict[str, Placed] = {}
        self._keys: dict[str, Keys] = {}

    def join(
        self, *names: str, role: Role = Role.GUEST, aside: int | None = None, name_sound: str = ""
    ) -> JoinRefusal | None:
        refusal: JoinRefusal | None = None
        for name in names:
            who = Newcomer(CallId(name), role, number=name, name_sound=name_sound)
            refusal = self.room.join(who, self.now, aside=aside)
            self._keys[name] = Keys(role)
        self._take()
        return refusal

    def host(self, *names: str) -> JoinRefusal | None:
        return self.join(*names, role=Role.HOST)

    def leave(self, name: str, reason: LeaveReason = LeaveReason.HUNG_UP) -> None:
        self.room.leave(CallId(name), reason, self.now)
        self._take()

    def press(self, name: str, keys: str) -> str:
        """The last refusal, or ""."""
        refusal = ""
        for key in keys.replace(" ", ""):
            order = self._keys[name].press(key, self.now)
            if isinstance(order, WrongKeys):
                refusal = "wrong keys"
            elif order is not None:
                refusal = carry_out(self.room, order, CallId(name), self.now)
        self._take()
        return refusal

    def order(self, order: object) -> str:
        """By an operator."""
        refusal = carry_out(self.room, order, None, self.now, operator="operator kim")  # type: ignore[arg-type]
        self._take()
        return refusal

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := self.room.next_timeout()) is not None and at <= until:
            self.now = at
            self.room.handle_timeout(at)
        self.now = until
        self._take()

    def heard_by(self, listener: str) -> set[str]:
        place = self.placed[listener].place
        if place is None:
            return set()
        return {
            name for name, each in self.placed.items() if name != listener and each.place == place and not each.is_muted
        }

    def told(self, name: str) -> list[Word]:
        """Since the last time anybody asked."""
        return [
            word
            for output in self.outputs
            if isinstance(output, Told) and CallId(name) in output.call_ids
            for word in output.words
        ]

    def forget(self) -> None:
        self.outputs.clear()

    def dismissed(self) -> dict[str, LeaveReason]:
        return {output.call_id: output.reason for output in self.outputs if isinstance(output, Dismissed)}

    @property
    def is_closed(self) -> bool:
        return any(isinstance(output, Closed) for output in self.outputs)

    def _take(self) -> None:
        outputs = self.room.take_outputs()
        self.outputs += outputs
        for output in outputs:
            if isinstance(output, Placed):
                self.placed[output.call_id] = output
        for name in list(self.placed):
            if CallId(name) not in self.room.participants:
                del self.placed[name]
