"""`softswitch queues`: who waits, who answers, how quickly."""

import click

from softswitch.cli.directory import config_option, connect, directory_argument, find_directory
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration, percentage
from softswitch.control.protocol.rows import QueueRow


@click.command
@directory_argument
@config_option
@json_option
def queues(directory: str | None, config: str | None, as_json: bool) -> None:
    """Queues: who waits, who answers, how quickly."""
    with connect(find_directory(directory or config)) as client:
        rows = client.queues()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No queues: queues.toml has none.")


_COLUMNS: list[Column[QueueRow]] = [
    Column("Queue", lambda row: row.queue_id, is_flexible=True),
    Column("Name", lambda row: row.name, is_wide=True),
    Column("Waiting", lambda row: str(row.waiting), is_number=True, style=lambda row: "yellow" if row.waiting else ""),
    Column("Longest", lambda row: duration(row.longest_wait_s) if row.waiting else "", is_number=True),
    Column("Ready", lambda row: str(row.agents_ready), is_number=True),
    Column("Busy", lambda row: str(row.agents_busy), is_number=True),
    Column("Staff", lambda row: str(row.agents_logged_in), is_number=True, is_wide=True),
    Column("Offered", lambda row: str(row.offered), is_number=True),
    Column("Answered", lambda row: str(row.answered), is_number=True),
    Column("Lost", lambda row: str(row.abandoned), is_number=True),
    Column("Overflowed", lambda row: str(row.overflowed), is_number=True, is_wide=True),
    Column("Level", lambda row: percentage(row.service_level), is_number=True),
    Column("Speed", lambda row: duration(row.average_speed_of_answer_s), is_number=True),
]
