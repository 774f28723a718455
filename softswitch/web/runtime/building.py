"""Puts the web process together: every part that has no socket of its own."""

import os
from pathlib import Path

from litestar import Litestar

from softswitch.base.clock import Clock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.errors import StartError
from softswitch.config import load_webhooks
from softswitch.config.settings import Settings
from softswitch.control.runtime.async_client import AsyncControlClient
from softswitch.store.webhook_store import open_webhook_store
from softswitch.web.endpoints.all_routes import ROUTES
from softswitch.web.idempotency import IdempotentRequests
from softswitch.web.limits import LOG_INS_BURST, LOG_INS_PER_S
from softswitch.web.rates import RateLimit
from softswitch.web.runtime.application import application
from softswitch.web.runtime.audit_file import AuditFile
from softswitch.web.runtime.commands import Commands
from softswitch.web.runtime.event_hub import EventHub
from softswitch.web.runtime.event_socket import EventSocket, event_route
from softswitch.web.runtime.gate import Gate
from softswitch.web.runtime.history import History
from softswitch.web.runtime.kept_state import KeptState
from softswitch.web.runtime.link import SwitchLink
from softswitch.web.runtime.log_in import PasswordChecks
from softswitch.web.runtime.users_file import UsersFile
from softswitch.web.runtime.webhooks import Webhooks
from softswitch.web.runtime.written import WrittenConfiguration
from softswitch.web.services import Services
from softswitch.web.sessions import Sessions

SECRET_FILE = "web.secret"
SECRET_BYTES = 32


class WebParts:
    """Raises `ConfigurationError` where users.toml cannot be used, `StartError` for the run directory."""

    def __init__(self, directory: str, settings: Settings, clock: Clock) -> None:
        web = settings.web
        self.client = AsyncControlClient(settings.control.socket, directory)
        self._history = History(settings.store.directory, settings.recordings.directory)
        self._passwords = PasswordChecks()
        self.hub = EventHub(self.client, self._history)
        self._webhooks = Webhooks(
            lambda: load_webhooks(directory),
            lambda: open_webhook_store(settings.store.directory),
            self.hub,
            clock,
            SystemEntropy(),
        )
        self._kept = KeptState(settings.store.directory, clock)
        longest_s, idle_s = web.session_hours * 3600, web.session_idle_minutes * 60
        sessions = Sessions(SystemEntropy(), self._kept, longest_s=longest_s, idle_s=idle_s)
        self.services = Services(
            clock=clock,
            known=UsersFile(directory, clock).known,
            sessions=sessions,
            done_before=IdempotentRequests(self._kept),
            disk=self._kept,
            log_ins=RateLimit(LOG_INS_PER_S, burst=LOG_INS_BURST),
            passwords=self._passwords,
            history=self._history,
            commands=Commands(directory),
            written=WrittenConfiguration(directory, clock),
            webhooks=self._webhooks,
            audit=AuditFile(web.audit_log, bytes_max=web.audit_mb * 1024 * 1024),
            link_secret=_secret(Path(settings.control.socket).parent),
            url=web.url,
            is_secure=web.is_secure,
        )
        self.link = SwitchLink(self.client, clock)
        self.gate = Gate(settings, self.link, self.services)
        events = EventSocket(self.gate, self.link, self.hub)
        self.application: Litestar = application(
            ROUTES, self.gate, web, others=[event_route(events)], on_startup=[self._start], on_shutdown=[self._close]
        )

    async def _start(self) -> None:
        self._kept.open(self.services.sessions, self.services.done_before)
        self._webhooks.start()

    async def _close(self) -> None:
        await self._webhooks.stop()
        await self.hub.stop()
        self._history.close()
        self._passwords.close()
        await self.client.close()
        self._kept.close()


def _secret(run_directory: Path) -> bytes:
    """With what links are signed: made once, so that links outlive the process."""
    path = run_directory / SECRET_FILE
    try:
        if path.exists():
            secret = path.read_bytes()
            if len(secret) == SECRET_BYTES:
                return secret
        secret = os.urandom(SECRET_BYTES)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secret)
        return secret
    except OSError as error:
        raise StartError(f"{path} cannot be written ({error.strerror}): make its directory writable") from error
