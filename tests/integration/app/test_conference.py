"""Three conferences of fifteen at once, over real SIP and RTP, each run by its host with the keys of a telephone.

Everybody says a tone of his own without end, and what he hears is recorded; who heard whom is looked up afterwards.
Keys are events as RFC 4733 has them. Prompts are replaced by short sounds, so that the test is not mostly prompts.
"""

import asyncio
import time
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.address import HostPort
from softswitch.control.protocol.rows import ConferenceRow
from softswitch.prompts.runtime.wav_files import write_wav
from softswitch.store.conference_schema import StoredMinutes
from softswitch.store.schema import StoredRecording
from softswitch.testing.phones import Phone, Phones
from softswitch.testing.runtime.free_ports import free_port
from softswitch.testing.runtime.phone_line import Line
from softswitch.testing.runtime.running import RunningSwitch

pytestmark = pytest.mark.network

RATE_HZ = 8000
PASSWORD = "long-enough-4711"
PARTIES = 15
AMPLITUDE = 0.04
SPOKEN_DB = 20 * np.log10(AMPLITUDE)
FULL_HZ = 3000.0
"""What the prompt is replaced by that says that the room is full."""
KEY_S = 0.17
"""A key is held 100 ms, and the next follows 60 ms later."""
SETTLES_S = 0.35
LISTENS_S = 1.0
WINDOW_S = 0.8
SOON_S = 10.0
SOFTER = 3
"""The place of who turns down what he hears."""
NUMBERS = ("8800", "8801", "8802")
NAMED = "8803"
"""A room that announces names, where nobody needs a PIN."""
HELP_HZ, COUNT_HZ, ROLL_HZ = 2500.0, 2600.0, 2700.0
NAME_HZ = 2800.0
"""What a guest says as his name."""
HOST_PIN, GUEST_PIN = "4711#", "8152#"

Sound = NDArray[np.float64]


def files(port: int) -> dict[str, str]:
    rooms = "\n".join(
        f'[[room]]\nid = "{name}"\nnumber = "{number}"\nhost_pin = "4711"\nguest_pin = "8152"\n'
        f'announce = "nothing"\nrejoin_s = 0\nmaximum = {PARTIES}\nparticipants = ["bert"]\nattempts = 1\n'
        for number, name in zip(NUMBERS, ("board", "sales", "staff"), strict=True)
    )
    rooms += f'[[room]]\nid = "named"\nnumber = "{NAMED}"\nannounce = "names"\n'
    return {
        "softswitch.toml": f'[sip]\ndomain = "127.0.0.1"\nlisten = ["udp:127.0.0.1:{port}"]\n'
        '[media]\nip = "127.0.0.1"\nports = "10000-11999"\nworkers = 1\n[shutdown]\ngrace_s = 1\n',
        "agents.toml": "\n".join(
            f'[[phone]]\nid = "{name}"\npassword = "{PASSWORD}"\nnumber = "{number}"\n'
            for name, number in (("anna", "201"), ("bert", "202"))
        ),
        "conferences.toml": rooms,
        "numbers.toml": '[[route]]\nnumber = "88xx"\nflow = "conference"\n',
        "trunks.toml": '[[trunk]]\nname = "outside"\naddresses = ["127.0.0.2"]\n',
    }


SHORT = (  # noqa: SIM905
    "enter-pin wait-for-host you-are-first recording-on recording-off all-muted all-unmuted lecture-on lecture-off "
    "in-private back calling invitation invited-by invitation-keys muted-by-host unmuted-by-host is-unmuted "
    "is-muted participant is-over is-recorded listen-only muted unmuted "
    "say-name has-joined has-left is-locked you-are-removed host not-reached"
).split()


def replace_prompts(directory: Path) -> None:
    folder = directory / "sounds" / "en" / "conference"
    folder.mkdir(parents=True)
    for name in SHORT:
        write_wav(folder / f"{name}.wav", np.full(400, 0.001, dtype=np.float32))
    for name, hz in (("is-full", FULL_HZ), ("help-host", HELP_HZ), ("participants", COUNT_HZ), ("number", ROLL_HZ)):
        write_wav(folder / f"{name}.wav", tone(hz, 0.75))


def tone(frequency_hz: float, seconds: float) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (AMPLITUDE * np.sin(2 * np.pi * frequency_hz * at)).astype(np.float32)


def frequency_hz(place: int) -> float:
    """Whole numbers of periods in a window; not in equal steps, for distortion of some must not fall on others."""
    return 350.0 + 125.0 * place + 2.5 * (7 * place * place % 19)


@cache
def waves(samples: int, hertz: tuple[float, ...]) -> NDArray[np.complex128]:
    return np.exp(-2j * np.pi * np.outer(hertz, np.arange(samples) / RATE_HZ))


def levels_db(sound: Sound, hertz: tuple[float, ...]) -> NDArray[np.float64]:
    """Of each of these tones, against full scale."""
    amplitudes = 2 * np.abs((waves(len(sound), hertz) * sound).sum(axis=1)) / len(sound)
    return 20 * np.log10(np.maximum(amplitudes, 1e-9))


class Heard:
    """A recording, and since when (seconds of some clock) it runs."""

    def __init__(self, path: str, began_at: float) -> None:
        with wave.open(path) as file:
            frames = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        self._sound: Sound = frames[:, 0] / 32768.0
        self._began_at = began_at

    def levels(self, began_at: float, hertz: tuple[float, ...]) -> list[float]:
        """Of each tone from then on: the steadiest of what is heard, for a packet may be late on a busy machine."""
        first = round((began_at - self._began_at) * RATE_HZ)
        windows = [
            self._sound[first + step : first + step + round(WINDOW_S * RATE_HZ)]
            for step in range(0, round((LISTENS_S - WINDOW_S) * RATE_HZ) + 1, 800)
        ]
        levels = np.array([levels_db(window, hertz) for window in windows])
        return [float(level) for level in np.median(levels, axis=0)]

    def has(self, hz: float) -> bool:
        """Somewhere in it."""
        step = RATE_HZ // 4
        pieces = [self._sound[at : at + step] for at in range(0, len(self._sound) - step, step)]
        return any(levels_db(piece, (hz,))[0] > SPOKEN_DB - 3 for piece in pieces)


class Room:
    """One conference: the lines of its parties by place, the host's first, and when what was to be heard."""

    def __init__(self, number: str, phones: Phones, switch: RunningSwitch, directory: Path) -> None:
        self.number = number
        self.lines: list[Line] = []
        self.marks: dict[str, float] = {}
        self.wall_marks: dict[str, float] = {}
        self.phones = phones
        self.directory = directory
        self._switch = switch
        self._heard: dict[int, Heard] = {}

    def row(self) -> ConferenceRow:
        with self._switch.control() as client:
            return next(row for row in client.conferences() if row.number == self.number)

    async def until(self, condition: Callable[[ConferenceRow], bool]) -> ConferenceRow:
        deadline = time.monotonic() + SOON_S
        while not condition(row := self.row()):
            assert time.monotonic() < deadline, row
            await asyncio.sleep(0.1)
        return row

    async def dial_in(self, place: int, pin: str) -> Line:
        line = await self.phones.dial(self.number, calling_number=self.number_of(place))
        assert await asyncio.wait_for(line.answered(), SOON_S)
        self.speak(line, place)
        await asyncio.sleep(0.2)
        line.press_events(pin)
        return line

    def speak(self, line: Line, place: int) -> None:
        line.say([str(self.directory / f"{place}.wav")], loop=True)
        line.record(str(self.directory / f"{self.number}-{place}.wav"))

    async def answer(self, phone: Phone) -> None:
        """Somebody who is called: he is the next party."""
        line = await asyncio.wait_for(phone.next_call(), SOON_S)
        await line.answer()
        self.speak(line, len(self.lines))
        self.lines.append(line)

    def number_of(self, place: int) -> str:
        return f"+4930{self.number}{place:02}"

    async def gather(self, parties: int) -> None:
        """The host, and then all guests together."""
        self.lines.append(await self.dial_in(0, HOST_PIN))
        await self.until(lambda row: len(row.participants) == 1)
        self.lines += await asyncio.gather(*(self.dial_in(place, GUEST_PIN) for place in range(1, parties)))
        await self.until(lambda row: len(row.participants) == parties)

    def seat(self, place: int) -> int:
        return next(each.seat for each in self.row().participants if each.number == self.number_of(place))

    async def press(self, keys: str) -> None:
        self.lines[0].press_events(keys)
        await asyncio.sleep(KEY_S * len(keys) + SETTLES_S)

    async def listen(self, what: str) -> None:
        self.marks[what], self.wall_marks[what] = time.monotonic(), time.time()
        await asyncio.sleep(LISTENS_S)

    async def end(self) -> None:
        await self.press("*#9")
        for line in self.lines:
            assert (await asyncio.wait_for(line.ended(), SOON_S)).by == "them"
            assert await line.recorded() is not None

    def heard_by(self, place: int) -> Heard:
        if place not in self._heard:
            path = str(self.directory / f"{self.number}-{place}.wav")
            self._heard[place] = Heard(path, self.lines[place].recording_began_at)
        return self._heard[place]

    def check(self, what: str, listener: int, heard: set[int]) -> None:
        """All of `heard` within half a decibel of what they say, and nobody else, himself least of all."""
        places = range(len(self.lines))
        hertz = tuple(frequency_hz(place) for place in places)
        levels = self.heard_by(listener).levels(self.marks[what], hertz)
        for place, level in zip(places, levels, strict=True):
            if place in heard:
                assert level == pytest.approx(SPOKEN_DB, abs=0.5), f"{what}: {listener} hears {place}"
            else:
                assert level < -60, f"{what}: {listener} hears {place}"


async def run_board(room: Room) -> Line:
    """Everything a host does with keys, but calling; and somebody who comes too late, who is returned."""
    await room.gather(PARTIES)
    coming = asyncio.create_task(room.dial_in(PARTIES, GUEST_PIN))
    await room.press("*#3")
    await room.listen("all")
    await room.press("*2")
    await room.listen("muted")
    await room.press("*2")
    await room.press("*#2")
    await room.press(f"*3{room.seat(4)}#")
    await room.listen("lecture")
    await room.press("*#2")
    await room.press(f"*5{room.seat(2)}#")
    await room.listen("private")
    await room.press("*5#")
    await room.press("*#3")
    await room.end()
    return await coming


async def run_sales(room: Room, anna: Phone) -> None:
    """The fifteenth is called in by key, and joins by key. Then people are counted, helped, locked out and sent out."""
    await room.gather(PARTIES - 1)
    await room.press("*0201#")
    await room.answer(anna)
    await asyncio.sleep(SETTLES_S)
    room.lines[-1].press_events("1")
    await room.until(lambda row: len(row.participants) == PARTIES)
    await asyncio.sleep(SETTLES_S)
    await room.listen("all")
    await room.press("*1")
    await room.listen("silent host")
    await room.press("**")
    await room.press("*9")
    await room.press("*8")
    await room.press("*6*4*4")
    await room.until(lambda row: row.participants[0].gain_db == -3.0)
    await room.press("*#1")
    await room.until(lambda row: row.is_locked)
    room.lines[3].press_events("*0")
    await room.until(lambda row: len(row.participants) == PARTIES - 1)
    await room.press(f"*7{room.seat(5)}#")
    await room.until(lambda row: len(row.participants) == PARTIES - 2)
    await room.end()


async def run_staff(room: Room, bert: Phone) -> None:
    """The fifteenth is fetched in private first. Later he is sent out, and called with the list, which he is all of."""
    await room.gather(PARTIES - 1)
    await room.press("*#0202#")
    await room.answer(bert)
    await room.until(lambda row: len(row.participants) == PARTIES)
    await asyncio.sleep(SETTLES_S)
    await room.listen("private")
    await room.press("*5#")
    await room.listen("all")
    for keys, what in (("*#4*#4", "softer"), ("*#6*#6", "as before")):
        room.lines[SOFTER].press_events(keys)
        await asyncio.sleep(KEY_S * len(keys) + SETTLES_S)
        await room.listen(what)
    await room.press("*7#")
    assert (await asyncio.wait_for(room.lines[-1].ended(), SOON_S)).by == "them"
    await room.press("*0#")
    (await asyncio.wait_for(bert.next_call(), SOON_S)).reject()
    await room.end()


async def run_named(room: Room) -> None:
    """Each says his name at the door, and the other hears it."""
    for place, hz in ((0, "0.wav"), (1, "name.wav")):
        line = await room.phones.dial(room.number, calling_number=room.number_of(place))
        assert await asyncio.wait_for(line.answered(), SOON_S)
        room.lines.append(line)
        line.say([str(room.directory / hz)], loop=True)
        line.record(str(room.directory / f"{room.number}-{place}.wav"))
        await asyncio.sleep(2.0)
        line.say([str(room.directory / f"{place}.wav")], loop=True)
        line.press_events("#")
        await room.until(lambda row: len(row.participants) == place + 1)  # noqa: B023
    await asyncio.sleep(2.5)
    await room.end()


def test_three_conferences_of_fifteen_at_once_run_with_keys_alone(tmp_path: Path) -> None:
    port = free_port()
    for place in range(PARTIES + 1):
        write_wav(tmp_path / f"{place}.wav", tone(frequency_hz(place), 2.0))
    write_wav(tmp_path / "name.wav", tone(NAME_HZ, 2.0))
    replace_prompts(tmp_path / "centre")

    async def run(switch: RunningSwitch) -> tuple[list[Room], Line]:
        folder = tmp_path / "phones"
        folder.mkdir()
        async with Phones(HostPort("127.0.0.1", port), folder=folder, trunk_host="127.0.0.2") as phones:
            anna, bert = [await phones.register(name, PASSWORD) for name in ("anna", "bert")]
            rooms = [Room(number, phones, switch, tmp_path) for number in (*NUMBERS, NAMED)]
            board, sales, staff, named = rooms
            late, _, _, _ = await asyncio.gather(
                run_board(board), run_sales(sales, anna), run_staff(staff, bert), run_named(named)
            )
            assert (await asyncio.wait_for(late.ended(), SOON_S)).by == "them"
            assert await late.recorded() is not None
            return rooms, late

    with RunningSwitch(tmp_path / "centre", files(port)) as switch:
        (board, sales, staff, named), late = asyncio.run(run(switch))
    assert "Traceback" not in switch.log()

    everybody = set(range(PARTIES))
    for listener in everybody:
        board.check("all", listener, everybody - {listener})
        board.check("muted", listener, {0} - {listener})
        board.check("lecture", listener, {0, 4} - {listener})
        board.check("private", listener, ({0, 2} if listener in (0, 2) else everybody - {0, 2}) - {listener})
        sales.check("all", listener, everybody - {listener})
        sales.check("silent host", listener, everybody - {0, listener})
        staff.check("all", listener, everybody - {listener})
        staff.check("as before", listener, everybody - {listener})
        staff.check("private", listener, ({0, 14} if listener in (0, 14) else everybody - {0, 14}) - {listener})
    hertz = tuple(frequency_hz(place) for place in range(PARTIES) if place != SOFTER)
    levels = staff.heard_by(SOFTER).levels(staff.marks["softer"], hertz)
    assert levels == [pytest.approx(SPOKEN_DB - 6.0, abs=0.5)] * (PARTIES - 1), "he hears all of them softer"
    too_late = Heard(str(tmp_path / f"{board.number}-{PARTIES}.wav"), late.recording_began_at)
    assert too_late.has(FULL_HZ)
    assert all(sales.heard_by(0).has(hz) for hz in (HELP_HZ, COUNT_HZ, ROLL_HZ))
    assert named.heard_by(0).has(NAME_HZ)
    assert not named.heard_by(1).has(NAME_HZ)
    assert not any(too_late.has(frequency_hz(place)) for place in everybody)

    with switch.store() as store:
        minutes = {each.room_id: each for each in store.minutes.ascending()}
        assert len(minutes.pop("named").stays) == 2
        (recording,) = store.recordings.ascending()
        cdrs = list(store.cdrs.ascending())
    check_minutes(minutes["board"], recording)
    assert [len(each.stays) for each in minutes.values()] == [PARTIES] * 3
    assert [stay.number for stay in minutes["sales"].stays if stay.is_called] == ["201"]
    assert [stay.reason for stay in minutes["sales"].stays][:2] == ["left", "removed"]
    assert sum(cdr.conference == "board" for cdr in cdrs) == PARTIES
    assert sum(cdr.conference != "" for cdr in cdrs) == 3 * PARTIES + 3, "one was called in vain"
    assert not list((tmp_path / "centre" / "recordings").rglob("conference-names/*")), "names are not kept"
    recorded = Heard(recording.path, recording.started_at)
    for what, heard in (("all", everybody), ("private", everybody - {0, 2})):
        levels = recorded.levels(board.wall_marks[what], tuple(frequency_hz(place) for place in range(PARTIES)))
        for place, level in enumerate(levels):
            assert level == pytest.approx(SPOKEN_DB, abs=0.5) if place in heard else level < -60, (what, place, level)


def check_minutes(minutes: StoredMinutes, recording: StoredRecording) -> None:
    assert [stay.role for stay in sorted(minutes.stays, key=lambda stay: stay.seat)] == ["host"] + ["guest"] * 14
    assert all(minutes.started_at <= stay.joined_at < stay.left_at <= minutes.ended_at for stay in minutes.stays)
    assert (minutes.end_reason, minutes.recordings) == ("ended", (recording.path,))
    assert recording.call_id == minutes.conference_id
    assert [event.what.rstrip("0123456789 ") for event in minutes.events] == [
        "recording on",
        "all muted",
        "all unmuted",
        "lecture on",
        "unmuted",
        "lecture off",
        "private talk with",
        "back from a private talk",
        "recording off",
        "ended",
    ]
