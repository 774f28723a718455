"""Conferences in the engine: who hears whom, who speaks, who is muted or deaf, and one ear for a whisper."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from softswitch.base.ids import CallId, RoomId, StreamId
from softswitch.media.codec import load_codecs
from softswitch.media.limits import GAIN_DB_MAX, ROOM_MEMBERS_MAX, ROOMS_MAX
from softswitch.media.packets.rtp import pack
from softswitch.media.protocol import (
    Describe,
    DropRoom,
    DropStream,
    Hearing,
    PutRoom,
    PutStream,
    Room,
    SetHearing,
    StreamDescription,
    TalkersChanged,
)
from softswitch.testing.media_engine import EngineDriver

FRAME = 160
RATE_HZ = 8000
CODECS = load_codecs()
ROOM = RoomId("room")


def room(*members: int, room_id: RoomId = ROOM) -> PutRoom:
    return PutRoom(Room(room_id=room_id, members=[StreamId(member) for member in members]))


def decoded(payload: bytes, codec: str = "PCMU") -> NDArray[np.float64]:
    sound = np.zeros((1, len(payload)), np.int16)
    CODECS[codec].decode(np.frombuffer(payload, np.uint8)[np.newaxis], sound)
    return sound[0].astype(np.float64)


def level_db(sound: NDArray[np.float64], frequency_hz: int) -> float:
    """Of that frequency in a second of sound, against full scale."""
    at = np.arange(len(sound)) / RATE_HZ
    amplitude = 2 * abs(np.mean(sound * np.exp(-2j * np.pi * frequency_hz * at)))
    return float(20 * np.log10(max(amplitude, 1e-9) / 32768))


class Conference:
    """Parties who each say a tone of their own: party n 300 + 150 n Hz."""

    def __init__(self, codecs: dict[int, str], amplitude: float = 1500.0) -> None:
        self.driver = EngineDriver()
        self.codecs = codecs
        self.descriptions: dict[int, StreamDescription] = {}
        self._sent = 0
        self._amplitude = dict.fromkeys(codecs, amplitude)
        for number, codec in codecs.items():
            self.descriptions[number] = self.driver.put(
                number, codec=codec, payload_type=8 if codec == "PCMA" else 0, call_id=CallId(str(number))
            )

    def frequency_hz(self, number: int) -> int:
        return 300 + 150 * number

    def set_amplitude(self, number: int, amplitude: float) -> None:
        self._amplitude[number] = amplitude

    def change(self, number: int, **changes: object) -> None:
        self.descriptions[number] = msgspec.structs.replace(self.descriptions[number], **changes)
        assert not self.driver.apply(PutStream(self.descriptions[number]))

    def tick(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            at = (np.arange(FRAME) + self._sent * FRAME) / RATE_HZ
            for number, codec in self.codecs.items():
                tone = self._amplitude[number] * np.sin(2 * np.pi * self.frequency_hz(number) * at)
                payload = np.zeros((1, FRAME), np.uint8)
                CODECS[codec].encode(np.rint(tone)[np.newaxis].astype(np.int16), payload)
                packet = pack(
                    payload_type=8 if codec == "PCMA" else 0,
                    sequence=self._sent,
                    timestamp=self._sent * FRAME,
                    ssrc=number,
                    payload=payload.tobytes(),
                )
                self.driver.deliver(number, packet)
            self._sent += 1
            self.driver.tick()

    def heard(self, number: int, seconds: float = 1.0) -> NDArray[np.float64]:
        """What the party heard in the last second."""
        return decoded(self.driver.heard(number), self.codecs[number])[-round(seconds * RATE_HZ) :]

    def levels(self, listener: int) -> dict[int, float]:
        """Of each party's tone in what the listener heard in the last second."""
        sound = self.heard(listener)
        return {number: level_db(sound, self.frequency_hz(number)) for number in self.codecs}

    def talkers(self) -> list[list[int]]:
        events = self.driver.engine.take_events()
        return [[int(stream) for stream in event.talkers] for event in events if isinstance(event, TalkersChanged)]


def laws(members: int) -> dict[int, str]:
    return {number: "PCMA" if number % 3 == 0 else "PCMU" for number in range(1, members + 1)}


def test_each_of_fifteen_hears_the_fourteen_others_and_not_himself() -> None:
    conference = Conference(laws(15))
    assert not conference.driver.apply(room(*range(1, 16)))
    conference.tick(70)
    spoken = 20 * np.log10(1500 / 32768)
    for listener in range(1, 16):
        for number, level in conference.levels(listener).items():
            if number == listener:
                assert level < -60
            else:
                assert level == pytest.approx(spoken, abs=0.5)


def test_fifteen_at_full_scale_never_wrap_and_stay_below_full_scale() -> None:
    conference = Conference(laws(15), amplitude=32_000)
    conference.driver.apply(room(*range(1, 16)))
    conference.tick(70)
    for listener in (1, 3):
        sound = conference.heard(listener)
        assert np.abs(sound).max() <= 32_256  # the highest that A-law can say
        at_top = np.abs(sound) >= 32_000
        assert at_top.mean() < 0.05
        # Tones that wrapped or were cut off would be noise between the tones.
        between = [level_db(sound, 375 + 150 * number) for number in range(1, 16)]
        assert max(between) < max(conference.levels(listener).values()) - 20


def test_a_whisper_reaches_the_agent_alone() -> None:
    caller, agent, supervisor = 1, 2, 3
    conference = Conference(laws(3))
    conference.driver.apply(
        SetHearing(Hearing(StreamId(caller), [StreamId(agent)])),
        SetHearing(Hearing(StreamId(agent), [StreamId(caller), StreamId(supervisor)], [0.0, -6.0])),
        SetHearing(Hearing(StreamId(supervisor), [StreamId(caller), StreamId(agent)])),
    )
    conference.tick(70)
    spoken = 20 * np.log10(1500 / 32768)
    assert conference.levels(caller)[supervisor] < -60
    assert conference.levels(caller)[agent] == pytest.approx(spoken, abs=0.5)
    assert conference.levels(agent)[supervisor] == pytest.approx(spoken - 6.0, abs=0.5)
    assert conference.levels(agent)[caller] == pytest.approx(spoken, abs=0.5)
    assert conference.levels(supervisor)[agent] == pytest.approx(spoken, abs=0.5)
    conference.driver.apply(SetHearing(Hearing(StreamId(caller), [StreamId(agent), StreamId(supervisor)])))
    conference.tick(55)
    assert conference.levels(caller)[supervisor] == pytest.approx(spoken, abs=0.5)  # barge


def test_a_whisper_to_a_member_of_a_room_comes_to_what_he_hears_there() -> None:
    conference = Conference(laws(4))
    conference.driver.apply(room(1, 2, 3), SetHearing(Hearing(StreamId(2), [StreamId(4)])))
    conference.tick(70)
    for listener, expected in {1: {2, 3}, 2: {1, 3, 4}, 3: {1, 2}}.items():
        assert {number for number, level in conference.levels(listener).items() if level > -40} == expected


def test_gain_mute_and_deafness_of_members() -> None:
    conference = Conference(laws(4))
    conference.driver.apply(room(1, 2, 3, 4))
    conference.change(1, gain_db=-12.0)
    conference.change(2, is_muted=True)
    conference.change(3, is_deaf=True)
    conference.tick(70)
    spoken = 20 * np.log10(1500 / 32768)
    levels = conference.levels(4)
    assert levels[1] == pytest.approx(spoken - 12.0, abs=0.5)
    assert levels[2] < -60
    assert levels[3] == pytest.approx(spoken, abs=0.5)
    assert np.abs(conference.heard(3)).max() <= 8  # A-law's silence
    conference.change(1, gain_db=0.0)
    conference.change(2, is_muted=False)
    conference.change(3, is_deaf=False)
    conference.tick(55)
    assert all(conference.levels(4)[number] == pytest.approx(spoken, abs=0.5) for number in (1, 2, 3))
    assert conference.levels(3)[4] == pytest.approx(spoken, abs=0.5)


def test_a_member_hears_all_others_softer_and_they_him_as_before() -> None:
    conference = Conference(laws(3))
    conference.driver.apply(room(1, 2, 3))
    conference.change(2, hearing_gain_db=-12.0)
    conference.tick(70)
    spoken = 20 * np.log10(1500 / 32768)
    assert all(conference.levels(2)[number] == pytest.approx(spoken - 12.0, abs=0.5) for number in (1, 3))
    assert conference.levels(1)[3] == pytest.approx(spoken, abs=0.5)
    conference.change(2, hearing_gain_db=6.0)
    conference.tick(55)
    assert all(conference.levels(2)[number] == pytest.approx(spoken + 6.0, abs=0.5) for number in (1, 3))


def test_one_listener_of_a_bridge_hears_a_gain_too() -> None:
    conference = Conference({1: "PCMU", 2: "PCMU"})
    conference.change(1, gain_db=6.0)
    conference.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    conference.tick(70)
    assert conference.levels(2)[1] == pytest.approx(20 * np.log10(1500 / 32768) + 6.0, abs=0.5)


def test_a_voice_that_is_too_loud_with_its_gain_is_limited_not_clipped() -> None:
    conference = Conference({1: "PCMU", 2: "PCMU"}, amplitude=20_000)
    conference.change(1, gain_db=20.0)
    conference.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    conference.tick(70)
    sound = conference.heard(2)
    harmonic = level_db(sound, 3 * conference.frequency_hz(1))
    assert harmonic < conference.levels(2)[1] - 35


@pytest.mark.parametrize("change", [{"is_muted": True}, {"gain_db": -20.0}])
def test_a_voice_is_turned_off_and_on_without_a_click(change: dict[str, object]) -> None:
    conference = Conference({1: "PCMU", 2: "PCMU"}, amplitude=8000)
    conference.driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    conference.tick(20)
    back = {"is_muted": False, "gain_db": 0.0}
    smooth = float(np.abs(np.diff(conference.heard(2, 0.2))).max())
    for _ in range(5):
        conference.change(1, **change)
        conference.tick(3)
        conference.change(1, **{name: back[name] for name in change})
        conference.tick(4)
    assert np.abs(np.diff(conference.heard(2, 0.7))).max() < 1.3 * smooth


def test_members_come_and_go() -> None:
    conference = Conference(laws(5))
    driver = conference.driver
    driver.apply(room(1, 2, 9))
    driver.apply(room(1, 2, 3))
    driver.apply(room(4, 5, room_id=RoomId("other")))
    driver.apply(room(1, 2, 3, 4))
    conference.tick(70)
    assert {number for number, level in conference.levels(1).items() if level > -40} == {2, 3, 4}
    assert not conference.heard(5).any()
    driver.apply(room(2, 3, 4))
    conference.tick(55)
    assert not conference.heard(1).any()
    assert {number for number, level in conference.levels(4).items() if level > -40} == {2, 3}
    driver.apply(DropRoom(ROOM), DropRoom(ROOM))
    conference.tick(55)
    assert not conference.heard(4).any()


def test_a_member_that_is_closed_is_heard_no_more() -> None:
    conference = Conference(laws(3))
    conference.driver.apply(room(1, 2, 3))
    conference.tick(20)
    conference.driver.apply(DropStream(StreamId(3)))
    del conference.codecs[3]
    conference.tick(55)
    assert {number for number, level in conference.levels(1).items() if level > -40} == {2}


def test_another_codec_in_the_middle_changes_nothing() -> None:
    conference = Conference(laws(3))
    conference.driver.apply(room(1, 2, 3))
    conference.tick(20)
    conference.codecs[2] = "PCMA"
    conference.change(2, codec="PCMA", payload_type=8)
    conference.driver.sent.clear()
    conference.tick(60)
    assert {number for number, level in conference.levels(1).items() if level > -40} == {2, 3}
    assert {number for number, level in conference.levels(2).items() if level > -40} == {1, 3}


def test_who_talks_is_told_when_it_changes_and_at_most_five_times_a_second() -> None:
    conference = Conference(laws(3), amplitude=0.0)
    conference.driver.apply(room(1, 2, 3))
    conference.tick(50)
    assert conference.talkers() == []
    conference.set_amplitude(1, 3000)
    conference.tick(20)
    assert conference.talkers() == [[1]]
    conference.set_amplitude(2, 3000)
    conference.tick(20)
    conference.set_amplitude(1, 0)
    conference.tick(10)
    assert conference.talkers() == [[1, 2]]  # the hangover is not over
    conference.tick(30)
    assert conference.talkers() == [[2]]
    conference.change(2, is_muted=True)
    conference.tick(40)
    assert conference.talkers() == [[]]


def test_a_talker_who_leaves_the_room_talks_there_no_more() -> None:
    conference = Conference(laws(3), amplitude=3000.0)
    conference.driver.apply(room(1, 2, 3))
    conference.tick(20)
    assert conference.talkers() == [[1, 2, 3]]
    conference.driver.apply(room(1, 3))
    conference.tick(20)
    assert conference.talkers() == [[1, 3]]
    conference.driver.apply(DropStream(StreamId(3)))
    del conference.codecs[3]
    conference.tick(20)
    assert conference.talkers() == [[1]]


def test_the_noise_of_a_line_is_no_talk_and_speech_above_it_is() -> None:
    conference = Conference(laws(2), amplitude=0.0)
    conference.driver.apply(room(1, 2))
    conference.set_amplitude(1, 200)
    conference.tick(400)
    conference.talkers()
    conference.tick(200)
    assert conference.talkers() == []
    conference.set_amplitude(1, 2500)
    conference.tick(20)
    assert conference.talkers() == [[1]]


def test_a_description_has_rooms_and_gains() -> None:
    conference = Conference(laws(4))
    driver = conference.driver
    driver.apply(room(1, 2), room(3, 4, room_id=RoomId("other")))
    streams = list(conference.descriptions.values())
    hearing = Hearing(StreamId(4), [StreamId(9), StreamId(1)], [3.0, -20.0])
    assert not driver.apply(Describe(streams, [hearing], [], [], rooms=[room(1, 2, 3).room]))
    conference.tick(70)
    spoken = 20 * np.log10(1500 / 32768)
    assert {number for number, level in conference.levels(3).items() if level > -40} == {1, 2}
    assert conference.levels(4)[1] == pytest.approx(spoken - 20.0, abs=0.5)
    assert conference.levels(4)[3] < -60


def test_what_cannot_be_is_refused_in_words() -> None:
    driver = EngineDriver()
    driver.put(1)
    driver.put(2)
    assert driver.apply(SetHearing(Hearing(StreamId(1), [StreamId(2)], [0.0, 1.0]))) == [
        "2 gains do not fit 1 sources: one each, or none at all"
    ]
    for gain_db in (GAIN_DB_MAX + 1, float("nan"), float("inf"), float("-inf")):
        (reason,) = driver.apply(SetHearing(Hearing(StreamId(1), [StreamId(2)], [gain_db])))
        assert "a gain is a number of dB up to 24" in reason
        description = msgspec.structs.replace(driver.engine.streams.find(StreamId(1)).description, gain_db=gain_db)  # pyright: ignore[reportOptionalMemberAccess]
        assert driver.apply(PutStream(description))
    for number in range(ROOMS_MAX):
        assert not driver.apply(room(room_id=RoomId(str(number))))
    assert driver.apply(room()) == [f"this worker has {ROOMS_MAX} rooms already: start more workers"]
    driver.apply(DropRoom(RoomId("0")))
    assert not driver.apply(room(1, 2))


def test_a_room_has_a_limit() -> None:
    driver = EngineDriver()
    for number in range(ROOM_MEMBERS_MAX + 1):
        driver.put(number, port=10_000 + 2 * number, remote=None)
    (reason,) = driver.apply(room(*range(ROOM_MEMBERS_MAX + 1)))
    assert reason == f"a room has at most {ROOM_MEMBERS_MAX} members, not {ROOM_MEMBERS_MAX + 1}"
    assert not driver.apply(room(*range(ROOM_MEMBERS_MAX)))
    driver.tick(2)
