"""What the control socket can ask about SIP messages: those of a call, and all of them as they come and go.

Who follows reads the log on his own, a part of it a turn: the switch does nothing for him when messages come, and one
who reads slowly is told how many the log had forgotten before he asked for them.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Protocol

from softswitch.base.address import Flow, HostPort
from softswitch.base.clock import Clock
from softswitch.base.ids import CallId
from softswitch.calls.explaining.explanation import party_names
from softswitch.calls.runtime.controller import CallController
from softswitch.calls.runtime.traces import Traces
from softswitch.config.trunk_rows import TrunkRow
from softswitch.control.protocol.replies import Messages, Refused, TraceRows
from softswitch.control.protocol.requests import GetMessages, Trace
from softswitch.control.protocol.rows import TraceRow
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.routing.trunk_peers import TrunkPeers
from softswitch.sip.settings import TrunkPeer
from softswitch.sip.tracing.excerpt import Excerpt, make_excerpt, trace
from softswitch.sip.tracing.message_log import LoggedMessage
from softswitch.sip.tracing.reading import call_id_of, names_number
from softswitch.store.schema import SipLeg

FOLLOWERS_MAX = 8
"""Traces at a time: each reads every message once."""
MESSAGES_A_TURN = 300
"""Looked at in one turn of the event loop: a millisecond or two."""
EVERY_S = 0.1
SIGN_OF_LIFE_S = 1.0
CALLS_FOLLOWED_MAX = 10_000
NAMES_FOR_S = 5.0


class MessageSurroundings(Protocol):
    """What is looked at."""

    @property
    def traces(self) -> Traces: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def endpoint(self) -> SipEndpoint: ...
    @property
    def controller(self) -> CallController: ...


class MessageOperations:
    """The part of `SwitchOperations` that reads the log of messages."""

    def __init__(self, around: MessageSurroundings, trunks: Callable[[], Sequence[TrunkRow]]) -> None:
        self._around = around
        self._trunks = trunks
        self._followers = 0

    async def messages(self, request: GetMessages) -> Messages | Refused:
        legs: tuple[SipLeg, ...] = ()
        sip_call_ids = list(request.sip_call_ids)
        if request.call_id:
            call = self._around.controller.calls.get(request.call_id)
            if call is None:
                return Refused("not_found", f'there is no call "{request.call_id}": see `softswitch calls`')
            legs = call.record.legs.known()
            sip_call_ids += [leg.sip_call_id for leg in legs if leg.sip_call_id]
        if request.number:
            sip_call_ids += await self._last_about(request.number)
        excerpt = await self._excerpt(sip_call_ids, request.since_at)
        known = [self._around.traces.leg_of(each) for each in sip_call_ids]
        return Messages(
            list(excerpt.messages),
            sip_legs=list(legs) or [each.leg for each in known if each is not None],
            left_out=excerpt.left_out,
        )

    async def trace(self, request: Trace) -> AsyncGenerator[TraceRows | Refused, None]:
        if self._followers >= FOLLOWERS_MAX:
            yield Refused("busy", f"{FOLLOWERS_MAX} traces are running already: end one of them first")
            return
        self._followers += 1
        try:
            async for rows in self._follow(request):
                yield rows
        finally:
            self._followers -= 1

    async def _follow(self, request: Trace) -> AsyncGenerator[TraceRows, None]:
        traces, clock = self._around.traces, self._around.clock
        messages = traces.messages
        wanted = TraceFilter(self._around, request, PartyNames(self._around, self._trunks))
        number = 0 if request.is_from_memory else messages.next_number
        is_first = True
        said_at = clock.now()
        while True:
            new = messages.since(number, MESSAGES_A_TURN)
            number = new.next_number
            lost = 0 if is_first else new.lost
            is_first = False
            rows = wanted.rows(new.messages, traces.wall_offset)
            if not request.is_following and not new.messages:
                yield TraceRows(rows, lost, is_last=True)
                return
            if rows or lost or clock.now() - said_at >= SIGN_OF_LIFE_S:
                said_at = clock.now()
                yield TraceRows(rows, lost)
            await asyncio.sleep(0 if len(new.messages) == MESSAGES_A_TURN else EVERY_S)

    async def _excerpt(self, sip_call_ids: Iterable[str], since_at: float) -> Excerpt:
        traces = self._around.traces
        found: list[LoggedMessage] = []
        for part in traces.messages.of_calls(list(sip_call_ids), since=since_at - traces.wall_offset):
            found += part
            await asyncio.sleep(0)
        return make_excerpt(found, traces.wall_offset)

    async def _last_about(self, number: str) -> list[str]:
        """The Call-ID of the last INVITE that came and named this number."""
        messages = self._around.traces.messages
        last = b""
        at = 0
        while (new := messages.since(at, MESSAGES_A_TURN)).messages:
            at = new.next_number
            for logged in new.messages:
                if (
                    not logged.is_sent
                    and logged.message.startswith(b"INVITE ")
                    and names_number(logged.message, number)
                ):
                    last = call_id_of(logged.message)
            await asyncio.sleep(0)
        return [last.decode("utf-8", "surrogateescape")] if last else []


class TraceFilter:
    """Which messages one follower wants, and what they are called."""

    def __init__(self, around: MessageSurroundings, request: Trace, names: "PartyNames") -> None:
        self._around = around
        self._request = request
        self._names = names
        self._sip_call_ids = set(request.sip_call_ids)
        self._followed: dict[str, None] = {}
        """Calls, and Call-IDs of no call, that have named the number."""

    def rows(self, messages: Iterable[LoggedMessage], wall_offset: float) -> list[TraceRow]:
        rows: list[TraceRow] = []
        for logged in messages:
            sip_call_id = call_id_of(logged.message).decode("utf-8", "surrogateescape")
            known = self._around.traces.leg_of(sip_call_id)
            call_id: CallId | str = "" if known is None else known.call_id
            if not self._is_wanted(logged, sip_call_id, call_id):
                continue
            party = self._names.of_flow(logged.flow) if known is None else party_names([known.leg])[sip_call_id]
            if self._is_peer(logged.flow, party):
                rows.append(TraceRow(trace(logged, wall_offset), party, CallId(call_id)))
        return rows

    def _is_wanted(self, logged: LoggedMessage, sip_call_id: str, call_id: str) -> bool:
        request = self._request
        if request.call_id or self._sip_call_ids:
            return sip_call_id in self._sip_call_ids or (bool(call_id) and call_id == request.call_id)
        if not request.number:
            return True
        key = call_id or sip_call_id
        if key in self._followed:
            return True
        if not names_number(logged.message, request.number):
            return False
        if len(self._followed) >= CALLS_FOLLOWED_MAX:
            del self._followed[next(iter(self._followed))]
        self._followed[key] = None
        return True

    def _is_peer(self, flow: Flow, party: str) -> bool:
        wanted = self._request.peer
        return not wanted or wanted in (flow.remote.host, str(flow.remote), party) or party == f"trunk:{wanted}"


class PartyNames:
    """Who is behind an address, outside any call: a registered account, a trunk, or nobody known."""

    def __init__(self, around: MessageSurroundings, trunks: Callable[[], Sequence[TrunkRow]]) -> None:
        self._around = around
        self._rows = trunks
        self._accounts: dict[HostPort, str] = {}
        self._trunks = TrunkPeers(())
        self._good_until = 0.0

    def of_flow(self, flow: Flow) -> str:
        now = self._around.clock.now()
        if now >= self._good_until:
            self._good_until = now + NAMES_FOR_S
            bindings = self._around.endpoint.all_bindings()
            self._accounts = {each.flow.remote: each.aor.partition("@")[0].removeprefix("sip:") for each in bindings}
            peers = (TrunkPeer(name=row.name, addresses=row.addresses) for row in self._rows())
            self._trunks = TrunkPeers(tuple(peers))
        account = self._accounts.get(flow.remote)
        if account is not None:
            return account
        trunk = self._trunks.find(flow.remote)
        return str(flow.remote) if trunk is None else f"trunk:{trunk}"
