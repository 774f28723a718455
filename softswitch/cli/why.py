"""`softswitch calls why`: what became of a call, who refused it, and what to do about it."""

import textwrap
from collections.abc import Iterator

import click

from softswitch.calls.explaining.explanation import Explanation, explain, party_names
from softswitch.cli.directory import config_option, find_directory
from softswitch.cli.found_call import find_call
from softswitch.cli.ladder import show_ladder, terminal_width
from softswitch.cli.render import json_option, show_json
from softswitch.cli.words import duration, instant, printable


@click.command
@click.argument("call")
@config_option
@json_option
@click.pass_context
def why(ctx: click.Context, call: str, config: str | None, as_json: bool) -> None:
    """Explain what became of a call, and what to do about it.

    CALL is its id or the beginning of it, a SIP Call-ID, a number, or "last": the last call that failed.
    """
    found = find_call(find_directory(config or ctx.obj), call)
    explanation = explain(found.facts, found.messages, source=found.source, left_out=found.left_out)
    if as_json:
        show_json(explanation)
        return
    for title, text in _lines(explanation):
        click.echo(_wrapped(f"{title:12}{printable(text)}"))
    if explanation.facts.fault:
        click.echo("\nFault:")
        for line in explanation.facts.fault.splitlines():
            click.echo(f"  {printable(line)}")
    click.echo()
    if not explanation.steps:
        click.echo("Its messages are not there: they were not kept, or are forgotten ([trace] in softswitch.toml).")
        return
    names = party_names(explanation.facts.legs)
    left = [names[leg.sip_call_id] for leg in explanation.facts.legs if leg.role == "caller" and leg.sip_call_id]
    show_ladder(explanation.steps, left)
    if explanation.left_out:
        click.echo(f"{explanation.left_out} messages in the middle are left out.")


def _wrapped(line: str) -> str:
    """As wide as the terminal; words and Call-IDs stay whole, to be copied."""
    return textwrap.fill(
        line, terminal_width(), subsequent_indent=" " * 12, break_long_words=False, break_on_hyphens=False
    )


def _lines(explanation: Explanation) -> Iterator[tuple[str, str]]:
    facts = explanation.facts
    yield "call", facts.call_id or "none: it was refused before it became one"
    if facts.call_id:
        yield "from", facts.calling_number or "anonymous"
        yield "to", facts.called_number
    where = [
        f"{word} {name}"
        for word, name in (("flow", facts.flow), ("queue", facts.queue), ("agent", facts.agent))
        if name
    ]
    if where:
        yield "through", ", ".join(where)
    yield "began", instant(facts.started_at)
    if facts.answered_at is not None:
        yield "answered", f"after {duration(facts.answered_at - facts.started_at)}"
    if facts.ended_at is not None:
        yield "ended", f"after {duration(facts.ended_at - facts.started_at)}: {facts.end_reason}, by {facts.ended_by}"
    yield "why", explanation.summary
    if explanation.cause is not None:
        yield "cause", f"Q.850 {explanation.cause} {explanation.cause_text}".rstrip()
    for advice in explanation.advice:
        yield "what to do", advice
    if facts.transferred_by:
        yield "transferred", f"by {facts.transferred_by} to {facts.transferred_to or 'this call'}"
    if facts.linked_calls:
        yield "linked to", " ".join(facts.linked_calls)
    for each in facts.forwards:
        yield "forwarded", f"by {each.by} to {each.to} ({each.reason.replace('_', ' ')})"
    for tried in facts.trunks:
        yield "trunk", f"{tried.trunk}: {' '.join(filter(None, (str(tried.status or ''), tried.reason)))}"
    if facts.limit:
        yield "limit", facts.limit
    for leg in facts.legs:
        ended = f"{leg.status} {leg.reason}" if leg.status else ""
        yield "leg", f"{leg.role} {leg.party}  Call-ID {leg.sip_call_id or 'none'}  {ended}".rstrip()
