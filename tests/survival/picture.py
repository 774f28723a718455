"""What a switch says of itself: calls, places in queues, agents, conferences. Two of them can be compared."""

import time
from typing import Any

import msgspec

from tests.survival.centre import Centre

WAIT_S = 0.3
"""A wait has been counted rightly if it is no further from what it must be."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by their names. `waiting_since` is monotonic, of those who wait or whom an agent is rung for."""

    calls: dict[str, tuple[Any, ...]]
    contacts: dict[str, tuple[Any, ...]]
    alerted: dict[str, tuple[str, ...]]
    waiting_since: dict[str, float]
    agents: dict[str, tuple[Any, ...]]
    rooms: dict[str, tuple[Any, ...]]
    phones: frozenset[str]

    def differences(self, later: "Picture") -> list[str]:
        """What has changed, in a line each. Which agent is rung may change, if only somebody is."""
        found = [
            f"{name}: {key} was {old.get(key)}, is {new.get(key)}"
            for name in ("calls", "contacts", "agents", "rooms")
            for old, new in [(getattr(self, name), getattr(later, name))]
            for key in {**old, **new}
            if old.get(key) != new.get(key)
        ]
        found += [
            f"{contact} has waited {since - later.waiting_since[contact]:+.2f} s too long"
            for contact, since in self.waiting_since.items()
            if contact in later.waiting_since and abs(since - later.waiting_since[contact]) > WAIT_S
        ]
        found += [f"{phone} is registered no more" for phone in self.phones - later.phones]
        found += [
            f"nobody is rung for {contact}"
            for contact, who in self.alerted.items()
            if who and not later.alerted.get(contact)
        ]
        return found


def take_picture(centre: Centre) -> Picture:
    with centre.control() as client:
        calls, contacts, agents = client.calls(), client.contacts(), client.agents()
        now = time.monotonic()
        rooms, registrations = client.conferences(), client.registrations()
    return Picture(
        calls={
            row.call_id: (
                row.calling_number,
                row.called_number,
                "waiting" if row.state == "alerting" else row.state,
                row.queue,
                row.flow,
                row.agent if row.state == "talking" else "",
                row.recording,
                tuple(sorted(row.supervisors.items())),
            )
            for row in calls
        },
        contacts={
            row.contact_id: (
                row.queue_id,
                row.state,
                row.position,
                row.agent_id if row.state == "connected" else "",
                row.boost_s,
            )
            for row in contacts
        },
        alerted={row.contact_id: tuple(row.alerted) for row in contacts},
        waiting_since={row.contact_id: now - row.wait_s for row in contacts if row.state != "connected"},
        agents={row.agent_id: (row.status, row.state, row.reason, row.is_registered, row.answered) for row in agents},
        rooms={
            row.room: (
                row.conference_id,
                tuple(sorted((each.seat, each.number, each.role) for each in row.participants)),
            )
            for row in rooms
        },
        phones=frozenset(row.aor for row in registrations),
    )
