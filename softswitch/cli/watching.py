"""`--watch`: a listing that is shown again and again until Ctrl-C.

On a terminal it fills the screen and leaves it as it was. Into a pipe each showing follows the one before; with
`--json` it is one line, for programs that read along. A switch that is restarted meanwhile is waited for.
"""

import io
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import datetime

import click
import msgspec

INTERVAL_S = 1.0

watch_option = click.option(
    "--watch",
    "watch_s",
    type=click.FloatRange(0.2, 3600),
    is_flag=False,
    flag_value=INTERVAL_S,
    default=None,
    metavar="[SECONDS]",
    help="Show it again each second, or each so many, until Ctrl-C.",
)


def shown_again(show: Callable[[], None], watch_s: float | None, *, as_json: bool) -> None:
    """Call `show`, which writes to standard output, once (None) or until Ctrl-C. Raises what `show` raises first."""
    if watch_s is None:
        show()
        return
    is_screen = sys.stdout.isatty() and not as_json
    show_one = _on_a_screen if is_screen else _in_a_line if as_json else _below_each_other
    text = _written(show)
    try:
        if is_screen:
            click.echo("\x1b[?1049h\x1b[?25l", nl=False)  # the other screen, without a cursor
        while True:
            show_one(text)
            time.sleep(watch_s)
            text = _written_or_reason(show)
    except KeyboardInterrupt:
        pass
    finally:
        if is_screen:
            click.echo("\x1b[?25h\x1b[?1049l", nl=False)


def _written(show: Callable[[], None]) -> str:
    """What it writes, with the colours and the width of the terminal."""
    terminal = sys.stdout

    class Page(io.StringIO):
        def isatty(self) -> bool:
            return terminal.isatty()

        def fileno(self) -> int:
            return terminal.fileno()

    page = Page()
    with redirect_stdout(page):
        show()
    return page.getvalue()


def _written_or_reason(show: Callable[[], None]) -> str:
    from softswitch.control.runtime.client import ControlFailed, NoSwitchRunning

    try:
        return _written(show)
    except (ControlFailed, NoSwitchRunning) as error:
        return f"{error}\n"


def _on_a_screen(text: str) -> None:
    rows = shutil.get_terminal_size().lines
    lines = [f"{datetime.now().astimezone():%H:%M:%S}   (Ctrl-C ends it)", "", *text.splitlines()]
    if len(lines) > rows:
        lines = [*lines[: rows - 1], f"... {len(lines) - rows + 1} lines more: make the window higher"]
    click.echo("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in lines[:-1]) + f"{lines[-1]}\x1b[K\x1b[J", nl=False)


def _below_each_other(text: str) -> None:
    click.echo(f"{datetime.now().astimezone():%H:%M:%S}\n{text}")


def _in_a_line(text: str) -> None:
    try:
        line = msgspec.json.encode(msgspec.json.decode(text)).decode()
    except msgspec.DecodeError:
        click.echo(text, err=True, nl=False)
    else:
        click.echo(line)
