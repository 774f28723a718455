"""A centre with conference rooms, and what tests ask of it: who hears whom, what is said to whom."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from softswitch.calls.conferences.terms import RoomTerms
from softswitch.calls.outcomes import ConferenceOutcome
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.settings import CallSettings, Extension, TrunkRoute
from softswitch.dialplan import Call, flow
from softswitch.media.protocol import StartPlay
from softswitch.media.runtime.client import MediaStream
from softswitch.sip.trunks.numbers import Habits
from softswitch.store.conference_schema import StoredMinutes
from softswitch.testing.runtime.centre import SimulatedCentre
from softswitch.testing.runtime.simulated_phone import DOMAIN, SimulatedPhone

BOARD = "8800"
HOST_PIN, GUEST_PIN = "1111#", "2222#"
outcomes: list[ConferenceOutcome] = []


@flow
async def conference(call: Call) -> None:
    outcomes.append(await call.conference())


@flow
async def elsewhere(call: Call) -> None:
    await call.conference("nowhere")


@flow
async def reception(call: Call) -> None:
    await call.answer()
    await call.pause(60.0)


@flow
async def extension(call: Call) -> None:
    await call.dial(call.called_number)


def board(**changes: object) -> RoomTerms:
    settings: dict[str, object] = {
        "room_id": "board",
        "name": "The board",
        "number": BOARD,
        "host_pin": "1111",
        "guest_pin": "2222",
        "announces": "nothing",
        "through": "desk",
    }
    return RoomTerms(**{**settings, **changes})  # type: ignore[arg-type]


class ConferenceCentre(SimulatedCentre):
    """Phones "desk", "anna" and "bert" register; everybody else calls through the trunk."""

    def __init__(self, directory: Path, *rooms: RoomTerms, workers: int = 1, seed: int = 1) -> None:
        outcomes.clear()
        settings = CallSettings(
            domain=DOMAIN,
            media_ip="10.0.0.1",
            recordings_directory=str(directory),
            trunks=(TrunkRoute(name="provider", host="10.0.9.1", port=5060, prefix="+"),),
            habits=Habits(country_code="49", national_prefix="0", international_prefix="00"),
            conferences={room.room_id: room for room in rooms or (board(),)},
        )
        super().__init__(
            directory,
            flows={"conference": conference, "elsewhere": elsewhere, "reception": reception, "extension": extension},
            routes={
                BOARD: "conference",
                "88xx": "conference",
                "900": "conference",
                "901": "elsewhere",
                "902": "reception",
                "20x": "extension",
            },
            phones=[
                Extension(username="desk", number="200", trunks=frozenset({"provider"})),
                Extension(username="anna", number="201", name="Anna"),
                Extension(username="bert", number="202"),
            ],
            settings=settings,
            workers=workers,
            seed=seed,
        )

    def hold(self, scenario: Callable[["ConferenceCentre"], Awaitable[None]]) -> None:
        """Run the scenario."""

        async def run(_: SimulatedCentre) -> None:
            await scenario(self)

        self.run(run)

    async def type(self, phone: SimulatedPhone, keys: str) -> None:
        for key in keys.replace(" ", ""):
            phone.press(key)
            await self.sleep(0.3)
        await self.sleep(0.2)

    async def dial_in(self, name: str, pin: str = GUEST_PIN, *, number: str = BOARD) -> SimulatedPhone:
        """Somebody from outside calls and types the PIN while he is asked for it."""
        phone = self.caller(name) if name not in self.phones else self.phones[name]
        phone.call(number)
        await self.until(lambda: phone.is_answered)
        await self.sleep(0.3)
        await self.type(phone, pin)
        return phone

    async def join(self, *names: str) -> list[SimulatedPhone]:
        """The first is the host."""
        phones = [await self.dial_in(name, HOST_PIN if name == names[0] else GUEST_PIN) for name in names]
        await self.settled()
        return phones

    async def settled(self) -> None:
        """What is being said has come to its end."""
        await self.sleep(8.0)

    def call_of(self, phone: SimulatedPhone) -> ActiveCall:
        calls = [
            call
            for call in self.controller.calls.values()
            if phone.name in (call.record.calling_number, call.record.called_number)
            or (call.caller.extension is not None and call.caller.extension.username == phone.name)
        ]
        return calls[-1]

    def stream_of(self, phone: SimulatedPhone) -> MediaStream:
        return self.call_of(phone).caller_stream

    def heard_by(self, listener: SimulatedPhone) -> set[str]:
        """The names of all who are in a room with him and are not muted, by what the media worker was told."""
        heard: set[str] = set()
        own = self.stream_of(listener).stream_id
        for worker in self.workers.values():
            rooms = [room for room in worker.description.rooms.values() if own in room.members]
            for phone in self.phones.values():
                if phone is listener or not phone.is_answered:
                    continue
                stream = worker.description.streams.get(self.stream_of(phone).stream_id)
                if stream is not None and not stream.is_muted:
                    heard |= {phone.name for room in rooms if stream.stream_id in room.members}
        return heard

    def told(self, phone: SimulatedPhone) -> list[str]:
        """All that was played to him, without loops."""
        stream_id = self.stream_of(phone).stream_id
        plays = [each.playback for each in self.media_commands if isinstance(each, StartPlay)]
        return [sound for each in plays if each.stream_id == stream_id and not each.loop for sound in each.sounds]

    def background_of(self, phone: SimulatedPhone) -> list[str]:
        """What he hears without end at present."""
        for worker in self.workers.values():
            playback = worker.description.playbacks.get(self.stream_of(phone).stream_id)
            if playback is not None and playback.loop:
                return playback.sounds
        return []

    def minutes(self) -> Sequence[StoredMinutes]:
        return list(self.store.minutes.ascending())
