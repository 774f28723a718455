"""What is said on a program's WebSocket beside sound: JSON objects, of which `type` says the kind. docs/live-media.md
is for those who write programs."""

from typing import Any

import msgspec

VERSION = 1


class Start(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="start"):
    """The first message of every connection; sound follows."""

    version: int = VERSION
    stream_id: str
    call: dict[str, Any]
    media: dict[str, Any]
    talks: bool
    is_resumed: bool


class Dtmf(msgspec.Struct, frozen=True, tag_field="type", tag="dtmf"):
    digit: str


class Marked(msgspec.Struct, frozen=True, tag_field="type", tag="mark"):
    """All that the program sent before this mark was heard, or, not `is_played`, thrown away."""

    name: str
    is_played: bool


class Dropped(msgspec.Struct, frozen=True, tag_field="type", tag="dropped"):
    """So many frames were left out here: "to_program" before the next one, "to_call" of what the program sent."""

    direction: str
    frames: int


class Changed(msgspec.Struct, frozen=True, tag_field="type", tag="call"):
    call: dict[str, Any]


class Fault(msgspec.Struct, frozen=True, tag_field="type", tag="error"):
    """What the program sent last was not understood."""

    reason: str


class Stop(msgspec.Struct, frozen=True, tag_field="type", tag="stop"):
    """The last message: the switch closes the connection."""

    reason: str


class WantsMark(msgspec.Struct, frozen=True, tag_field="type", tag="mark"):
    name: str


class WantsClear(msgspec.Struct, frozen=True, tag_field="type", tag="clear"):
    pass


class WantsDtmf(msgspec.Struct, frozen=True, tag_field="type", tag="dtmf"):
    digits: str


class WantsStop(msgspec.Struct, frozen=True, tag_field="type", tag="stop"):
    result: Any = None


Wish = WantsMark | WantsClear | WantsDtmf | WantsStop

_decoder: msgspec.json.Decoder[Wish] = msgspec.json.Decoder(Wish)


def write(message: Start | Dtmf | Marked | Dropped | Changed | Fault | Stop) -> str:
    return msgspec.json.encode(message).decode()


def read(text: str) -> Wish | Fault:
    """What a program wishes, or what is wrong with how it says so."""
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError as error:
        return Fault(str(error))
    except RecursionError:
        return Fault("the JSON is nested too deeply")
