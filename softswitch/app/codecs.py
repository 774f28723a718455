"""Which of the configured codecs work on this machine."""

from collections.abc import Sequence
from functools import cache

from softswitch.base.log import get_logger
from softswitch.media.codec import load_codecs
from softswitch.media.stream_codec import load_stream_codecs
from softswitch.sip.description.audio_formats import AUDIO_FORMATS

_log = get_logger("app")


def working_codecs(names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names`, which are keys of AUDIO_FORMATS, that the media workers can offer; if none does, all G.711."""
    working = _working()
    return tuple(name for name in names if name in working) or (("PCMA", "PCMU") if names else ())


@cache
def _working() -> frozenset[str]:
    """What is installed does not change while the program runs; what is missing is told once."""
    coded, faults = load_stream_codecs()
    for fault in faults:
        _log.warning("a codec is left out", reason=fault)
    plain = load_codecs()
    return frozenset(
        name for name, audio_format in AUDIO_FORMATS.items() if name in plain or audio_format.rtpmap[:2] in coded
    )
