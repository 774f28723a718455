"""One menu while it is asked: what each key and each pause means, and when it is over. No call and no clock in here.

```
            ┌───────────────── REPEAT ◄──┐ the key that repeats
            ▼                            │
   ASK ── question ── key ──► MORE ── key or pause ──► DONE    chosen
    ▲                                    ├─► WRONG     told so, then asked again; or over, with the default
    └────────────────────────────────────┴─► SILENT    the same for who typed nothing
```
"""

from collections.abc import Sequence
from enum import Enum, auto

from softswitch.base.errors import LocalError
from softswitch.calls.outcomes import MenuChoice, MenuReason
from softswitch.dialplan.choices import Choices
from softswitch.dialplan.limits import REPEATS_MAX

END_KEY = "#"
"""Ends what may go on, where it is no part of a choice itself."""


class Step(Enum):
    """What is to be done next."""

    ASK = auto()
    """Play the question."""
    MORE = auto()
    """Wait for the next key."""
    WRONG = auto()
    """Tell the caller that this is no choice; see `is_over`."""
    SILENT = auto()
    """He typed nothing; see `is_over`."""
    DONE = auto()


class Question:
    """Raises `LocalError` for a menu that nobody could answer."""

    __slots__ = (
        "_choices",
        "_default",
        "_repeat",
        "_repeats",
        "_silences",
        "_silences_max",
        "_tries",
        "_typed",
        "_wrong",
        "choice",
        "is_over",
    )

    def __init__(
        self,
        digits: str,
        choices: Sequence[str] = (),
        *,
        tries: int = 2,
        silences: int | None = None,
        default: str | None = None,
        repeat: str = "",
    ) -> None:
        """`silences` None: wrong keys and silences are counted together, up to `tries`."""
        self._choices = Choices(digits, choices)
        if repeat and self._choices.find(repeat) is not None:
            raise LocalError(f'menu: "{repeat}" is a choice, so it cannot be the key that repeats')
        self._default = self._choices.first if default is None else default
        self._repeat = repeat
        self._tries = tries
        self._silences_max = silences
        self._typed = ""
        self._wrong = self._silences = self._repeats = 0
        self.is_over = tries < 1
        """Nothing more is asked: `choice` is the result."""
        self.choice = MenuChoice(self._default, is_default=True, reason=MenuReason.TIMED_OUT)

    @property
    def has_begun(self) -> bool:
        """Whether a key of this try has come: the next ones come faster than the first."""
        return bool(self._typed)

    def key(self, key: str) -> Step:
        """A key was typed."""
        typed = self._typed + key
        if typed == self._repeat and self._repeats < REPEATS_MAX:
            self._repeats += 1
            return Step.ASK
        if self._choices.may_go_on(typed):
            self._typed = typed
            return Step.MORE
        if self._choices.find(typed) is None and key == END_KEY and self._typed:
            return self._settle()
        self._typed = typed
        return self._settle()

    def pause(self) -> Step:
        """Nothing came for as long as a key was waited for."""
        if self._typed:
            return self._settle()
        self._silences += 1
        return self._failed(Step.SILENT, MenuReason.TIMED_OUT)

    def _settle(self) -> Step:
        """No further key will come."""
        typed, self._typed = self._typed, ""
        pattern = self._choices.find(typed)
        if pattern is None:
            self._wrong += 1
            return self._failed(Step.WRONG, MenuReason.INVALID)
        self.choice = MenuChoice(typed, pattern="" if pattern.text == typed else pattern.text)
        self.is_over = True
        return Step.DONE

    def _failed(self, step: Step, reason: MenuReason) -> Step:
        if self._silences_max is None:
            self.is_over = self._wrong + self._silences >= self._tries
        else:
            self.is_over = self._wrong >= self._tries or self._silences >= self._silences_max
        self.choice = MenuChoice(self._default, is_default=True, reason=reason)
        return step
