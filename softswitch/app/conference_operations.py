"""Conferences for the control socket."""

from collections.abc import Iterable

from softswitch.app.parts import Parts
from softswitch.calls.conferences.orders import (
    CallIn,
    CallList,
    End,
    Lecture,
    Lock,
    MuteAll,
    MuteOne,
    Order,
    Record,
    Remove,
)
from softswitch.calls.conferences.participant import MAIN, WAITING, Participant
from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.runtime.conferences.conference import Conference
from softswitch.control.protocol.replies import ConferenceSet, Refused
from softswitch.control.protocol.requests import OrderConference
from softswitch.control.protocol.rows import ConferenceRow, ParticipantRow


class ConferenceOperations:
    """The part of `SwitchOperations` that is about conferences."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def conferences(self) -> Iterable[ConferenceRow]:
        running = {each.key: each for each in self._parts.conferences.all_running()}
        for key, terms in list(self._parts.settings.conferences.items()):
            conference = running.pop(key, None)
            yield _empty(key, terms) if conference is None else self._row(conference)
        for conference in running.values():
            yield self._row(conference)

    async def order_conference(self, order: OrderConference) -> ConferenceSet | Refused:
        asked = _order(order)
        refusal = self._parts.conferences.order(order.room, asked, f"operator {order.by}".strip())
        if refusal is None:
            known = self._parts.settings.conferences
            if order.room in known:
                return Refused("not_possible", f'nobody is in the room "{order.room}" now')
            reason = f'there is no room "{order.room}": see `softswitch conferences`'
            return Refused("not_found", reason)
        if refusal:
            return Refused("not_possible", refusal)
        conference = self._parts.conferences.running(order.room)
        return ConferenceSet(None if conference is None else self._row(conference))

    def _row(self, conference: Conference) -> ConferenceRow:
        room, now = conference.room, self._parts.clock.now()
        return ConferenceRow(
            room=conference.key,
            name=conference.terms.name,
            project=conference.terms.project,
            number=conference.terms.number,
            conference_id=conference.conference_id,
            running_s=now - room.started_at,
            maximum=conference.terms.maximum,
            participants=[_participant(each, conference, now) for each in room.participants.values()],
            calling=conference.invitations.waiting,
            is_open=room.is_open,
            is_locked=room.is_locked,
            is_lecture=room.is_lecture,
            is_quiet=room.is_quiet,
            is_recording=room.is_recording,
        )


def _empty(key: str, terms: RoomTerms) -> ConferenceRow:
    return ConferenceRow(
        room=key,
        name=terms.name,
        project=terms.project,
        number=terms.number,
        maximum=terms.maximum,
        is_lecture=terms.is_lecture,
    )


def _participant(one: Participant, conference: Conference, now: float) -> ParticipantRow:
    places = {WAITING: "waiting", MAIN: "main"}
    return ParticipantRow(
        seat=one.seat,
        number=one.who.number,
        name=one.who.name,
        role=one.role.value,
        place=places.get(one.place, f"private {one.place}"),
        is_heard=conference.room.is_heard(one),
        is_muted=one.is_muted,
        is_silenced=one.is_silenced,
        is_talking=one.talking_since is not None,
        talk_s=one.talked_s(now),
        joined_s=now - one.joined_at,
        gain_db=one.gain_db,
        hearing_gain_db=one.hearing_gain_db,
        is_called=one.who.is_called,
        call_id=one.call_id,
    )


def _order(order: OrderConference) -> Order:
    match order.action:
        case "mute" | "unmute":
            is_on = order.action == "mute"
            return MuteOne(order.seat, is_on) if order.seat else MuteAll(is_on)
        case "lock" | "unlock":
            return Lock(order.action == "lock")
        case "lecture" | "discuss":
            return Lecture(order.action == "lecture")
        case "record" | "stop_recording":
            return Record(order.action == "record")
        case "call":
            return CallIn(order.number) if order.number else CallList()
        case "remove":
            return Remove(order.seat)
        case "end":
            return End()
