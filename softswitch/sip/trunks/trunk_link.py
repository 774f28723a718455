"""The link to one provider: its registration, its health and its capacity, and the requests they cost.

The cores say what is to be sent; this sends it, reads what comes back, and tells the world what has changed
(`TrunkChanged`). Until a registering trunk is registered it counts as down: most providers refuse its calls. After a
restart, though, the provider still has what the switch before had registered.
"""

import hashlib

from softswitch.sip.authentication.challenge_reply import ChallengeReply
from softswitch.sip.authentication.digest import keyed_digest
from softswitch.sip.core import SipCore
from softswitch.sip.messages.grammar import Malformed, split_list
from softswitch.sip.messages.header_values import NameAddr, parse_expires
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.outputs import RequestFinished, TrunkChanged
from softswitch.sip.plain_request import PlainRequests
from softswitch.sip.sessions.dialog import is_loose
from softswitch.sip.settings import Target, TrunkPeer
from softswitch.sip.trunks.capacity import Capacity, CapacitySettings, Direction
from softswitch.sip.trunks.health import Health, HealthChanged, HealthCheck, HealthSettings, SendOptions
from softswitch.sip.trunks.limits import SERVICE_ROUTES_MAX
from softswitch.sip.trunks.registration_client import (
    RegisterAnswer,
    RegistrationClient,
    RegistrationState,
    RegistrationStateChanged,
    SendRegister,
)
from softswitch.sip.trunks.trunk_settings import LinkSettings, TrunkSummary


class TrunkLink:
    """A trunk's own timers; one object per trunk, kept over reloads."""

    __slots__ = (
        "_asked_at",
        "_challenge",
        "_core",
        "_health",
        "_is_presumed",
        "_is_started",
        "_last_failure",
        "_last_failure_at",
        "_link",
        "_pending",
        "_registration",
        "_round_trip_s",
        "_sender",
        "_wanted",
        "calls_in",
        "calls_out",
        "capacity",
        "line",
        "name",
        "realm",
        "refused",
        "service_route",
    )

    def __init__(self, core: SipCore, sender: PlainRequests, name: str) -> None:
        self.name = name
        self.line = core.entropy.token(96)
        """What our registered Contact is marked with: whoever calls it was told so by the provider. Of a trunk with a
        password it is the same in every process, so that what another has registered is ours, and not a second one."""
        self.realm = ""
        """Of the registrar that has accepted our password; nobody else is given a digest of it."""
        self.service_route: tuple[str, ...] = ()
        """By way of which proxies its registrar wants our calls (RFC 3608)."""
        self.capacity = Capacity(CapacitySettings())
        self.calls_in = self.calls_out = self.refused = 0
        self._core = core
        self._sender = sender
        self._link: LinkSettings | None = None
        self._registration: RegistrationClient | None = None
        self._health = HealthCheck(HealthSettings(), core.entropy)
        self._is_started = False
        self._is_presumed = False
        """The switch before was registered, and no answer of the provider's says otherwise yet."""
        self._pending: dict[int, str] = {}
        """What our requests on their way are: at most one REGISTER and one OPTIONS."""
        self._challenge: ChallengeReply | None = None
        self._asked_at = 0.0
        self._round_trip_s: float | None = None
        self._last_failure: str = ""
        self._last_failure_at: float | None = None
        self._wanted: float | None = None

    @property
    def is_down(self) -> bool:
        registration = self._registration
        is_missing = registration is not None and registration.state is not RegistrationState.REGISTERED
        return (is_missing and not self._is_presumed) or self._health.health is Health.DOWN

    @property
    def is_over(self) -> bool:
        """Nothing of ours is on its way any more."""
        return self._registration is None or self._registration.is_over

    @property
    def pending(self) -> tuple[int, ...]:
        """The numbers of our requests that are on their way."""
        return tuple(self._pending)

    # Inputs

    def update(self, peer: TrunkPeer, now: float) -> None:
        """Other settings; what did not change goes on as it was."""
        if self.capacity.settings != peer.capacity:
            self.capacity.settings = peer.capacity
        if peer.link == self._link and self._is_started:
            return
        self.stop(now)
        link = self._link = peer.link
        if link is not None and link.credentials is not None and link.credentials.password:
            self.line = _line(self.name, link.credentials.username, link.credentials.password)
        self._is_started = True
        self.realm = link.credentials.realm if link is not None and link.credentials is not None else ""
        self.service_route = ()
        self._pending.clear()
        self._health = HealthCheck(HealthSettings() if link is None else link.health, self._core.entropy)
        self._registration = None
        if link is not None and link.is_registering:
            self._registration = RegistrationClient(link.expires_s, self._core.entropy)
            self._registration.start(now)
        if link is not None:
            self._health.start(now)
        self._follow(now)

    def presume(self) -> None:
        """Another process was registered a moment ago."""
        self._is_presumed = True

    def stop(self, now: float) -> None:
        """Take the registration back, ask no more."""
        self._is_started = self._is_presumed = False
        self._health.stop()
        if self._registration is not None:
            self._registration.stop(now)
        self._follow(now)

    def take(self, direction: Direction, now: float) -> str:
        """Count one more call; why there is no room for it, or ""."""
        reason = self.capacity.take(direction, now)
        if reason:
            self.refused += 1
            self._note_failure(reason, now)
        elif direction == "in":
            self.calls_in += 1
        else:
            self.calls_out += 1
        return reason

    def call_answered(self, now: float) -> None:
        self._health.call_answered(now)
        self._follow(now)

    def call_failed(self, status: int, reason: str, now: float, *, is_dead: bool) -> None:
        """A call of ours did not go through; `is_dead` says that the provider seems to be gone."""
        self._note_failure(f"{status} {reason} to INVITE".replace("  ", " "), now)
        if is_dead:
            self._health.call_failed(f"{status} {reason} to INVITE", now)
        else:
            self._health.call_answered(now)
        self._follow(now)

    def request_finished(self, finished: RequestFinished, now: float) -> None:
        match self._pending.pop(finished.request_id, ""):
            case "REGISTER" if self._registration is not None:
                answer = _register_answer(finished, self.line)
                self._is_presumed = False
                if 200 <= answer.status < 300:
                    self.realm = self.realm or (self._challenge.realm if self._challenge is not None else "")
                    self.service_route = _service_route(finished)
                elif answer.status != 423:
                    self._note_failure(f"{finished.status} {finished.reason} to REGISTER", now)
                self._registration.answered(answer, now)
            case "OPTIONS" if finished.headers:
                self._round_trip_s = now - self._asked_at
                self._health.options_answered(finished.status, now)
            case "OPTIONS":
                self._note_failure(f"{finished.status} {finished.reason} to OPTIONS", now)
                self._health.options_unanswered("no answer" if finished.status == 408 else finished.reason, now)
            case _:
                pass
        self._follow(now)

    # Time

    def handle_timeout(self, now: float) -> None:
        if self._registration is not None:
            self._registration.handle_timeout(now)
        self._health.handle_timeout(now)
        self._follow(now)

    # Getters

    def summary(self, now: float) -> TrunkSummary:
        registration = self._registration
        expires_at = None if registration is None else registration.expires_at
        return TrunkSummary(
            name=self.name,
            health=self._health.health.value,
            registration="" if registration is None else registration.state.value,
            registration_reason="" if registration is None else registration.reason,
            expires_in_s=None if expires_at is None else max(0.0, expires_at - now),
            round_trip_ms=None if self._round_trip_s is None else 1000 * self._round_trip_s,
            used_in=self.capacity.used_in,
            used_out=self.capacity.used_out,
            capacity=self.capacity.settings,
            calls_in=self.calls_in,
            calls_out=self.calls_out,
            refused=self.refused,
            last_failure=self._last_failure,
            last_failure_ago_s=None if self._last_failure_at is None else now - self._last_failure_at,
        )

    # Private

    def _follow(self, now: float) -> None:
        """Do what the cores have ordered, tell what they have found, and be woken when they want to be."""
        for output in self._registration.take_outputs() if self._registration is not None else ():
            match output:
                case SendRegister(expires_s):
                    self._register(expires_s, now)
                case RegistrationStateChanged(state, reason):
                    self._tell("registration", state.value, reason)
        for output in self._health.take_outputs():
            match output:
                case SendOptions():
                    self._ask(now)
                case HealthChanged(health, reason):
                    self._tell("health", health.value, reason)
        wanted = self._health.next_timeout()
        other = None if self._registration is None else self._registration.next_timeout()
        if wanted is None or (other is not None and other < wanted):
            wanted = other
        if wanted is None:
            self._core.deadlines.cancel(self)
        elif wanted != self._wanted or self not in self._core.deadlines:
            self._core.deadlines.set(self, wanted)
        self._wanted = wanted

    def _register(self, expires_s: int, now: float) -> None:
        link = self._link
        assert link is not None, "only a link that registers has a registration"
        credentials = link.credentials
        self._challenge = None if credentials is None else ChallengeReply(credentials, self._core.entropy)
        number = self._sender.send_for(
            self,
            "REGISTER",
            Target(uri=link.registrar, route=link.route),
            link.account_uri,
            headers=(("expires", str(expires_s)),),
            challenge=self._challenge,
            line=self.line,
            now=now,
        )
        self._pending[number] = "REGISTER"

    def _ask(self, now: float) -> None:
        link = self._link
        assert link is not None, "only a link is watched"
        self._asked_at = now
        number = self._sender.send_for(
            self,
            "OPTIONS",
            Target(uri=link.options_uri, route=link.route),
            link.account_uri,
            headers=(("accept", "application/sdp"),),
            challenge=None,
            line="",
            now=now,
        )
        self._pending[number] = "OPTIONS"

    def _note_failure(self, reason: str, now: float) -> None:
        self._last_failure = reason
        self._last_failure_at = now

    def _tell(self, subject: str, state: str, reason: str) -> None:
        self._core.outputs.append(TrunkChanged(self.name, subject, state, reason))


def _line(name: str, username: str, password: str) -> str:
    """What nobody can guess who does not know the password."""
    key = hashlib.sha512(password.encode("utf-8", "surrogateescape")).digest()
    return keyed_digest(key, f"line\n{name}\n{username}".encode("utf-8", "surrogateescape"), 12).hex()


def _register_answer(finished: RequestFinished, line: str) -> RegisterAnswer:
    """What a registrar has said; the expiry is that of our own Contact among those he lists (section 10.2.4)."""
    if not finished.headers:
        return RegisterAnswer(status=0, reason="no answer" if finished.status == 408 else finished.reason)
    first: dict[str, str] = {}
    for name, value in finished.headers:
        first.setdefault(name, value)
    contacts = [value for name, value in finished.headers if name == "contact"]
    granted_s = _granted(contacts, line)
    return RegisterAnswer(
        status=finished.status,
        reason=finished.reason,
        granted_s=parse_expires(first.get("expires")) if granted_s is None else granted_s,
        min_expires_s=parse_expires(first.get("min-expires")),
        retry_after_s=parse_expires(first.get("retry-after", "").partition(";")[0].partition("(")[0].strip()),
    )


def _service_route(finished: RequestFinished) -> tuple[str, ...]:
    """Route values as they stand there; none of them if one cannot be read, for a part of the way leads nowhere."""
    routes: list[str] = []
    for name, value in finished.headers:
        if name == "service-route":
            routes += split_list(value)
    try:
        is_good = all(isinstance(NameAddr.parse(route).uri, SipUri) and is_loose(route) for route in routes)
    except Malformed:
        return ()
    return tuple(routes) if is_good and len(routes) <= SERVICE_ROUTES_MAX else ()


def _granted(contacts: list[str], line: str) -> int | None:
    for value in contacts:
        for element in split_list(value):
            if f"line={line}" not in element:
                continue
            try:
                return NameAddr.parse(element).expires
            except Malformed:
                continue
    return None
