"""Report 12, conferences: how many, with whom, how long, and what each took part."""

from softswitch.reports.limits import TABLE_ROWS_MAX
from softswitch.reports.report import Now
from softswitch.reports.tables import Chart, Column, Table, Value
from softswitch.reports.terms import Terms
from softswitch.store.conference_schema import StoredMinutes, StoredStay

ROOM = Column(name="room", title="Room", kind="text", formula="the room's id")
STARTED = Column(name="started", title="Began", kind="instant", formula="when the first came in")


class ConferenceMinutes:
    """Conferences that began in the report's time. One that goes on counts until `until`."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._found: list[StoredMinutes] = []

    def add(self, minutes: StoredMinutes) -> None:
        if self._terms.project in ("", minutes.project) and len(self._found) < TABLE_ROWS_MAX:
            self._found.append(minutes)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        return self._conferences(), self._rooms(), self._participants()

    def _conferences(self) -> Table:
        return Table(
            name="conferences",
            title="Conferences",
            columns=(
                STARTED,
                Column(name="ended", title="Ended", kind="instant", formula="when it was over; empty: it goes on"),
                ROOM,
                Column(name="name", title="Name", kind="text", formula="the room's name", is_wide=True),
                Column(name="project", title="Project", kind="text", formula="whose room it is", is_wide=True),
                Column(name="participants", title="People", formula="different participants"),
                Column(name="peak", title="At once", formula="the most of them who were there at once"),
                Column(name="length_min", title="Minutes", kind="minutes", formula="end - beginning, in minutes"),
                Column(
                    name="participant_min",
                    title="In all",
                    kind="minutes",
                    formula="sum over participants of the minutes each was there",
                ),
                Column(name="recordings", title="Recorded", formula="recordings of it", is_wide=True),
                Column(name="end_reason", title="End", kind="text", formula="why it ended", is_wide=True),
            ),
            rows=[
                (
                    each.started_at,
                    each.ended_at or None,
                    each.room_id,
                    each.name,
                    each.project,
                    len({stay.seat for stay in each.stays}),
                    _peak(each.stays),
                    self._length_s(each) / 60,
                    self._participant_s(each) / 60,
                    len(each.recordings),
                    each.end_reason,
                )
                for each in self._found
            ],
            empty="There were no conferences then.",
        )

    def _rooms(self) -> Table:
        rooms: dict[str, list[StoredMinutes]] = {}
        for each in self._found:
            rooms.setdefault(each.room_id, []).append(each)
        rows: list[tuple[Value, ...]] = []
        for room, found in sorted(rooms.items()):
            people = sum(len({stay.seat for stay in each.stays}) for each in found)
            rows.append(
                (
                    room,
                    len(found),
                    people,
                    people / len(found),
                    sum(self._length_s(each) for each in found) / 60,
                    sum(self._participant_s(each) for each in found) / 60,
                )
            )
        return Table(
            name="rooms",
            title="By room",
            columns=(
                ROOM,
                Column(name="conferences", title="Conferences", formula="conferences that began in it"),
                Column(name="participants", title="People", formula="participants, summed over its conferences"),
                Column(name="average", title="On average", kind="number", formula="people / conferences"),
                Column(
                    name="length_min", title="Minutes", kind="minutes", formula="sum of end - beginning, in minutes"
                ),
                Column(
                    name="participant_min",
                    title="In all",
                    kind="minutes",
                    formula="sum over participants of the minutes each was there",
                ),
            ),
            rows=rows,
            empty="There were no conferences then.",
            chart=Chart(kind="bar", title="Participant minutes", category="room", series=("participant_min",)),
        )

    def _participants(self) -> Table:
        rows: list[tuple[Value, ...]] = []
        for each in self._found:
            for stay in sorted(each.stays, key=lambda stay: stay.joined_at):
                if len(rows) == TABLE_ROWS_MAX:
                    break
                came = "called by us" if stay.is_called else "has called"
                rows.append(
                    (
                        each.started_at,
                        each.room_id,
                        stay.number,
                        stay.name,
                        stay.role,
                        came,
                        stay.joined_at,
                        stay.left_at or None,
                        self._stay_s(stay) / 60,
                        stay.talk_s,
                        stay.reason,
                    )
                )
        return Table(
            name="participants",
            title="Who was there",
            columns=(
                STARTED,
                ROOM,
                Column(name="number", title="Number", kind="text", formula="the participant's number"),
                Column(name="name", title="Name", kind="text", formula="his name", is_wide=True),
                Column(name="role", title="Role", kind="text", formula="host or guest"),
                Column(
                    name="way", title="Way", kind="text", formula="whether he has called or was called", is_wide=True
                ),
                Column(name="joined", title="Joined", kind="instant", formula="when he came in"),
                Column(name="left", title="Left", kind="instant", formula="when he left; empty: he is there"),
                Column(name="length_min", title="Minutes", kind="minutes", formula="left - joined, in minutes"),
                Column(name="spoke_s", title="Spoke", kind="seconds", formula="how long he was heard speaking"),
                Column(name="reason", title="Why", kind="text", formula="why he left", is_wide=True),
            ),
            rows=rows,
            empty="There were no conferences then.",
        )

    def _length_s(self, minutes: StoredMinutes) -> float:
        return max(0.0, (minutes.ended_at or self._terms.until) - minutes.started_at)

    def _participant_s(self, minutes: StoredMinutes) -> float:
        return sum(self._stay_s(stay) for stay in minutes.stays)

    def _stay_s(self, stay: StoredStay) -> float:
        return max(0.0, (stay.left_at or self._terms.until) - stay.joined_at)


def _peak(stays: tuple[StoredStay, ...]) -> int:
    steps = [(stay.joined_at, 1) for stay in stays] + [(stay.left_at, -1) for stay in stays if stay.left_at]
    level = most = 0
    for _, step in sorted(steps):  # whoever leaves in the same instant makes room first
        level += step
        most = max(most, level)
    return most
