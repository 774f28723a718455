"""The rows of menus.toml, every key with its default; docs/configuration.md says the same for operators."""

from typing import Annotated

import msgspec
from msgspec import Meta

from softswitch.config.rows import Identifier

Steps = str | tuple[str, ...]
"""One step ("queue:sales"), or several, each taken when the one before has come to nothing."""


class MenuRow(msgspec.Struct, frozen=True, kw_only=True):
    """[[menu]]: a question and what its keys lead to; a flow of that name. Compiled by dialplan/menus.py."""

    id: Identifier
    text: str | dict[str, str] = ""
    """What is asked, spoken; by language ({en = "...", ru = "..."}), or in the default language."""
    prompt: str | tuple[str, ...] = ()
    """Recordings or prompts in place of the text, one after another."""
    keys: dict[str, Steps] = {}
    """What a key, or several ("1xx"), lead to."""
    hours: str = ""
    """A schedule, outside of which `closed` is done and nothing asked."""
    closed: Steps = ()
    timeout_s: Annotated[float, Meta(ge=1, le=60)] = 5
    """How long the caller may think."""
    between_s: Annotated[float, Meta(ge=0.5, le=30)] = 2
    """And between two keys, where a choice has several."""
    tries: Annotated[int, Meta(ge=1, le=10)] = 3
    """How often it is asked in all."""
    invalid: str = "menu/invalid-choice"
    """Said after a wrong key; empty: nothing."""
    no_choice: str = "menu/no-choice"
    """Said to who pressed nothing; empty: nothing."""
    default: Steps = ()
    """For who has not chosen after the last try; none: goodbye."""
    after_wrong: Steps = ()
    """In place of it, if the last key was a wrong one."""
    after_silence: Steps = ()
    """In place of it, if there was none: callers without keys."""
    from_flows: bool = False
    """Flows of yours run it (`call.run`), so it is no fault that nothing else leads to it."""
