"""Asks the routing hooks: services outside, each question one POST with a signature.

The router has the deadline; this only sees to it that a hook gets in nobody's way: so many questions at once and no
more, an answer of so many bytes, and none at all for a while after it has failed too often (`hook_breaker`). Whatever a
server does is an answer, or a line in the log.

The library is imported when a queue has a hook, and not before: it takes a quarter of a second.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from softswitch.acd.hook_breaker import HookBreaker
from softswitch.acd.inputs import RoutingAnswered
from softswitch.acd.limits import (
    HOOK_ANSWER_BYTES_MAX,
    HOOK_ASKED_AT_ONCE_MAX,
    HOOK_GRACE_S,
    HOOK_REST_S,
    REASON_LENGTH_MAX,
)
from softswitch.acd.outputs import RoutingAsked, RoutingSettled
from softswitch.base.clock import Clock
from softswitch.base.errors import SoftswitchError
from softswitch.base.ids import AgentId, QueueId, ReservationId
from softswitch.base.log import get_logger

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

logger = get_logger("acd")

TIMESTAMP_HEADER = "X-Softswitch-Timestamp"
SIGNATURE_HEADER = "X-Softswitch-Signature"


class HookTarget(msgspec.Struct, frozen=True):
    """Where a queue's hook is. An empty `secret` signs nothing."""

    url: str
    secret: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a hook says; fields it adds are ignored, and null is nothing, as many libraries write it."""

    verdict: Literal["accept", "choose", "veto"]
    agent: str | None = None
    reason: str | None = None


class HookFault(SoftswitchError):
    """No sensible answer."""


class _Asked:
    """A question on its way."""

    __slots__ = ("breaker", "queue_id", "task")

    def __init__(self, queue_id: QueueId, breaker: HookBreaker, task: asyncio.Task[None]) -> None:
        self.queue_id = queue_id
        self.breaker = breaker
        self.task = task


class HookClient:
    """All hooks of the switch. `answer` gets what became of each question that was not settled before."""

    def __init__(
        self, answer: Callable[[RoutingAnswered], None], clock: Clock, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._answer = answer
        self._clock = clock
        self._loop = loop
        self._targets: Mapping[QueueId, HookTarget] = {}
        self._breakers: dict[str, HookBreaker] = {}
        self._asked: dict[ReservationId, _Asked] = {}
        self._session: ClientSession | None = None

    def configure(self, targets: Mapping[QueueId, HookTarget]) -> None:
        """These queues have hooks from now on. Who serves several queues is one hook."""
        self._targets = targets
        urls = {target.url for target in targets.values()}
        self._breakers = {url: self._breakers.get(url) or HookBreaker() for url in sorted(urls)}

    async def stop(self) -> None:
        """Nobody is asked any more."""
        tasks = [asked.task for asked in self._asked.values()]
        self._asked.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    # Questions

    def ask(self, question: RoutingAsked) -> None:
        """Ask the queue's hook, or say at once that it is not asked."""
        target = self._targets.get(question.queue_id)
        if target is None:
            self._skip(question, "the queue has no hook any more")
            return
        breaker = self._breakers[target.url]
        if len(self._asked) >= HOOK_ASKED_AT_ONCE_MAX:
            self._skip(question, "too many questions at once")
        elif not breaker.may_ask(self._clock.now()):
            self._skip(question, "it has failed too often")
        else:
            task = self._loop.create_task(self._pose(question, target, breaker))
            self._asked[question.reservation_id] = _Asked(question.queue_id, breaker, task)

    def settle(self, event: RoutingSettled) -> None:
        """Nobody waits for this answer any more."""
        asked = self._asked.pop(event.reservation_id, None)
        if asked is None:
            return
        asked.task.cancel()
        if event.is_late:
            self._failed(asked.queue_id, asked.breaker, "it is late")
        else:
            asked.breaker.taken_back()

    def _skip(self, question: RoutingAsked, reason: str) -> None:
        self._answer(RoutingAnswered(question.reservation_id, "skipped", reason=reason))

    async def _pose(self, question: RoutingAsked, target: HookTarget, breaker: HookBreaker) -> None:
        """One question to its end, unless it is cancelled."""
        try:
            answer = await self._post(question, target)
        except Exception as error:  # whatever a server, or the way to it, can do wrong
            fault = one_line(error, REASON_LENGTH_MAX)
            if self._asked.pop(question.reservation_id, None) is not None:
                self._failed(question.queue_id, breaker, fault)
                self._answer(RoutingAnswered(question.reservation_id, "failed", reason=fault))
            return
        if self._asked.pop(question.reservation_id, None) is None:
            return
        if breaker.answered():
            logger.info("routing hook answers again", queue=question.queue_id)
        agent_id = AgentId(answer.agent) if answer.verdict == "choose" and answer.agent else None
        self._answer(RoutingAnswered(question.reservation_id, answer.verdict, agent_id, answer.reason or ""))

    def _failed(self, queue_id: QueueId, breaker: HookBreaker, fault: str) -> None:
        if not breaker.is_resting:
            logger.warning("routing hook failed", queue=queue_id, fault=fault)
        if breaker.failed(self._clock.now()):
            logger.error("routing hook is left alone for a while", queue=queue_id, seconds=HOOK_REST_S)

    # HTTP

    async def _post(self, question: RoutingAsked, target: HookTarget) -> Answer:
        from aiohttp import ClientTimeout

        body = body_of(question)
        async with self._open_session().post(
            target.url,
            data=body,
            headers=headers_of(body, target.secret, int(self._clock.wall())),
            timeout=ClientTimeout(total=question.deadline_s + HOOK_GRACE_S),
            allow_redirects=False,
        ) as response:
            if response.status == 204:
                return Answer("accept")
            if response.status != 200:
                raise HookFault(f"it answers {response.status}")
            return _read(await content_of(response, HOOK_ANSWER_BYTES_MAX))

    def _open_session(self) -> "ClientSession":
        if self._session is None:
            self._session = new_session(HOOK_ASKED_AT_ONCE_MAX)
        return self._session


def load_library() -> None:
    """Import it here and now; in a thread, if calls go on meanwhile."""
    import aiohttp

    assert aiohttp.ClientSession is not None


def body_of(question: RoutingAsked) -> bytes:
    """The question as docs/acd.md describes it."""
    return msgspec.json.encode(
        {
            "version": 1,
            "reservation": question.reservation_id,
            "contact": question.contact_id,
            "queue": question.queue_id,
            "channel": question.channel.value,
            "agent": question.agent_id,
            "others": question.others,
            "step": question.step,
            "waited_s": round(question.waited_s, 3),
            "boost_s": round(question.boost_s, 3),
            "skills": question.skills,
            "vetoes": question.vetoes,
            "customer": question.customer,
            "caller": question.caller,
            "called": question.called,
            "deadline_ms": round(question.deadline_s * 1000),
        }
    )


def headers_of(body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    """HMAC-SHA256 over the timestamp, a dot and the body, so that an old question cannot be put again later."""
    headers = {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "softswitch",
        TIMESTAMP_HEADER: str(timestamp),
    }
    if secret:
        signed = str(timestamp).encode() + b"." + body
        headers[SIGNATURE_HEADER] = "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return headers


def new_session(connections_max: int) -> "ClientSession":
    """Connections are kept, and questions have their own deadlines; certificates are verified, as is the library's
    habit. Needs the library, and a running loop."""
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

    return ClientSession(
        connector=TCPConnector(limit=connections_max, keepalive_timeout=60.0),
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None),
        auto_decompress=False,
    )


async def content_of(response: "ClientResponse", bytes_max: int) -> bytes:
    """What a server answers. Raises `HookFault` if it is longer."""
    content = b""
    while chunk := await response.content.read(bytes_max):
        content += chunk
        if len(content) > bytes_max:
            response.close()
            raise HookFault(f"its answer has more than {bytes_max} bytes")
    return content


def _read(content: bytes) -> Answer:
    try:
        answer = msgspec.json.decode(content, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HookFault(f"its answer cannot be read: {error}") from error
    if answer.verdict == "choose" and not answer.agent:
        raise HookFault("it chooses, but names no agent")
    return answer


def one_line(error: Exception, length_max: int) -> str:
    """What went wrong with somebody else's server, for the log."""
    said = " ".join(str(error).split()) or type(error).__name__
    return said[:length_max]
