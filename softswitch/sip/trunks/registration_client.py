"""Registering with a provider: one address-of-record of his, kept bound to our Contact (RFC 3261 section 10.2).

```
             start()                200                          stop()
  STOPPED ───────────► TRYING ─────────────► REGISTERED ──────────────────► STOPPED  (REGISTER with Expires: 0)
                        ▲  │                   │    ▲
                        │  └─ 4xx, 6xx ──► REFUSED ─┘ 200
                        └──── expired unrefreshed ──┘
```

| state      | what comes of a REGISTER          | next       | then                                                   |
|------------|-----------------------------------|------------|--------------------------------------------------------|
| any        | 2xx (10.2.4)                      | REGISTERED | refresh after 75 to 90 % of what was granted           |
| any        | 423 with Min-Expires (10.2.8)     | as it is   | again at once with that expiry, once                   |
| TRYING     | no answer, 408, 5xx               | TRYING     | again after 10 s, doubled up to 5 min, or Retry-After  |
| REGISTERED | the same                          | as it is   | the same; TRYING when the binding has expired          |
| any        | 401, 407, 403 and all other 4xx,  | REFUSED    | again after 5 min, doubled up to an hour: whoever      |
|            | 6xx, 3xx                          |            | insists on a wrong password gets his address banned    |
| stopping   | anything                          | STOPPED    |                                                        |

401 and 407 come here only when the challenge could not be answered, or was answered wrongly. Every delay is drawn
from the upper half of its length, so that a thousand trunks of a provider that was gone do not come back as one.
"""

from enum import Enum

import msgspec

from softswitch.base.entropy import Entropy
from softswitch.sip.trunks.limits import EXPIRES_MAX_S, RETRY_AFTER_MAX_S

RETRY_FIRST_S = 10.0
RETRY_MAX_S = 300.0
REFUSED_FIRST_S = 300.0
REFUSED_MAX_S = 3600.0
GRANTED_MIN_S = 10
"""A registrar that grants less is refreshed no more often than this allows."""


class RegistrationState(Enum):
    STOPPED = "stopped"
    TRYING = "trying"
    REGISTERED = "registered"
    REFUSED = "refused"


class RegisterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The final response to a REGISTER; `status` 0: there was none. Times in seconds, None where it says nothing."""

    status: int
    reason: str
    granted_s: int | None = None
    min_expires_s: int | None = None
    retry_after_s: int | None = None


class SendRegister(msgspec.Struct, frozen=True):
    """Send a REGISTER with this expiry; 0 removes the binding. One is on its way at a time."""

    expires_s: int


class RegistrationStateChanged(msgspec.Struct, frozen=True):
    state: RegistrationState
    reason: str


RegistrationOutput = SendRegister | RegistrationStateChanged


class RegistrationClient:
    """One registration. `reason` says in words why the state is what it is."""

    __slots__ = (
        "_delays",
        "_entropy",
        "_expires_s",
        "_has_raised_expiry",
        "_is_asking",
        "_is_stopping",
        "_outputs",
        "_timeout",
        "expires_at",
        "reason",
        "state",
    )

    def __init__(self, expires_s: int, entropy: Entropy) -> None:
        self.state = RegistrationState.STOPPED
        self.reason: str = ""
        self.expires_at: float | None = None
        """When the binding ends unless it is refreshed; None without one."""
        self._expires_s = min(expires_s, EXPIRES_MAX_S)
        self._entropy = entropy
        self._delays = 0
        """Attempts in a row that have failed."""
        self._has_raised_expiry = False
        self._is_asking = False
        self._is_stopping = False
        self._timeout: float | None = None
        self._outputs: list[RegistrationOutput] = []

    @property
    def is_over(self) -> bool:
        """Stopped, and nothing is on its way."""
        return self.state is RegistrationState.STOPPED and not self._is_asking

    # Inputs

    def start(self, now: float) -> None:
        self._is_stopping = False
        if self.state is RegistrationState.STOPPED and not self._is_asking:
            self._become(RegistrationState.TRYING, "")
            self._ask(self._expires_s)

    def stop(self, now: float) -> None:
        """Take the binding back. What is on its way is waited for first, for it may be a binding."""
        self._is_stopping = True
        self._timeout = None
        if not self._is_asking:
            self._take_back()

    def answered(self, answer: RegisterAnswer, now: float) -> None:
        """What became of the REGISTER that was sent."""
        self._is_asking = False
        if self.state is RegistrationState.STOPPED:  # this was the end of the binding
            if not self._is_stopping:
                self.start(now)
        elif self._is_stopping:
            if 200 <= answer.status < 300:
                self.expires_at = now
            self._take_back()
        elif 200 <= answer.status < 300:
            self._succeed(answer, now)
        elif answer.status == 423 and answer.min_expires_s is not None and not self._has_raised_expiry:
            self._has_raised_expiry = True
            self._expires_s = min(max(answer.min_expires_s, 1), EXPIRES_MAX_S)
            self._ask(self._expires_s)
        elif answer.status in (0, 408) or 500 <= answer.status < 600:
            self._fail(answer, now)
        else:
            self._refuse(answer, now)

    # Time

    def next_timeout(self) -> float | None:
        return self._timeout

    def handle_timeout(self, now: float) -> None:
        if self._timeout is None or now < self._timeout:
            return
        self._timeout = None
        self._note_expiry(now)
        self._ask(self._expires_s)

    # Outputs

    def take_outputs(self) -> list[RegistrationOutput]:
        outputs, self._outputs = self._outputs, []
        return outputs

    # Private

    def _succeed(self, answer: RegisterAnswer, now: float) -> None:
        granted_s = self._expires_s if answer.granted_s is None else answer.granted_s
        granted_s = min(max(granted_s, GRANTED_MIN_S), EXPIRES_MAX_S)
        self._delays = 0
        self._has_raised_expiry = False
        self.expires_at = now + granted_s
        self._timeout = now + granted_s * self._entropy.uniform(0.75, 0.9)
        self._become(RegistrationState.REGISTERED, "")

    def _fail(self, answer: RegisterAnswer, now: float) -> None:
        delay_s = self._next_delay(RETRY_FIRST_S, RETRY_MAX_S)
        if answer.retry_after_s is not None:
            delay_s = max(delay_s, float(min(answer.retry_after_s, RETRY_AFTER_MAX_S)))
        self._timeout = now + delay_s
        if self.expires_at is not None and self.expires_at > now:
            self._timeout = min(self._timeout, self.expires_at)
            self.reason = _told(answer)
        else:
            self.expires_at = None
            self._become(RegistrationState.TRYING, _told(answer))

    def _refuse(self, answer: RegisterAnswer, now: float) -> None:
        self.expires_at = None
        delay_s = self._next_delay(REFUSED_FIRST_S, REFUSED_MAX_S)
        if answer.retry_after_s is not None:
            delay_s = max(delay_s, float(min(answer.retry_after_s, RETRY_AFTER_MAX_S)))
        self._timeout = now + delay_s
        self._become(RegistrationState.REFUSED, _told(answer))

    def _next_delay(self, first_s: float, most_s: float) -> float:
        delay_s = min(first_s * 2.0 ** min(self._delays, 10), most_s)
        self._delays += 1
        return delay_s * self._entropy.uniform(0.5, 1.0)

    def _note_expiry(self, now: float) -> None:
        if self.expires_at is not None and self.expires_at <= now:
            self.expires_at = None
            self._become(RegistrationState.TRYING, self.reason or "expired")

    def _take_back(self) -> None:
        """Nothing is on its way: remove a binding there may be, and be stopped."""
        had_binding = self.expires_at is not None
        self.expires_at = None
        self._become(RegistrationState.STOPPED, "")
        if had_binding:
            self._ask(0)

    def _ask(self, expires_s: int) -> None:
        self._is_asking = True
        self._outputs.append(SendRegister(expires_s))

    def _become(self, state: RegistrationState, reason: str) -> None:
        is_news = state is not self.state or (reason != self.reason and state is not RegistrationState.REGISTERED)
        self.state, self.reason = state, reason
        if is_news:
            self._outputs.append(RegistrationStateChanged(state, reason))


def _told(answer: RegisterAnswer) -> str:
    """Why it failed, for people."""
    if answer.status == 0:
        return answer.reason or "no answer"
    hint = {
        401: "wrong username, password or realm",
        407: "wrong username, password or realm",
        403: "the provider refuses this account",
        404: "the provider does not know this account",
    }.get(answer.status)
    told = f"{answer.status} {answer.reason}".rstrip()
    return told if hint is None else f"{told}: {hint}"
