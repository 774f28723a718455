"""Puts the web process together: every part that has no socket of its own."""

from litestar import Litestar

from softswitch.base.clock import Clock
from softswitch.config.settings import Settings
from softswitch.control.runtime.async_client import AsyncControlClient
from softswitch.web.endpoints.all_routes import ROUTES
from softswitch.web.runtime.application import application
from softswitch.web.runtime.gate import Gate
from softswitch.web.runtime.link import SwitchLink
from softswitch.web.runtime.users_file import UsersFile


class WebParts:
    """Raises `ConfigurationError` where users.toml cannot be used."""

    def __init__(self, directory: str, settings: Settings, clock: Clock) -> None:
        self.client = AsyncControlClient(settings.control.socket, directory)
        self.gate = Gate(settings.web, UsersFile(directory, clock), SwitchLink(self.client, clock), clock)
        self.application: Litestar = application(
            ROUTES, self.gate, settings.web, others=[], on_shutdown=[self.client.close]
        )
