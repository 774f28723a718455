"""The rows of reports.toml, every key with its default; docs/configuration.md says the same for operators."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[report]]: a report that is mailed by itself."""

    id: Identifier
    report: str
    """Which: a name of `softswitch report list`."""
    when: str
    """"daily 07:00", "mon 07:00" or "monthly 1 07:00"."""
    to: Annotated[tuple[str, ...], Meta(max_length=50)] = ()
    """E-mail addresses; empty: the project's `contact`."""
    project: str = ""
    """What is this client company's alone; empty: everything."""
    queue: str = ""
    agent: str = ""
    interval: Literal["15", "30", "60", "day"] = "60"
    """Minutes of a row, where rows are intervals."""
    format: Literal["xlsx", "csv", "json"] = "xlsx"
    timezone: str = ""
    """Whose days, hours and `when`; empty: the project's, or UTC."""
    conversions: Annotated[tuple[str, ...], Meta(max_length=50)] = ()
    """Dispositions that mean success, in the report `outbound`."""
