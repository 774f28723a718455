"""The rows of voicemail.toml, and what agents.toml says of the boxes of phones.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.config.settings import Attachment

Pin = Annotated[str, Meta(pattern=r"^([0-9]{4,12})?$")]


class PhoneBoxRow(msgspec.Struct, frozen=True, kw_only=True):
    """voicemail = {...} of an agent or a phone: its box. What is None is as [voicemail] says."""

    enabled: bool | None = None
    """Whether it has a box; None: as `extensions` of [voicemail] says."""
    pin: Pin = ""
    """Opens it from other phones, until its owner chooses another; empty: none does."""
    language: str = ""
    """Of its standard greeting; empty: the caller's."""
    operator: str | None = None
    """Where a caller goes who presses 0; empty: nowhere."""
    queue: str = ""
    """Its messages are contacts of this queue as well; empty: of none."""
    email: tuple[str, ...] = ()
    """Who is sent a mail for each message."""
    attach: Attachment | None = None
    delete_mailed: bool = False
    """A message is deleted once its mail is sent."""
    messages_max: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    minutes_max: Annotated[float, Meta(ge=1, le=100_000)] | None = None
    longest_s: Annotated[float, Meta(ge=5, le=3600)] | None = None
    shortest_s: Annotated[float, Meta(ge=0, le=60)] | None = None
    keep_days: Annotated[float, Meta(ge=0, le=36500)] | None = None


class BoxRow(PhoneBoxRow, frozen=True, kw_only=True):
    """[[box]]: a box that is no extension's; those who share it are its members."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$")]
    number: str = ""
    """What is typed for it on the phone, beside the id; empty: nothing."""
    name: str = ""
    """Empty: the id."""
    project: str = ""
    """Whose box it is, an id of projects.toml; empty: it is for all."""
    members: tuple[str, ...] = ()
    """Ids of agents and phones: their lamps show it, and their phones open it without a PIN."""
