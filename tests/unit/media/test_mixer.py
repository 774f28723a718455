"""The mixer against a loop so slow that it is obviously right."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from softswitch.media.codec import load_codecs
from softswitch.media.codec_tables import CodecTables
from softswitch.media.frames import Frames
from softswitch.media.mixer import Mixer, add_up
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


@given(
    seed=st.integers(0, 10_000),
    codecs=st.lists(st.integers(0, 1), min_size=STREAMS, max_size=STREAMS),
    hearings=st.lists(
        st.lists(st.integers(0, STREAMS - 1), max_size=STREAMS, unique=True), min_size=STREAMS, max_size=STREAMS
    ),
)
@settings(max_examples=12, deadline=None)
def test_everybody_hears_exactly_the_sum_of_his_sources(
    seed: int, codecs: list[int], hearings: list[list[int]]
) -> None:
    frames = Frames(STREAMS, TABLES)
    frames.content[:STREAMS] = np.random.default_rng(seed).integers(0, 256, (STREAMS, 160), np.uint8)
    frames.codec[:STREAMS] = codecs
    table = allocate(STREAMS)
    table.codec[:] = codecs
    outgoing = OutgoingBuffer(STREAMS)
    mixer = Mixer(STREAMS)
    for listener, sources in enumerate(hearings):
        mixer.set_sources(listener, codecs[listener], list(range(STREAMS)), frames)
        mixer.set_sources(listener, codecs[listener], sources, frames)
    mixer.mix(table, frames, TABLES, outgoing)
    for listener, sources in enumerate(hearings):
        assert outgoing.payload[listener].tobytes() == reference(frames, codecs[listener], sources)


@pytest.mark.parametrize(
    ("rows", "total"),
    [([[32767], [32767]], 32767), ([[-32768], [-32768], [5]], -32768), ([[30000], [30000], [-30000]], 30000)],
)
def test_the_sum_is_limited_once_at_the_end(rows: list[list[int]], total: int) -> None:
    pcm: NDArray[np.int16] = np.array(rows, np.int16)
    assert add_up(pcm, np.array([0])).tolist() == [[total]]
