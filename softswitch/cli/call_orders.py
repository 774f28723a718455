"""`softswitch calls originate`, `answer`, `hold`, `resume`, `play`, `digits`, `note`, `park`: orders to calls."""

from collections.abc import Callable, Sequence

import click

from softswitch.base.ids import CallId
from softswitch.cli.call_ids import complete_call_id
from softswitch.cli.directory import chosen_project, config_option, connect, find_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.render import json_option, show_json
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    CallSet,
    CallSide,
    CallSides,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.requests import Request
from softswitch.control.protocol.rows import CallRow

_SIDE = click.Choice(["caller", "called"])
_SIDES = click.Choice(["caller", "called", "both"])
_tag_option = click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="For the call's record.")
_variable_option = click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="For its flows and agents' screens."
)
_by_option = click.option("--by", default="", help="Who wants it, for the events.")


@click.command
@click.argument("first")
@click.argument("to", default="")
@click.option("--flow", default="", help="Run this flow in place of calling TO.")
@click.option("--slot", default="", help="Let FIRST fetch who is parked in this slot.")
@click.option("--caller-id", default="", metavar="NUMBER", help="What TO is shown; otherwise the number of FIRST.")
@click.option("--caller-name", default="", help="And the name.")
@click.option("--display", default="", help="What the phone of FIRST shows; otherwise TO.")
@click.option("--through", default="", metavar="PHONE", help="By whose right it goes out; otherwise that of FIRST.")
@click.option("--ring", "ring_s", type=click.FloatRange(1, 600), help="How many seconds FIRST is rung.")
@click.option("--auto-answer", is_flag=True, help="Ask the phone of FIRST to answer by itself.")
@_tag_option
@_variable_option
@_by_option
@config_option
@json_option
@click.pass_context
def originate(
    ctx: click.Context,
    first: str,
    to: str,
    flow: str,
    slot: str,
    caller_id: str,
    caller_name: str,
    display: str,
    through: str,
    ring_s: float | None,
    auto_answer: bool,
    tags: Sequence[str],
    variables: Sequence[str],
    by: str,
    config: str | None,
    as_json: bool,
) -> None:
    """Make a call: ring FIRST (a phone, an agent, a number), then call TO."""
    order = Originate(
        first=first,
        to=to,
        flow=flow,
        slot=slot,
        caller_id=caller_id,
        caller_name=caller_name,
        display=display,
        through=through,
        project=chosen_project(),
        ring_s=ring_s,
        auto_answer=auto_answer,
        variables=_pairs(variables),
        tags=_pairs(tags),
        by=by,
    )
    with connect(find_directory(config or ctx.obj)) as client:
        call = client.ask(order, CallSet).call
    if as_json:
        show_json(call)
    else:
        click.echo(f"{first} is rung: call {call.call_id}.")


@click.command
@click.argument("call_id")
@click.option("--phone", default="", help="The account, its number or its agent, if several ring.")
@_by_option
@config_option
@click.pass_context
def answer(ctx: click.Context, call_id: str, phone: str, by: str, config: str | None) -> None:
    """Ask a phone that rings to pick up."""
    call = _ordered(ctx, config, call_id, lambda call: AnswerCall(call, phone, by))
    click.echo(f"Call {call.call_id}: {phone or 'the phone'} is asked to pick up.")


@click.command
@click.argument("call_id")
@click.option("--side", type=_SIDE, default="caller", show_default=True, help="Who hears music.")
@_by_option
@config_option
@click.pass_context
def hold(ctx: click.Context, call_id: str, side: CallSide, by: str, config: str | None) -> None:
    """Put one of two who talk on hold, with music."""
    call = _ordered(ctx, config, call_id, lambda call: HoldCall(call, True, side, by))
    click.echo(f"Call {call.call_id}: the {side} is on hold.")


@click.command
@click.argument("call_id")
@click.option("--side", type=_SIDE, default="caller", show_default=True, help="Who was put on hold.")
@_by_option
@config_option
@click.pass_context
def resume(ctx: click.Context, call_id: str, side: CallSide, by: str, config: str | None) -> None:
    """Let two talk again of whom one was put on hold."""
    call = _ordered(ctx, config, call_id, lambda call: HoldCall(call, False, side, by))
    click.echo(f"Call {call.call_id}: {'still held, by a phone' if call.is_on_hold else 'they talk'}.")


@click.command
@click.argument("call_id")
@click.argument("sounds", nargs=-1)
@click.option("--text", default="", help="Spoken after the prompts.")
@click.option("--to", type=_SIDES, default="both", show_default=True, help="Who hears it.")
@click.option("--beside", is_flag=True, help="They hear each other meanwhile.")
@click.option("--stop", is_flag=True, help="End what is being played.")
@_by_option
@config_option
@click.pass_context
def play(
    ctx: click.Context,
    call_id: str,
    sounds: tuple[str, ...],
    text: str,
    to: CallSides,
    beside: bool,
    stop: bool,
    by: str,
    config: str | None,
) -> None:
    """Play prompts or a text to two who talk, to one of them, in a queue, or in a conference."""
    if stop:
        call = _ordered(ctx, config, call_id, lambda call: StopPlaying(call, to))
    else:
        call = _ordered(ctx, config, call_id, lambda call: PlayToCall(call, list(sounds), text, to, beside, by))
    click.echo(f"Call {call.call_id}: {'nothing is played' if stop else 'played'} to {to}.")


@click.command
@click.argument("call_id")
@click.argument("digits")
@click.option("--to", type=_SIDE, default="called", show_default=True, help="Who gets them.")
@config_option
@click.pass_context
def digits(ctx: click.Context, call_id: str, digits: str, to: CallSide, config: str | None) -> None:
    """Send digits to one of two who talk, as if the other had pressed the keys."""
    call = _ordered(ctx, config, call_id, lambda call: SendDigits(call, digits, to))
    click.echo(f"Call {call.call_id}: sent to the {to}.")


@click.command
@click.argument("call_id")
@_tag_option
@_variable_option
@_by_option
@config_option
@click.pass_context
def note(
    ctx: click.Context,
    call_id: str,
    tags: Sequence[str],
    variables: Sequence[str],
    by: str,
    config: str | None,
) -> None:
    """Note tags and variables of a call; an empty value takes one away."""
    call = _ordered(ctx, config, call_id, lambda call: NoteCall(call, _pairs(tags), _pairs(variables), by))
    noted = [*call.tags.items(), *call.variables.items()]
    click.echo(f"Call {call.call_id}: {' '.join(f'{name}={value}' for name, value in noted) or 'nothing noted'}.")


@click.command
@click.argument("call_id")
@click.option("--slot", default="", help="Into this slot; otherwise the first that is free.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(5, 7200), help="Seconds until who parked him is rung.")
@_by_option
@config_option
@click.pass_context
def park(ctx: click.Context, call_id: str, slot: str, timeout_s: float | None, by: str, config: str | None) -> None:
    """Park the caller of a conversation; whoever he talks to is hung up."""
    call = _ordered(ctx, config, call_id, lambda call: ParkCall(call, slot, timeout_s, by))
    click.echo(f"{call.calling_number} is being parked: call {call.call_id}; `softswitch calls parked` says where.")


def _ordered(ctx: click.Context, config: str | None, beginning: str, order: Callable[[CallId], Request]) -> CallRow:
    """The call, whose id begins so, after the order."""
    with connect(find_directory(config or ctx.obj)) as client:
        return client.ask(order(complete_call_id(beginning, client.calls())), CallSet).call


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    """Raises `Failure` for what is no NAME=VALUE."""
    for text in texts:
        if "=" not in text or text.startswith("="):
            raise Failure(f'"{text}" is no NAME=VALUE', CONFIGURATION)
    return {text.partition("=")[0]: text.partition("=")[2] for text in texts}


COMMANDS = (originate, answer, hold, resume, play, digits, note, park)
