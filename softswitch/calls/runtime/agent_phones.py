"""The agents alerted for one caller: each has a reservation, and phones that ring.

Mostly there is one. Where there are several the first whose phone is answered is accepted, and the router ends the
others (`answered_elsewhere`); one who declines, or cannot be reached, ends only his own reservation.

Who is told something before he hears the caller has answered (`ReservationAnswered`), and is accepted when he has heard
it. If he hangs up before that the caller, who has not noticed anything, is where he was.
"""

from collections.abc import Callable
from typing import NamedTuple

from softswitch.acd.inputs import FailureCause, ReservationAccepted, ReservationAnswered, ReservationFailed
from softswitch.acd.outputs import AgentReserved, ReservationEnded
from softswitch.base.errors import LocalError
from softswitch.base.ids import AgentId, LegId, ReservationId
from softswitch.calls.outcomes import DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.agent_line import fetch
from softswitch.calls.runtime.alerting import ANSWERED_ELSEWHERE, Alerting
from softswitch.calls.runtime.party import Party
from softswitch.calls.runtime.reaching import ring_extension
from softswitch.sip.outputs import LegAnswered, LegFailed, LegProgress

# What the router is told of an agent whose phone did not take the call.
_CAUSES: dict[DialReason, FailureCause] = {
    DialReason.BUSY: "declined",
    DialReason.DECLINED: "declined",
    DialReason.NO_ANSWER: "no_answer",
    DialReason.UNREACHABLE: "unreachable",
}


class _Alerted(NamedTuple):
    reservation_id: ReservationId
    agent_id: AgentId
    alerting: Alerting


class AgentPhones:
    """For one stay in a queue."""

    __slots__ = ("_alerted", "_around", "_call", "_tell", "answered", "answered_by")

    def __init__(self, call: ActiveCall, tell: Callable[[AgentId, Party], bool] | None = None) -> None:
        """`tell` begins to tell an agent who has answered about the caller, if there is something to be told."""
        self._call = call
        self._around = call.around
        self._tell = tell
        self._alerted: dict[ReservationId, _Alerted] = {}
        self.answered: Party | None = None
        """Whom the router was told to have answered,"""
        self.answered_by: ReservationId | None = None
        """and by which reservation."""

    @property
    def are_ringing(self) -> bool:
        return bool(self._alerted)

    async def alert(self, event: AgentReserved) -> None:
        """Ring the phones of one more agent, unless another has answered: then the router is about to end this one.

        Raises as `Alerting.ring` does.
        """
        if self.answered is not None:
            return
        extension = self._around.settings().extension_of_agent(event.agent_id)
        alerting = Alerting(self._call, is_counted=not self._alerted)
        alerted = self._alerted[event.reservation_id] = _Alerted(event.reservation_id, event.agent_id, alerting)
        if (line := self._around.open_lines.free_line(event.agent_id)) is not None:
            await self._fetch(line, alerted)
        elif extension is not None and self._around.phones.of(extension.username).do_not_disturb:
            alerting.refuse(DialReason.BUSY)
        elif extension is not None:
            await ring_extension(alerting, extension, self._call, answers_itself=extension.auto_answer)
        self._judge(alerted)

    def receive(self, event: LegProgress | LegAnswered | LegFailed) -> None:
        """Something happened to a leg; those that do not ring for an agent are of no interest."""
        alerted = next((each for each in self._alerted.values() if each.alerting.rings(event.leg_id)), None)
        if alerted is None:
            return
        alerted.alerting.receive(event)
        if alerted.alerting.answered is None:
            self._judge(alerted)
        else:
            self._accept(alerted)

    def ended(self, event: ReservationEnded) -> None:
        """The router wants this agent no more."""
        alerted = self._alerted.get(event.reservation_id)
        if alerted is not None:
            self._stop(alerted, ANSWERED_ELSEWHERE if event.cause == "answered_elsewhere" else None)
            self._accept_another()

    def heard(self) -> None:
        """Who has answered was told about the caller."""
        assert self.answered_by is not None, "somebody was told"
        self._around.acd.apply(ReservationAccepted(self.answered_by))

    def hung_up(self) -> None:
        """Who has answered is gone before he was told about the caller."""
        self._fail(self.answered_by, "hung_up")

    def not_rung(self, event: AgentReserved) -> None:
        """No media worker had a stream for the phone of this agent."""
        self._fail(event.reservation_id, "no_media")

    def is_answered_leg(self, leg_id: LegId) -> bool:
        """Whether it is the leg of who has answered."""
        return self.answered is not None and self.answered.leg.leg_id == leg_id

    def connected(self) -> Party:
        """The router has connected the one who has answered; from now on he is whoever asks's business."""
        assert self.answered is not None, "the router connects only whom we said had answered"
        party, self.answered, self.answered_by = self.answered, None, None
        for alerted in self._alerted.values():
            alerted.alerting.end(ANSWERED_ELSEWHERE)
        self._alerted.clear()
        return party

    def stop(self) -> None:
        """Nobody is alerted any more, nor will be."""
        self._tell = None
        for alerted in list(self._alerted.values()):
            self._stop(alerted)

    async def _fetch(self, line: ActiveCall, alerted: _Alerted) -> None:
        """An agent whose line is open has answered already."""
        try:
            alerted.alerting.take(await fetch(line, self._call))
        except LocalError:
            await self._call.mailbox.check()  # if it was the caller who hung up, that is no fault of the agent's
            alerted.alerting.refuse(DialReason.UNREACHABLE)
        else:
            self._accept(alerted)

    def _accept(self, alerted: _Alerted) -> None:
        """Of several who answer at the same moment the first counts; the router ends the others."""
        party = alerted.alerting.answered
        if self.answered is None and party is not None:
            self.answered, self.answered_by = party, alerted.reservation_id
            is_told = self._tell is not None and self._tell(alerted.agent_id, party)
            fact = ReservationAnswered if is_told else ReservationAccepted
            self._around.acd.apply(fact(alerted.reservation_id))

    def _accept_another(self) -> None:
        """Who answered first was too late for the router; another may have answered in the same instant."""
        if self.answered is None:
            for alerted in self._alerted.values():
                if alerted.alerting.answered is not None:
                    self._accept(alerted)
                    return

    def _judge(self, alerted: _Alerted) -> None:
        """Tell the router when no phone of the agent's can answer any more."""
        verdict = alerted.alerting.verdict
        if verdict is not None and alerted.reservation_id in self._alerted:
            self._fail(alerted.reservation_id, _CAUSES.get(verdict, "unreachable"))

    def _fail(self, reservation_id: ReservationId | None, cause: FailureCause) -> None:
        alerted = None if reservation_id is None else self._alerted.get(reservation_id)
        if alerted is not None:
            self._stop(alerted)
            self._around.acd.apply(ReservationFailed(alerted.reservation_id, cause))

    def _stop(self, alerted: _Alerted, reason: str | None = None) -> None:
        """His phones ring no more; if one of them was answered, that was in vain."""
        del self._alerted[alerted.reservation_id]
        alerted.alerting.end(reason)
        answered = alerted.alerting.answered
        if answered is not None:
            self._call.part(answered, reason)
            if answered is self.answered:
                self.answered = self.answered_by = None
