"""A click group that imports a command only when it is called, and turns our errors into one line and an exit code."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is, and its line in the group's help (the same as its own short help; a test says so)."""

    module: str
    name: str
    summary: str


class LazyGroup(click.Group):
    """Lists its commands in the order in which they were given."""

    def __init__(self, *, lazy_commands: Mapping[str, LazyCommand], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.lazy_commands = dict(lazy_commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self.lazy_commands.get(cmd_name)
        if lazy is None:
            return None
        command: click.Command = getattr(import_module(lazy.module), lazy.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in self.lazy_commands.items()])

    def invoke(self, ctx: click.Context) -> object:
        # Imported here, not above: `--help` needs none of it.
        from softswitch.base.errors import SoftswitchError
        from softswitch.cli.failure import FAILED, exit_code_of

        try:
            return super().invoke(ctx)
        except SoftswitchError as error:
            click.echo(str(error), err=True)
            ctx.exit(exit_code_of(error))
        except BrokenPipeError:
            raise  # `softswitch cdr | head`: click knows what to do
        except OSError as error:
            click.echo(f"{error.filename}: {error.strerror}" if error.filename else str(error), err=True)
            ctx.exit(FAILED)
