"""What is seen while the demo runs: a live picture on a terminal, a line now and then into a pipe or a file."""

from collections.abc import Iterable, Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from softswitch.cli.demo.centre import Snapshot
from softswitch.cli.words import count, duration, percentage, spoken_state
from softswitch.control.protocol.replies import Status
from softswitch.control.protocol.rows import AgentRow, CallRow, QueueRow

PLAIN_LINE_EVERY_S = 5.0
CALLS_SHOWN_MAX = 12
LINES_OF_ALL_ELSE = 24
"""Of the picture without the list of calls; that one takes what the terminal has left."""
WAITING_DOTS_MAX = 12

_AGENT_STYLES = {
    "reserved": "bold cyan",
    "busy": "cyan",
    "wrap_up": "yellow",
    "not_ready": "red",
    "logged_out": "dim",
}
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
    return (
        f"{duration(elapsed_s)}  {_calls_in_words(snapshot)}, {sum(row.waiting for row in queues)} waiting; "
        f"{sum(row.answered for row in queues)} answered, {sum(row.abandoned for row in queues)} abandoned"
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
    words = f"  {duration(elapsed_s)} of {duration(seconds)}   {_calls_in_words(snapshot)}"
    headline.append(words, style="not reverse not bold")
    headline.append("   Ctrl-C ends it", style="not reverse not bold dim")
    return headline


def _calls_in_words(snapshot: Snapshot) -> str:
    talking = sum(row.state == "talking" for row in snapshot.calls)
    return f"{count(len(snapshot.calls), 'call')} in progress, {talking} talking"


def _queues(rows: Iterable[QueueRow]) -> Table:
    titles = ("Queue", "Waiting", "Longest", "Ready", "Busy", "Answered", "Abandoned", "In time")
    table = _table(*titles, widths=(10, WAITING_DOTS_MAX + 3), numbers=2)
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
    table = _table(*2 * ("Agent", "State", "For", "Calls"), widths=2 * (15, 9, 4, 5), numbers=99)
    half = (len(rows) + 1) // 2
    for index in range(half):
        cells: list[RenderableType] = []
        for row in rows[index::half]:
            state = Text(row.reason or spoken_state(row.state), _AGENT_STYLES.get(row.state, "green"))
            cells += [row.name, state, duration(row.since_s), str(row.answered)]
        table.add_row(*cells)
    return table


def _calls(rows: list[CallRow], room: int) -> Table:
    """Those who talk or wait are more interesting than those who listen to a machine."""
    titles = ("Call from", "State", "Queue", "Agent", "Waited", "Length")
    table = _table(*titles, widths=(14, 10, 10, 8, 6, 6), numbers=4)
    for row in sorted(rows, key=lambda row: row.state not in _CALL_STYLES)[:room]:
        table.add_row(
            row.calling_number,
            Text(_call_state(row), _CALL_STYLES.get(row.state, "dim")),
            row.queue,
            row.agent,
            duration(row.wait_s),
            duration(row.duration_s),
        )
    if len(rows) > room:
        table.add_row(Text(f"and {len(rows) - room} more", "dim"))
    return table


def _call_state(row: CallRow) -> str:
    """What a flow is doing with its caller is plain from how far he has come."""
    if row.state != "flow":
        return spoken_state(row.state)
    return "survey" if row.agent else "goodbye" if row.queue else "greeting"


def _workers(status: Status) -> Text:
    words = [
        f"{worker.name}: {count(worker.streams, 'stream')}, {count(worker.recordings, 'recording')}, "
        f"{percentage(worker.cpu)} of a core, {worker.tick_us_median:.0f} µs a tick"
        for worker in status.workers
    ]
    return Text("; ".join(words), style="dim")


def _table(*titles: str, widths: Sequence[int], numbers: int) -> Table:
    """Columns from number `numbers` on are aligned right; least `widths` keep a picture from jumping."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold dim", pad_edge=False)
    for index, title in enumerate(titles):
        width = widths[index] if index < len(widths) else 0
        table.add_column(title, justify="right" if index >= numbers else "left", no_wrap=True, min_width=width)
    return table
