import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softswitch.base.ids import StreamId
from softswitch.media.packets.packetiser import PTIMES_MS, Packetiser
from softswitch.media.protocol import PutStream
from softswitch.testing.media_engine import EngineDriver


@given(
    ptime_ms=st.sampled_from(PTIMES_MS),
    first_frame=st.integers(0, 50),
    left_out=st.sets(st.integers(0, 40), max_size=5),
)
def test_packet_n_always_begins_at_its_own_sample(ptime_ms: int, first_frame: int, left_out: set[int]) -> None:
    samples = 8 * ptime_ms
    sound = np.random.default_rng(3).integers(0, 256, 100 * 160, np.uint8).tobytes()
    packetiser = Packetiser(ptime_ms=ptime_ms, payload_type=8, ssrc=9, sequence=65_000, timestamp=2**32 - 1000)
    packets: list[bytes] = []
    for frame in range(first_frame, first_frame + 42):
        if frame - first_frame not in left_out:
            packets += packetiser.add(sound[frame * 160 : frame * 160 + 160], frame * 160)
    assert packets
    for packet in packets:
        number = (int.from_bytes(packet[2:4], "big") - 65_000) & 0xFFFF
        assert int.from_bytes(packet[4:8], "big") == (2**32 - 1000 + number * samples) & 0xFFFFFFFF
        assert packet[12:] == sound[number * samples : (number + 1) * samples]
        assert packet[:2] == b"\x80\x08"
    if not left_out:
        assert len(packets) >= (42 * 160 - samples) // samples


def test_a_stream_that_is_described_again_keeps_what_it_holds_of_a_packet() -> None:
    driver = EngineDriver()
    description = driver.put(1, ptime_ms=60)
    for gain_db in (1.0, 2.0, 3.0, 4.0):
        driver.tick(4)
        driver.apply(PutStream(msgspec.structs.replace(description, gain_db=gain_db)))
    assert [int.from_bytes(packet[2:4], "big") for packet in driver.sent[StreamId(1)]] == [0, 1, 2, 3, 4]
