"""Menus that were written as tables (menus.toml), compiled: their keys, and steps in place of the words for them.

A step is a word, or a word and what it is about: "queue:sales", "play:shop/address", "back". Of a list of steps each is
taken when the one before it has not led away: after "queue:sales" comes what is for callers nobody has answered.

| step | the caller | goes on with the next step |
|---|---|---|
| `queue:ID` | waits for an agent | if no agent has talked to him |
| `dial:WHO`, `dial` | is connected; without a name with the number he has typed | if nobody has talked to him |
| `dial:WHO through PHONE` | the same, by the right of PHONE to call out | the same |
| `flow:NAME` | is in the hands of that flow | when it returns; without one the call is over |
| `callback:QUEUE` | is promised a call-back, if he wants it | if he does not, or it is not possible |
| `voicemail:BOX` | leaves a message there | if he has left none |
| `conference:ROOM`, `conference` | takes part; without a room in the one whose PIN he types | if he could not |
| `play:PROMPT`, `say:TEXT` | hears it | always |
| `language:CODE` | hears all from here on in that language | always |
| `tag:NAME=VALUE` | has it in his record | always |
| `menu:ID` | is asked there; "back" there leads back | never |
| `repeat`, `back`, `hangup` | is asked again; where he came from; is let go | never |
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Protocol

import msgspec

from softswitch.base.errors import LocalError
from softswitch.dialplan.choices import compiled


class StepKind(Enum):
    """The value is the word in menus.toml."""

    QUEUE = "queue"
    DIAL = "dial"
    FLOW = "flow"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    CONFERENCE = "conference"
    PLAY = "play"
    SAY = "say"
    LANGUAGE = "language"
    TAG = "tag"
    MENU = "menu"
    REPEAT = "repeat"
    BACK = "back"
    HANG_UP = "hangup"


ALONE = frozenset({StepKind.REPEAT, StepKind.BACK, StepKind.HANG_UP})
"""Words that nothing follows."""

LEADS_AWAY = ALONE | {StepKind.MENU}
"""Steps after which no further one of the list is taken."""

TO_PEOPLE = frozenset({StepKind.QUEUE, StepKind.DIAL, StepKind.CALLBACK, StepKind.VOICEMAIL, StepKind.CONFERENCE})
LEADS_OUT = TO_PEOPLE | {StepKind.FLOW, StepKind.HANG_UP}
"""Steps with which a caller comes out of all menus."""


class MenuStep(msgspec.Struct, frozen=True):
    """What one step does; `target` is what it is about."""

    kind: StepKind
    target: str = ""
    through: str = ""
    """Of `dial`: whose right it is to call out, if not the caller's."""


class Menu(msgspec.Struct, frozen=True, kw_only=True):
    """One compiled menu. `keys` are by what is typed, patterns included."""

    id: str
    prompts: tuple[str, ...]
    keys: dict[str, tuple[MenuStep, ...]]
    hours: str
    closed: tuple[MenuStep, ...]
    timeout_s: float
    between_s: float
    tries: int
    invalid: str | None
    no_choice: str | None
    after_wrong: tuple[MenuStep, ...]
    after_silence: tuple[MenuStep, ...]


class MenuRow(Protocol):
    """A `[[menu]]` table of menus.toml as it was read."""

    @property
    def id(self) -> str: ...
    @property
    def text(self) -> str | Mapping[str, str]: ...
    @property
    def prompt(self) -> str | Sequence[str]: ...
    @property
    def keys(self) -> Mapping[str, str | Sequence[str]]: ...
    @property
    def hours(self) -> str: ...
    @property
    def closed(self) -> str | Sequence[str]: ...
    @property
    def timeout_s(self) -> float: ...
    @property
    def between_s(self) -> float: ...
    @property
    def tries(self) -> int: ...
    @property
    def invalid(self) -> str: ...
    @property
    def no_choice(self) -> str: ...
    @property
    def default(self) -> str | Sequence[str]: ...
    @property
    def after_wrong(self) -> str | Sequence[str]: ...
    @property
    def after_silence(self) -> str | Sequence[str]: ...


def compile_menu(row: MenuRow) -> Menu:
    """Raises `LocalError` for the first step or key that is none; the checks of the configuration find all of them."""
    prompts = in_list(row.prompt) or (text_name(row.id),)
    for key in row.keys:
        compiled(key)
    return Menu(
        id=row.id,
        prompts=prompts,
        keys={key: parse_steps(steps) for key, steps in row.keys.items()},
        hours=row.hours,
        closed=parse_steps(row.closed),
        timeout_s=row.timeout_s,
        between_s=row.between_s,
        tries=row.tries,
        invalid=row.invalid or None,
        no_choice=row.no_choice or None,
        after_wrong=parse_steps(row.after_wrong or row.default),
        after_silence=parse_steps(row.after_silence or row.default),
    )


_THROUGH = " through "


def parse_step(text: str) -> MenuStep:
    """Raises `LocalError` with one line."""
    word, has_target, target = text.partition(":")
    kind = next((each for each in StepKind if each.value == word.strip()), None)
    target = target.strip()
    if kind is None:
        known = ", ".join(each.value if each in ALONE else f"{each.value}:..." for each in StepKind)
        raise LocalError(f'"{text}" is no step; there are {known}')
    if kind in ALONE and has_target:
        raise LocalError(f'"{text}": nothing follows the word "{word}"')
    if kind not in ALONE and not target and kind not in (StepKind.DIAL, StepKind.CONFERENCE):
        raise LocalError(f'"{text}" does not say which {_ABOUT.get(kind, kind.value)}')
    if kind is StepKind.TAG and not target.partition("=")[0]:
        raise LocalError(f'"{text}" does not say which tag: write tag:NAME=VALUE')
    if kind is StepKind.DIAL:
        who, has_through, through = f" {target} ".partition(_THROUGH)
        if has_through and not through.strip():
            raise LocalError(f'"{text}" does not say through which phone')
        return MenuStep(kind, who.strip(), through.strip())
    return MenuStep(kind, target)


def parse_steps(steps: str | Sequence[str]) -> tuple[MenuStep, ...]:
    """Raises `LocalError`."""
    return tuple(parse_step(each) for each in in_list(steps))


def in_list(steps: str | Sequence[str]) -> tuple[str, ...]:
    """One text is a list of one, an empty text of none."""
    return ((steps,) if steps else ()) if isinstance(steps, str) else tuple(steps)


def text_name(menu_id: str) -> str:
    """The prompt that a menu's own text is; a recording of that name takes its place."""
    return f"menus/{menu_id}"


_ABOUT = {
    StepKind.CALLBACK: "queue",
    StepKind.PLAY: "prompt",
    StepKind.SAY: "text",
}
