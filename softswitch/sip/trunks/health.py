"""Whether a provider is alive: OPTIONS now and then, and what becomes of calls; with hysteresis, against flapping.

```
                 m failures in a row
  UNKNOWN ─────────────────────────────► DOWN ── k answers in a row ──► UP
     │  ▲                                  │  ▲                          │
     │  └── 30 s, if no OPTIONS are sent ──┘  └── m failures in a row ───┤
     └────────────── any answer ─────────────────────────────────────────┘
```

An answer is an answer, whatever it says: 404 and 483 to OPTIONS come from somebody who is there. `bad_statuses` are
those an operator knows to mean the contrary, as 503 from a border controller whose own trunk is gone. Of calls only
silence and 503 count as failures, and every other response as an answer.

While there is a doubt (a failure since the last answer, an answer since it went down) OPTIONS go out every five
seconds, so that a trunk that died is known as dead soon. Without OPTIONS a dead trunk is tried again after 30 seconds
with one call: should that fail too, it is down again at once. So is one of which it is not certain that it answers
OPTIONS: until it has once, its silence says nothing, for there are providers who never do.
"""

from enum import Enum

import msgspec

from softswitch.base.entropy import Entropy

DOUBT_S = 5.0
RETRY_S = 30.0
"""How long a trunk that gets no OPTIONS stays down before a call may try it."""


class HealthSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`options_every_s` 0: no OPTIONS are sent, calls alone tell."""

    options_every_s: float = 0.0
    is_answer_certain: bool = True
    """The provider answers OPTIONS; False: perhaps."""
    bad_statuses: frozenset[int] = frozenset()
    down_after: int = 3
    up_after: int = 2


class Health(Enum):
    UNKNOWN = "unknown"
    """Nothing was heard yet, or not for long: it is called like one that is up."""
    UP = "up"
    DOWN = "down"


class SendOptions(msgspec.Struct, frozen=True):
    """Send OPTIONS; one is on its way at a time."""


class HealthChanged(msgspec.Struct, frozen=True):
    health: Health
    reason: str


HealthOutput = SendOptions | HealthChanged


class HealthCheck:
    """Of one trunk. `reason` says what the last failure was."""

    __slots__ = (
        "_answers",
        "_entropy",
        "_failures",
        "_has_answered",
        "_is_asking",
        "_is_running",
        "_outputs",
        "_settings",
        "_timeout",
        "health",
        "reason",
    )

    def __init__(self, settings: HealthSettings, entropy: Entropy) -> None:
        self.health = Health.UNKNOWN
        self.reason: str = ""
        self._settings = settings
        self._entropy = entropy
        self._answers = 0
        self._failures = 0
        self._has_answered = settings.is_answer_certain
        """It is one who answers OPTIONS."""
        self._is_asking = False
        self._is_running = False
        self._timeout: float | None = None
        self._outputs: list[HealthOutput] = []

    # Inputs

    def start(self, now: float) -> None:
        self._is_running = True
        if self._settings.options_every_s and not self._is_asking:
            self._ask()

    def stop(self) -> None:
        self._is_running = False
        self._timeout = None

    def options_answered(self, status: int, now: float) -> None:
        self._is_asking = False
        self._has_answered = True
        if status in self._settings.bad_statuses:
            self._fail(f"{status} to OPTIONS", now)
        else:
            self._succeed(now)
        self._plan(now)

    def options_unanswered(self, reason: str, now: float) -> None:
        self._is_asking = False
        if self._has_answered:
            self._fail(f"OPTIONS: {reason}", now)
        self._plan(now)

    def call_answered(self, now: float) -> None:
        """A response to a call of ours came."""
        self._succeed(now)

    def call_failed(self, reason: str, now: float) -> None:
        """Nothing came, or 503."""
        self._fail(reason, now)
        if self._settings.options_every_s and not self._is_asking and self._is_running:
            self._plan(now)

    # Time

    def next_timeout(self) -> float | None:
        return self._timeout

    def handle_timeout(self, now: float) -> None:
        if self._timeout is None or now < self._timeout:
            return
        self._timeout = None
        if self.health is Health.DOWN and not self._do_options_tell:
            self._failures = self._settings.down_after - 1
            self._become(Health.UNKNOWN, self.reason)
        if self._settings.options_every_s:
            self._ask()

    # Outputs

    def take_outputs(self) -> list[HealthOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Private

    @property
    def _do_options_tell(self) -> bool:
        """Whether OPTIONS will say that it is there again."""
        return bool(self._settings.options_every_s) and self._has_answered

    def _succeed(self, now: float) -> None:
        self._failures = 0
        self._answers += 1
        if self.health is Health.UNKNOWN or (self.health is Health.DOWN and self._answers >= self._settings.up_after):
            self._become(Health.UP, "")
            if not self._settings.options_every_s:
                self._timeout = None

    def _fail(self, reason: str, now: float) -> None:
        self._answers = 0
        self._failures += 1
        self.reason = reason
        if self._failures >= self._settings.down_after and self.health is not Health.DOWN:
            self._become(Health.DOWN, reason)
        if self.health is Health.DOWN and not self._do_options_tell:
            self._timeout = now + RETRY_S

    def _plan(self, now: float) -> None:
        """When the next OPTIONS go out."""
        if not self._is_running:
            return
        if self.health is Health.DOWN and not self._do_options_tell:
            self._timeout = now + RETRY_S
            return
        every_s = self._settings.options_every_s
        is_doubtful = self._answers if self.health is Health.DOWN else self._failures
        self._timeout = now + (min(every_s, DOUBT_S) if is_doubtful else every_s) * self._entropy.uniform(0.9, 1.0)

    def _ask(self) -> None:
        self._is_asking = True
        self._outputs.append(SendOptions())

    def _become(self, health: Health, reason: str) -> None:
        self.health, self.reason = health, reason
        self._outputs.append(HealthChanged(health, reason))
