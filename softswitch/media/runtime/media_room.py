"""A conference of streams of one media worker, as a handle in the switch."""

from softswitch.base.errors import LocalError
from softswitch.base.ids import RoomId
from softswitch.media.limits import ROOM_MEMBERS_MAX
from softswitch.media.protocol import DropRoom, PutRoom, Room
from softswitch.media.runtime.media_stream import MediaStream
from softswitch.media.runtime.worker_link import WorkerLink


class MediaRoom:
    """Everybody in it hears all the others. It is on one worker; after `drop` no method does anything."""

    __slots__ = ("_link", "_members", "is_dropped", "room_id", "worker")

    def __init__(self, room_id: RoomId, link: WorkerLink) -> None:
        """Rooms are made by `MediaClient.open_room`."""
        self.room_id = room_id
        self.worker = link.name
        self.is_dropped = False
        self._link = link
        self._members: list[MediaStream] = []

    @property
    def members(self) -> list[MediaStream]:
        """Those that are still open, in the order they came."""
        return [stream for stream in self._members if not stream.is_dropped]

    def set_members(self, *members: MediaStream) -> None:
        """These, and nobody else, are in the room; one that is in another room leaves that.

        Raises LocalError when one of them is on another worker, or when they are too many.
        """
        if len(members) > ROOM_MEMBERS_MAX:
            raise LocalError(f"a room has at most {ROOM_MEMBERS_MAX} members, not {len(members)}")
        for stream in members:
            if stream.worker != self.worker:
                raise LocalError(f"stream {stream.stream_id} on {stream.worker} cannot join a room on {self.worker}")
        if self.is_dropped:
            return
        self._members = list(dict.fromkeys(members))
        self._link.order(PutRoom(Room(room_id=self.room_id, members=[stream.stream_id for stream in self.members])))

    def add(self, stream: MediaStream) -> None:
        """One more member. Raises as `set_members` does."""
        self.set_members(*self.members, stream)

    def remove(self, stream: MediaStream) -> None:
        """One member less; he hears the others no more."""
        self.set_members(*(member for member in self.members if member is not stream))

    def drop(self) -> None:
        """Its members hear each other no more; their streams stay."""
        if not self.is_dropped:
            self.is_dropped = True
            self._members = []
            self._link.order(DropRoom(self.room_id))
