"""From the operator's configuration to the programs that are given calls' sound."""

from pathlib import Path

from softswitch.calls.programs import Program
from softswitch.config import Configuration


def programs(configuration: Configuration) -> dict[str, Program]:
    return {
        row.id: Program(
            project=row.project,
            url=row.url,
            headers=row.headers,
            ca_file=str(Path(configuration.directory, row.ca).expanduser()) if row.ca else "",
            rate_hz=row.rate_hz,
            connect_s=row.connect_ms / 1000,
        )
        for row in configuration.programs
    }
