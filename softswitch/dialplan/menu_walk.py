"""A caller's way through menus of menus.toml: each is asked with the verbs every flow has, until a step leads out.

The menus he came through are a stack: "menu:ID" puts one on it, or goes back to one that is on it already, so
that circles of menus are as deep as there are menus; "back" takes one off, and who goes back from the first comes to
the end of the flow.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from softswitch.calls.outcomes import DialReason, MenuChoice, MenuReason, QueueReason
from softswitch.dialplan import spoken
from softswitch.dialplan.call import Call
from softswitch.dialplan.flows import Flow, flow
from softswitch.dialplan.limits import MENU_ROUNDS_MAX, MENU_STEPS_NOTED_MAX
from softswitch.dialplan.menus import Menu, MenuStep, StepKind

_NOT_SERVED = {
    QueueReason.TIMED_OUT: "queue/nobody-available",
    QueueReason.FULL: "queue/full",
    QueueReason.CLOSED: "queue/nobody-available",
}

_NOT_REACHED = {
    DialReason.BUSY: "connect/busy",
    DialReason.DECLINED: "connect/busy",
    DialReason.NO_ANSWER: "connect/no-answer",
    DialReason.UNREACHABLE: "connect/unavailable",
    DialReason.FORBIDDEN: "connect/not-permitted",
}


class _Next(Enum):
    """What comes after a step."""

    STEP = auto()
    """The one behind it in the list."""
    ASK = auto()
    """The menu on top of the stack."""
    OVER = auto()
    """Nothing: the caller was served."""


def menu_flows(menus: Sequence[Menu]) -> dict[str, Flow]:
    """A flow for each menu, under its id."""
    by_id = {menu.id: menu for menu in menus}
    return {menu.id: _menu_flow(menu.id, by_id) for menu in menus}


def _menu_flow(first: str, menus: Mapping[str, Menu]) -> Flow:
    @flow
    async def ask(call: Call) -> None:
        await _Walk(call, menus).run(first)

    ask.__name__ = ask.__qualname__ = first
    return ask


class _Walk:
    """One caller."""

    __slots__ = ("_call", "_menus", "_stack", "_way")

    def __init__(self, call: Call, menus: Mapping[str, Menu]) -> None:
        self._call = call
        self._menus = menus
        self._stack: list[str] = []
        self._way: list[str] = []

    async def run(self, first: str) -> None:
        self._stack.append(first)
        for _ in range(MENU_ROUNDS_MAX):
            if not self._stack or await self._ask(self._menus[self._stack[-1]]) is _Next.OVER:
                return
        await self._call.play("greeting/goodbye")

    async def _ask(self, menu: Menu) -> _Next:
        if menu.hours and not self._call.is_open(menu.hours):
            self._note(f"{menu.id}:closed")
            return await self._take(menu.closed, or_else=_Next.OVER)
        choice = await self._call.menu(
            menu.prompts,
            choices=tuple(menu.keys),
            timeout_s=menu.timeout_s,
            between_s=menu.between_s,
            tries=menu.tries,
            default="",
            invalid=menu.invalid,
            no_choice=menu.no_choice,
        )
        if choice.is_default:
            self._note(f"{menu.id}:{choice.reason.value}")
            steps = menu.after_wrong if choice.reason is MenuReason.INVALID else menu.after_silence
            if not steps:
                await self._call.play("greeting/goodbye")
            return await self._take(steps, or_else=_Next.OVER)
        self._note(f"{menu.id}:{choice.digit}")
        return await self._take(menu.keys[choice.pattern or choice.digit], choice, or_else=_Next.ASK)

    async def _take(self, steps: Sequence[MenuStep], choice: MenuChoice | None = None, *, or_else: _Next) -> _Next:
        """Step by step; `or_else` is what comes after the last, if that is no flow, which ends the call."""
        for step in steps:
            following = await self._do(step, "" if choice is None else choice.digit)
            if following is not _Next.STEP:
                return following
        return _Next.OVER if steps and steps[-1].kind is StepKind.FLOW else or_else

    async def _do(self, step: MenuStep, typed: str) -> _Next:
        call = self._call
        match step.kind:
            case StepKind.QUEUE:
                return await self._queue(step.target)
            case StepKind.DIAL:
                return await self._dial(step.target or typed, step.through)
            case StepKind.CALLBACK:
                return await self._call_back(step.target)
            case StepKind.VOICEMAIL:
                left = await call.voicemail(step.target)
                return _Next.OVER if left.is_saved else _Next.STEP
            case StepKind.CONFERENCE:
                return _Next.OVER if (await call.conference(step.target)).has_taken_part else _Next.STEP
            case StepKind.FLOW:
                await call.run(step.target)
            case StepKind.PLAY:
                await call.play(step.target)
            case StepKind.SAY:
                await call.say(step.target)
            case StepKind.LANGUAGE:
                call.language = step.target
            case StepKind.TAG:
                name, _, value = step.target.partition("=")
                call.tag(name, value)
            case StepKind.MENU:
                self._go_to(step.target)
                return _Next.ASK
            case StepKind.REPEAT:
                return _Next.ASK
            case StepKind.BACK:
                self._stack.pop()
                return _Next.ASK
            case StepKind.HANG_UP:
                await call.hang_up()
        return _Next.STEP

    def _go_to(self, menu_id: str) -> None:
        if menu_id in self._stack:
            del self._stack[self._stack.index(menu_id) + 1 :]
        else:
            self._stack.append(menu_id)

    async def _queue(self, queue: str) -> _Next:
        outcome = await self._call.queue(queue)
        if outcome.is_answered or outcome.flow:
            return _Next.OVER
        if (words := _NOT_SERVED.get(outcome.reason)) is not None:
            await self._call.play(words)
        return _Next.STEP

    async def _dial(self, target: str, through: str) -> _Next:
        outcome = await self._call.dial(target, through=through)
        if outcome.is_answered:
            return _Next.OVER
        await self._call.play(_NOT_REACHED[outcome.reason])
        return _Next.STEP

    async def _call_back(self, queue: str) -> _Next:
        """At the number he calls from, as in the flow `callback_offer`: others would be at our cost."""
        number = self._call.calling_number
        if not number:
            await self._call.play("callback/not-possible")
            return _Next.STEP
        asked = ("callback/offer", spoken.telephone(number), "callback/confirm")
        choice = await self._call.menu(asked, digits="1", default="")
        if choice.is_default:
            return _Next.STEP
        is_promised = await self._call.request_callback(queue=queue)
        await self._call.play("callback/promised" if is_promised else "callback/not-possible")
        return _Next.OVER if is_promised else _Next.STEP

    def _note(self, step: str) -> None:
        """His way is in the record: "main:2 support:1"."""
        self._way.append(step)
        self._call.tag("menu", " ".join(self._way[-MENU_STEPS_NOTED_MAX:]))
