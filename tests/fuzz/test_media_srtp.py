"""Whatever arrives for a stream under SRTP is refused unless its party has sent it, and nothing raises."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.base.ids import StreamId
from softswitch.media.protocol import Hearing, SetHearing, SrtpKeys
from softswitch.media.srtp.libsrtp import KEY_BYTES, PROFILES
from softswitch.testing.media_engine import EngineDriver

ODD_BEGINNINGS = (b"", b"\x80\x00", b"\x80\xc8", b"\x9f\xff", b"\xbf\x00\xff\xff", b"\x80\xc9\x00\x01")

packets = st.lists(
    st.tuples(st.sampled_from(ODD_BEGINNINGS), st.binary(max_size=700)).map(lambda parts: parts[0] + parts[1]),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(profile=st.sampled_from(list(PROFILES)), sent=packets)
def test_rubbish_is_never_heard(profile: str, sent: list[bytes]) -> None:
    driver = EngineDriver()
    key = np.random.default_rng(1).bytes(KEY_BYTES[profile])
    driver.put(1, srtp=SrtpKeys(profile, key, key))
    driver.put(2)
    driver.apply(SetHearing(Hearing(StreamId(2), [StreamId(1)])))
    for packet in sent:
        driver.deliver(1, packet)
    driver.tick(3)
    assert set(driver.heard(2)) == {0xFF}
    assert driver.engine.phases[0].secure.refused == len(sent)
