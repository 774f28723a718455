"""`softswitch webhooks`: where events are sent, how far each has got, what could not be delivered."""

from typing import TYPE_CHECKING

import click
import msgspec

from softswitch.cli.directory import config_option, find_directory, store_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import instant

if TYPE_CHECKING:
    from softswitch.config.webhook_rows import WebhookRow
    from softswitch.store.webhook_store import WebhookStore

_number_option = click.option("--number", type=click.IntRange(0), help="This event alone.")


class WebhookLine(msgspec.Struct, frozen=True):
    """A webhook as the files know it."""

    webhook: str
    url: str
    enabled: bool
    cursor: int | None
    dead: int
    waiting: int
    """What follows is as the web process has noted it with the last failure."""
    is_resting: bool
    failing_since: float | None
    failed_at: float | None
    last_fault: str


class DeadLine(msgspec.Struct, frozen=True):
    """An event that could not be delivered."""

    number: int
    kind: str
    at_wall: float
    reason: str
    attempts: int
    is_again: bool


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def webhooks(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Where events are sent, and what could not be delivered."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    from softswitch.config import load_webhooks
    from softswitch.store.webhook_store import open_webhook_store

    directory = find_directory(config)
    rows = load_webhooks(directory)
    store = open_webhook_store(store_directory(directory))
    try:
        lines = [_line(row, store) for row in rows]
    finally:
        store.close()
    show_rows(lines, _COLUMNS, as_json=as_json, empty="No webhooks: see webhooks.toml.")


@webhooks.command
@click.argument("webhook")
@config_option
@json_option
@click.pass_context
def dead(ctx: click.Context, webhook: str, config: str | None, as_json: bool) -> None:
    """Events that could not be delivered to a webhook, the oldest first."""
    from softswitch.store.webhook_store import open_webhook_store

    store = open_webhook_store(_checked(config or ctx.obj, webhook))
    try:
        lines = [
            DeadLine(each.number, each.kind, each.at_wall, each.reason, each.attempts, each.is_again)
            for each in store.dead(webhook)
        ]
    finally:
        store.close()
    show_rows(lines, _DEAD_COLUMNS, as_json=as_json, empty="Everything was delivered.")


@webhooks.command
@click.argument("webhook")
@_number_option
@config_option
@click.pass_context
def replay(ctx: click.Context, webhook: str, number: int | None, config: str | None) -> None:
    """Send events again that could not be delivered: all, or one."""
    from softswitch.store.webhook_store import open_webhook_store

    store = open_webhook_store(_checked(config or ctx.obj, webhook))
    try:
        found = store.send_again(webhook, number)
    finally:
        store.close()
    click.echo(f"{found} events are sent again, as soon as the web process runs.")


@webhooks.command
@click.argument("webhook")
@_number_option
@config_option
@click.pass_context
def discard(ctx: click.Context, webhook: str, number: int | None, config: str | None) -> None:
    """Forget events that could not be delivered: all, or one."""
    from softswitch.store.webhook_store import open_webhook_store

    store = open_webhook_store(_checked(config or ctx.obj, webhook))
    try:
        found = store.discard(webhook, number)
    finally:
        store.close()
    click.echo(f"{found} events were discarded.")


def _line(row: "WebhookRow", store: "WebhookStore") -> WebhookLine:
    trouble = store.trouble(row.id) if row.enabled else None
    return WebhookLine(
        webhook=row.id,
        url=row.url,
        enabled=row.enabled,
        cursor=store.cursor(row.id),
        dead=sum(1 for _ in store.dead(row.id)),
        waiting=0 if trouble is None else trouble.waiting,
        is_resting=trouble is not None and trouble.is_resting,
        failing_since=None if trouble is None else trouble.since,
        failed_at=None if trouble is None else trouble.failed_at,
        last_fault="" if trouble is None else trouble.fault,
    )


def _state(row: WebhookLine) -> str:
    if not row.enabled:
        return "off"
    return "well" if row.failing_since is None else "resting" if row.is_resting else "failing"


def _checked(config: str | None, webhook: str) -> str:
    """The directory of the store. Raises `Failure` for a webhook that there is not."""
    from softswitch.config import load_webhooks

    directory = find_directory(config)
    known = [row.id for row in load_webhooks(directory)]
    if webhook not in known:
        raise Failure(f'there is no webhook "{webhook}": known are {", ".join(known) or "none"}', CONFIGURATION)
    return store_directory(directory)


_COLUMNS: list[Column[WebhookLine]] = [
    Column("Webhook", lambda row: row.webhook),
    Column("State", _state, style=lambda row: "" if row.failing_since is None else "red"),
    Column("Since", lambda row: "" if row.failing_since is None else instant(row.failing_since)),
    Column("Last failure", lambda row: "" if row.failed_at is None else instant(row.failed_at)),
    Column("Waiting", lambda row: str(row.waiting), is_number=True),
    Column("Settled", lambda row: "" if row.cursor is None else str(row.cursor), is_number=True),
    Column("Set aside", lambda row: str(row.dead), is_number=True, style=lambda row: "red" if row.dead else ""),
    Column("Why", lambda row: row.last_fault, is_flexible=True),
    Column("URL", lambda row: row.url, is_flexible=True),
]
_DEAD_COLUMNS: list[Column[DeadLine]] = [
    Column("Event", lambda row: str(row.number), is_number=True),
    Column("Kind", lambda row: row.kind),
    Column("Set aside", lambda row: instant(row.at_wall)),
    Column("Tried", lambda row: str(row.attempts), is_number=True),
    Column("Again", lambda row: "yes" if row.is_again else ""),
    Column("Why", lambda row: row.reason, is_flexible=True),
]
