"""Whose everything is, as a test says."""

from softswitch.base.ids import AgentId, CallId, ContactId, QueueId, RecordingId


class FixedBelongings:
    """What belongs to whom, as a test says: by the kind of thing and its id. What is not there does not exist."""

    def __init__(self) -> None:
        self.owners: dict[tuple[str, str], str] = {}
        self.reachable: set[tuple[str, str]] = set()
        """Projects and the numbers their callers may be sent to."""

    def has_project(self, project: str) -> bool:
        return project in ("acme", "bolt")

    def of_call(self, call_id: CallId) -> str | None:
        return self.owners.get(("call", call_id))

    def of_queue(self, queue_id: QueueId) -> str | None:
        return self.owners.get(("queue", queue_id))

    def of_contact(self, contact_id: ContactId) -> str | None:
        return self.owners.get(("contact", contact_id))

    def of_callback(self, callback_id: str) -> str | None:
        return self.owners.get(("callback", callback_id))

    def of_recording(self, recording_id: RecordingId, started_at: float) -> str | None:
        return self.owners.get(("recording", recording_id))

    def of_room(self, room: str) -> str | None:
        return self.owners.get(("room", room))

    def of_voice_message(self, message_id: str) -> str | None:
        return self.owners.get(("voice message", message_id))

    def of_phone(self, phone: str) -> str | None:
        return self.owners.get(("phone", phone))

    def of_list(self, list_id: str) -> str | None:
        return self.owners.get(("list", list_id))

    def of_program(self, program: str) -> str | None:
        return self.owners.get(("program", program))

    def of_agent(self, agent_id: AgentId) -> str | None:
        return self.owners.get(("agent", agent_id))

    def of_number(self, number: str) -> str | None:
        return self.owners.get(("number", number))

    def may_reach(self, project: str, number: str) -> bool:
        return (project, number) in self.reachable
