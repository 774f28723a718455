"""What is seen while the demo runs: a live picture on a terminal, a line now and then into a pipe or a file."""

from collections.abc import Iterable
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from softswitch.cli.demo.centre import Snapshot
from softswitch.cli.words import count, duration, percentage, spoken_state
from softswitch.control.protocol import AgentRow, CallRow, QueueRow, Status

PLAIN_LINE_EVERY_S = 5.0
CALLS_SHOWN_MAX = 12
LINES_OF_ALL_ELSE = 22
"""Of the picture without the list of calls; that one takes what the terminal has left."""
WAITING_DOTS_MAX = 12

_AGENT_STYLES = {"ready": "green", "reserved": "bold cyan", "busy": "cyan", "wrap_up": "yellow", "not_ready": "red"}
_CALL_STYLES = {"talking": "cyan", "waiting": "yellow", "alerting": "bold cyan"}


class LiveTable:
    """A context manager; `show` draws the switch as it is."""

    def __init__(self, console: Console, seconds: float) -> None:
        self._console = console
        self._seconds = seconds
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._next_line_s = PLAIN_LINE_EVERY_S

    def __enter__(self) -> "LiveTable":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, snapshot: Snapshot, elapsed_s: float) -> None:
        if self._live is not None:
            picture = draw(snapshot, elapsed_s, self._seconds, lines=self._console.size.height)
            self._live.update(picture, refresh=True)
        elif elapsed_s >= self._next_line_s:
            self._next_line_s += PLAIN_LINE_EVERY_S
            self._console.print(describe(snapshot, elapsed_s))


def describe(snapshot: Snapshot, elapsed_s: float) -> str:
    """The switch in one line."""
    queues = snapshot.queues
    talking = sum(row.state == "talking" for row in snapshot.calls)
    ready = sum(row.state == "ready" for row in snapshot.agents)
    return (
        f"{duration(elapsed_s)}  {count(len(snapshot.calls), 'call')}: {talking} talking, "
        f"{sum(row.waiting for row in queues)} waiting; answered {sum(row.answered for row in queues)}, "
        f"abandoned {sum(row.abandoned for row in queues)}; {count(ready, 'agent')} ready"
    )


def draw(snapshot: Snapshot, elapsed_s: float, seconds: float, *, lines: int) -> RenderableType:
    """The whole picture, at most so many lines high."""
    room = max(0, min(CALLS_SHOWN_MAX, lines - LINES_OF_ALL_ELSE))
    parts: list[RenderableType] = [
        _headline(snapshot, elapsed_s, seconds),
        Text(),
        _queues(snapshot.queues),
        Text(),
        _agents(snapshot.agents),
        Text(),
    ]
    if room:
        parts += [_calls(snapshot.calls, room), Text()]
    return Group(*parts, _workers(snapshot.status))


def _headline(snapshot: Snapshot, elapsed_s: float, seconds: float) -> Text:
    headline = Text(" Call centre ", style="bold reverse")
    headline.append(f"  {duration(elapsed_s)} of {duration(seconds)}", style="not reverse not bold")
    talking = sum(row.state == "talking" for row in snapshot.calls)
    headline.append(
        f"   {count(len(snapshot.calls), 'call')} in progress, {talking} talking", style="not reverse not bold"
    )
    return headline


def _queues(rows: Iterable[QueueRow]) -> Table:
    table = _table("Queue", "Waiting", "Longest", "Ready", "Busy", "Answered", "Abandoned", "In time", numbers=2)
    for row in rows:
        table.add_row(
            row.name,
            Text("●" * min(row.waiting, WAITING_DOTS_MAX) + (f" {row.waiting}" if row.waiting else ""), "yellow"),
            duration(row.longest_wait_s) if row.waiting else "",
            Text(str(row.agents_ready), "green" if row.agents_ready else "dim"),
            str(row.agents_busy),
            str(row.answered),
            Text(str(row.abandoned), "red" if row.abandoned else "dim"),
            percentage(row.service_level),
        )
    return table


def _agents(rows: list[AgentRow]) -> Table:
    """Two beside each other."""
    table = _table("Agent", "State", "", "Calls", "Agent", "State", "", "Calls", numbers=99)
    half = (len(rows) + 1) // 2
    for index in range(half):
        cells: list[RenderableType] = []
        for row in rows[index::half]:
            state = f"{spoken_state(row.state)}: {row.reason}" if row.reason else spoken_state(row.state)
            style = _AGENT_STYLES.get(row.state, "dim")
            cells += [row.name, Text(state, style, no_wrap=True), duration(row.since_s), str(row.answered)]
        table.add_row(*cells)
    return table


def _calls(rows: list[CallRow], room: int) -> Table:
    table = _table("Call from", "State", "Queue", "Agent", "Waited", "Length", numbers=4)
    for row in rows[:room]:
        table.add_row(
            row.calling_number,
            Text(spoken_state(row.state), _CALL_STYLES.get(row.state, "dim")),
            row.queue,
            row.agent,
            duration(row.wait_s),
            duration(row.duration_s),
        )
    if len(rows) > room:
        table.add_row(Text(f"and {len(rows) - room} more", "dim"))
    return table


def _workers(status: Status) -> Text:
    words = [
        f"{worker.name}: {count(worker.streams, 'stream')}, {count(worker.recordings, 'recording')}, "
        f"{percentage(worker.cpu)} of a core, {worker.tick_us_median:.0f} µs a tick"
        for worker in status.workers
    ]
    return Text("; ".join(words), style="dim")


def _table(*titles: str, numbers: int) -> Table:
    """Columns from number `numbers` on are aligned right."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold dim", pad_edge=False)
    for index, title in enumerate(titles):
        table.add_column(title, justify="right" if index >= numbers else "left", no_wrap=True)
    return table
