"""Projects for the control socket."""

from collections import Counter
from collections.abc import Iterable

from softswitch.app.parts import Parts
from softswitch.control.protocol.rows import ProjectRow


class ProjectOperations:
    """The part of `SwitchOperations` that is about projects."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def projects(self) -> Iterable[ProjectRow]:
        settings, calls = self._parts.settings, self._parts.project_calls
        queues = Counter(treatment.project for treatment in settings.queues.values())
        agents = Counter(name for projects in settings.agent_projects.values() for name in projects)
        waiting: Counter[str] = Counter()
        for summary in self._parts.acd.queue_summaries():
            treatment = settings.queues.get(summary.queue_id)
            waiting[treatment.project if treatment is not None else ""] += summary.waiting
        for project in settings.projects.values():
            yield ProjectRow(
                project_id=project.id,
                name=project.name,
                contact=project.contact,
                calls=calls.in_progress(project.id),
                max_calls=project.calls_max,
                refused=calls.refused.get(project.id, 0),
                queues=queues[project.id],
                waiting=waiting[project.id],
                agents=agents[project.id],
            )
