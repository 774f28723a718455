"""The codecs we can name in SDP: their numbers, their `a=rtpmap` and the `a=fmtp` that says what we want to be sent.

Codecs are called by their encoding name in capitals; L16, which exists at several rates, by name and rate.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from softswitch.sip.description.sdp import (
    PAYLOAD_TYPE_MAX,
    PAYLOAD_TYPES,
    MediaDescription,
    RtpMap,
    read_rtpmaps,
)
from softswitch.sip.limits import CHOICES_REMEMBERED

STATIC_PAYLOAD_TYPES = {
    0: RtpMap("PCMU", 8000, 1),
    3: RtpMap("GSM", 8000, 1),
    8: RtpMap("PCMA", 8000, 1),
    9: RtpMap("G722", 8000, 1),
    10: RtpMap("L16", 44100, 2),
    11: RtpMap("L16", 44100, 1),
    18: RtpMap("G729", 8000, 1),
}
"""Legal without a=rtpmap (RFC 3551 section 6)."""

TELEPHONE_EVENTS = "0-15"
"""0-9, *, #, A-D (RFC 4733 section 3.2)."""


class AudioFormat(NamedTuple):
    """One codec. `number` is what we offer it as, `text` its rtpmap as it is written, `rtpmap` as it is understood."""

    number: int
    text: str
    rtpmap: RtpMap
    parameters: str = ""
    ptimes_ms: tuple[int, ...] = (10, 20, 30, 40, 50, 60)


def _format(
    number: int, text: str, parameters: str = "", ptimes_ms: tuple[int, ...] = (10, 20, 30, 40, 50, 60)
) -> AudioFormat:
    name, rate, *channels = text.split("/")
    rtpmap = RtpMap(name.upper(), int(rate), int(channels[0]) if channels else 1)
    return AudioFormat(number, text, rtpmap, parameters, ptimes_ms)


AUDIO_FORMATS: Mapping[str, AudioFormat] = {
    "PCMU": _format(0, "PCMU/8000"),
    "PCMA": _format(8, "PCMA/8000"),
    "G722": _format(9, "G722/8000"),
    "OPUS": _format(
        111,
        "opus/48000/2",
        # Nothing above 8 kHz is kept of it, and 40 kb/s are more than speech needs with its copies (RFC 7587).
        "maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=40000;useinbandfec=1",
        (10, 20, 40, 60),
    ),
    "L16/16000": _format(112, "L16/16000", ptimes_ms=(10, 20, 30)),
    "L16/8000": _format(113, "L16/8000", ptimes_ms=(10, 20, 30)),
}

_NAMES: Mapping[RtpMap, str] = {format_.rtpmap: name for name, format_ in AUDIO_FORMATS.items()} | {
    RtpMap("OPUS", 48000, 1): "OPUS"
}
"""Opus always has two channels in SDP; those who forget it mean the same."""

TELEPHONE_EVENT = "TELEPHONE-EVENT"
EVENT_FORMATS: Mapping[int, AudioFormat] = {
    8000: _format(101, "telephone-event/8000", TELEPHONE_EVENTS),
    16000: _format(114, "telephone-event/16000", TELEPHONE_EVENTS),
    48000: _format(110, "telephone-event/48000", TELEPHONE_EVENTS),
}
"""By clock, which should be that of the codec beside them (RFC 4733 section 2.1). 101 is the number nearly everybody
uses, so that peers which assume it are right."""


class Choice(NamedTuple):
    """A codec picked from a media line, with the telephone events beside it. `name` is one of AUDIO_FORMATS."""

    name: str
    payload_type: int
    parameters: str
    telephone_event: int | None
    telephone_event_clock_hz: int

    @property
    def format(self) -> AudioFormat:
        return AUDIO_FORMATS[self.name]


class AnsweredChoice(NamedTuple):
    """What an answer has picked from our offer; `own_event` is the number of the telephone events in the offer."""

    choice: Choice
    own_event: int | None


@lru_cache(maxsize=CHOICES_REMEMBERED)
def choose(
    formats: tuple[str, ...], explanations: tuple[str, ...], names: tuple[str, ...], *, with_events: bool
) -> Choice | None:
    """The first of `names` that a media line with these `formats` and `explanations` has; None if it has none.

    Remembered, since the same few phones and providers offer the same again and again.
    """
    maps = STATIC_PAYLOAD_TYPES | read_rtpmaps(explanations)
    return _choose(_numbers(formats, maps), maps, explanations, names, with_events=with_events)


@lru_cache(maxsize=CHOICES_REMEMBERED)
def choose_from_answer(
    formats: tuple[str, ...],
    explanations: tuple[str, ...],
    our_formats: tuple[str, ...],
    our_explanations: tuple[str, ...],
) -> AnsweredChoice | None:
    """The answer's first codec that we offered. Numbers it does not explain mean what they mean in our offer."""
    our_rtpmaps = read_rtpmaps(our_explanations)
    our_maps = STATIC_PAYLOAD_TYPES | our_rtpmaps
    offered = _names_in(_numbers(our_formats, our_maps), our_maps)
    maps = our_maps | read_rtpmaps(explanations)
    numbers = _numbers(formats, maps)
    names = [name for name in _names_in(numbers, maps) if name in offered]
    with_events = any(rtpmap.encoding == TELEPHONE_EVENT for rtpmap in our_rtpmaps.values())
    choice = _choose(numbers, maps, explanations, names, with_events=with_events)
    if choice is None:
        return None
    events = RtpMap(TELEPHONE_EVENT, choice.telephone_event_clock_hz, 1)
    return AnsweredChoice(choice, next((number for number, known in our_rtpmaps.items() if known == events), None))


def _choose(
    numbers: Sequence[int],
    maps: Mapping[int, RtpMap],
    explanations: Sequence[str],
    names: Sequence[str],
    *,
    with_events: bool,
) -> Choice | None:
    found = _names_in(numbers, maps)
    chosen = next((name for name in names if name in found), None)
    if chosen is None:
        return None
    event, clock_hz = _events_beside(AUDIO_FORMATS[chosen], numbers, maps) if with_events else (None, 8000)
    return Choice(chosen, found[chosen], _parameters(explanations, found[chosen]), event, clock_hz)


def _names_in(numbers: Sequence[int], maps: Mapping[int, RtpMap]) -> dict[str, int]:
    """The codecs of AUDIO_FORMATS among these numbers, in their order, each with its number."""
    found: dict[str, int] = {}
    for number in numbers:
        name = _NAMES.get(maps[number])
        if name is not None:
            found.setdefault(name, number)
    return found


def offered_numbers(names: Sequence[str], old: MediaDescription | None, *, with_events: bool) -> dict[int, AudioFormat]:
    """These codecs, and the events that go with them, by the numbers they have in this session or get now."""
    formats = [AUDIO_FORMATS[name] for name in names]
    if with_events:
        clocks = dict.fromkeys(format_.rtpmap.clock_rate_hz for format_ in formats)
        # Phones that have Opus often have events at 8000 only.
        formats += [EVENT_FORMATS[clock_hz] for clock_hz in dict.fromkeys([8000, *clocks])]
    known = {} if old is None else old.rtpmaps
    numbers: dict[int, AudioFormat] = {}
    for format_ in formats:
        number = next((number for number, rtpmap in known.items() if rtpmap == format_.rtpmap), format_.number)
        while number in numbers or known.get(number, format_.rtpmap) != format_.rtpmap:
            number = number + 1 if number < PAYLOAD_TYPE_MAX else 96
        numbers[number] = format_
    return numbers


def format_lines(formats: Mapping[int, AudioFormat]) -> list[str]:
    """Their `a=` lines. Static types get their rtpmap too, because some phones look for it."""
    lines: list[str] = []
    for number, format_ in formats.items():
        lines.append(f"a=rtpmap:{number} {format_.text}")
        if format_.parameters:
            lines.append(f"a=fmtp:{number} {format_.parameters}")
    return lines


def chosen_formats(choice: Choice) -> dict[int, AudioFormat]:
    """The formats of an answer: the codec and the events, by the offerer's numbers."""
    formats = {choice.payload_type: choice.format}
    if choice.telephone_event is not None:
        formats[choice.telephone_event] = EVENT_FORMATS[choice.telephone_event_clock_hz]
    return formats


def _events_beside(codec: AudioFormat, numbers: Sequence[int], maps: Mapping[int, RtpMap]) -> tuple[int | None, int]:
    """The first telephone events with the codec's clock, else the first at all."""
    events = [number for number in numbers if _is_events(maps[number])]
    clock_hz = codec.rtpmap.clock_rate_hz
    best = next((number for number in events if maps[number].clock_rate_hz == clock_hz), next(iter(events), None))
    return best, 8000 if best is None else maps[best].clock_rate_hz


def _is_events(rtpmap: RtpMap) -> bool:
    return rtpmap.encoding == TELEPHONE_EVENT and rtpmap.clock_rate_hz in EVENT_FORMATS


def _numbers(formats: Sequence[str], maps: Mapping[int, RtpMap]) -> list[int]:
    """The formats that are payload types with a meaning, in order; whatever else stands there is left out."""
    return [number for text in formats if (number := PAYLOAD_TYPES.get(text)) is not None and number in maps]


def _parameters(explanations: Sequence[str], number: int) -> str:
    """The value of its `a=fmtp`, "" without."""
    for attribute in explanations:
        if attribute.startswith("fmtp:"):
            text, _, parameters = attribute.removeprefix("fmtp:").partition(" ")
            if text == str(number):
                return parameters.strip()
    return ""
