"""L16: samples in network byte order."""

from softswitch_codecs.l16 import l16_8k, l16_16k


def test_the_high_byte_is_first() -> None:
    assert l16_8k.decode(b"\x01\x02\xff\xfe") == (258).to_bytes(2, "little") + (-2).to_bytes(2, "little", signed=True)
    assert l16_8k.encode(l16_8k.decode(b"\x01\x02\xff\xfe")) == b"\x01\x02\xff\xfe"


def test_lengths_are_counted_at_8_khz() -> None:
    assert (l16_8k.length(bytes(320)), l16_16k.length(bytes(640))) == (160, 160)


def test_half_a_sample_is_malformed() -> None:
    assert (l16_8k.length(bytes(321)), l16_8k.decode(bytes(321))) == (0, b"")
    assert (l16_16k.length(bytes(642)), l16_16k.decode(bytes(642))) == (0, b"")
