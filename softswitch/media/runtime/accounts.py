"""What the workers did for the last switch, until the present one has adopted it.

An account is what its worker says it does (`Account`). It is there from the worker's answer until all is settled. The
ports in it belong to its streams meanwhile, so that nobody else gets one; what nobody has adopted by then is let go.
"""

from softswitch.base.clock import Clock
from softswitch.base.ids import RoomId, StreamId
from softswitch.media.description import MediaDescription
from softswitch.media.feeds.feed import Feed
from softswitch.media.kept import KeptStream
from softswitch.media.protocol import FaxPort, Recording, StreamDescription
from softswitch.media.runtime.stream_ports import Claim, StreamPorts


class Accounts:
    """By worker. What is looked up here is adopted by it."""

    __slots__ = ("_accounts", "_adopted", "_clock", "_pids", "_ports", "last_id")

    def __init__(self, ports: StreamPorts, clock: Clock) -> None:
        self._ports = ports
        self._clock = clock
        self._accounts: dict[str, MediaDescription] = {}
        self._pids: dict[str, int] = {}
        """Of the workers, by name."""
        self._adopted: set[StreamId] = set()
        """Streams and fax ports whose ports are somebody's now."""
        self.last_id = 0
        """The highest id that was given out before, as far as is known here."""

    def add(self, worker: str, account: MediaDescription, pid: int) -> None:
        """The worker has answered; its last answer, if there was one, counts no more."""
        self.let_go(worker)
        self._accounts[worker] = account
        self._pids[worker] = pid
        self._ports.claim([_claim(stream, worker) for stream in account.streams.values() if not stream.is_program])
        self._ports.claim([Claim(port.port_id, port.local.port) for port in account.fax_ports.values()])
        self.last_id = max(self.last_id, _last_id(account))

    def let_go(self, worker: str) -> None:
        """What nobody has adopted of it is nobody's now."""
        self._pids.pop(worker, None)
        account = self._accounts.pop(worker, None)
        if account is not None:
            now = self._clock.now()
            for port_id in (*account.streams, *account.fax_ports):
                if port_id not in self._adopted:
                    self._ports.release(port_id, now)

    def stream(self, kept: KeptStream) -> KeptStream:
        """The stream as its worker has it, or as it was kept if the worker does not know it."""
        stream_id = kept.description.stream_id
        account = self._accounts.get(kept.worker)
        if account is not None and stream_id in account.streams:
            found = KeptStream(
                account.streams[stream_id],
                kept.worker,
                account.hearings.get(stream_id),
                account.playbacks.get(stream_id),
                account.positions.get(stream_id),
            )
        else:
            found = kept
        self._adopt(stream_id, None if found.description.is_program else _claim(found.description, kept.worker))
        return found

    def has_dropped(self, kept: KeptStream) -> bool:
        """The worker that had it lives, and nobody knows it: the last switch let it go after it was kept.

        Its id is not given out again: as long as the disk refuses, the next start finds it kept as well.
        """
        stream_id = kept.description.stream_id
        self._note(int(stream_id))
        is_told = kept.worker_pid != 0 and self._pids.get(kept.worker) == kept.worker_pid
        return is_told and not any(stream_id in account.streams for account in self._accounts.values())

    def fax_port(self, worker: str, kept: FaxPort) -> FaxPort:
        account = self._accounts.get(worker)
        found = kept if account is None else account.fax_ports.get(kept.port_id, kept)
        self._adopt(kept.port_id, Claim(found.port_id, found.local.port))
        return found

    def recording(self, kept: Recording) -> tuple[str, Recording]:
        """The worker that writes it ("": none does), and the recording as it writes it."""
        for worker, account in self._accounts.items():
            found = account.recordings.get(kept.recording_id)
            if found is not None:
                return worker, found
        return "", kept

    def feed(self, worker: str, kept: Feed) -> Feed:
        account = self._accounts.get(worker)
        self._note(kept.feed_id)
        return kept if account is None else account.feeds.get(kept.feed_id, kept)

    def members(self, worker: str, room_id: RoomId) -> list[StreamId] | None:
        """Who is in the room, None if the worker does not know it."""
        account = self._accounts.get(worker)
        room = None if account is None else account.rooms.get(room_id)
        if room_id.isdecimal():
            self._note(int(room_id))
        return None if room is None else room.members

    def _adopt(self, stream_id: StreamId, claim: Claim | None) -> None:
        self._adopted.add(stream_id)
        self._note(stream_id)
        if claim is not None:
            self._ports.claim([claim])

    def _note(self, number: int) -> None:
        self.last_id = max(self.last_id, number)


def _claim(stream: StreamDescription, worker: str) -> Claim:
    if stream.is_shared:
        return Claim(stream.stream_id, stream.port, worker, stream.remote)
    return Claim(stream.stream_id, stream.port)


def _last_id(account: MediaDescription) -> int:
    ids = [*account.streams, *account.fax_ports, *account.feeds]
    ids += [playback.play_id for playback in account.playbacks.values()]
    ids += [int(room_id) for room_id in account.rooms if room_id.isdecimal()]
    return max(ids, default=0)
