"""Which project a call belongs to, and what it has from it.

| decided by | when |
|---|---|
| the number called | its route names a project |
| who calls | he is one of ours: the project of the contact he has or wraps up, else his own |
| the call before | a party of that one has gone on here |
| the queue | none of these has said anything, and the queue belongs to one |

The first that says anything is right, and what is decided stays.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.projects import Owned, may_use, own_name
from softswitch.calls.runtime.ports import Surroundings
from softswitch.calls.settings import NO_PROJECT, Extension, Project, QueueTreatment, RecordingPolicy
from softswitch.calls.verbs import SoundFiles

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

log = get_logger("calls")


def begin_for(call: "ActiveCall", project: str) -> None:
    """The call begins, and is the project's; "": nobody's."""
    if project:
        call.record.project = project
        call.around.projects.belongs(call.call_id, project)


def arrive(call: "ActiveCall", project: str) -> None:
    """The same, and it speaks the project's language until somebody says otherwise."""
    begin_for(call, project)
    call.language = project_of(call).language or call.language


def belong_to(call: "ActiveCall", project: str) -> None:
    """A call in progress is the project's from now on, if it is nobody's yet: also if the switch dies."""
    if project and not call.record.project:
        begin_for(call, project)
        call.around.records.call_changed(call.record.as_active())


def project_of(call: "ActiveCall") -> Project:
    """With what is configured now; one without an id for a call that is nobody's, or whose project was removed."""
    return call.around.settings().projects.get(call.record.project, NO_PROJECT)


def sounds_of(call: "ActiveCall") -> SoundFiles:
    """What a call plays: its project's sounds go before the centre's."""
    project = project_of(call)
    return call.around.sounds.for_project(project.id, project.music) if project.id else call.around.sounds


def own_queue(call: "ActiveCall", name: str) -> str:
    """The queue that a flow of the call means: the project's own of that name, or else the one of that name.

    Raises `LocalError` for one that belongs to another project.
    """
    return own_thing(call, "queue", name, call.around.settings().queues)


def own_thing(call: "ActiveCall", kind: str, name: str, known: Mapping[str, Owned]) -> str:
    """The same of any kind of thing, by id."""
    project = call.record.project
    own = own_name(project, name, known)
    thing = known.get(own)
    owner = "" if thing is None else thing.project
    if project and not may_use(project, owner):
        raise LocalError(f'the {kind} "{own}" belongs to project {owner}, and this call is for {project}')
    return own


def policy_in_queue(call: "ActiveCall", wished: bool | None, treatment: QueueTreatment) -> RecordingPolicy:
    """What holds for a conversation of this queue."""
    return call.recordings.policy_for(wished, queue=treatment.recording, otherwise=RecordingPolicy.ALWAYS)


def project_at_work(around: Surroundings, extension: Extension) -> str:
    """For whom the owner of a phone works now, and so what calls of his own are for."""
    agent_id = extension.agent_id
    queue_id = None if agent_id is None else around.acd.queue_in_hand(agent_id)
    if agent_id is not None and queue_id is not None:
        treatment = around.settings().queues.get(queue_id)
        project = "" if treatment is None else treatment.project
        if project or (project := around.projects.served_last(agent_id)):
            return project
    return extension.projects[0] if extension.projects else ""


def refusal_of_full(around: Surroundings, project_id: str) -> int:
    """The SIP status for a further call to a number of the project; 0: it has room."""
    project = around.settings().projects.get(project_id, NO_PROJECT)
    if not project.calls_max or around.projects.in_progress(project_id) < project.calls_max:
        return 0
    around.projects.refuse(project_id)
    log.warning("project full", project=project_id, max_calls=project.calls_max)
    return project.status_when_full
