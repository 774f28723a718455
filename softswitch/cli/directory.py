"""Which configuration directory a command is about, and where that directory's switch listens and stores."""

import os
import tomllib
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from softswitch.control.runtime.client import ControlClient
    from softswitch.store import StoreReader

SETTINGS_FILE = "softswitch.toml"
PROJECT = "softswitch.project"
"""Where click keeps what `softswitch --project` says, for all commands below."""
SYSTEM_DIRECTORY = "/etc/softswitch"

config_option = click.option(
    "--config",
    metavar="DIRECTORY",
    envvar="SOFTSWITCH_CONFIG",
    show_envvar=True,
    help=f"Configuration directory; otherwise ./ if it holds {SETTINGS_FILE}, else {SYSTEM_DIRECTORY}.",
)


def chosen_project() -> str:
    """The client company that `softswitch --project` names; "": the whole switch."""
    ctx = click.get_current_context(silent=True)
    return "" if ctx is None else str(ctx.meta.get(PROJECT) or "")


project_option = click.option("--project", default=chosen_project, metavar="ID", help="Of this client company alone.")
directory_argument = click.argument("directory", required=False)


class DirectoryGroup(click.Group):
    """A group of commands that may also be called with a directory alone: `softswitch recordings DIRECTORY`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands and os.path.isdir(args[0]):
            args = ["--config", *args]
        return super().parse_args(ctx, args)


def find_directory(named: str | None) -> str:
    """The configuration directory as an absolute path. Raises `Failure` if none is there."""
    from softswitch.cli.failure import CONFIGURATION, Failure

    if named is None:
        for candidate in (os.curdir, SYSTEM_DIRECTORY):
            if os.path.isfile(os.path.join(candidate, SETTINGS_FILE)):
                return os.path.abspath(candidate)
        raise Failure(
            f"no configuration: there is no {SETTINGS_FILE} here or in {SYSTEM_DIRECTORY}. "
            "Name its directory (--config DIRECTORY), or make one: softswitch init DIRECTORY",
            CONFIGURATION,
        )
    if not os.path.isfile(os.path.join(named, SETTINGS_FILE)):
        raise Failure(
            f"no configuration: there is no {SETTINGS_FILE} in {named}. "
            f"Name another directory, or make one: softswitch init {named}",
            CONFIGURATION,
        )
    return os.path.abspath(named)


def connect(directory: str, project: str | None = None) -> "ControlClient":
    """A connection to the switch of this directory, in the name of a project (None: the one that was chosen).

    Raises `NoSwitchRunning` and `ControlFailed`.
    """
    from softswitch.control.runtime.client import ControlClient

    return ControlClient(control_socket(directory), directory, project=chosen_project() if project is None else project)


def control_socket(directory: str) -> str:
    from softswitch.config.settings import ControlSection

    return _path_setting(directory, "control", "socket", ControlSection().socket)


def store_directory(directory: str, *, is_for_projects: bool = False) -> str:
    """Raises `Failure` where somebody asks for one project alone, and the command cannot tell its records from others'
    (unless it `is_for_projects`)."""
    from softswitch.cli.failure import Failure
    from softswitch.config.settings import StoreSection

    if chosen_project() and not is_for_projects:
        raise Failure("this command reads the records of all projects: leave out --project")
    return _path_setting(directory, "store", "directory", StoreSection().directory)


def recordings_directory(directory: str) -> str:
    from softswitch.config.settings import RecordingsSection

    return _path_setting(directory, "recordings", "directory", RecordingsSection().directory)


def open_records(directory: str, *, is_for_projects: bool = False) -> "StoreReader":
    """The records of a configuration directory, with the paths of its recordings. Raises what `store_directory` does,
    and `StartError`."""
    from softswitch.store import open_reader

    store = store_directory(directory, is_for_projects=is_for_projects)
    return open_reader(store, recordings=recordings_directory(directory))


def _path_setting(directory: str, section: str, key: str, default: str) -> str:
    """One key of softswitch.toml, whatever else is wrong there: a running switch must be reachable all the same."""
    try:
        with open(os.path.join(directory, SETTINGS_FILE), "rb") as file:
            table = tomllib.load(file).get(section)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        table = None
    value = cast("dict[str, object]", table).get(key) if isinstance(table, dict) else None
    return os.path.join(directory, os.path.expanduser(value if isinstance(value, str) else default))
