"""`softswitch completion`: what a shell needs to complete commands, options and their choices."""

import click
from click.shell_completion import get_completion_class


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """What a shell needs to complete commands.

    For bash and zsh, in ~/.bashrc or ~/.zshrc: eval "$(softswitch completion bash)". For fish: softswitch completion
    fish > ~/.config/fish/completions/softswitch.fish
    """
    script = get_completion_class(shell)
    assert script is not None  # click knows all three
    click.echo(script(ctx.find_root().command, {}, "softswitch", "_SOFTSWITCH_COMPLETE").source())
