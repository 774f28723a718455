"""What a worker does, said in the words in which it was ordered: for a switch that is new here."""

from softswitch.base.ids import StreamId
from softswitch.media.description import MediaDescription
from softswitch.media.fax.fax_ports import FaxPorts
from softswitch.media.feeds.feeds import Feeds
from softswitch.media.protocol import (
    Describe,
    PutFaxPort,
    PutRoom,
    PutStream,
    SetHearing,
    StartFeed,
    StartPlay,
    StartRecording,
)
from softswitch.media.recording.recordings import Recordings
from softswitch.media.sounds.player import Player
from softswitch.media.streams import Streams


def account_of(
    streams: Streams, fax_ports: FaxPorts, player: Player, recordings: Recordings, feeds: Feeds
) -> list[Describe]:
    """In parts that fit a packet each. Playbacks that are over are not in it, nor sources that are gone."""
    done = MediaDescription()
    for stream in streams.described():
        done.apply(PutStream(stream))
    for hearing in streams.hearings():
        done.apply(SetHearing(hearing))
    for room in streams.rooms.described():
        done.apply(PutRoom(room))
    for port in fax_ports.described():
        done.apply(PutFaxPort(port))
    for stream_id in player.streams():
        _add_playback(done, player, stream_id)
    for recording in recordings.described():
        done.apply(StartRecording(recording))
    for feed in feeds.described():
        done.apply(StartFeed(feed))
    return done.describe()


def _add_playback(done: MediaDescription, player: Player, stream_id: StreamId) -> None:
    playback = player.current(stream_id)
    if playback is not None:
        done.apply(StartPlay(playback))
