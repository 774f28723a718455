"""A bot that says back what it hears, until the caller presses #: the shortest program for `call.stream`.

    pip install websockets
    python examples/echo_bot.py 8765

and in a flow: `outcome = await call.stream("ws://127.0.0.1:8765")`. docs/live-media.md says what can be said.
"""

import asyncio
import json
import sys

from websockets.asyncio.server import ServerConnection, serve


async def talk(socket: ServerConnection) -> None:
    """One call, from `start` to its end."""
    async for message in socket:
        if isinstance(message, bytes):
            await socket.send(message)
        elif json.loads(message) == {"type": "dtmf", "digit": "#"}:
            await socket.send(json.dumps({"type": "stop", "result": {"said": "goodbye"}}))


async def main(port: int) -> None:
    """Serve calls until Ctrl-C."""
    async with serve(talk, "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
