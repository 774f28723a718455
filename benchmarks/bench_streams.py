"""What programs that hear calls cost: one real media worker, one real streamer, and programs that only listen.

Run: python benchmarks/bench_streams.py --streams 0 25 50 100. For each number of streams the same calls (two silent
parties each) run for some seconds; printed are the CPU time of the streamer per stream and second, that of the worker,
its ticks that were late, and the frames that were dropped. Zero streams is the worker without any: the difference is
what streams cost it. `--talks` lets every program say back what it hears.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from websockets.sync.server import ServerConnection, serve

from softswitch.base.ids import CallId, FeedId, StreamId
from softswitch.media.feeds.feed import Feed
from softswitch.media.feeds.orders import Dial, Leave, ProgramConnected, ProgramLeft
from softswitch.media.protocol import Hearing as Heard
from softswitch.media.protocol import MediaCommand, PutStream, SetHearing, StartFeed, StreamDescription
from softswitch.testing.runtime.free_ports import free_range
from softswitch.testing.runtime.media_process import MediaProcess
from softswitch.testing.runtime.rtp_party import RtpParty
from softswitch.testing.runtime.streamer import Streamer

CALLS = 100
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def programs(port: "Synchronized[int]", talks: bool) -> None:
    """In a process of their own: they take what comes."""

    def talk(socket: ServerConnection) -> None:
        for message in socket:
            if talks and isinstance(message, bytes):
                socket.send(message)

    with serve(talk, "127.0.0.1", 0, compression=None) as server:
        port.value = server.socket.getsockname()[1]
        server.serve_forever()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def put(number: int, party: RtpParty) -> MediaCommand:
    return PutStream(party.description(call_id=CallId(str(number // 2))))


def voice(number: int) -> list[MediaCommand]:
    """By which the program of the call speaks, and the party that hears it."""
    description = StreamDescription(
        stream_id=StreamId(100_000 + number),
        call_id=CallId(str(number)),
        local_ip="127.0.0.1",
        port=0,
        ssrc=0,
        sequence=0,
        timestamp=0,
        started_at=0.0,
        learn=False,
        is_program=True,
    )
    return [PutStream(description), SetHearing(Heard(StreamId(2 * number + 1), [description.stream_id]))]


def run(streams: int, seconds: float, talks: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        port = multiprocessing.Value("i", 0)
        server = multiprocessing.Process(target=programs, args=(port, talks), daemon=True)
        server.start()
        while not port.value:
            time.sleep(0.01)
        worker, streamer = MediaProcess(Path(directory, "media.sock")), Streamer(Path(directory, "streamer.sock"))
        ports = free_range(4 * CALLS)[::2]
        parties = [RtpParty(number + 1, each) for number, each in enumerate(ports)]
        for number, party in enumerate(parties):
            assert worker.command(put(number, party)) == []
        for number in range(streams):
            feed = Feed(
                feed_id=FeedId(number + 1),
                call_id=CallId(str(number)),
                socket=str(streamer.path),
                left=StreamId(2 * number + 1),
                right=StreamId(2 * number + 2),
                voice=StreamId(100_000 + number) if talks else None,
            )
            assert worker.command(*(voice(number) if talks else []), StartFeed(feed)) == []
            streamer.order(Dial(feed_id=feed.feed_id, url=f"ws://127.0.0.1:{port.value}/", talks=talks))
        for _ in range(streams):
            streamer.fact(ProgramConnected)
        time.sleep(1.0)
        before = cpu_s(streamer.pid), cpu_s(worker.process.pid)
        time.sleep(seconds)
        streamer_s, worker_s = cpu_s(streamer.pid) - before[0], cpu_s(worker.process.pid) - before[1]
        for number in range(streams):
            streamer.order(Leave(FeedId(number + 1), "over"))
        counts = [streamer.fact(ProgramLeft).counts for _ in range(streams)]
        statistics = worker.statistics()
        each = max(streams, 1) * seconds / 1000
        print(
            f"{streams:4} streams: streamer {streamer_s / each:5.2f} ms per stream and second, "
            f"worker {worker_s / seconds * 100:5.1f} % of a core in all, "
            f"late ticks {0 if statistics is None else statistics.overruns}, "
            f"dropped {sum(count.dropped for count in counts)} of {sum(count.sent for count in counts)}, "
            f"said {sum(count.said for count in counts)}"
        )
        streamer.stop()
        worker.kill()
        server.kill()
        for party in parties:
            party.socket.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[0, 25, 50, 100])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--talks", action="store_true")
    arguments = parser.parse_args()
    for streams in arguments.streams:
        run(min(streams, CALLS), arguments.seconds, arguments.talks)


if __name__ == "__main__":
    main()
