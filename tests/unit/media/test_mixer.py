"""The mixer against a loop so slow that it is obviously right."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from softswitch.media.codec import load_codecs
from softswitch.media.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.mixer import Mixer
from softswitch.media.rtp import OutgoingBuffer
from softswitch.media.stream_table import allocate

CODECS = load_codecs()
TABLES = CodecTables(CODECS)
STREAMS = 6


def reference(frames: Frames, codec: int, sources: Sequence[int]) -> bytes:
    """Sample by sample: decode, add, limit, encode. One source of the listener's codec is left as it is."""
    if not sources:
        return TABLES.silence[codec : codec + 1] * 160
    if len(sources) == 1 and frames.codec[sources[0]] == codec:
        return frames.content[sources[0]].tobytes()
    heard = bytearray()
    for sample in range(160):
        total = 0
        for source in sources:
            decoded = np.zeros((1, 1), np.int16)
            CODECS[TABLES.names[frames.codec[source]]].decode(
                frames.content[source : source + 1, sample : sample + 1], decoded
            )
            total += int(decoded[0, 0])
        encoded = np.zeros((1, 1), np.uint8)
        limited = np.array([[max(-32768, min(32767, total))]], np.int16)
        CODECS[TABLES.names[codec]].encode(limited, encoded)
        heard.append(int(encoded[0, 0]))
    return bytes(heard)


def conference(members: int) -> list[list[int]]:
    """Everybody hears all but himself."""
    return [[other for other in range(members) if other != member] for member in range(members)]


@given(
    seed=st.integers(0, 10_000),
    codecs=st.lists(st.integers(0, 1), min_size=STREAMS, max_size=STREAMS),
    hearings=st.lists(
        st.lists(st.integers(0, STREAMS - 1), max_size=STREAMS, unique=True), min_size=STREAMS, max_size=STREAMS
    ),
)
@settings(max_examples=12, deadline=None)
@example(seed=1, codecs=[0, 1, 0, 1, 0, 0], hearings=[*conference(4), [], [0]])
@example(seed=2, codecs=[0] * 6, hearings=[*conference(3), [0, 1], [0, 1, 2], [0, 1, 2, 5]])
def test_everybody_hears_exactly_the_sum_of_his_sources(
    seed: int, codecs: list[int], hearings: list[list[int]]
) -> None:
    frames = Frames(STREAMS, TABLES)
    frames.content[:STREAMS] = np.random.default_rng(seed).integers(0, 256, (STREAMS, 160), np.uint8)
    frames.codec[:STREAMS] = codecs
    table = allocate(STREAMS)
    table.codec[:] = codecs
    outgoing = OutgoingBuffer(STREAMS)
    mixer = Mixer(STREAMS, 0)
    for listener, sources in enumerate(hearings):
        mixer.set_sources(listener, codecs[listener], list(range(STREAMS)), frames)
        mixer.set_sources(listener, codecs[listener], sources, frames)
    mixer.mix(table, frames, TABLES, outgoing)
    for listener, sources in enumerate(hearings):
        assert outgoing.payload[listener].tobytes() == reference(frames, codecs[listener], sources)


@pytest.mark.parametrize(
    ("levels", "total"),
    [((32767, 32767), 32767), ((-32768, -32768, 5), -32768), ((30000, 30000, -30000), 30000)],
)
def test_the_sum_is_limited_once_at_the_end(levels: tuple[int, ...], total: int) -> None:
    pcm = np.array(levels, np.int16)[:, np.newaxis]
    table = allocate(1)
    frames = Frames(4, TABLES)
    mixer = Mixer(1, 3)
    for source in range(len(levels)):
        frames.content[source] = TABLES.encode(pcm[source : source + 1], np.zeros(1, np.int64))[0]
    mixer.set_sources(0, 0, list(range(len(levels))), frames)
    outgoing = OutgoingBuffer(1)
    mixer.mix(table, frames, TABLES, outgoing)
    limited = TABLES.encode(np.array([[total]], np.int16), np.zeros(1, np.int64))
    assert outgoing.payload[0].tobytes() == bytes([limited[0, 0]]) * 160
