"""Whose everything is in the running switch (`control.scope.Belongings`)."""

from typing import Protocol

from softswitch.acd.runtime.service import AcdService
from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId
from softswitch.calls.projects import may_use
from softswitch.calls.runtime.callbacks import Callbacks
from softswitch.calls.runtime.conferences.keeper import Conferences
from softswitch.calls.runtime.controller import CallController
from softswitch.calls.runtime.voicemail import Voicemail
from softswitch.calls.settings import CallSettings
from softswitch.dialplan.flows import Dialplan
from softswitch.store import Store


class Owners(Protocol):
    """What is looked at."""

    @property
    def settings(self) -> CallSettings: ...
    @property
    def dialplan(self) -> Dialplan: ...
    @property
    def controller(self) -> CallController: ...
    @property
    def acd(self) -> AcdService: ...
    @property
    def callbacks(self) -> Callbacks: ...
    @property
    def conferences(self) -> Conferences: ...
    @property
    def store(self) -> Store: ...
    @property
    def voicemail(self) -> Voicemail: ...


class SwitchBelongings:
    """Looked up at each question: calls come and go, and a reload changes the rest."""

    def __init__(self, parts: Owners) -> None:
        self._parts = parts

    def has_project(self, project: str) -> bool:
        return project in self._parts.settings.projects

    def of_call(self, call_id: CallId) -> str | None:
        call = self._parts.controller.calls.get(call_id)
        return None if call is None else call.record.project

    def of_queue(self, queue_id: QueueId) -> str | None:
        treatment = self._parts.settings.queues.get(queue_id)
        return None if treatment is None else treatment.project

    def of_contact(self, contact_id: ContactId) -> str | None:
        owner = self.of_call(CallId(contact_id))
        if owner is not None:
            return owner
        queue_id = self._parts.acd.queue_of(contact_id)
        return None if queue_id is None else self.of_queue(queue_id)

    def of_callback(self, callback_id: str) -> str | None:
        callback = self._parts.callbacks.find(callback_id)
        return None if callback is None else callback.project

    def of_room(self, room: str) -> str | None:
        terms = self._parts.settings.conferences.get(room)
        running = self._parts.conferences.running(room) if terms is None else None
        return terms.project if terms is not None else None if running is None else running.terms.project

    def of_program(self, program: str) -> str | None:
        known = self._parts.settings.programs.get(program)
        return None if known is None else known.project

    def of_recording(self, recording_id: RecordingId, started_at: float) -> str | None:
        recording = self._parts.store.recordings.get((started_at, recording_id))
        return None if recording is None else recording.project

    def of_voice_message(self, message_id: str) -> str | None:
        message = self._parts.voicemail.get(message_id)
        return None if message is None else self.of_voice_box(message.box)

    def of_voice_box(self, name: str) -> str | None:
        """An extension's is whose the extension is."""
        box = self._parts.settings.voice_box_for(name)
        if box is None or not box.owner:
            return None if box is None else box.project
        return self.of_phone(box.owner)

    def of_phone(self, phone: str) -> str | None:
        settings = self._parts.settings
        extension = settings.extension_for(phone.removeprefix("sip:").removesuffix(f"@{settings.domain}"))
        return None if extension is None else _sole(extension.projects)

    def of_list(self, list_id: str) -> str | None:
        known = self._parts.settings.caller_lists.get(list_id)
        return None if known is None else known.project

    def of_agent(self, agent_id: AgentId) -> str | None:
        projects = self._parts.settings.agent_projects.get(agent_id)
        return None if projects is None else _sole(projects)

    def of_number(self, number: str) -> str | None:
        owner = self._parts.dialplan.project_of(number) or self.of_phone(number)
        return owner or None

    def may_reach(self, project: str, number: str) -> bool:
        extension = self._parts.settings.extension_for(number)
        is_theirs = extension is not None and bool(extension.projects) and project not in extension.projects
        group = self._parts.settings.group_for(number)
        is_theirs = is_theirs or (group is not None and not may_use(project, group.project))
        return not is_theirs and may_use(project, self._parts.dialplan.project_of(number))


def _sole(projects: tuple[str, ...]) -> str:
    """Who works for several is nobody's in particular."""
    return projects[0] if len(projects) == 1 else ""
