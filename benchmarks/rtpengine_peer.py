"""Debian's rtpengine as a peer of the media benchmarks: started, given calls by its "ng" control protocol, ended.

The protocol is a cookie, a space and a bencoded dictionary in a UDP datagram, answered alike.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any, cast

import click

from softswitch.base.address import HostPort
from softswitch.testing.runtime.free_ports import free_port, free_range

_RTPMAP = {"PCMU": "0", "PCMA": "8"}


class Rtpengine:
    """One process with one worker thread, in user space. Use it as a context manager."""

    def __init__(self, ports: int) -> None:
        program = shutil.which("rtpengine")
        if program is None:
            raise click.ClickException("rtpengine is not installed: apt-get install rtpengine-daemon")
        self._folder = tempfile.TemporaryDirectory()
        control = free_port()
        media = free_range(2 * ports + 100)
        self._process = subprocess.Popen(
            [
                program,
                "--foreground",
                "--table=-1",
                "--interface=127.0.0.1",
                f"--listen-ng=127.0.0.1:{control}",
                f"--port-min={media.start}",
                f"--port-max={media.stop - 1}",
                "--num-threads=1",
                "--log-level=3",
                "--log-stderr",
                f"--recording-dir={self._folder.name}",
                "--recording-method=pcap",
                "--recording-format=eth",
            ],
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", control))
        self._socket.settimeout(0.5)
        self._cookie = 0
        deadline = time.monotonic() + 10.0
        while not self._is_up():
            if time.monotonic() > deadline:
                self._end()
                raise click.ClickException("rtpengine does not answer")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> "Rtpengine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        died = self._process.poll()
        self._end()
        if died is not None:
            raise click.ClickException(f"rtpengine ended by itself ({died}): its figures count for nothing")

    def call(
        self, call_id: str, near: tuple[HostPort, str], far: tuple[HostPort, str], *, is_recorded: bool
    ) -> tuple[int, int]:
        """Set up a call between two parties, each with its address and law; where each of them is to send."""
        common: dict[str, Any] = {"call-id": call_id, "from-tag": "near", "replace": ["origin"], "ICE": "remove"}
        if is_recorded:
            common["record call"] = "yes"
        offer = common | {"command": "offer", "sdp": _sdp(*near), "flags": ["no-rtcp-attribute"]}
        if near[1] != far[1]:
            offer["codec"] = {"transcode": [far[1]], "mask": [near[1]]}
        towards_far = _port(self._ask(offer))
        answer = common | {"command": "answer", "to-tag": "far", "sdp": _sdp(*far)}
        towards_near = _port(self._ask(answer))
        # Each party sends to the port that the other's description, as it was passed on, names.
        return towards_near, towards_far

    def _ask(self, question: dict[str, Any]) -> dict[bytes, Any]:
        self._cookie += 1
        cookie = str(self._cookie).encode()
        self._socket.send(cookie + b" " + _bencode(question))
        while True:
            reply = self._socket.recv(65536)
            if reply.startswith(cookie + b" "):
                break
        answer, _ = _bdecode(reply, len(cookie) + 1)
        if answer[b"result"] not in (b"ok", b"pong"):
            raise click.ClickException(f"rtpengine: {answer}")
        return answer

    def _is_up(self) -> bool:
        try:
            self._ask({"command": "ping"})
        except OSError:
            return False
        return True

    def _end(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()


def _sdp(address: HostPort, law: str) -> str:
    number = _RTPMAP[law]
    return (
        f"v=0\r\no=- {os.getpid()} 1 IN IP4 {address.host}\r\ns=-\r\nc=IN IP4 {address.host}\r\nt=0 0\r\n"
        f"m=audio {address.port} RTP/AVP {number}\r\na=rtpmap:{number} {law}/8000\r\na=sendrecv\r\na=ptime:20\r\n"
    )


def _port(answer: dict[bytes, Any]) -> int:
    line = next(line for line in answer[b"sdp"].decode().splitlines() if line.startswith("m=audio "))
    return int(line.split()[1])


def _bencode(value: Any) -> bytes:
    if isinstance(value, str):
        content = value.encode()
        return str(len(content)).encode() + b":" + content
    if isinstance(value, list):
        return b"l" + b"".join(_bencode(entry) for entry in cast("list[Any]", value)) + b"e"
    return b"d" + b"".join(_bencode(key) + _bencode(value[key]) for key in sorted(value)) + b"e"


def _bdecode(content: bytes, at: int) -> tuple[Any, int]:
    kind = content[at : at + 1]
    if kind == b"i":
        end = content.index(b"e", at)
        return int(content[at + 1 : end]), end + 1
    if kind == b"l" or kind == b"d":
        entries: list[Any] = []
        at += 1
        while content[at : at + 1] != b"e":
            entry, at = _bdecode(content, at)
            entries.append(entry)
        return entries if kind == b"l" else dict(zip(entries[::2], entries[1::2], strict=True)), at + 1
    colon = content.index(b":", at)
    end = colon + 1 + int(content[at:colon])
    return content[colon + 1 : end], end
