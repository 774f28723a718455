"""The toll policy among real calls: it is told of legs and time; what it says is logged, what was used is stored."""

from collections.abc import Callable, Sequence

from softswitch.base.clock import Clock
from softswitch.base.ids import LegId
from softswitch.base.log import get_logger
from softswitch.calls.settings import CallSettings
from softswitch.calls.toll_policy import TollAlarm, TollPolicy, TollRefused, TollUsage
from softswitch.store.schema import StoredTollUsage
from softswitch.store.store import Store

log = get_logger("toll")


class Toll:
    """One per switch. `is_open` says whether a schedule is open at a time (seconds since 1970)."""

    __slots__ = ("_clock", "_policy", "_settings", "_store")

    def __init__(
        self, store: Store, clock: Clock, settings: Callable[[], CallSettings], is_open: Callable[[str, float], bool]
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._policy = TollPolicy({}, is_open)
        self._policy.restore(
            TollUsage(
                subject=row.subject,
                day=row.day,
                calls=row.calls,
                seconds=row.seconds,
                refused=row.refused,
                last_refusal=row.last_refusal,
            )
            for row in store.toll_usage.ascending()
        )

    def refusal(
        self, username: str, trunk: str, number: str, international: str = "", *, is_again: bool = False
    ) -> str:
        """Why this call to the outside may not be made, for the log and the call's record; "" if it may.

        `number` is as it was dialled, `international` the same in that form, where it is known.
        With `is_again` it was begun through another trunk before.
        """
        policy = self._current()
        if not policy.rules:
            return ""
        reason = policy.refusal(username, trunk, number, self._clock.wall(), international, is_again=is_again)
        self._tell()
        return reason

    def begins(self, username: str, trunk: str) -> None:
        """A call that was permitted is being made; `has_begun` must follow."""
        self._policy.begins(username, trunk)

    def has_begun(self, username: str, trunk: str) -> None:
        """It is made, or will not be."""
        self._policy.has_begun(username, trunk)

    def began(self, leg_id: LegId, username: str, trunk: str, *, is_again: bool = False) -> None:
        """The INVITE of a call that was permitted is sent."""
        policy = self._current()
        if policy.rules:
            policy.began(leg_id, username, trunk, self._clock.wall(), is_again=is_again)
            self._tell()

    def subjects_of(self, leg_id: LegId) -> tuple[str, ...]:
        """Whose calls and time a leg counts for."""
        return self._policy.subjects_of(leg_id)

    def goes_on(self, leg_id: LegId, subjects: Sequence[str], answered_at: float | None) -> None:
        """A leg of the switch before is here; `answered_at` in epoch seconds."""
        self._policy.goes_on(leg_id, subjects, answered_at)

    def answered(self, leg_id: LegId) -> None:
        """Of any leg."""
        self._policy.answered(leg_id, self._clock.wall())

    def ended(self, leg_id: LegId) -> None:
        """Of any leg."""
        self._policy.ended(leg_id, self._clock.wall())
        self._tell()

    def used(self) -> list[tuple[TollUsage, int]]:
        """Of every subject with rules: today's use, and its calls now."""
        policy, wall = self._current(), self._clock.wall()
        return [(policy.used(subject, wall), policy.calls_now(subject)) for subject in policy.rules]

    def _current(self) -> TollPolicy:
        self._policy.rules = self._settings().toll
        return self._policy

    def _tell(self) -> None:
        for output in self._policy.take_outputs():
            match output:
                case TollUsage():
                    row = StoredTollUsage(
                        subject=output.subject,
                        day=output.day,
                        calls=output.calls,
                        seconds=output.seconds,
                        refused=output.refused,
                        last_refusal=output.last_refusal,
                    )
                    self._store.toll_usage.put(output.subject, row)
                case TollRefused():
                    log.warning("call refused", subject=output.subject, number=output.number, reason=output.reason)
                case TollAlarm():
                    log.warning("limit near", subject=output.subject, reason=output.reason)
