"""A switch that is there to be killed: two who talk, one who waits with music, and a recording.

    python -m tests.integration.media.doomed_switch SOCKET FOLDER HOST:PORT HOST:PORT HOST:PORT

It prints what it keeps as one line of JSON (`Kept`), and does nothing more.
"""

import asyncio
import sys

import msgspec

from softswitch.base.address import HostPort
from softswitch.base.clock import SystemClock
from softswitch.base.entropy import SystemEntropy
from softswitch.base.ids import CallId, RecordingId
from softswitch.media.kept import KeptStream
from softswitch.media.protocol import MediaEvent, Recording, SrtpKeys
from softswitch.media.runtime.client import MediaClient
from softswitch.media.srtp.libsrtp import KEY_BYTES

PROFILE = "AES_CM_128_HMAC_SHA1_80"
KEYS = SrtpKeys(PROFILE, bytes(range(KEY_BYTES[PROFILE])), bytes(range(1, KEY_BYTES[PROFILE] + 1)))
"""Of the agent's stream."""
PORTS = range(31_000, 32_000)
CALL = CallId("c1")


class Kept(msgspec.Struct):
    streams: list[KeptStream]
    """The caller's, the agent's, and that of the one who waits."""
    recording: Recording
    music: int
    """Its play_id."""


def new_client(path: str, events: list[MediaEvent]) -> MediaClient:
    return MediaClient(
        {"media-0": path},
        local_ip="127.0.0.1",
        ports=PORTS,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        on_event=events.append,
    )


async def main(path: str, folder: str, *parties: str) -> None:
    client = new_client(path, [])
    await client.start()
    streams = [await client.open_stream(CALL) for _ in parties]
    for stream, party, keys in zip(streams, parties, (None, KEYS, None), strict=True):
        host, port = party.rsplit(":", 1)
        stream.connect(
            remote=HostPort(host, int(port)),
            codec="PCMU",
            payload_type=0,
            telephone_event=101,
            ptime_ms=20,
            sends=True,
            receives=True,
            srtp=keys,
        )
    caller, agent, waiting = streams
    caller.hear(agent)
    agent.hear(caller)
    music = waiting.play([f"{folder}/music.wav"], loop=True)
    recording = Recording(
        recording_id=RecordingId("r1"),
        call_id=CALL,
        path=f"{folder}/a.wav",
        left=caller.stream_id,
        right=agent.stream_id,
        started_at=client.clock.now(),
    )
    client.start_recording(recording)
    kept = Kept([stream.keep() for stream in streams], recording, music)
    sys.stdout.buffer.write(msgspec.json.encode(kept) + b"\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
