"""Asks the lookups: services outside that know more of a caller than we do (a CRM, a shop, a billing system).

A question costs its deadline and no more. A service that fails again and again is left alone for a while, as a routing
hook is (acd/hook_breaker.py), so that its callers do not wait for nothing. Whatever a server does is an answer with a
fault in it, and a line in the log.

The library is imported when there is a lookup, and not before: it takes a quarter of a second.
"""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from softswitch.acd.hook_breaker import HookBreaker
from softswitch.acd.limits import HOOK_REST_S
from softswitch.acd.runtime.hook_client import content_of, headers_of, new_session, one_line
from softswitch.base.clock import Clock
from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.limits import (
    LOOKUP_ANSWER_BYTES_MAX,
    LOOKUP_ANSWERS_MAX,
    LOOKUP_FAULT_CHARACTERS_MAX,
    LOOKUPS_AT_ONCE_MAX,
)
from softswitch.calls.lookups import Lookup, LookupField, Question, question
from softswitch.calls.outcomes import LookupAnswer

if TYPE_CHECKING:
    from aiohttp import ClientSession

log = get_logger("calls")

_NOBODY = (204, 404)
"""Statuses that say: I know nobody of that kind."""


class LookupFault(SoftswitchError):
    """No sensible answer."""


class LookupCounts(msgspec.Struct, kw_only=True):
    """Since the start, and the last fault."""

    asked: int = 0
    found: int = 0
    remembered: int = 0
    """Answered without asking again."""
    failed: int = 0
    skipped: int = 0
    """Not asked, because it had failed too often."""
    slowest_s: float = 0.0
    last_fault: str = ""


class _Service:
    """One lookup with its past. What was found lies in the order of asking."""

    __slots__ = ("answers", "breaker", "counts", "lookup")

    def __init__(self, lookup: Lookup) -> None:
        self.lookup = lookup
        self.breaker = HookBreaker()
        self.counts = LookupCounts()
        self.answers: dict[Question, tuple[float, LookupAnswer]] = {}


class Lookups:
    """All lookups of the switch, by id."""

    __slots__ = ("_at_once", "_clock", "_services", "_session")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._services: dict[str, _Service] = {}
        self._session: ClientSession | None = None
        self._at_once = 0

    def configure(self, lookups: Mapping[str, Lookup]) -> None:
        """There are these from now on; one that is as it was keeps its past."""
        former = self._services
        self._services = {
            name: former[name] if name in former and former[name].lookup == lookup else _Service(lookup)
            for name, lookup in lookups.items()
        }

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def configured(self) -> Mapping[str, Lookup]:
        return {name: service.lookup for name, service in self._services.items()}

    def counts(self) -> dict[str, LookupCounts]:
        return {name: service.counts for name, service in self._services.items()}

    def is_resting(self, name: str) -> bool:
        """Whether it has failed too often."""
        return self._services[name].breaker.is_resting

    async def ask(self, name: str, fields: Mapping[str, LookupField]) -> LookupAnswer:
        """Ask, or remember. Raises `LocalError` for a lookup that does not exist, or an incomplete question."""
        service = self._services.get(name)
        if service is None:
            raise LocalError(f'there is no lookup "{name}"; known: {", ".join(sorted(self._services)) or "none"}')
        asked = question(service.lookup, fields)
        remembered = self._remembered(service, asked)
        if remembered is not None:
            service.counts.remembered += 1
            return remembered
        obstacle = self._obstacle(service)
        if obstacle:
            service.counts.skipped += 1
            return LookupAnswer(fault=obstacle)
        return await self._ask(name, service, asked)

    # Private

    def _remembered(self, service: _Service, asked: Question) -> LookupAnswer | None:
        known = service.answers.get(asked)
        if known is None:
            return None
        if known[0] <= self._clock.now():
            del service.answers[asked]
            return None
        return known[1]

    def _obstacle(self, service: _Service) -> str:
        if self._at_once >= LOOKUPS_AT_ONCE_MAX:
            return "too many questions at once"
        return "" if service.breaker.may_ask(self._clock.now()) else "it has failed too often, and is left alone"

    async def _ask(self, name: str, service: _Service, asked: Question) -> LookupAnswer:
        counts, began_at = service.counts, self._clock.now()
        counts.asked += 1
        self._at_once += 1
        try:
            async with asyncio.timeout(service.lookup.deadline_s):
                answer = await self._send(service.lookup, asked)
        except Exception as error:  # whatever a server, or the way to it, can do wrong
            late = f"no answer within {service.lookup.deadline_s:g} s" if isinstance(error, TimeoutError) else ""
            fault = late or one_line(error, LOOKUP_FAULT_CHARACTERS_MAX)
            self._failed(name, service, fault)
            return LookupAnswer(fault=fault)
        except BaseException:  # the call has been cancelled: nobody will know what it would have said
            service.breaker.taken_back()
            raise
        finally:
            self._at_once -= 1
            counts.slowest_s = max(counts.slowest_s, self._clock.now() - began_at)
        counts.found += answer.is_found
        if service.breaker.answered():
            log.info("lookup answers again", lookup=name)
        self._remember(service, asked, answer)
        return answer

    def _failed(self, name: str, service: _Service, fault: str) -> None:
        service.counts.failed += 1
        service.counts.last_fault = fault
        if not service.breaker.is_resting:
            log.warning("lookup failed", lookup=name, fault=fault)
        if service.breaker.failed(self._clock.now()):
            log.error("lookup is left alone for a while", lookup=name, seconds=HOOK_REST_S)

    def _remember(self, service: _Service, asked: Question, answer: LookupAnswer) -> None:
        if not service.lookup.remember_s:
            return
        if len(service.answers) >= LOOKUP_ANSWERS_MAX:
            del service.answers[next(iter(service.answers))]
        service.answers[asked] = (self._clock.now() + service.lookup.remember_s, answer)

    # HTTP

    async def _send(self, lookup: Lookup, asked: Question) -> LookupAnswer:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "softswitch"}
        if asked.body is not None:
            headers |= headers_of(asked.body, lookup.secret, int(self._clock.wall()))
        async with self._open_session().request(
            "GET" if asked.body is None else "POST",
            asked.url,
            data=asked.body,
            headers=headers | dict(lookup.headers),
            allow_redirects=False,
        ) as response:
            if response.status in _NOBODY:
                return LookupAnswer()
            if response.status != 200:
                raise LookupFault(f"it answers {response.status}")
            return _read(await content_of(response, LOOKUP_ANSWER_BYTES_MAX))

    def _open_session(self) -> "ClientSession":
        if self._session is None:
            self._session = new_session(LOOKUPS_AT_ONCE_MAX)
        return self._session


_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def _read(content: bytes) -> LookupAnswer:
    try:
        return LookupAnswer(fields=_DECODER.decode(content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise LookupFault(f"its answer is no JSON object: {error}") from error
