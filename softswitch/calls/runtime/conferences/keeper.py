"""All conferences of the switch: which go on, who is called for them, when they begin by themselves, their minutes.

A conference begins with whoever comes first, or with the first who is called for it, and is forgotten when it is over;
its minutes are in the store from the first who came, so that a switch that dies leaves them. Its successor goes on with
conferences whose members' calls go on (`adopt`), and completes the minutes of all others.
"""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from softswitch.base.ids import CallId, RoomId
from softswitch.base.log import get_logger
from softswitch.calls.conferences.invitations import CallResult, Invitation
from softswitch.calls.conferences.limits import MINUTES_PRUNED_MAX, MISSED_TIMES_MAX, ROOMS_MAX, TIMES_GRACE_S
from softswitch.calls.conferences.orders import CallIn, CallList, Order
from softswitch.calls.conferences.pins import PinGuard
from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.conferences.times import next_time
from softswitch.calls.kept.kept_conference import KeptConference
from softswitch.calls.record import CallRecord
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.conferences.calling_in import CallingIn
from softswitch.calls.runtime.conferences.conference import Conference
from softswitch.calls.runtime.exchange import Exchange
from softswitch.calls.runtime.keeping import KEEP_AFTER_S
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.runtime.wall_timer import DAY_S, WallTimer
from softswitch.media.protocol import TalkersChanged
from softswitch.sip.trunks.selection import compact_pattern, matches
from softswitch.store import Store
from softswitch.store.conference_schema import StoredConferenceClock, StoredMinutes
from softswitch.store.kept_schema import StoredKeptConference

log = get_logger("calls")

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(KeptConference).decode

NAMES = "conference-names"
"""The folder, among the recordings, of what people say as their names, for as long as their conference goes on."""
END_REASON_RESTARTED = "switch restarted"
END_REASON_MISSED = "missed"
TALK_KEPT_S = 5.0
"""Who talks is written this late: a room tells of it five times a second."""


class Conferences:
    """`connect` it to what it lives among, then `start` it."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, boot_id: str = "") -> None:
        """`boot_id` is that of the machine's boot, whose monotonic clock kept times go by."""
        self._boot_id = boot_id
        self._changed: dict[str, Conference] = {}
        """What is to be written for the next switch."""
        self._writing: asyncio.TimerHandle | None = None
        self._talked: dict[str, Conference] = {}
        """In which others talk than was written."""
        self._noting: asyncio.TimerHandle | None = None
        self.guard = PinGuard()
        self._store = store
        self._loop = loop
        self._running: dict[str, Conference] = {}
        """By key: the id of the room, and its number where it is one of a range."""
        self._by_media_room: dict[RoomId, Conference] = {}
        self._calls: dict[tuple[str, str], ActiveCall] = {}
        """Calls to people, by conference and number."""
        self._timer = WallTimer(loop, lambda: self._among.clock.wall(), self._time_is_up)
        self._looked_at_wall = 0.0
        """Times up to then have been dealt with."""
        self._is_stopping = False
        self._around: Surroundings | None = None
        self._exchange: Exchange | None = None

    def connect(self, around: Surroundings, exchange: Exchange) -> None:
        self._around, self._exchange = around, exchange

    def adopt(self, calls: Mapping[CallId, ActiveCall]) -> None:
        """Go on with the conferences of the switch before whose members' calls go on. Before `start`."""
        for row in list(self._store.kept_conferences.ascending()):
            try:
                kept = decode(bytes(row.content))
            except msgspec.MsgspecError as error:
                log.error("kept conference not read", id=row.conference_id, fault=str(error))
                self._store.kept_conferences.delete(row.conference_id)
                continue
            if kept.boot_id == self._boot_id and any(member.call_id in calls for member in kept.members):
                self._go_on(kept, calls)
            else:
                self._store.kept_conferences.delete(row.conference_id)

    def _go_on(self, kept: KeptConference, calls: Mapping[CallId, ActiveCall]) -> None:
        """Its row stays as it is until something changes: another death may come first."""
        try:
            conference = Conference(kept.key, kept.terms, self._among, self, self._loop, kept)
            self._running[kept.key] = conference
            conference.adopt(kept, calls)
        except Exception:  # a fault of ours costs this conference, and no call that is not in it
            log.exception("conference not adopted", conference=kept.key, id=kept.conference_id)
            self._running.pop(kept.key, None)
            self._store.kept_conferences.delete(kept.conference_id)
        else:
            log.info("conference goes on", conference=kept.key, id=kept.conference_id)

    def start(self) -> None:
        """After the store and the settings are there, before the first call."""
        going_on = {conference.conference_id for conference in self._running.values()}
        for minutes in self._store.minutes.descending():
            if not minutes.ended_at and minutes.conference_id not in going_on:
                self._complete(minutes)
        named = {path for conference in self._running.values() for path in conference.names}
        for name in Path(self.names_directory).glob("*.wav*"):
            if str(name) not in named:
                name.unlink(missing_ok=True)
        self._make_up_for_missed()
        self._time_is_up()

    def stop_calling(self) -> None:
        """The switch stops: nobody is called any more, and conferences go on for as long as calls may."""
        self._is_stopping = True
        for timer in (self._writing, self._noting):
            if timer is not None:
                timer.cancel()
        self._writing = self._noting = None
        self._timer.stop()
        self._note_looked()

    def stop(self) -> None:
        """The switch is about to end, and all calls with it."""
        self.stop_calling()
        for conference in list(self._running.values()):
            conference.stop("switch stopped")

    def settings_changed(self) -> None:
        """After a reload. Conferences that go on keep the terms they began with; a time that is past stays so."""
        self._note_looked()
        self._arm()

    # Rooms

    def find(self, room: str, called_number: str) -> tuple[str, RoomTerms] | None:
        """Key and terms of the room with this id, or, without one, of the room for this number."""
        rooms = self._among.settings().conferences
        number = compact_pattern(called_number).removeprefix("+")
        terms = rooms.get(room) if room else next((each for each in rooms.values() if _is_for(each, number)), None)
        if terms is None:
            return None
        if compact_pattern(terms.number).removeprefix("+").isdecimal() or not terms.number:
            return terms.room_id, terms
        return f"{terms.room_id}-{number}", replace(terms, number=called_number)

    def without_number(self) -> dict[str, RoomTerms]:
        """Rooms that are found by their PIN."""
        rooms = self._among.settings().conferences
        return {key: each for key, each in rooms.items() if not each.number and each.asks_pin}

    def running(self, key: str) -> Conference | None:
        return self._running.get(key)

    def conference(self, key: str, terms: RoomTerms) -> Conference:
        """The one that goes on there, or a new one. Enter it at once."""
        conference = self._running.get(key)
        if conference is None:
            conference = self._running[key] = Conference(key, terms, self._among, self, self._loop)
            log.info("conference", conference=key, id=conference.conference_id)
        return conference

    def all_running(self) -> list[Conference]:
        return list(self._running.values())

    @property
    def is_full(self) -> bool:
        return len(self._running) >= ROOMS_MAX

    @property
    def names_directory(self) -> str:
        return str(Path(self._among.settings().recordings_directory, NAMES))

    def order(self, key: str, order: Order, operator: str) -> str | None:
        """From outside; "" if it was done, None if no such conference goes on. Calling somebody begins one."""
        conference = self._running.get(key)
        terms = self._among.settings().conferences.get(key) if conference is None else conference.terms
        if terms is not None and isinstance(order, CallIn) and (why := self._why_out_of_reach(order.number, terms)):
            return why
        if conference is None and isinstance(order, CallIn | CallList):
            conference = None if terms is None else self.conference(key, terms)
        if conference is None:
            return None
        refusal = conference.order(order, None, operator=operator)
        conference.close_if_unused()
        return refusal

    def _why_out_of_reach(self, number: str, terms: RoomTerms) -> str:
        """Why nobody could be called at this number by an operator, in words for people; "": he can."""
        settings = self._among.settings()
        if settings.extension_for(number) is not None:
            return ""
        route = settings.outbound_for(number)
        if route is None:
            return f'no extension has the number "{number}", and no trunk carries it'
        through = settings.extensions.get(terms.through)
        if through is None or through.trunks.isdisjoint(route.trunks):
            return f"nobody may call {number} for this room: name a phone that may in its `through` (conferences.toml)"
        return ""

    # From conferences

    def changed(self, conference: Conference) -> None:
        self._changed[conference.conference_id] = conference
        if self._writing is None:
            self._writing = self._loop.call_later(KEEP_AFTER_S, self.write)

    def talked(self, conference: Conference) -> None:
        self._talked[conference.conference_id] = conference
        if self._noting is None:
            self._noting = self._loop.call_later(TALK_KEPT_S, self._note_talk)

    def _note_talk(self) -> None:
        talked, self._talked, self._noting = self._talked, {}, None
        for conference in talked.values():
            self.changed(conference)

    def write(self) -> None:
        """What has changed, now."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        changed, self._changed = self._changed, {}
        for conference in changed.values():
            if not conference.is_over:
                content = encode(conference.keep(self._boot_id))
                row = StoredKeptConference(conference_id=conference.conference_id, content=msgspec.Raw(content))
                self._store.kept_conferences.put(conference.conference_id, row)

    def talkers(self, event: TalkersChanged) -> None:
        conference = self._by_media_room.get(event.room_id)
        if conference is not None:
            conference.talkers(event.room_id, event.talkers)

    def room_opened(self, conference: Conference, room_id: RoomId) -> None:
        self._by_media_room[room_id] = conference

    def room_closed(self, room_id: RoomId) -> None:
        self._by_media_room.pop(room_id, None)

    def minutes_changed(self, minutes: StoredMinutes) -> None:
        if minutes.stays:
            self._store.minutes.put((minutes.started_at, minutes.conference_id), minutes)

    def call(self, conference: Conference, invitation: Invitation) -> None:
        assert self._exchange is not None, "connect() comes first"
        if self._is_stopping:
            self._loop.call_soon(conference.called, invitation.number, "not_possible", "conference/not-possible")
            return
        terms, around = conference.terms, self._among
        host = None if invitation.by is None else conference.members.get(invitation.by)
        extension = None if host is None else host.call.caller.extension
        record = CallRecord(
            CallId(around.entropy.token(96)),
            calling_number=terms.number if extension is None else extension.number or extension.username,
            calling_name=terms.name if extension is None else extension.name,
            called_number=invitation.number,
            started_at=around.clock.wall(),
        )
        record.project = terms.project
        call = self._exchange.originate(record)
        through = around.settings().extensions.get(terms.through) if terms.through else None
        call.permissions = through or (None if host is None else host.call.permissions)
        place = conference.conference_id, invitation.number
        self._calls[place] = call

        def ended(result: CallResult, why: str) -> None:
            self._calls.pop(place, None)
            conference.called(invitation.number, result, why)

        self._exchange.spawn(CallingIn(call, conference, invitation, ended).run())

    def hang_up(self, conference: Conference, number: str) -> None:
        call = self._calls.get((conference.conference_id, number))
        if call is not None:
            call.hang_up_from_outside("nobody waits for him any more")

    def closed(self, conference: Conference) -> None:
        if self._running.get(conference.key) is conference:
            del self._running[conference.key]
        self._changed.pop(conference.conference_id, None)
        self._talked.pop(conference.conference_id, None)
        self._store.kept_conferences.delete(conference.conference_id)
        log.info("conference over", conference=conference.key, id=conference.conference_id)
        if conference.names:
            self._loop.run_in_executor(None, _delete, tuple(conference.names))

    # Private

    @property
    def _among(self) -> Surroundings:
        assert self._around is not None, "connect() comes first"
        return self._around

    def _complete(self, minutes: StoredMinutes) -> None:
        """Of a switch that died: when it did nobody knows, but not before the last that is known of it."""
        known = [max(stay.joined_at, stay.left_at) for stay in minutes.stays]
        known += [event.at for event in minutes.events]
        at = max(known, default=minutes.started_at)
        stays = tuple(
            stay if stay.left_at else replace(stay, left_at=at, reason=END_REASON_RESTARTED) for stay in minutes.stays
        )
        self.minutes_changed(replace(minutes, stays=stays, ended_at=at, end_reason=END_REASON_RESTARTED))

    # Time

    def _arm(self) -> None:
        times = [time for terms in self._among.settings().conferences.values() for time in terms.times]
        self._timer.set(next_time(times, self._looked_at_wall))

    def _note_looked(self) -> None:
        self._looked_at_wall = self._among.clock.wall()
        self._store.conference_clock.put("looked", StoredConferenceClock(looked_at_wall=self._looked_at_wall))

    def _make_up_for_missed(self) -> None:
        """What was due while the switch was down: late is better than never only for a while; else it is reported."""
        wall, known = self._among.clock.wall(), self._store.conference_clock.get("looked")
        self._looked_at_wall = wall
        if known is None or known.looked_at_wall >= wall:
            return
        self._looked_at_wall = max(known.looked_at_wall, wall - TIMES_GRACE_S)
        for key, terms in self._among.settings().conferences.items():
            at = next_time(terms.times, known.looked_at_wall)
            for _ in range(MISSED_TIMES_MAX):
                if at is None or at > self._looked_at_wall:
                    break
                self._report_missed(key, terms, at)
                at = next_time(terms.times, at)

    def _report_missed(self, key: str, terms: RoomTerms, at_wall: float) -> None:
        log.warning("conference missed", conference=key, reason="the switch was down when its list was to be called")
        missed = StoredMinutes(
            conference_id=self._among.entropy.token(64),
            room_id=key,
            name=terms.name,
            project=terms.project,
            started_at=at_wall,
            ended_at=at_wall,
            end_reason=END_REASON_MISSED,
        )
        self._store.minutes.put((at_wall, missed.conference_id), missed)

    def _time_is_up(self) -> None:
        wall, before = self._among.clock.wall(), self._looked_at_wall
        self._note_looked()
        for key, terms in self._among.settings().conferences.items():
            due = next_time(terms.times, before)
            if due is not None and due <= wall:
                log.info("conference time", conference=key)
                self.order(key, CallList(), "schedule")
        self._forget_old(wall)
        self._arm()

    def _forget_old(self, wall: float) -> None:
        days = self._among.settings().minutes_days
        if not days:
            return
        for minutes in self._store.minutes.oldest(MINUTES_PRUNED_MAX):
            if minutes.ended_at and minutes.ended_at < wall - days * DAY_S:
                self._store.minutes.delete((minutes.started_at, minutes.conference_id))


def _is_for(terms: RoomTerms, number: str) -> bool:
    return bool(terms.number) and matches(compact_pattern(terms.number).removeprefix("+"), number)


def _delete(paths: Iterable[str]) -> None:
    """In a thread."""
    for path in paths:
        Path(path).unlink(missing_ok=True)
