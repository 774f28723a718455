"""The mixer against a loop so slow that it is obviously right."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from softswitch.media.codec import load_codecs
from softswitch.media.coding.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.mixing.hearings import NOTHING, Heard
from softswitch.media.mixing.limiter import Limiter
from softswitch.media.mixing.mixer import Mixer
from softswitch.media.mixing.room_sums import Seat
from softswitch.media.packets.rtp import OutgoingBuffer
from softswitch.media.stream_table import allocate
from softswitch.media.tick_grid import PHASES

CODECS = load_codecs()
TABLES = CodecTables(CODECS)
FRAME = 160
ROWS = 3
STREAMS = PHASES * ROWS
"""In four phases of three rows each."""

GAINS = (1.0, 0.5, 2.0, 0.1)


def plain(*sources: int) -> Heard:
    return Heard(None, sources, (1.0,) * len(sources))


def decoded(frames: Frames, source: int) -> list[int]:
    samples = np.zeros((1, FRAME), np.int16)
    CODECS[TABLES.names[frames.codec[source]]].decode(frames.content[source : source + 1], samples)
    return [int(sample) for sample in samples[0]]


def is_silent(frames: Frames, source: int) -> bool:
    return set(frames.content[source].tolist()) == {TABLES.silence[frames.codec[source]]}


def reference(frames: Frames, listener: int, heard: Heard, limiter: Limiter) -> bytes:
    """Decode, add the others of the room and the sources with their gains, limit, encode."""
    codec = int(frames.codec[listener])
    if heard == NOTHING:
        return TABLES.silence[codec : codec + 1] * FRAME
    if heard.room is None and heard.gains == (1.0,) and frames.codec[heard.sources[0]] == codec:
        return frames.content[heard.sources[0]].tobytes()
    total = [0] * FRAME
    for member in heard.room or ():
        if member != listener and not is_silent(frames, member):
            total = [before + own for before, own in zip(total, decoded(frames, member), strict=True)]
    for source, gain in zip(heard.sources, heard.gains, strict=True):
        sound = decoded(frames, source)
        total = [before + round(own * float(np.float32(gain))) for before, own in zip(total, sound, strict=True)]
    limited = limiter.limit(np.array([total], np.int32), np.zeros(1, np.int64))
    encoded = np.zeros((1, FRAME), np.uint8)
    CODECS[TABLES.names[codec]].encode(limited, encoded)
    return encoded[0].tobytes()


class Stage:
    """Mixers of four phases, and frames of random sound."""

    def __init__(self, seed: int, codecs: Sequence[int]) -> None:
        self.random = np.random.default_rng(seed)
        self.frames = Frames(STREAMS, TABLES)
        self.frames.codec[:STREAMS] = codecs
        self.codecs = codecs
        self.tables = [allocate(ROWS) for _ in range(PHASES)]
        self.mixers = [Mixer(phase, ROWS) for phase in range(PHASES)]
        self.heard = [NOTHING] * STREAMS
        self.silent: set[int] = set()
        for phase, table in enumerate(self.tables):
            table.codec[:] = codecs[phase * ROWS : (phase + 1) * ROWS]
        for phase in range(PHASES):
            self.speak(phase)
        for listener in range(STREAMS):
            self.hear(listener, NOTHING)

    def speak(self, phase: int, level: float = 6000.0) -> None:
        """The parties of a phase say something else."""
        for row in range(phase * ROWS, (phase + 1) * ROWS):
            codec = self.codecs[row]
            sound = np.clip(self.random.normal(0, level, (1, FRAME)), -32768, 32767).astype(np.int16)
            self.frames.content[row] = TABLES.encode(sound, np.array([codec]))[0]
            if row in self.silent:
                self.frames.content[row] = TABLES.silence[codec]

    def hear(self, listener: int, heard: Heard) -> None:
        self.heard[listener] = heard
        phase, row = divmod(listener, ROWS)
        self.mixers[phase].set_heard(row, self.codecs[listener], heard, self.frames)

    def seat(self, slot: int, members: Sequence[int], deaf: Sequence[int] = ()) -> None:
        """A room; its members hear it, apart from those who are deaf."""
        for phase, mixer in enumerate(self.mixers):
            seats = [
                Seat(member, member % ROWS, self.codecs[member], member not in deaf)
                for member in members
                if member // ROWS == phase
            ]
            mixer.rooms.put(slot, seats, self.frames, TABLES)
        for member in members:
            extra = self.heard[member]
            self.hear(member, NOTHING if member in deaf else extra._replace(room=tuple(members)))

    def mix(self, phase: int) -> list[bytes]:
        outgoing = OutgoingBuffer(ROWS)
        self.mixers[phase].mix(self.tables[phase], self.frames, TABLES, outgoing)
        return [payload.tobytes() for payload in outgoing.payload]


rows = st.integers(0, STREAMS - 1)


@given(
    seed=st.integers(0, 10_000),
    codecs=st.lists(st.integers(0, 1), min_size=STREAMS, max_size=STREAMS),
    hearings=st.dictionaries(rows, st.dictionaries(rows, st.sampled_from(GAINS), max_size=5), max_size=STREAMS),
    seats=st.lists(st.integers(0, 2), min_size=STREAMS, max_size=STREAMS),
    deaf=st.sets(rows, max_size=3),
    silent=st.sets(rows, max_size=STREAMS),
)
@settings(max_examples=25, deadline=None)
@example(seed=1, codecs=[0] * STREAMS, hearings={}, seats=[0] * STREAMS, deaf=set(), silent=set())
@example(seed=2, codecs=[0, 1] * 6, hearings={}, seats=[0, 1] * 6, deaf={3}, silent=set(range(STREAMS)))
@example(seed=3, codecs=[0, 1] * 6, hearings={1: {2: 1.0}}, seats=[2] * STREAMS, deaf=set(), silent={2})
def test_everybody_hears_exactly_the_sum_he_is_to_hear(
    seed: int,
    codecs: list[int],
    hearings: dict[int, dict[int, float]],
    seats: list[int],
    deaf: set[int],
    silent: set[int],
) -> None:
    """Seats: the rooms of the streams, 2 for none."""
    stage = Stage(seed, codecs)
    stage.silent = silent
    for listener, sources in hearings.items():
        stage.hear(listener, Heard(None, tuple(sources), tuple(sources.values())))
    for room in range(2):
        members = [member for member in range(STREAMS) if seats[member] == room]
        stage.seat(room, members, [member for member in members if member in deaf])
    limiters = [Limiter(1) for _ in range(STREAMS)]
    for period in range(3):
        for phase in range(PHASES):
            stage.speak(phase)
            mixed = stage.mix(phase)
            for row, listener in enumerate(range(phase * ROWS, (phase + 1) * ROWS)):
                expected = reference(stage.frames, listener, stage.heard[listener], limiters[listener])
                if period:  # the first frame is faded from silence
                    assert mixed[row] == expected
                else:
                    assert mixed[row][40:] == expected[40:]


def test_a_room_is_right_at_once_when_its_members_change() -> None:
    stage = Stage(5, [0] * STREAMS)
    for members in (range(STREAMS), range(2, STREAMS), [0, 5, 6, 7], [5], [], range(6)):
        for member in range(STREAMS):
            stage.hear(member, NOTHING)
        stage.seat(0, list(members))
        for phase in (2, 3, 0, 1):
            mixed = stage.mix(phase)
            for row, listener in enumerate(range(phase * ROWS, (phase + 1) * ROWS)):
                expected = reference(stage.frames, listener, stage.heard[listener], Limiter(1))
                assert mixed[row][40:] == expected[40:]


def test_all_at_full_scale_are_limited_and_never_wrap() -> None:
    stage = Stage(6, [0] * STREAMS)
    stage.frames.content[:] = TABLES.encode(np.full((1, 1), 32_000, np.int16), np.zeros(1, np.int64))[0, 0]
    stage.seat(0, range(STREAMS))
    mixed = [payload for _ in range(3) for phase in range(PHASES) for payload in stage.mix(phase)]
    for payload in mixed[-STREAMS:]:
        sound = TABLES.decode(np.frombuffer(payload, np.uint8)[np.newaxis], np.zeros(1, np.int64))[0]
        assert int(sound.min()) > 30_000


@pytest.mark.parametrize("codecs", [[0] * STREAMS, [1] * STREAMS])
def test_the_common_case_is_the_bytes_of_the_other_party(codecs: list[int]) -> None:
    stage = Stage(7, codecs)
    stage.hear(0, plain(7))
    stage.hear(1, Heard(None, (7,), (0.5,)))
    stage.mix(0)
    stage.speak(2)
    mixed = stage.mix(0)
    assert mixed[0] == stage.frames.content[7].tobytes()
    assert mixed[1] == reference(stage.frames, 1, stage.heard[1], Limiter(1))


def step_of(payload: bytes, before: int) -> int:
    """The largest step from sample to sample, the last one of the frame before included."""
    sound = TABLES.decode(np.frombuffer(payload, np.uint8)[np.newaxis], np.zeros(1, np.int64))[0]
    return int(np.abs(np.diff(sound.astype(np.int32), prepend=before)).max())


@pytest.mark.parametrize(
    ("before", "after", "level_before"),
    [
        (NOTHING, plain(0), 0),
        (plain(0), NOTHING, 8000),
        (plain(0), plain(1), 8000),
        (plain(0), Heard(None, (0,), (0.1,)), 8000),
        (plain(0, 1), plain(2), 0),
        (plain(), Heard((0, 3), (), ()), 0),
        (Heard((0, 1, 3), (2,), (1.0,)), plain(), 0),
    ],
)
def test_a_voice_is_switched_without_a_click(before: Heard, after: Heard, level_before: int) -> None:
    """Constant sound of +-8000, so that every step is one of the switching; the listener is row 3."""
    stage = Stage(8, [0] * STREAMS)
    for row, level in enumerate((8000, -8000, 8000 if before.room is None else 1, 0)):
        sample = TABLES.encode(np.full((1, 1), level, np.int16), np.zeros(1, np.int64))
        stage.frames.content[row] = sample[0, 0]

    def hear(heard: Heard) -> None:
        for phase, mixer in enumerate(stage.mixers):
            seats = [Seat(row, row % ROWS, 0, True) for row in heard.room or () if row // ROWS == phase]
            mixer.rooms.put(0, seats, stage.frames, TABLES)
        stage.hear(3, heard)

    hear(before)
    stage.mix(1)
    stage.mix(1)
    hear(after)
    assert step_of(stage.mix(1)[0], level_before) < 1000
    expected = reference(stage.frames, 3, after, Limiter(1))
    assert stage.mix(1)[0] == expected


def test_whoever_gets_the_row_of_a_party_that_left_is_not_heard_in_the_fade() -> None:
    stage = Stage(9, [0] * STREAMS)
    stage.hear(3, plain(0))
    stage.mix(1)
    stage.hear(3, NOTHING)
    stage.mixers[1].source_gone(0)
    stage.speak(0)
    assert stage.mix(1)[0] == b"\xff" * FRAME


def test_a_row_that_was_given_back_fades_nothing_in() -> None:
    stage = Stage(10, [0] * STREAMS)
    stage.hear(3, plain(0))
    stage.mix(1)
    stage.mixers[1].forget(0, stage.frames)
    assert stage.mix(1)[0] == b"\xff" * FRAME
