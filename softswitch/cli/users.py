"""`softswitch users`: who may use the HTTP API. The switch need not run: users.toml is what counts."""

import secrets
import sys

import click
import msgspec

from softswitch.cli.directory import DirectoryGroup, config_option, find_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import Column, json_option, show_rows
from softswitch.config import load_users
from softswitch.config.user_rows import KeyRow, UserRow
from softswitch.config.users_document import UsersDocument

KEY_BYTES = 32


class CallerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user or a key, without its hash."""

    kind: str
    id: str
    role: str
    of: list[str]
    """Teams, an agent, or a project."""
    commands: bool
    phone: str
    enabled: bool
    name: str = ""
    has_password: bool = False
    expires: str = ""


@click.group(cls=DirectoryGroup, invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def users(ctx: click.Context, config: str | None, as_json: bool) -> None:
    """Who may use the HTTP API: people and keys."""
    ctx.obj = config
    if ctx.invoked_subcommand is None:
        people, keys = load_users(find_directory(config))
        rows = [_shown("user", row) for row in people] + [_shown("key", row) for row in keys]
        show_rows(rows, _COLUMNS, as_json=as_json, empty="Nobody: softswitch users add NAME --role admin")


def rights_options(command: click.Command) -> click.Command:
    """What a user and a key have in common."""
    for option in reversed(
        (
            click.Option(
                ["--role"],
                required=True,
                type=click.Choice(["admin", "supervisor", "agent", "project"]),
                help="What it may see and do.",
            ),
            click.Option(["--team", "teams"], multiple=True, metavar="TEAM", help='Of a supervisor; "*": all.'),
            click.Option(["--agent"], default="", metavar="AGENT", help="Of an agent: which."),
            click.Option(["--of-project"], default="", metavar="PROJECT", help="Of a client company: which."),
            click.Option(["--commands"], is_flag=True, help="A client company may act, not only look."),
            click.Option(["--phone"], default="", metavar="PHONE", help="Of a supervisor: what rings to listen in."),
        )
    ):
        command.params.insert(1, option)
    return command


@users.command
@click.argument("user_id", metavar="ID")
@click.option("--name", default="", help="Shown to people.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@config_option
@click.pass_context
def add(
    ctx: click.Context,
    user_id: str,
    name: str,
    password_stdin: bool,
    config: str | None,
    role: str,
    teams: tuple[str, ...],
    agent: str,
    of_project: str,
    commands: bool,
    phone: str,
) -> None:
    """Add a person who logs in; asks for the password."""
    document = UsersDocument(find_directory(config or ctx.obj))
    row = _rights(user_id, role, teams, agent, of_project, commands, phone)
    if name:
        row["name"] = name
    document.add("user", row)
    document.set_password(user_id, _hashed(_read_password(password_stdin)))
    document.write()
    click.echo(f"{user_id} may log in as {role}.")


@users.command
@click.argument("user_id", metavar="ID")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
@config_option
@click.pass_context
def password(ctx: click.Context, user_id: str, password_stdin: bool, config: str | None) -> None:
    """Give a user another password."""
    document = UsersDocument(find_directory(config or ctx.obj))
    if not document.has("user", user_id):
        raise Failure(f'there is no user "{user_id}": see `softswitch users`')
    document.set_password(user_id, _hashed(_read_password(password_stdin)))
    document.write()
    click.echo(f"{user_id} has another password.")


@users.command
@click.argument("key_id", metavar="ID")
@click.option("--expires", default="", metavar="YYYY-MM-DD", help="The last day on which it is good.")
@config_option
@click.pass_context
def key(
    ctx: click.Context,
    key_id: str,
    expires: str,
    config: str | None,
    role: str,
    teams: tuple[str, ...],
    agent: str,
    of_project: str,
    commands: bool,
    phone: str,
) -> None:
    """Make a key for a program, and show it this once."""
    from softswitch.web.callers import KEY_PREFIX, hash_of

    document = UsersDocument(find_directory(config or ctx.obj))
    secret = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    row = _rights(key_id, role, teams, agent, of_project, commands, phone)
    row["hash"] = hash_of(secret)
    if expires:
        row["expires"] = expires
    document.add("key", row)
    document.write()
    click.echo(f"The key of {key_id}, which is shown only now:", err=True)
    click.echo(secret)


@users.command
@click.argument("name", metavar="ID")
@click.option("--key", "is_key", is_flag=True, help="The key of this id, rather than the user.")
@config_option
@click.pass_context
def remove(ctx: click.Context, name: str, is_key: bool, config: str | None) -> None:
    """Remove a user or a key: nobody is let in as it from the next second on."""
    kind = "key" if is_key else "user"
    document = UsersDocument(find_directory(config or ctx.obj))
    if not document.has(kind, name):
        raise Failure(f'there is no {kind} "{name}": see `softswitch users`')
    document.remove(kind, name)
    document.write()
    click.echo(f"The {kind} {name} was removed.")


for command in (add, key):
    rights_options(command)


def _rights(
    row_id: str, role: str, teams: tuple[str, ...], agent: str, project: str, commands: bool, phone: str
) -> dict[str, object]:
    """What was said of it."""
    row: dict[str, object] = {"id": row_id, "role": role}
    said = {"teams": list(teams), "agent": agent, "project": project, "commands": commands, "phone": phone}
    return row | {name: value for name, value in said.items() if value}


def _read_password(is_from_stdin: bool) -> str:
    from softswitch.web.passwords import PASSWORD_CHARACTERS_MIN

    if is_from_stdin:
        entered = sys.stdin.readline().rstrip("\n")
    else:
        entered = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(entered) < PASSWORD_CHARACTERS_MIN:
        reason = f"a password has at least {PASSWORD_CHARACTERS_MIN} characters: take a longer one"
        raise Failure(reason, CONFIGURATION)
    return entered


def _hashed(entered: str) -> str:
    from softswitch.web.passwords import hash_password

    return hash_password(entered)


def _shown(kind: str, row: UserRow | KeyRow) -> CallerRow:
    return CallerRow(
        kind=kind,
        id=row.id,
        role=row.role,
        of=[*row.teams, *(each for each in (row.agent, row.project) if each)],
        commands=row.role != "project" or row.commands,
        phone=row.phone,
        enabled=row.enabled,
        name=row.name if isinstance(row, UserRow) else "",
        has_password=isinstance(row, UserRow) and bool(row.password),
        expires=row.expires if isinstance(row, KeyRow) else "",
    )


def _way_in(row: CallerRow) -> str:
    if not row.enabled:
        return "not let in"
    if row.kind == "user" and not row.has_password:
        return "has no password"
    return f"until {row.expires}" if row.expires else "yes"


_COLUMNS: list[Column[CallerRow]] = [
    Column("Kind", lambda row: row.kind),
    Column("Id", lambda row: row.id, is_flexible=True),
    Column("Role", lambda row: row.role),
    Column("Of", lambda row: " ".join(row.of), is_flexible=True),
    Column("Acts", lambda row: "yes" if row.commands else "only looks"),
    Column("Let in", _way_in, style=lambda row: "" if row.enabled else "red"),
    Column("Name", lambda row: row.name, is_wide=True, is_flexible=True),
    Column("Phone", lambda row: row.phone, is_wide=True),
]
