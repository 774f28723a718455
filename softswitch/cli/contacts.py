"""`softswitch contacts`: what the ACD has; contacts that come by other ways than the phone, from queue to end."""

import getpass
from collections.abc import Sequence

import click
import msgspec

from softswitch.base.ids import AgentId, ContactId, QueueId
from softswitch.cli.directory import DirectoryGroup, config_option, connect, find_directory
from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.words import duration
from softswitch.control.protocol.replies import ContactSet
from softswitch.control.protocol.requests import ContactAction, ContactChannel, OrderContact, QueueContact, SetContact
from softswitch.control.protocol.rows import ContactRow


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def contacts(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Contacts: who waits, and who has whom."""
    ctx.obj = config
    if ctx.invoked_subcommand is not None:
        return
    with connect(find_directory(config)) as client:
        rows = client.contacts()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No contacts.")


_contact_argument = click.argument("contact")
_agent_argument = click.argument("agent")


@contacts.command
@click.argument("queue")
@click.argument("channel", type=click.Choice(["voicemail", "chat", "email", "task"]))
@click.option("--id", "contact_id", default="", help="What it is called; otherwise it gets a name.")
@click.option("--from", "caller", default="", help="Who it is from: an address, a number.")
@click.option("--boost", default=0.0, help="Seconds by which it counts as older.")
@config_option
@click.pass_context
def add(
    ctx: click.Context,
    queue: str,
    channel: ContactChannel,
    contact_id: str,
    caller: str,
    boost: float,
    config: str | None,
) -> None:
    """Queue a contact that came by another way than the phone."""
    name = ContactId(contact_id) if contact_id else ""
    with connect(find_directory(config or ctx.obj)) as client:
        row = client.ask(QueueContact(QueueId(queue), channel, name, caller, boost), ContactSet).contact
    if row is not None:
        click.echo(f"{row.contact_id}: {_state(row)}")


@contacts.command
@_contact_argument
@_agent_argument
@config_option
@click.pass_context
def accept(ctx: click.Context, contact: str, agent: str, config: str | None) -> None:
    """An agent takes a contact he is alerted for."""
    _set(config or ctx.obj, contact, "accept", agent)


@contacts.command
@_contact_argument
@_agent_argument
@config_option
@click.pass_context
def decline(ctx: click.Context, contact: str, agent: str, config: str | None) -> None:
    """An agent does not take it."""
    _set(config or ctx.obj, contact, "decline", agent)


@contacts.command
@_contact_argument
@config_option
@click.pass_context
def replied(ctx: click.Context, contact: str, config: str | None) -> None:
    """The agent has sent the first reply, and may get another chat."""
    _set(config or ctx.obj, contact, "replied")


@contacts.command
@_contact_argument
@config_option
@click.pass_context
def finish(ctx: click.Context, contact: str, config: str | None) -> None:
    """The agent is done with it; wrap-up begins."""
    _set(config or ctx.obj, contact, "finish")


@contacts.command
@_contact_argument
@click.option("--reason", default="", help="Why, for people and reports.")
@config_option
@click.pass_context
def withdraw(ctx: click.Context, contact: str, reason: str, config: str | None) -> None:
    """Take who waits out of his queue; the flow of a call goes on."""
    _order(config or ctx.obj, OrderContact(ContactId(contact), "withdraw", reason=reason))


@contacts.command
@_contact_argument
@click.argument("queue")
@config_option
@click.pass_context
def move(ctx: click.Context, contact: str, queue: str, config: str | None) -> None:
    """Move who waits to another queue, as old as he is."""
    _order(config or ctx.obj, OrderContact(ContactId(contact), "move", target=queue))


@contacts.command(context_settings={"ignore_unknown_options": True})
@_contact_argument
@click.argument("seconds", type=float)
@config_option
@click.pass_context
def boost(ctx: click.Context, contact: str, seconds: float, config: str | None) -> None:
    """Let who waits count as so many seconds older (negative: younger)."""
    _order(config or ctx.obj, OrderContact(ContactId(contact), "boost", boost_s=seconds))


@contacts.command
@_contact_argument
@_agent_argument
@config_option
@click.pass_context
def assign(ctx: click.Context, contact: str, agent: str, config: str | None) -> None:
    """Give who waits to an agent: the next he gets, whatever his skills."""
    _order(config or ctx.obj, OrderContact(ContactId(contact), "assign", target=agent))


def _order(config: str | None, order: OrderContact) -> None:
    with connect(find_directory(config)) as client:
        contact_id = complete(order.contact_id, client.contacts())
        order = msgspec.structs.replace(order, contact_id=contact_id, by=getpass.getuser())
        row = client.ask(order, ContactSet).contact
    boost = "" if row is None or not row.boost_s else f", boost {row.boost_s:g} s"
    click.echo(f"{contact_id}: {'over' if row is None else _state(row)}{boost}")


def complete(beginning: ContactId, rows: Sequence[ContactRow]) -> ContactId:
    """The id that begins so. What begins none is left to the switch to refuse. Raises `Failure` if several do."""
    found = [row.contact_id for row in rows if row.contact_id.startswith(beginning)]
    if len(found) > 1 and beginning not in found:
        raise Failure(f"{len(found)} contacts begin with {beginning}: {', '.join(found[:5])}; give more of the id")
    return found[0] if len(found) == 1 else beginning


def _set(config: str | None, contact: str, action: ContactAction, agent: str = "") -> None:
    order = SetContact(ContactId(contact), action, AgentId(agent) if agent else "")
    with connect(find_directory(config)) as client:
        row = client.ask(order, ContactSet).contact
    click.echo(f"{contact}: {'over' if row is None else _state(row)}")


def _state(row: ContactRow) -> str:
    if row.state == "waiting":
        return f"waiting in {row.queue_id}, place {row.position}"
    if row.state == "alerting":
        return f"alerting {', '.join(row.alerted)}"
    return f"{'put aside by' if row.is_interrupted else 'with'} {row.agent_id}"


_COLUMNS: list[Column[ContactRow]] = [
    Column("Contact", lambda row: row.contact_id, is_flexible=True),
    Column("Channel", lambda row: row.channel),
    Column("Queue", lambda row: row.queue_id, is_flexible=True),
    Column("State", _state, is_flexible=True),
    Column("Waited", lambda row: duration(row.wait_s), is_number=True),
    Column("Step", lambda row: str(row.step) if row.step else "", is_number=True, is_wide=True),
    Column("Customer", lambda row: row.customer, is_wide=True),
    Column(
        "Requires",
        lambda row: " ".join([*(f"{skill}={level}" for skill, level in row.skills.items()), row.requirement]).strip(),
        is_wide=True,
    ),
    Column("Boost", lambda row: f"{row.boost_s:g}" if row.boost_s else "", is_number=True, is_wide=True),
]
