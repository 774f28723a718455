"""Keeps what sessions and idempotent requests want to be kept, as the disk would."""

from softswitch.web.idempotency import KeptRequest
from softswitch.web.sessions import KeptSession


class Keeping:
    """Rows by their keys, and how often something was written."""

    def __init__(self) -> None:
        self.sessions: dict[str, KeptSession] = {}
        self.requests: dict[str, KeptRequest] = {}
        self.writes = 0

    def session_used(self, key: str, session: KeptSession) -> None:
        self.writes += 1
        self.sessions[key] = session

    def session_over(self, key: str) -> None:
        self.sessions.pop(key, None)

    def request_known(self, key: str, request: KeptRequest) -> None:
        self.writes += 1
        self.requests[key] = request

    def request_forgotten(self, key: str) -> None:
        self.requests.pop(key, None)
