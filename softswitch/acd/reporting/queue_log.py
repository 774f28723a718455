"""Asterisk's queue_log, line by line, so that programs that read it (QueueMetrics, Asternic) can stay as they are.

A line is `epoch|contact|queue|agent|VERB|field|...`, NONE for what is not given. Verbs and fields are those of
Asterisk's documentation ("Queue Logs") and app_queue.c; all times are whole seconds but those of RINGNOANSWER and
RINGCANCELED, which are milliseconds.

| event                                              | line                                                           |
|----------------------------------------------------|----------------------------------------------------------------|
| contact queued                                     | ENTERQUEUE `url` (empty), `caller`, `original position`        |
| connected                                          | CONNECT `hold time`, `reservation`, `ring time`                |
| ended                                              | COMPLETECALLER or COMPLETEAGENT `hold`, `call`, `original p.`  |
| ended, transferred                                 | BLINDTRANSFER `number`, `context`, `hold`, `call`, `orig. p.`, |
|                                                    | or ATTENDEDTRANSFER `BRIDGE`, `target`, `hold`, `call`, ...    |
| abandoned                                          | ABANDON `position`, `original position`, `wait`                |
| overflowed; moved (then ENTERQUEUE there)          | EXITWITHTIMEOUT, or EXITEMPTY for want of agents, likewise;    |
|                                                    | WITHDRAW if a supervisor moved it                              |
| withdrawn by a digit, otherwise                    | EXITWITHKEY `key`, likewise; WITHDRAW likewise, `reason`       |
| reservation that failed; that the caller ended     | RINGNOANSWER `ring time`; RINGCANCELED `ring time`             |
| agent who hung up while he was told of the contact | AGENTDUMP                                                      |
| rated in a survey (no line of Asterisk's own)      | SURVEY `survey`, `question`, `score`                           |
| agent logged in, out                               | AGENTLOGIN `agent`; AGENTLOGOFF `agent`, `login time`          |
| agent not ready, ready again                       | PAUSE, UNPAUSE `reason`                                        |
| switch started, configuration taken over           | QUEUESTART, CONFIGRELOAD                                       |

To programs that read it QUEUESTART means that all calls are over, and everybody has left. So where calls have outlived
a switch the next one goes on in silence: nobody has logged in, nor begun his pause, and a logout afterwards counts the
time since then.
"""

from collections.abc import Callable

from softswitch.acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentStateChanged,
    ConfigurationChanged,
    ContactAbandoned,
    ContactConnected,
    ContactEnded,
    ContactMoved,
    ContactOverflowed,
    ContactQueued,
    ContactRated,
    ContactTransferred,
    ContactWithdrawn,
    ReservationEnded,
    Stamped,
    SwitchStarted,
)
from softswitch.acd.model import AgentState, BusyKind
from softswitch.base.ids import AgentId, ContactId

NONE = "NONE"
CONTEXT = "default"
"""Asterisk's name for where a number leads; tools expect one, and ours have no such thing."""
_CANCELED = ("abandoned", "withdrawn", "logged_out", "removed", "no_media")


class Visit:
    """What later lines of a contact say of earlier ones."""

    __slots__ = ("hold_s", "original_position", "transfer")

    def __init__(self, original_position: int, hold_s: float = 0.0) -> None:
        self.original_position = original_position
        self.hold_s = hold_s
        self.transfer: ContactTransferred | None = None


class QueueLog:
    """Give it every event in order; it returns the lines, without their ends."""

    __slots__ = ("_former", "_goes_on", "_has_started", "_logged_in", "_paused", "_visits")

    def __init__(self, former: Callable[[ContactId], Visit | None] = lambda _: None) -> None:
        """`former` is what was known of a contact before the first event."""
        self._former = former
        self._visits: dict[ContactId, Visit] = {}
        self._logged_in: dict[AgentId, float] = {}
        self._paused: dict[AgentId, str] = {}
        """Why; also while he is in a call that is not the ACD's, which is no end of his pause."""
        self._has_started = False
        self._goes_on = False
        """The switch has started in the middle of calls."""

    def take(self, stamped: Stamped) -> list[str]:
        at, event = int(stamped.at_wall), stamped.event
        match event:
            case ContactQueued():
                return [self._enter(at, event.contact_id, event.queue_id, event.caller, event.position)]
            case ContactMoved():
                visit = self._visit_that_ends(event.contact_id, event.position)
                where = (event.position, visit.original_position, int(event.in_queue_s))
                way: tuple[object, ...] = ("EXITEMPTY" if event.reason == "empty" else "EXITWITHTIMEOUT", *where)
                if event.key:
                    way = ("EXITWITHKEY", event.key, *where)
                elif event.reason == "supervisor":
                    way = ("WITHDRAW", *where, f"to {event.queue_id}")
                left = _line(at, event.contact_id, event.from_queue_id, NONE, *way)
                return [left, self._enter(at, event.contact_id, event.queue_id, "", event.new_position)]
            case ContactAbandoned() | ContactOverflowed() | ContactWithdrawn():
                return [self._leave(at, event)]
            case ReservationEnded():
                return _reservation_ended(at, event)
            case ContactConnected():
                visit = self._visit(event.contact_id)
                visit.hold_s = event.in_queue_s
                fields = (int(event.in_queue_s), event.reservation_id, int(event.ring_s))
                return [_line(at, event.contact_id, event.queue_id, event.agent_id, "CONNECT", *fields)]
            case ContactTransferred():
                self._visit(event.contact_id).transfer = event
                return []
            case ContactEnded():
                return [self._end(at, event)]
            case ContactRated():
                fields = (event.survey, event.question, event.score)
                return [_line(at, event.contact_id, event.queue_id, event.agent_id, "SURVEY", *fields)]
            case _:
                return self._of_agents(at, stamped)

    # Contacts

    def _visit(self, contact_id: ContactId) -> Visit:
        visit = self._visits.get(contact_id)
        if visit is None:
            visit = self._visits[contact_id] = self._former(contact_id) or Visit(1)
        return visit

    def _visit_that_ends(self, contact_id: ContactId, position: int) -> Visit:
        """`position` is that at which it began, if nothing else is known."""
        return self._visits.pop(contact_id, None) or self._former(contact_id) or Visit(position)

    def _enter(self, at: int, contact_id: ContactId, queue_id: str, caller: str, position: int) -> str:
        self._visits[contact_id] = Visit(position)
        return _line(at, contact_id, queue_id, NONE, "ENTERQUEUE", "", caller, position)

    def _leave(self, at: int, event: ContactAbandoned | ContactOverflowed | ContactWithdrawn) -> str:
        visit = self._visit_that_ends(event.contact_id, event.position)
        fields: tuple[object, ...] = (event.position, visit.original_position, int(event.in_queue_s))
        match event:
            case ContactAbandoned():
                verb = "ABANDON"
            case ContactOverflowed():
                verb = "EXITEMPTY" if event.reason == "empty" else "EXITWITHTIMEOUT"
            case ContactWithdrawn() if event.key:
                verb, fields = "EXITWITHKEY", (event.key, *fields)
            case ContactWithdrawn():
                verb, fields = "WITHDRAW", (*fields, event.reason)
        return _line(at, event.contact_id, event.queue_id, NONE, verb, *fields)

    def _end(self, at: int, event: ContactEnded) -> str:
        visit = self._visit_that_ends(event.contact_id, 1)
        fields: tuple[object, ...] = (int(visit.hold_s), int(event.talk_s + event.hold_s), visit.original_position)
        transfer = visit.transfer
        if transfer is None:
            verb = "COMPLETECALLER" if event.ended_by == "caller" else "COMPLETEAGENT"
        elif transfer.kind == "blind":
            verb, fields = "BLINDTRANSFER", (transfer.target, CONTEXT, *fields)
        else:
            verb, fields = "ATTENDEDTRANSFER", ("BRIDGE", transfer.target, *fields)
        return _line(at, event.contact_id, event.queue_id, event.agent_id, verb, *fields)

    # Agents and the whole

    def _of_agents(self, at: int, stamped: Stamped) -> list[str]:
        match event := stamped.event:
            case AgentLoggedIn():
                self._logged_in[event.agent_id] = stamped.at_wall
                if self._goes_on and event.source == "restart":
                    return []
                return [_line(at, NONE, NONE, event.agent_id, "AGENTLOGIN", event.agent_id)]
            case AgentLoggedOut():
                worked_s = stamped.at_wall - self._logged_in.pop(event.agent_id, stamped.at_wall)
                return [_line(at, NONE, NONE, event.agent_id, "AGENTLOGOFF", event.agent_id, int(worked_s))]
            case AgentStateChanged():
                return self._pauses(at, event)
            case SwitchStarted():
                self._goes_on = self._has_started = event.survivors > 0
                if self._goes_on:
                    return []
                self._visits.clear()
                self._logged_in.clear()
                self._paused.clear()
                return [_line(at, NONE, NONE, NONE, "QUEUESTART")]
            case ConfigurationChanged() if self._has_started:
                return [_line(at, NONE, NONE, NONE, "CONFIGRELOAD")]
            case ConfigurationChanged():
                self._has_started = True
                return []
            case _:
                return []

    def _pauses(self, at: int, event: AgentStateChanged) -> list[str]:
        agent_id, former = event.agent_id, self._paused.get(event.agent_id)
        if event.new is AgentState.LOGGED_OUT:
            self._paused.pop(agent_id, None)
            return []
        is_paused = event.new is AgentState.NOT_READY
        is_elsewhere = event.new is AgentState.BUSY and event.busy_kind is not BusyKind.ACD
        if is_elsewhere or (is_paused and former == event.reason):
            return []
        lines: list[str] = []
        if former is not None:
            del self._paused[agent_id]
            lines.append(_line(at, NONE, NONE, agent_id, "UNPAUSE", former))
        if is_paused:
            self._paused[agent_id] = event.reason
        if is_paused and not (self._goes_on and event.source == "restart"):
            lines.append(_line(at, NONE, NONE, agent_id, "PAUSE", event.reason))
        return lines


def _reservation_ended(at: int, event: ReservationEnded) -> list[str]:
    if event.cause == "hung_up":
        return [_line(at, event.contact_id, event.queue_id, event.agent_id, "AGENTDUMP")]
    if event.cause in ("no_answer", "declined", "unreachable"):
        verb = "RINGNOANSWER"
    elif event.cause in _CANCELED:
        verb = "RINGCANCELED"
    else:
        return []
    ring_ms = round(event.ring_s * 1000)
    return [_line(at, event.contact_id, event.queue_id, event.agent_id, verb, ring_ms)]


def _line(at: int, contact_id: str, queue_id: str, agent_id: str, verb: object, *fields: object) -> str:
    """Nothing in a field may look like a line or a field of its own: numbers and reasons come from outside."""
    texts: tuple[object, ...] = (contact_id, queue_id, agent_id, verb, *(fields or ("",)))
    return "|".join((str(at), *(_plain(str(text)) for text in texts)))


def _plain(text: str) -> str:
    if "|" not in text and text.isprintable():
        return text
    return "".join(" " if letter == "|" or not letter.isprintable() else letter for letter in text)
