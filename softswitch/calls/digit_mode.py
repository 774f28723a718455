"""How digits reach a party, and how they come from it: the key `dtmf` of a phone or trunk.

| mode    | digits are sent as                             | they are also looked for in its sound |
|---------|------------------------------------------------|---------------------------------------|
| auto    | events if its SDP has them, otherwise as tones | if its SDP has no events              |
| rfc4733 | the same                                       | never                                 |
| inband  | tones; events are neither offered nor accepted | always                                |
| info    | INFO within its dialog                         | never                                 |

Whatever comes is understood in every mode: phones that are set up for one method often send a second one too.
"""

from typing import Literal

from msgspec.structs import replace

from softswitch.sip.description.offer_answer import MediaCapabilities, NegotiatedAudio

DigitMode = Literal["auto", "rfc4733", "inband", "info"]


def capabilities_for(mode: DigitMode, capabilities: MediaCapabilities) -> MediaCapabilities:
    """What we tell such a party we can do."""
    return replace(capabilities, telephone_event=False) if mode == "inband" else capabilities


def are_in_sound(mode: DigitMode, audio: NegotiatedAudio) -> bool:
    """Whether its digits are to be looked for in its sound."""
    return mode == "inband" or (mode == "auto" and audio.telephone_event is None)
