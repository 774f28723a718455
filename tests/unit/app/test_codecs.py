"""What of the configured codecs is offered."""

from softswitch.app.codecs import working_codecs
from softswitch.config.settings import MediaSection
from softswitch.sip.description.audio_formats import AUDIO_FORMATS


def test_all_that_can_be_configured_works_here_in_the_order_that_was_written() -> None:
    assert working_codecs(MediaSection().codecs) == ("PCMA", "PCMU", "G722", "OPUS")
    last_first = list(AUDIO_FORMATS)[::-1]
    assert working_codecs(last_first) == tuple(last_first)


def test_what_is_not_installed_is_left_out_and_something_always_remains() -> None:
    assert working_codecs(["SPEEX", "OPUS"]) == ("OPUS",)
    assert working_codecs(["SPEEX"]) == ("PCMA", "PCMU")
    assert working_codecs([]) == ()
