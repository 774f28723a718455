"""The web process: `python -m softswitch.web DIR`, started by the supervisor where [web] is enabled.

It asks the switch through the control socket like any other client and holds no call: it may die, be flooded or be
stopped, and calls go on. It gives way to the switch and the media workers where there is too little CPU for all.
SIGTERM stops it; whatever keeps it from starting is one line in the log, and the supervisor tries again.
"""

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Generator
from functools import partial

import uvicorn
import uvloop

from softswitch.base.clock import SystemClock
from softswitch.base.errors import ConfigurationError, SoftswitchError, StartError
from softswitch.base.log import configure_logging, get_logger
from softswitch.config import load_settings
from softswitch.config.addresses import parse_host_port
from softswitch.config.settings import Settings
from softswitch.config.web_settings import WebSection
from softswitch.web.limits import FILES_BESIDE_CONNECTIONS, HEAD_BYTES_MAX, KEEP_ALIVE_S, WEBSOCKET_MESSAGE_BYTES_MAX
from softswitch.web.runtime.building import WebParts
from softswitch.web.runtime.connections import BoundedConnection, BoundedWebSocket, Occupancy

STOP_S = 2
"""Requests that are being answered when the process is stopped have so long."""

_log = get_logger("web")


async def serve(directory: str, settings: Settings) -> None:
    """Until SIGTERM. Raises `StartError` and `ConfigurationError`."""
    web = settings.web
    _allow_files(web.connections + FILES_BESIDE_CONNECTIONS)
    parts = WebParts(directory, settings, SystemClock())
    listener = _listen(web)
    server = _Server(_uvicorn_config(parts.application, web))
    _log.info("ready", url=web.url)
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Ends by itself when it is told to, where uvicorn's own would raise the signal once more."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.handle_exit, name, None)
        yield


def _allow_files(number: int) -> None:
    """As many open files as the connections that may be need, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(web: WebSection) -> socket.socket:
    address = parse_host_port(web.listen)
    assert address is not None, "load has checked it"
    listener = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        raise StartError(
            f"[web] listen: {web.listen} cannot be listened at ({error.strerror}): "
            "stop what does already, or write another address and port"
        ) from error
    return listener


def _uvicorn_config(app: object, web: WebSection) -> uvicorn.Config:
    occupancy = Occupancy(web.connections, web.address_connections)
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=partial(BoundedConnection, occupancy=occupancy),  # type: ignore[arg-type]
        ws=partial(BoundedWebSocket, occupancy=occupancy),  # type: ignore[arg-type]
        ws_max_size=WEBSOCKET_MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the gate knows which proxies are ours
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=web.certificate or None,
        ssl_keyfile=web.private_key or None,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
    )


def run(directory: str) -> int:
    """The exit code. What keeps it from starting is in the log."""
    try:
        settings = load_settings(directory)
        configure_logging(level=settings.log.level, log_format=settings.log.format, program="web")
        logging.getLogger("uvicorn").setLevel(logging.ERROR)  # what clients do wrong would fill the log
        uvloop.run(serve(directory, settings))
    except ConfigurationError as error:
        for fault in error.faults:
            _log.error("not started", fault=str(fault))
        return 1
    except SoftswitchError as error:
        _log.error("not started", fault=str(error))
        return 1
    return 0
