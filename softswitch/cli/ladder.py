"""Ladders on the terminal, in colour."""

import shutil
from collections.abc import Sequence

import click

from softswitch.cli.render import PIPE_CHARACTERS
from softswitch.cli.words import instant, printable
from softswitch.control.protocol.rows import TraceRow
from softswitch.sip.tracing.ladder import Ladder, columns_in
from softswitch.sip.tracing.steps import Step, StepKind, step_of

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


class LiveLadder:
    """Rows as they come. A party that is new gets a column, in the place of the one unheard of for the longest time if
    there is no more room; then the names are printed again.

    Who spoke to us first stands on the left, who we spoke to first on the right.
    """

    def __init__(self) -> None:
        self._width = terminal_width()
        self._sides: dict[str, bool] = {}
        """Whether the party stands on the left; the one that was heard of last is the last."""
        self._ladder = Ladder([], [], self._width)
        self._started_at = 0.0

    def show(self, row: TraceRow) -> None:
        if not self._started_at:
            self._started_at = row.message.at
            click.echo(f"Seconds since {instant(self._started_at)}")
        step = step_of(row.message, row.party)
        if row.party in self._sides:
            self._sides[row.party] = self._sides.pop(row.party)
        else:
            self._sides[row.party] = not step.is_sent
            while len(self._sides) > columns_in(self._width):
                del self._sides[next(iter(self._sides))]
            left = [party for party, is_left in self._sides.items() if is_left]
            right = [party for party, is_left in self._sides.items() if not is_left]
            self._ladder = Ladder(left, right, self._width)
            click.secho(f"\n{printable(self._ladder.header())}", bold=True)
        show_step(self._ladder, step, self._started_at)


def show_step(ladder: Ladder, step: Step, started_at: float) -> None:
    click.secho(printable(ladder.line(step, started_at)), fg=_COLOURS[step.kind])


def terminal_width() -> int:
    """COLUMNS wins over the terminal; into a pipe everything is written at full length."""
    return shutil.get_terminal_size((PIPE_CHARACTERS, 24)).columns
