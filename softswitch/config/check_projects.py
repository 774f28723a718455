"""What must hold for projects: what belongs to one uses only its own things and those of nobody, which are for all."""

from collections.abc import Mapping

from softswitch.calls.conferences.times import read_time
from softswitch.calls.projects import may_use, own_name
from softswitch.config.addresses import is_mail_address
from softswitch.config.check_menus import step_lists
from softswitch.config.check_routes import add_compiled
from softswitch.config.conversion import FaultList, did_you_mean
from softswitch.config.draft import Draft
from softswitch.config.menu_rows import MenuRow
from softswitch.config.project_rows import ProjectRow
from softswitch.config.rows import AgentRow, QueueRow, ScheduleRow
from softswitch.config.toml_lines import KeyPath
from softswitch.dialplan.schedule import compile_schedule
from softswitch.prompts.catalogue import LANGUAGES

_FOLDERS = frozenset({*LANGUAGES, "music"})
"""Folders of sounds that mean something else."""
_TARGET_KEYS = ("overflow", "overflow_full", "overflow_empty", "overflow_closed", "overflow_predicted")


class _Ownership:
    """Whose everything is, by the rows as they were read, so that one mistake is reported once."""

    def __init__(self, draft: Draft) -> None:
        self.projects = draft.names("projects.toml", "project")
        """None: they cannot be known."""
        self.queues = _owners(draft, "queues.toml", "queue")
        self.schedules = _owners(draft, "schedules.toml", "schedule")
        self.phones = _owners(draft, "agents.toml", "phone")
        self.groups = _owners(draft, "agents.toml", "group")
        self.flows = {name: self._of_flow(name) for name in draft.flows or ()}

    def _of_flow(self, name: str) -> str:
        folder, dot, _ = name.rpartition(".")
        return folder if dot and folder in (self.projects or ()) else ""

    def exists(self, name: str, path: KeyPath, faults: FaultList) -> None:
        if name and self.projects is not None and name not in self.projects:
            remedy = did_you_mean(name, self.projects, "Add it to projects.toml, or remove it here")
            faults.add(path, f'there is no project "{name}"', remedy)

    def permits(
        self, project: str, kind: str, name: str, owners: Mapping[str, str], path: KeyPath, faults: FaultList
    ) -> None:
        """A name that does not exist is somebody else's finding."""
        owner = owners.get(name, "")
        if may_use(project, owner):
            return
        whose = f"project {project}" if project else "no project"
        remedy = f'Write one of its own, or take `project` away from the {kind} "{name}", which is then for all'
        if not project:
            remedy = f'Write project = "{owner}" here, or another {kind}'
        faults.add(path, f'the {kind} "{name}" belongs to project {owner}, and this to {whose}', remedy)


def check_projects(draft: Draft) -> None:
    ownership = _Ownership(draft)
    _check_rows(draft, ownership)
    for index, queue in draft.queues:
        _check_queue(index, queue, draft, ownership)
    for index, route in draft.routes:
        path, faults = ("route", index), draft.fault_lists["numbers.toml"]
        ownership.exists(route.project, (*path, "project"), faults)
        for key, kind, name, owners in (
            ("hours", "schedule", route.hours or "", ownership.schedules),
            ("flow", "flow", route.flow, ownership.flows),
            ("otherwise", "flow", route.otherwise or "", ownership.flows),
            ("fax_flow", "flow", route.fax_flow or "", ownership.flows),
        ):
            name = own_name(route.project, name, owners)
            ownership.permits(route.project, kind, name, owners, (*path, key), faults)
    for file, kind, owned in (
        ("schedules.toml", "schedule", draft.schedules),
        ("callers.toml", "list", draft.lists),
        ("lookups.toml", "lookup", draft.lookups),
        ("programs.toml", "program", draft.programs),
        ("agents.toml", "phone", draft.phones),
        ("agents.toml", "group", draft.groups),
        ("conferences.toml", "room", draft.rooms),
        ("voicemail.toml", "box", draft.boxes),
        ("surveys.toml", "survey", draft.surveys),
    ):
        for index, row in owned:
            ownership.exists(row.project, (kind, index, "project"), draft.fault_lists[file])
    for index, menu in draft.menus:
        _check_menu(index, menu, ownership, draft.fault_lists["menus.toml"])
    for index, group in draft.groups:
        for position, member in enumerate(group.members):
            path = ("group", index, "members", position)
            ownership.permits(group.project, "phone", member, ownership.phones, path, draft.fault_lists["agents.toml"])
    for index, agent in draft.agents:
        _check_agent(index, agent, ownership, draft.fault_lists["agents.toml"])


def _owners(draft: Draft, file: str, kind: str) -> dict[str, str]:
    return {str(row["id"]): str(row.get("project", "")) for row in draft.raw_rows(file, kind) if "id" in row}


def _check_rows(draft: Draft, ownership: _Ownership) -> None:
    faults = draft.fault_lists["projects.toml"]
    seen: set[str] = set()
    for index, row in draft.projects:
        path = ("project", index)
        if row.id in seen:
            faults.add((*path, "id"), f'there is a project "{row.id}" already', "Give every project its own id")
        seen.add(row.id)
        if row.id in _FOLDERS:
            reason = f"sounds/{row.id} holds sounds of the whole centre, and would be the project's folder as well"
            faults.add((*path, "id"), reason, "Choose another id")
        languages = draft.settings.sounds.languages
        if row.language and row.language not in languages:
            remedy = did_you_mean(row.language, languages, "Add it to [sounds] languages, or choose one of them")
            faults.add((*path, "language"), f'"{row.language}" is not among the languages', remedy)
        if row.contact and not is_mail_address(row.contact):
            faults.add((*path, "contact"), f'"{row.contact}" is no e-mail address', 'Write "office@acme.example"')
        _check_digest(draft, row, path, faults)
        schedules = draft.names("schedules.toml", "schedule")
        if row.hours and schedules is not None and own_name(row.id, row.hours, schedules) not in schedules:
            remedy = did_you_mean(row.hours, schedules, "Write an id of schedules.toml")
            faults.add((*path, "hours"), f'there is no schedule "{row.hours}"', remedy)
        hours = own_name(row.id, row.hours, ownership.schedules)
        ownership.permits(row.id, "schedule", hours, ownership.schedules, (*path, "hours"), faults)
        whole = ScheduleRow(id=row.id, timezone=row.timezone, hours={"daily": ("00:00-24:00",)}, holidays=row.holidays)
        compiled = compile_schedule(whole, file="projects.toml", key=f"project[{index}]")
        if isinstance(compiled, list):
            add_compiled(compiled, faults)


def _check_digest(draft: Draft, row: ProjectRow, path: KeyPath, faults: FaultList) -> None:
    for position, text in enumerate(row.digest):
        if read_time(text, "UTC") is None:
            remedy = 'Write days and a time: "mon-fri 18:00" or "daily 20:00"'
            faults.add((*path, "digest", position), f'"{text}" is no time', remedy)
    if row.digest and not row.contact:
        faults.add((*path, "digest"), "nobody is there to send it to", 'Write contact = "office@acme.example"')
    if row.digest and not draft.settings.mail.server:
        reason = "no mail is sent, for [mail] names no server"
        faults.add((*path, "digest"), reason, "Write `server` and `sender` in [mail] of softswitch.toml")


def _check_queue(index: int, row: QueueRow, draft: Draft, ownership: _Ownership) -> None:
    path, faults = ("queue", index), draft.fault_lists["queues.toml"]
    ownership.exists(row.project, (*path, "project"), faults)
    targets = [((*path, key), str(getattr(row, key))) for key in _TARGET_KEYS]
    targets += [((*path, "exit_keys", key), target) for key, target in row.exit_keys.items()]
    for place, target in targets:
        kind, _, name = target.partition(":")
        if kind in ("queue", "flow"):
            owners = ownership.queues if kind == "queue" else ownership.flows
            name = name if kind == "queue" else own_name(row.project, name, owners)
            ownership.permits(row.project, kind, name, owners, place, faults)
    ownership.permits(row.project, "schedule", row.hours, ownership.schedules, (*path, "hours"), faults)
    if row.callbacks is not None:
        callbacks, place = row.callbacks, (*path, "callbacks")
        ownership.permits(row.project, "schedule", callbacks.hours, ownership.schedules, (*place, "hours"), faults)
        ownership.permits(row.project, "phone", callbacks.through, ownership.phones, (*place, "through"), faults)
    if row.rescue is not None:
        dedicated = {agent.id: agent.projects for _, agent in draft.agents if agent.projects}
        for position, name in enumerate(row.rescue.agents):
            if row.project not in dedicated.get(name, (row.project,)):
                reason = f"{name} works for {', '.join(dedicated[name])} alone"
                faults.add((*path, "rescue", "agents", position), reason, "Add the project to his, or name another")


def _check_menu(index: int, row: MenuRow, ownership: _Ownership, faults: FaultList) -> None:
    """A menu with a project's id in front of its name is the project's; one of nobody's is whosever call it is."""
    owner = ownership.flows.get(row.id, "")
    if not owner:
        return
    hours = own_name(owner, row.hours, ownership.schedules)
    ownership.permits(owner, "schedule", hours, ownership.schedules, ("menu", index, "hours"), faults)
    for path, steps in step_lists(row):
        for text in steps:
            kind, _, name = text.partition(":")
            owners = {
                "queue": ownership.queues,
                "callback": ownership.queues,
                "flow": ownership.flows,
                "dial": ownership.groups,
            }.get(kind)
            if kind == "dial":
                kind, name = "group", name.partition(" through ")[0]
            if owners is not None:
                name = own_name(owner, name, owners)
                ownership.permits(owner, kind, name, owners, ("menu", index, *path), faults)


def _check_agent(index: int, row: AgentRow, ownership: _Ownership, faults: FaultList) -> None:
    for position, name in enumerate(row.projects):
        ownership.exists(name, ("agent", index, "projects", position), faults)
    for position, name in enumerate(row.queues or ()):
        owner = ownership.queues.get(name)
        if row.projects and owner is not None and owner not in row.projects:
            whose = f"project {owner}" if owner else "no project"
            reason = f'the queue "{name}" belongs to {whose}, and he works for {", ".join(row.projects)} alone'
            faults.add(("agent", index, "queues", position), reason, "Remove the queue, or add the project to his")
