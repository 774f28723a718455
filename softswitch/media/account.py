"""What a worker does, said in the words in which it was ordered: for a switch that is new here."""

from softswitch.media.description import in_parts
from softswitch.media.fax.fax_ports import FaxPorts
from softswitch.media.feeds.feeds import Feeds
from softswitch.media.protocol import Describe
from softswitch.media.recording.recordings import Recordings
from softswitch.media.sounds.player import Player
from softswitch.media.streams import Streams


def account_of(
    streams: Streams, fax_ports: FaxPorts, player: Player, recordings: Recordings, feeds: Feeds
) -> list[Describe]:
    """In parts that fit a packet each. Playbacks that are over are not in it, nor sources that are gone."""
    return in_parts(
        streams=streams.described(),
        fax_ports=fax_ports.described(),
        hearings=streams.hearings(),
        rooms=streams.rooms.described(),
        playbacks=player.described(),
        recordings=recordings.described(),
        feeds=feeds.described(),
        positions=streams.positions(),
    )
