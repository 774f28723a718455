"""The rows of projects.toml, every key with its default.

docs/configuration.md says the same for operators; a test holds the two together.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier, RecordingPolicy
from softswitch.config.settings import RecordingFormat


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[project]]: a client company that the centre works for."""

    id: Identifier
    name: str = ""
    """Empty: the id."""
    contact: str = ""
    """An e-mail address of the client's."""
    digest: Annotated[tuple[str, ...], Meta(max_length=20)] = ()
    """When `contact` is sent a list of its calls since the last one: "mon-fri 18:00"."""
    language: str = ""
    """What its callers are spoken to in; empty: the default language."""
    timezone: str = ""
    """Of its schedules that name none; empty: UTC."""
    hours: str = ""
    """The schedule that `call.is_open()` asks for."""
    holidays: dict[str, tuple[str, ...]] = {}
    """Of all its schedules, where these do not say otherwise for the same date."""
    record: RecordingPolicy | None = None
    """Whether its conversations are recorded where neither number nor queue say; None: as everybody's."""
    recording_notice: str = ""
    """A sound its callers hear before the first conversation that is recorded; empty: none."""
    recording_format: RecordingFormat | None = None
    """None: that of [recordings], here and in the next."""
    keep_recordings_days: Annotated[float, Meta(ge=0, le=36500)] | None = None
    music: str = ""
    """For its callers in queues that name none; empty: that of [sounds]."""
    calling_number: str = ""
    """Shown to whoever is called for it through a trunk, instead of the trunk's or the extension's own."""
    max_calls: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """Calls at once; 0: as many as the switch takes."""
    when_full: Literal["unavailable", "busy"] = "unavailable"
    """What a further caller is told: 503, whereupon a provider may try elsewhere, or 486."""
