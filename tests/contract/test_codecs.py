"""Every installed codec keeps the contract of softswitch.media.codec."""

import pytest

from softswitch.media.codec import load_codecs
from softswitch.media.stream_codec import CodecKey, load_stream_codecs
from softswitch.testing.codec_contract import check_codec
from softswitch.testing.stream_codec_contract import check_stream_codec


@pytest.mark.parametrize("name", sorted(load_codecs()))
@pytest.mark.parametrize("ptime_ms", [10, 20, 30])
def test_installed_codec_keeps_the_contract(name: str, ptime_ms: int) -> None:
    check_codec(load_codecs()[name], ptime_ms=ptime_ms)


def test_our_codecs_are_installed_under_their_encoding_names() -> None:
    codecs = load_codecs()
    assert codecs["PCMU"].spec.payload_type == 0
    assert codecs["PCMA"].spec.payload_type == 8


@pytest.mark.parametrize("key", sorted(load_stream_codecs().codecs), ids=lambda key: f"{key[0]}-{key[1]}")
@pytest.mark.parametrize("ptime_ms", [10, 20])
def test_installed_codec_with_a_memory_keeps_the_contract(key: CodecKey, ptime_ms: int) -> None:
    check_stream_codec(load_stream_codecs().codecs[key], ptime_ms=ptime_ms)


def test_our_codecs_with_a_memory_are_installed_and_work() -> None:
    codecs, faults = load_stream_codecs()
    assert {("G722", 8000), ("L16", 8000), ("L16", 16000), ("OPUS", 48000)} <= set(codecs)
    assert not faults
