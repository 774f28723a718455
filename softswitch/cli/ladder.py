"""Ladders on the terminal, in colour."""

import shutil
from collections.abc import Sequence

import click

from softswitch.cli.render import PIPE_CHARACTERS
from softswitch.cli.words import printable
from softswitch.sip.tracing.ladder import Ladder
from softswitch.sip.tracing.steps import Step, StepKind

_COLOURS: dict[StepKind, str] = {
    "request": "cyan",
    "provisional": "white",
    "success": "green",
    "failure": "red",
    "malformed": "magenta",
}


def show_ladder(steps: Sequence[Step], left: Sequence[str]) -> None:
    """All of it at once; `left` are the callers."""
    parties = list(dict.fromkeys(step.party for step in steps))
    before = [party for party in left if party in parties]
    ladder = Ladder(before, [party for party in parties if party not in before], terminal_width())
    click.secho(printable(ladder.header()), bold=True)
    for step in steps:
        show_step(ladder, step, steps[0].at)


def show_step(ladder: Ladder, step: Step, started_at: float) -> None:
    click.secho(printable(ladder.line(step, started_at)), fg=_COLOURS[step.kind])


def terminal_width() -> int:
    """COLUMNS wins over the terminal; into a pipe everything is written at full length."""
    return shutil.get_terminal_size((PIPE_CHARACTERS, 24)).columns
