"""What is said at the end: the figures, each agent's share, where to listen and look, and what went wrong."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softswitch.cli.demo.verdict import Figures, Records, Verdict
from softswitch.cli.words import count, duration, percentage, program
from softswitch.config import Configuration
from softswitch.control.protocol.rows import AgentRow, QueueRow

RECORDINGS_SHOWN = 3
FAILURES_SHOWN = 20


def print_report(
    console: Console,
    figures: Figures,
    verdict: Verdict,
    records: Records,
    configuration: Configuration,
    *,
    queues: Sequence[QueueRow],
    agents: Sequence[AgentRow],
) -> None:
    console.print()
    console.print(_headline(figures))
    console.print()
    console.print(_queues(queues))
    console.print()
    console.print(_shares(agents, records))
    console.print()
    _print_recordings(console, records)
    _print_commands(console, Path(configuration.directory))
    console.print()
    _print_verdict(console, verdict)


def _headline(figures: Figures) -> str:
    wait = "" if figures.average_speed_of_answer_s is None else f" after {figures.average_speed_of_answer_s:.1f} s"
    survey = "" if figures.survey_average is None else f", {figures.survey_average:.1f} of 5 on average"
    return (
        f"{count(figures.calls, 'call')} in {duration(figures.duration_s)}; {figures.offered} wanted an agent: "
        f"{figures.answered} were answered{wait},\n"
        f"{figures.abandoned} gave up waiting, {figures.turned_away} were turned away. "
        f"Service level {percentage(figures.service_level) or 'unknown'}.\n"
        f"{count(figures.survey_answers, 'caller')} rated the call{survey}."
    )


def _queues(rows: Sequence[QueueRow]) -> Table:
    table = _table("Queue", "Offered", "Answered", "Abandoned", "Overflowed", "Waited", "In time")
    for row in rows:
        average = row.average_speed_of_answer_s
        table.add_row(
            row.name,
            str(row.offered),
            str(row.answered),
            str(row.abandoned),
            str(row.overflowed),
            "" if average is None else f"{average:.1f} s",
            percentage(row.service_level),
        )
    return table


def _shares(rows: Sequence[AgentRow], records: Records) -> Table:
    table = _table("Agent", "Answered", "Missed", "Talked", "Rated")
    for row in rows:
        cdrs = [cdr for cdr in records.cdrs if cdr.agent == row.agent_id]
        scores = [score for cdr in cdrs for score in cdr.scores.values()]
        table.add_row(
            row.name,
            f"{'▪' * len(cdrs)} {len(cdrs)}",
            str(row.missed or ""),
            duration(sum(cdr.talk_s for cdr in cdrs)),
            f"{sum(scores) / len(scores):.1f}" if scores else "",
        )
    return table


def _print_recordings(console: Console, records: Records) -> None:
    """The longest are the most interesting."""
    longest = sorted(records.recordings, key=lambda each: -each.duration_s)[:RECORDINGS_SHOWN]
    console.print(f"{count(len(records.recordings), 'recording')}, the caller left, the agent right. Listen to")
    for each in longest:
        where = os.path.relpath(each.path)
        if where.startswith(".."):
            where = each.path
        console.print(f"  {where}", soft_wrap=True)
        console.print(f"    {each.calling_number} and {each.agent or 'an agent'}, {each.duration_s:.0f} s", style="dim")


def _print_commands(console: Console, directory: Path) -> None:
    where = os.path.relpath(directory)
    where = shlex.quote(str(directory) if where.startswith("..") else where)
    command = program()
    console.print("Look further with")
    for arguments, meaning in (
        (f"cdr {where} --last 60", "every call"),
        (f"recordings {where}", "every recording"),
        (f"serve {where}", "the same switch again; then `status`, `calls`, `queues`, `agents`"),
    ):
        console.print(f"  {command} {arguments:<40} {meaning}", soft_wrap=True)
    console.print(f"It ran on {where}/*.toml and {where}/dialplans/centre.py", soft_wrap=True)


def _print_verdict(console: Console, verdict: Verdict) -> None:
    if verdict.is_good:
        console.print("All calls went as they should.", style="green")
        return
    for fault in verdict.faults:
        console.print(Text(fault, "red"))
    for number, reasons in list(verdict.failures.items())[:FAILURES_SHOWN]:
        console.print(Text(f"{number}: {'; '.join(reasons)}", "red"))
    console.print(Text(f"{count(len(verdict.failures), 'call')} failed.", "bold red"))


def _table(*titles: str) -> Table:
    """The first column is a name, the others are numbers."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    for index, title in enumerate(titles):
        table.add_column(title, justify="right" if index else "left", no_wrap=True)
    return table
