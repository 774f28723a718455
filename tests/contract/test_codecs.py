"""Every installed codec keeps the contract of softswitch.media.codec."""

import pytest

from softswitch.media.codec import load_codecs
from softswitch.testing.codec_contract import check_codec


@pytest.mark.parametrize("name", sorted(load_codecs()))
@pytest.mark.parametrize("ptime_ms", [10, 20, 30])
def test_installed_codec_keeps_the_contract(name: str, ptime_ms: int) -> None:
    check_codec(load_codecs()[name], ptime_ms=ptime_ms)


def test_our_codecs_are_installed_under_their_encoding_names() -> None:
    codecs = load_codecs()
    assert codecs["PCMU"].spec.payload_type == 0
    assert codecs["PCMA"].spec.payload_type == 8
