"""What must hold for menus: what they lead to exists and is reached, no two keys mean the same, everybody gets out."""

from collections.abc import Collection, Iterable, Iterator

from softswitch.base.errors import LocalError
from softswitch.calls.projects import own_name
from softswitch.config.check_prompts import check_texts
from softswitch.config.check_voicemail import box_names
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.menu_rows import MenuRow
from softswitch.config.toml_lines import KeyPath
from softswitch.dialplan.choices import compiled
from softswitch.dialplan.menus import LEADS_AWAY, LEADS_OUT, MenuStep, StepKind, in_list, parse_step
from softswitch.dialplan.patterns import Pattern

_SHORT_NUMBER = 5
"""A number up to this long is an extension, so one that nobody has is a mistake; longer ones lead outside."""

_STEP_LISTS = ("closed", "default", "after_wrong", "after_silence")


def check_menus(draft: Draft) -> None:
    faults = draft.fault_lists["menus.toml"]
    rows: dict[str, tuple[int, MenuRow]] = {}
    for index, row in draft.menus:
        if row.id in rows:
            faults.add(("menu", index, "id"), f'there is a menu "{row.id}" already', "Give every menu its own id")
        elif draft.written_flows is not None and row.id in draft.written_flows:
            reason = f'there is a flow "{row.id}" in the dialplans, and a menu is a flow of its name'
            faults.add(("menu", index, "id"), reason, "Rename one of the two")
        rows.setdefault(row.id, (index, row))
        _check_question(index, row, draft, faults)
        _check_hours(index, row, draft, faults)
        _check_keys(index, row, faults)
        _check_steps(index, row, draft, faults)
    leads_to = {menu_id: _menus_behind(row) for menu_id, (_, row) in rows.items()}
    _check_reached(rows, leads_to, draft, faults)
    _check_ways_out(rows, leads_to, faults)
    _check_ways_back(rows, leads_to, faults)


def _check_question(index: int, row: MenuRow, draft: Draft, faults: FaultList) -> None:
    if not row.text and not row.prompt:
        reason = "nothing is asked"
        faults.add(("menu", index, "text"), reason, 'Write text = "For sales, press one.", or prompt = "NAME"')
    if row.text and row.prompt:
        faults.add(("menu", index, "prompt"), "a text is given as well", "Remove one of the two")
    if not row.keys:
        faults.add(("menu", index, "keys"), "there is nothing to choose", 'Write keys = {"1" = "queue:ID"}')
    if not isinstance(row.text, str):
        check_texts(row.text, ("menu", index, "text"), draft, faults)


def _check_hours(index: int, row: MenuRow, draft: Draft, faults: FaultList) -> None:
    schedules = _as_calls_say(draft.names("schedules.toml", "schedule"))
    if row.hours and schedules is not None and row.hours not in schedules:
        remedy = did_you_mean(row.hours, schedules, "Write an id of schedules.toml")
        faults.add(("menu", index, "hours"), f'there is no schedule "{row.hours}"', remedy)
    if row.hours and not row.closed:
        reason = "hours are given, but not what happens outside them"
        faults.add(("menu", index, "closed"), reason, 'Write closed = "play:greeting/closed", or remove hours')
    if row.closed and not row.hours:
        faults.add(("menu", index, "closed"), "no hours are given, so nobody comes here", "Name a schedule in hours")
    if row.default and row.after_wrong and row.after_silence:
        reason = "after_wrong and after_silence are both given, so nobody comes here"
        faults.add(("menu", index, "default"), reason, "Remove one of the three")


def _check_keys(index: int, row: MenuRow, faults: FaultList) -> None:
    known: list[Pattern] = []
    for key in row.keys:
        try:
            pattern = compiled(key)
        except LocalError as error:
            faults.add(("menu", index, "keys", key), str(error).removeprefix("menu: "), "Write 1, *, # or 1xx")
            continue
        for other in known:
            if pattern.overlaps(other) and len(pattern.literal_prefix) == len(other.literal_prefix):
                reason = f'"{other.text}" can be typed alike, and neither is the more exact one'
                faults.add(("menu", index, "keys", key), reason, "Write more digits in front of the first x or n")
        known.append(pattern)


def _check_steps(index: int, row: MenuRow, draft: Draft, faults: FaultList) -> None:
    for path, texts in step_lists(row):
        ended_by = ""
        for place, text in enumerate(texts):
            here: KeyPath = ("menu", index, *path, place) if len(texts) > 1 else ("menu", index, *path)
            try:
                step = parse_step(text)
            except LocalError as error:
                faults.add(here, str(error), "docs/dialplan.md lists the steps of menus")
                continue
            if ended_by:
                reason = f'nobody comes to this step, because "{ended_by}" before it leads away'
                faults.add(here, reason, "Remove it, or put it in front")
                break
            if step.kind in LEADS_AWAY:
                ended_by = text
            _check_target(here, step, path, row, draft, faults)


def _check_target(
    here: KeyPath, step: MenuStep, path: tuple[str, ...], row: MenuRow, draft: Draft, faults: FaultList
) -> None:
    queues = _as_calls_say(draft.names("queues.toml", "queue"))
    names = {
        StepKind.QUEUE: ("queue", queues, "Add it to queues.toml"),
        StepKind.CALLBACK: ("queue", queues, "Add it to queues.toml"),
        StepKind.MENU: ("menu", _as_calls_say(draft.names("menus.toml", "menu")), "Add it to menus.toml"),
        StepKind.FLOW: ("flow", _as_calls_say(draft.flows), "Write it in a file of the dialplans directory"),
        StepKind.VOICEMAIL: ("voicemail box", box_names(draft), "Add it to voicemail.toml"),
        StepKind.CONFERENCE: ("room", _rooms(draft), "Add it to conferences.toml"),
        StepKind.LANGUAGE: ("language among [sounds] languages", draft.settings.sounds.languages, "Add it there"),
    }
    if step.kind in names:
        what, known, otherwise = names[step.kind]
        if known is not None and step.target not in known:
            faults.add(here, f'there is no {what} "{step.target}"', did_you_mean(step.target, known, otherwise))
    if step.kind is StepKind.CALLBACK:
        _check_callback(here, step, draft, faults)
    if step.kind is StepKind.DIAL:
        _check_dial(here, step, path, draft, faults)
    if step.kind is StepKind.REPEAT and path[0] == "closed":
        faults.add(here, "the menu would still be closed", 'Write "back" or "hangup"')


def _check_callback(here: KeyPath, step: MenuStep, draft: Draft, faults: FaultList) -> None:
    for _, queue in draft.queues:
        if queue.id == step.target and queue.callbacks is None:
            remedy = "Write callbacks = {} for it in queues.toml"
            faults.add(here, f'nobody is called back from the queue "{step.target}"', remedy)


def _check_dial(here: KeyPath, step: MenuStep, path: tuple[str, ...], draft: Draft, faults: FaultList) -> None:
    people = _people(draft)
    phones = _phones(draft)
    if step.through and phones is not None and step.through not in phones:
        remedy = did_you_mean(step.through, phones, "Write an id of an agent or a phone of agents.toml")
        faults.add(here, f'there is no phone "{step.through}" to call through', remedy)
    if not step.target:
        if path[0] != "keys":
            faults.add(here, "there is no number that the caller has typed", 'Write "dial:101"')
        return
    is_outside = step.target.removeprefix("+").isdecimal() and len(step.target) > _SHORT_NUMBER
    if people is not None and step.target not in people and not is_outside:
        remedy = did_you_mean(step.target, people, "Write a number or an id of agents.toml, or an outside number")
        faults.add(here, f'nobody has the number or name "{step.target}"', remedy)


def _as_calls_say(ids: Collection[str] | None) -> set[str] | None:
    """What a call may name: of a project's queue "shop.sales" its own calls say just "sales"."""
    return None if ids is None else {*ids, *(each.partition(".")[2] for each in ids if "." in each)}


def _rooms(draft: Draft) -> set[str] | None:
    """No room is the one whose PIN is typed."""
    ids = _as_calls_say(draft.names("conferences.toml", "room"))
    return None if ids is None else ids | {""}


def _people(draft: Draft) -> set[str] | None:
    """What can be dialled inside; None if agents.toml cannot be read."""
    if "agents.toml" not in draft.tables:
        return None
    rows = [row for kind in ("agent", "phone", "group") for row in draft.raw_rows("agents.toml", kind)]
    return {str(row[key]) for row in rows for key in ("id", "username", "number") if row.get(key)}


def _phones(draft: Draft) -> set[str] | None:
    """Through which calls can be made; None if agents.toml cannot be read."""
    if "agents.toml" not in draft.tables:
        return None
    rows = [row for kind in ("agent", "phone") for row in draft.raw_rows("agents.toml", kind)]
    return {str(row[key]) for row in rows for key in ("id", "username", "number") if row.get(key)}


def step_lists(row: MenuRow) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """All that a menu may do, as lists of steps, and where each is in its row."""
    for key, steps in row.keys.items():
        yield ("keys", key), in_list(steps)
    for name in _STEP_LISTS:
        yield (name,), in_list(getattr(row, name))


def _steps(row: MenuRow) -> Iterator[MenuStep]:
    """Those that can be read."""
    for _, texts in step_lists(row):
        for text in texts:
            try:
                yield parse_step(text)
            except LocalError:
                continue


def _menus_behind(row: MenuRow) -> set[str]:
    """Menus that this one leads to at once."""
    return {step.target for step in _steps(row) if step.kind in (StepKind.MENU, StepKind.FLOW)}


def _check_reached(
    rows: dict[str, tuple[int, MenuRow]], leads_to: dict[str, set[str]], draft: Draft, faults: FaultList
) -> None:
    begins = {menu_id for menu_id, (_, row) in rows.items() if row.from_flows} | _named_elsewhere(draft)
    reached = _all_behind(begins, leads_to)
    for menu_id, (index, _) in rows.items():
        if menu_id not in reached:
            reason = f'nobody comes to "{menu_id}": no number, queue or menu that is reached leads to it'
            remedy = "Name it in numbers.toml or another menu, write from_flows = true if a flow of yours runs it"
            faults.add(("menu", index), reason, f"{remedy}, or remove it")


def _named_elsewhere(draft: Draft) -> set[str]:
    """Flows that numbers and queues lead to."""
    named = [(route.project, name) for _, route in draft.routes for name in (route.flow, route.otherwise or "")]
    for _, queue in draft.queues:
        ways = [queue.overflow, queue.overflow_full, queue.overflow_empty, queue.overflow_closed]
        for way in [*ways, queue.overflow_predicted, *queue.exit_keys.values()]:
            kind, _, name = way.partition(":")
            if kind == "flow":
                named.append((queue.project, name))
    return {own_name(project, name, draft.flows or ()) for project, name in named}


def _check_ways_out(rows: dict[str, tuple[int, MenuRow]], leads_to: dict[str, set[str]], faults: FaultList) -> None:
    leading_out = {menu_id for menu_id, (_, row) in rows.items() if _leads_out(row, rows)}
    for menu_id, (index, row) in rows.items():
        if row.keys and not leading_out & _all_behind({menu_id}, leads_to):
            reason = "no key in it, or in the menus behind it, leads out of the menus"
            remedy = 'Give one a step such as "queue:ID", "dial:101", "flow:NAME" or "hangup"'
            faults.add(("menu", index, "keys"), reason, remedy)


def _leads_out(row: MenuRow, rows: dict[str, tuple[int, MenuRow]]) -> bool:
    """Whether a step of it does; one that cannot be read, or leads to no menu, is a fault of its own."""
    for _, texts in step_lists(row):
        for text in texts:
            try:
                step = parse_step(text)
            except LocalError:
                return True
            if step.kind in LEADS_OUT and not (step.kind is StepKind.FLOW and step.target in rows):
                return True
            if step.kind is StepKind.MENU and step.target not in rows:
                return True
    return False


def _check_ways_back(rows: dict[str, tuple[int, MenuRow]], leads_to: dict[str, set[str]], faults: FaultList) -> None:
    nested = {behind for menu_id, found in leads_to.items() for behind in found if behind != menu_id}
    for menu_id, (index, row) in rows.items():
        if menu_id in nested or row.from_flows:
            continue
        for path, texts in step_lists(row):
            if "back" in texts:
                reason = "no other menu leads here, so there is none to go back to"
                faults.add(("menu", index, *path), reason, 'Write "repeat" or "hangup"')


def _all_behind(begins: Iterable[str], leads_to: dict[str, set[str]]) -> set[str]:
    """The menus named and all that are reached from them, however far."""
    reached: set[str] = set()
    waiting = [menu_id for menu_id in begins if menu_id in leads_to]
    while waiting:
        menu_id = waiting.pop()
        if menu_id not in reached:
            reached.add(menu_id)
            waiting += [behind for behind in leads_to[menu_id] if behind in leads_to]
    return reached
