"""`softswitch agents`: who they are and what they are doing; logins, breaks, wrap-up and what came of contacts."""

import getpass
from typing import get_args

import click

from softswitch.base.ids import AgentId, ContactId
from softswitch.cli.directory import config_option, connect, find_directory
from softswitch.cli.failure import Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.cli.stats import agent_stats
from softswitch.cli.watching import shown_again, watch_option
from softswitch.cli.words import duration, spoken_state
from softswitch.control.protocol.replies import AgentSet
from softswitch.control.protocol.requests import (
    AgentAction,
    SetAgent,
    SetDisposition,
    SetSkills,
    SuperviseAgent,
    SupervisionMode,
)
from softswitch.control.protocol.rows import AgentRow


@click.group(invoke_without_command=True)
@config_option
@watch_option
@json_option
@click.pass_context
def agents(ctx: click.Context, config: str | None, watch_s: float | None, as_json: bool) -> None:
    """Agents and what they are doing."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        shown_again(lambda: _show(find_directory(config), as_json=as_json), watch_s, as_json=as_json)


def _show(directory: str, *, as_json: bool) -> None:
    with connect(directory) as client:
        rows = client.agents()
    show_rows(rows, _COLUMNS, as_json=as_json, empty="No agents: agents.toml has none.")


agents.add_command(agent_stats)
_agent_argument = click.argument("agent_id")


@agents.command
@_agent_argument
@config_option
@click.pass_context
def login(ctx: click.Context, agent_id: str, config: str | None) -> None:
    """Log an agent in: ready for calls."""
    _set(config or ctx.obj, agent_id, "login")


@agents.command
@_agent_argument
@config_option
@click.pass_context
def logout(ctx: click.Context, agent_id: str, config: str | None) -> None:
    """Log an agent out."""
    _set(config or ctx.obj, agent_id, "logout")


@agents.command
@_agent_argument
@click.option("--reason", default="", help="Why, for people and reports: lunch, training.")
@config_option
@click.pass_context
def pause(ctx: click.Context, agent_id: str, reason: str, config: str | None) -> None:
    """No more calls for an agent, until resumed."""
    _set(config or ctx.obj, agent_id, "pause", reason)


@agents.command
@_agent_argument
@config_option
@click.pass_context
def resume(ctx: click.Context, agent_id: str, config: str | None) -> None:
    """An agent is ready for calls again."""
    _set(config or ctx.obj, agent_id, "resume")


@agents.command
@_agent_argument
@click.argument("seconds", type=float)
@config_option
@click.pass_context
def extend(ctx: click.Context, agent_id: str, seconds: float, config: str | None) -> None:
    """Give an agent more time for wrap-up."""
    answer = _order(config or ctx.obj, SetAgent(AgentId(agent_id), "extend", seconds=seconds, by=getpass.getuser()))
    click.echo(f"{agent_id}: wrap up for {_left(answer.agent)} more")


@agents.command
@_agent_argument
@config_option
@click.pass_context
def done(ctx: click.Context, agent_id: str, config: str | None) -> None:
    """End the wrap-up of an agent."""
    _set(config or ctx.obj, agent_id, "done")


@agents.command
@_agent_argument
@click.argument("code")
@click.option("--contact", default="", help="Which contact, of an agent who has several.")
@config_option
@click.pass_context
def dispose(ctx: click.Context, agent_id: str, code: str, contact: str, config: str | None) -> None:
    """Say what came of the contact an agent has, or wraps up."""
    order = SetDisposition(AgentId(agent_id), code, ContactId(contact) if contact else "", getpass.getuser())
    answer = _order(config or ctx.obj, order)
    click.echo(f"{agent_id}: {code}, {_state(answer.agent)}")


@agents.command
@_agent_argument
@click.argument("changes", nargs=-1, metavar="[SKILL=LEVEL]...")
@click.option("--reset", is_flag=True, help="Back to what agents.toml says.")
@config_option
@click.pass_context
def skill(ctx: click.Context, agent_id: str, changes: tuple[str, ...], reset: bool, config: str | None) -> None:
    """Change what an agent is able to do, at once: billing=8; billing=0 takes it away."""
    if reset == bool(changes):
        raise Failure("write skills such as billing=8, or --reset")
    order = SetSkills(AgentId(agent_id), _levels(changes), is_reset=reset, by=getpass.getuser())
    row = _order(config or ctx.obj, order).agent
    skills = " ".join(f"{name}={level}" for name, level in row.skills.items()) or "no skills"
    click.echo(f"{agent_id}: {skills}; serves {', '.join(row.queues) or 'no queue'}")


@agents.command
@_agent_argument
@click.option("--phone", required=True, metavar="PHONE", help="Whose phone rings: an account or a number.")
@click.option("--mode", type=click.Choice(get_args(SupervisionMode)), default="listen", show_default=True)
@click.option("--follow", is_flag=True, help="This conversation and all that follow, until 0 or hanging up.")
@config_option
@click.pass_context
def supervise(
    ctx: click.Context, agent_id: str, phone: str, mode: SupervisionMode, follow: bool, config: str | None
) -> None:
    """Let a supervisor hear an agent, on his phone, from call to call."""
    _order(config or ctx.obj, SuperviseAgent(AgentId(agent_id), phone, mode, follow))
    what = "all conversations" if follow else "the conversation"
    click.echo(f"Phone {phone} rings; answered, it takes part in {what} of {agent_id} ({mode}).")
    click.echo("Its keys switch: 4 listen, 5 whisper to the agent, 6 barge in, 7 take over, 0 leave.")


def _levels(changes: tuple[str, ...]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for change in changes:
        name, _, level = change.rpartition("=")
        if not name or not level.isdecimal():
            raise Failure(f'"{change}" is no skill with a level: write {change.rstrip("=")}=5, say')
        levels[name] = int(level)
    return levels


def _set(config: str | None, agent_id: str, action: AgentAction, reason: str = "") -> None:
    answer = _order(config, SetAgent(AgentId(agent_id), action, reason, by=getpass.getuser()))
    when = " when the call is over" if answer.is_pending else ""
    click.echo(f"{agent_id}: {_status(answer.agent)}{when}")


def _order(config: str | None, order: SetAgent | SetDisposition | SetSkills | SuperviseAgent) -> AgentSet:
    with connect(find_directory(config)) as client:
        return client.ask(order, AgentSet)


def _left(row: AgentRow) -> str:
    return duration(max((each.left_s for each in row.wrap_ups), default=0.0))


def _status(row: AgentRow) -> str:
    """What was declared."""
    return spoken_state(row.status) + (f" ({row.reason})" if row.reason else "")


def _state(row: AgentRow) -> str:
    """What the agent is doing, and what comes next if that is not being ready."""
    if row.state in ("reserved", "busy", "wrap_up"):
        return spoken_state(row.state) + (f", then {_status(row)}" if row.status != "ready" else "")
    return "no phone" if _is_lost(row) else _status(row)


def _contacts(row: AgentRow) -> str:
    """How many of each channel, those put aside in brackets."""
    counts: dict[str, int] = {}
    for contact in row.contacts:
        word = f"({contact.channel})" if contact.is_interrupted else contact.channel
        counts[word] = counts.get(word, 0) + 1
    return " ".join(word if count == 1 else f"{count} {word}" for word, count in counts.items())


def _is_lost(row: AgentRow) -> bool:
    """Ready, but no call can reach him."""
    return row.state == "ready" and not row.is_registered


def _style(row: AgentRow) -> str:
    return "red" if _is_lost(row) else _STYLES.get(row.state, "dim")


_STYLES = {"ready": "green", "busy": "cyan", "reserved": "cyan", "wrap_up": "yellow", "not_ready": "yellow"}
_COLUMNS: list[Column[AgentRow]] = [
    Column("Agent", lambda row: row.agent_id, is_flexible=True),
    Column("Name", lambda row: row.name, is_flexible=True),
    Column("State", _state, is_flexible=True, style=_style),
    Column("For", lambda row: duration(row.since_s), is_number=True),
    Column(
        "Phone",
        lambda row: "registered" if row.is_registered else "none",
        style=lambda row: "" if row.is_registered else "red",
    ),
    Column("Answered", lambda row: str(row.answered), is_number=True),
    Column("Missed", lambda row: str(row.missed), is_number=True),
    Column("Call", lambda row: row.call_id, is_wide=True),
    Column("Contacts", lambda row: _contacts(row), is_wide=True),
    Column("Site", lambda row: row.site, is_wide=True),
    Column("By", lambda row: row.by, is_wide=True),
    Column("Skills", lambda row: " ".join(f"{skill}={level}" for skill, level in row.skills.items()), is_wide=True),
    Column("Queues", lambda row: " ".join(row.queues), is_wide=True, is_flexible=True),
]
