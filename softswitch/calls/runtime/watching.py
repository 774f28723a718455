"""What watchers are told of our extensions: calls, whether they can be reached, messages that wait, registrations;
and of parking slots: whether somebody is there.

Nothing is kept, and nothing costs more than a question, of an extension that nobody watches. With its first watcher
(ResourceWatched) its calls are looked for once among all; from then on they are known by what happens to their legs:

| a leg of a watched extension             | its dialog (RFC 4235)          |
|------------------------------------------|--------------------------------|
| his call has arrived                     | trying, as initiator           |
| his phone rings (18x)                    | early, as recipient            |
| answered, by him or to him               | confirmed                      |
| over                                     | terminated, told once          |

While a phone rings that others may pick up, those of them who watch it are told the dialog's Call-ID and tags: their
phones can then answer for it by an INVITE with Replaces, as many do at a press of the lamp.

A parking slot has one dialog, confirmed from when the slot is taken until it is free. The other side of it is whoever
is parked: first the one who parks, where he calls the slot himself and leaves it to somebody by a transfer.

Presence is put together: reachable is who is registered and has not chosen not to be disturbed, and, if a device of his
publishes presence, says so there. The note is the device's, or that he is on the phone, or what the ACD knows of him.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from softswitch.acd.model import AgentState
from softswitch.acd.outputs import AgentStateChanged
from softswitch.acd.summaries import AgentSummary
from softswitch.base.ids import AgentId, LegId
from softswitch.calls.leg import LegState
from softswitch.calls.runtime.parking_lot import ParkingLot
from softswitch.calls.runtime.reaching import shown_caller
from softswitch.calls.settings import CallSettings, Extension
from softswitch.sip.events.dialog_info import DialogInfo, DialogState, Direction, Pickup, WatchedDialog
from softswitch.sip.events.message_summary import MessageSummary
from softswitch.sip.events.packages import EventState
from softswitch.sip.events.presence import Activity, Presence
from softswitch.sip.events.reg_event import RegisteredContact, Registration
from softswitch.sip.messages.uri import SipUri
from softswitch.sip.outputs import (
    Binding,
    LegAnswered,
    LegConfirmed,
    LegProgress,
    PresencePublished,
    ResourceUnwatched,
    ResourceWatched,
)

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall
    from softswitch.calls.runtime.party import Party
    from softswitch.calls.runtime.ports import Sip

_STATES: dict[LegState, DialogState] = {
    LegState.TRYING: "trying",
    LegState.RINGING: "early",
    LegState.ANSWERED: "confirmed",
}
_NOTES: dict[AgentState, tuple[str, Activity]] = {
    AgentState.NOT_READY: ("Paused", "away"),
    AgentState.READY: ("Ready", ""),
    AgentState.RESERVED: ("Being called", "busy"),
    AgentState.BUSY: ("On the phone", "on-the-phone"),
    AgentState.WRAP_UP: ("After a call", "busy"),
}
NOT_REGISTERED: tuple[str, Activity] = ("Not registered", "")
UNDISTURBED: tuple[str, Activity] = ("Do not disturb", "busy")
ON_THE_PHONE: tuple[str, Activity] = ("On the phone", "on-the-phone")


class Watching:
    """One per switch. `legs` are the controller's; `messages_of` and `is_undisturbed` are asked by user name."""

    __slots__ = (
        "_agents",
        "_calls",
        "_is_undisturbed",
        "_legs",
        "_messages_of",
        "_of_leg",
        "_parked",
        "_parking",
        "_published",
        "_settings",
        "_sip",
        "_watched",
    )

    def __init__(
        self,
        sip: "Sip",
        settings: Callable[[], CallSettings],
        legs: "Mapping[LegId, ActiveCall]",
        messages_of: Callable[[str], MessageSummary],
        is_undisturbed: Callable[[str], bool],
        parking: ParkingLot,
    ) -> None:
        self._sip = sip
        self._settings = settings
        self._legs = legs
        self._messages_of = messages_of
        self._is_undisturbed = is_undisturbed
        self._parking = parking
        self._watched: set[tuple[str, str]] = set()
        self._calls: dict[str, dict[LegId, WatchedDialog]] = {}
        """Of extensions whose calls or presence is watched."""
        self._parked: dict[str, WatchedDialog] = {}
        """By slot, in those that are watched."""
        self._of_leg: dict[LegId, str] = {}
        self._published: dict[str, tuple[Presence, ...]] = {}
        self._agents: dict[AgentId, tuple[AgentState, str]] = {}

    @property
    def is_any_call_watched(self) -> bool:
        """Whether legs are of interest at all."""
        return bool(self._calls)

    # Inputs

    def receive(self, event: ResourceWatched | ResourceUnwatched | PresencePublished) -> None:
        match event:
            case ResourceWatched():
                self._watched.add((event.event, event.resource))
                has_calls = event.event in (DialogInfo.event, Presence.event) and not self._is_slot(event.resource)
                if has_calls and event.resource not in self._calls:
                    self._calls[event.resource] = {}
                    self._find_calls(event.resource)
                self._tell(event.event, event.resource)
            case ResourceUnwatched():
                self._watched.discard((event.event, event.resource))
                if not self._is_call_watched(event.resource):
                    for leg_id in self._calls.pop(event.resource, {}):
                        del self._of_leg[leg_id]
                    self._parked.pop(event.resource, None)
            case PresencePublished():
                if event.presences:
                    self._published[event.user] = event.presences
                else:
                    self._published.pop(event.user, None)
                self._tell(Presence.event, event.user)

    def call_arrived(self, call: "ActiveCall") -> None:
        self._note(call, call.caller, "trying")

    def leg_changed(self, event: LegProgress | LegAnswered | LegConfirmed, call: "ActiveCall") -> None:
        party = call.party(event.leg_id)
        if party is not None:
            self._note(call, party, "early" if isinstance(event, LegProgress) else "confirmed")

    def leg_over(self, leg_id: LegId) -> None:
        username = self._of_leg.pop(leg_id, None)
        if username is None:
            return
        ended = self._calls[username].pop(leg_id)
        over = WatchedDialog(id=ended.id, state="terminated", direction=ended.direction)
        self._show(DialogInfo.event, username, DialogInfo((*self._calls[username].values(), over)))
        self._tell(Presence.event, username)

    def slot_changed(self, slot: str) -> None:
        """Somebody was parked there, or fetched."""
        self._tell(DialogInfo.event, slot)

    def party_moved(self, call: "ActiveCall") -> None:
        """Somebody has come to this call from another: perhaps he is now who is parked."""
        if self._parked and (slot := self._parking.slot_of(call)):
            self._tell(DialogInfo.event, slot)

    def agent_changed(self, event: AgentStateChanged) -> None:
        self._agents[event.agent_id] = (event.new, event.reason)
        if self._watched:
            extension = self._settings().extension_of_agent(event.agent_id)
            if extension is not None:
                self._tell(Presence.event, extension.username)

    def agents_known(self, agents: Iterable[AgentSummary]) -> None:
        """As they are at start."""
        self._agents = {agent.agent_id: (agent.state, agent.reason) for agent in agents}

    def bindings_changed(self, aor: str) -> None:
        username = aor.partition("@")[0]
        self._tell(Presence.event, username)
        self._tell(Registration.event, username)

    def choice_changed(self, username: str) -> None:
        """The owner of an extension has chosen something else, perhaps not to be disturbed."""
        self._tell(Presence.event, username)

    def messages_changed(self, username: str) -> None:
        self._tell(MessageSummary.event, username)

    def settings_changed(self) -> None:
        for event, username in list(self._watched):
            self._tell(event, username)

    # Private

    def _is_slot(self, resource: str) -> bool:
        """No extension has a slot's number for its name: then SIP means the extension."""
        settings = self._settings()
        return resource not in settings.extensions and resource in settings.parking_slots

    def _is_call_watched(self, username: str) -> bool:
        return (DialogInfo.event, username) in self._watched or (Presence.event, username) in self._watched

    def _find_calls(self, username: str) -> None:
        """The calls there are: once, when somebody begins to watch."""
        for leg_id, call in self._legs.items():
            party = call.party(leg_id)
            if party is not None and party.extension is not None and party.extension.username == username:
                self._take(call, party, _STATES.get(party.leg.state, "confirmed"))

    def _note(self, call: "ActiveCall", party: "Party", state: DialogState) -> None:
        if party.extension is None or party.extension.username not in self._calls:
            return
        username = party.extension.username
        self._take(call, party, state)
        self._tell(DialogInfo.event, username)
        self._tell(Presence.event, username)

    def _take(self, call: "ActiveCall", party: "Party", state: DialogState) -> None:
        assert party.extension is not None, "whose phone it is was looked at"
        username, leg_id = party.extension.username, party.leg.leg_id
        direction: Direction = "initiator" if party is call.caller else "recipient"
        uri, display = self._remote(call, direction)
        self._of_leg[leg_id] = username
        self._calls[username][leg_id] = WatchedDialog(
            id=leg_id,
            state=state,
            direction=direction,
            remote_uri=uri,
            remote_display=display,
            pickup=self._pickup(party.extension, leg_id) if state == "early" and call.awaits_party else None,
        )

    def _pickup(self, extension: Extension, leg_id: LegId) -> Pickup | None:
        """How those who may answer for the phone that rings name its dialog."""
        replaces = self._sip.replaces_of(leg_id)
        if replaces is None:
            return None
        members = self._settings().pickup_members(extension)
        return Pickup(
            call_id=replaces.call_id,
            local_tag=replaces.to_tag,
            remote_tag=replaces.from_tag,
            watchers=frozenset({extension.username, *(member.username for member in members)}),
        )

    def _remote(self, call: "ActiveCall", direction: Direction) -> tuple[str, str]:
        """With whom he talks, where watchers may know it."""
        settings = self._settings()
        if not settings.lamps_show_parties:
            return "", ""
        if direction == "initiator":
            return str(SipUri(user=call.record.called_number or "anonymous", host=settings.domain)), ""
        uri, name = shown_caller(call, settings)
        return str(uri), name

    def _slot(self, slot: str) -> DialogInfo:
        """Who is parked there, and who was when it was looked at last."""
        before, call = self._parked.pop(slot, None), self._parking.at(slot)
        dialogs: list[WatchedDialog] = []
        if call is not None:
            uri, display = self._remote(call, "recipient")
            parked = WatchedDialog(
                id=call.call_id, state="confirmed", direction="recipient", remote_uri=uri, remote_display=display
            )
            self._parked[slot] = parked
            dialogs.append(parked)
        if before is not None and (call is None or before.id != call.call_id):
            dialogs.append(WatchedDialog(id=before.id, state="terminated", direction="recipient"))
        return DialogInfo(tuple(dialogs))

    def _tell(self, event: str, username: str) -> None:
        """Say how he is, if somebody wants to know."""
        if (event, username) not in self._watched:
            return
        state: EventState
        if event == DialogInfo.event:
            calls = self._calls.get(username)
            state = self._slot(username) if calls is None else DialogInfo(tuple(calls.values()))
        elif event == Presence.event:
            state = self._presence(username)
        elif event == MessageSummary.event:
            state = self._messages_of(username)
        else:
            state = Registration(tuple(map(_contact, self._bindings(username))))
        self._sip.set_event_state(username, state)

    def _show(self, event: str, username: str, state: EventState) -> None:
        if (event, username) in self._watched:
            self._sip.set_event_state(username, state)

    def _presence(self, username: str) -> Presence:
        published = self._published.get(username, ())
        is_registered = bool(self._bindings(username))
        is_undisturbed = self._is_undisturbed(username)
        if not is_registered:
            note, activity = NOT_REGISTERED
        else:
            note, activity = UNDISTURBED if is_undisturbed else self._activity(username)
        note = next((each.note for each in published if each.note), note)
        for each in reversed(published):
            activity = each.activity or activity
        is_open = is_registered and not is_undisturbed and (not published or any(each.is_open for each in published))
        return Presence(is_open=is_open, note=note, activity=activity)

    def _activity(self, username: str) -> tuple[str, Activity]:
        if self._calls.get(username):
            return ON_THE_PHONE
        extension = self._settings().extensions.get(username)
        agent_id = None if extension is None else extension.agent_id
        state, reason = self._agents.get(agent_id, (None, "")) if agent_id is not None else (None, "")
        if state is None:
            return "", ""
        note, activity = _NOTES.get(state, ("", ""))
        return (f"{note}: {reason}" if reason and state is AgentState.NOT_READY else note), activity

    def _bindings(self, username: str) -> list[Binding]:
        return self._sip.bindings(f"{username}@{self._settings().domain}")


def _contact(binding: Binding) -> RegisteredContact:
    return RegisteredContact(key=binding.key, uri=binding.contact_uri, q=binding.q)
