"""A media worker process: paces the ticks, and between them carries out what the switch says.

    python -m softswitch.media.runtime.worker --socket PATH --name media-0
    python -m softswitch.media.runtime.worker --spare

With `--spare` it loads all it needs and waits for a line of JSON on its standard input, whose "arguments" are the rest
of its command line. That takes a fraction of the time that a program needs to start; when there is no line, it ends.

It works on without a switch: calls keep their sound while the switch is away, and the next switch's description decides
what stays. SIGTERM and SIGINT close the recordings and end it with status 0; and so do `FORSAKEN_S` without a switch
while another worker listens at its path: its supervisor was killed before it had noted it, and nobody can reach it.

Ticks stand on an absolute grid (tick_grid.py), so that they do not drift. A tick that begins late is counted; ticks
that are a whole period late are left out rather than run in a burst, because sound that is late is of no use and a
worker that is behind would never catch up.
"""

import argparse
import gc
import resource
import select
import signal
import sys
import time
from pathlib import Path
from statistics import median

import msgspec

from softswitch.base.errors import StartError
from softswitch.base.log import configure_logging, get_logger
from softswitch.base.meters import Histogram
from softswitch.media.codec import load_codecs
from softswitch.media.engine import MediaEngine
from softswitch.media.packets.rtp import parse
from softswitch.media.protocol import CommandBatch, Describe, GiveAccount, Refusal, Reply, Spread, WorkerStatistics
from softswitch.media.runtime.allocator import keep_freed_memory
from softswitch.media.runtime.feeds.streamer_link import StreamerLink
from softswitch.media.runtime.order_log import OrderLog
from softswitch.media.runtime.precedence import take_precedence
from softswitch.media.runtime.recording.recorder import Recorder
from softswitch.media.runtime.sockets.fax_sockets import FaxSocketSet
from softswitch.media.runtime.sockets.packet_io import PacketIo
from softswitch.media.runtime.sound_loader import SoundLoader
from softswitch.media.runtime.switch_link import SwitchLink
from softswitch.media.stream_codec import load_stream_codecs
from softswitch.media.tick_grid import PHASES, SLOT_S, slot_at, time_of

OVERRUN_S = 0.005
"""A tick that begins this late is counted: the next phase's is due."""

LEFT_OUT_SLOTS = 2 * PHASES
"""Two periods behind, the ticks in between are left out."""

SWITCH_INTERVAL_S = 0.0005
"""The recorder's and the loader's threads may hold the interpreter this long after a tick's system call gave it away;
Python's own 5 ms would be a quarter of a tick."""

IDLE_SLOTS = 20
"""With nothing to do the worker looks up ten times a second, and at once when the switch speaks."""

RTCP_TICKS = 5
"""RTCP is looked for ten times a second; the kernel has noted when it came."""

STATISTICS_S = 1.0

FORSAKEN_S = 5.0

TICK_BOUNDS_S = (0.0002, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.02)
LATENESS_BOUNDS_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04)

_log = get_logger("media")


class Worker:
    """One worker's parts, and the loop that drives them."""

    __slots__ = (
        "_booked_at",
        "_booked_cpu_s",
        "_engine",
        "_fax",
        "_forsaken_at",
        "_io",
        "_is_stopping",
        "_lateness",
        "_link",
        "_loader",
        "_orders",
        "_overruns",
        "_recorder",
        "_statistics_at",
        "_streamer",
        "_tick_us",
        "_ticks",
    )

    def __init__(self) -> None:
        self._io = PacketIo()
        self._fax = FaxSocketSet()
        self._streamer = StreamerLink()
        self._recorder = Recorder()
        stream_codecs, faults = load_stream_codecs()
        for fault in faults:
            _log.warning("a codec is left out", reason=fault)
        for codec in stream_codecs.values():
            codec.open_decoder()  # what it has to load is loaded now, and not in a tick
        self._engine = MediaEngine(
            codecs=load_codecs(), stream_codecs=stream_codecs, port=self._io, fax=self._fax, sink=self._recorder
        )
        self._loader = SoundLoader(self._engine.tables)
        self._is_stopping = False
        self._overruns = 0
        self._booked_at = time.monotonic()
        self._booked_cpu_s = time.process_time()
        self._tick_us: list[float] = []
        self._ticks = Histogram(TICK_BOUNDS_S)
        self._lateness = Histogram(LATENESS_BOUNDS_S)
        self._statistics_at = 0.0
        self._forsaken_at: float | None = None

    def stop(self) -> None:
        """End after the present tick."""
        self._is_stopping = True

    def run(self, link: SwitchLink) -> None:
        """Until `stop` is called; recordings are closed then."""
        self._link = link
        self._orders = OrderLog(f"{link.path}.orders")
        if not take_precedence():
            _log.info("sound may stutter when this machine is busy: run as root, or allow real-time priority 1")
        # Threads started now inherit it. One that lacked it could be kept waiting with the interpreter's lock in hand.
        self._recorder.start()
        self._loader.start()
        self._orders.start()
        self._take_over()
        _settle_memory()
        try:
            self._loop()
        finally:
            if self._link.is_forsaken:
                self._orders.stop()  # what is there now is another worker's
            else:
                self._orders.end()
            self._engine.close()
            self._loader.stop()
            self._recorder.stop()
            self._engine.collect_recordings()
            self._send_events()
            self._link.close()
            self._streamer.close()
            self._io.end()
            self._fax.close_all()

    def _take_over(self) -> None:
        """Go on where the last worker died; what cannot be had again is refused once more when the switch says it."""
        now = time.monotonic()
        for part in self._orders.read():
            self._engine.apply(part, now)
        self._request_sounds()
        self._orders.rewrite(self._engine.account())
        if len(self._engine.streams):
            _log.info("goes on for a worker that died", streams=len(self._engine.streams))

    def _request_sounds(self) -> None:
        for key, version in self._engine.take_sound_requests():
            self._loader.request(key, version)
        self._streamer.aim(self._engine.feeds.socket)

    def _loop(self) -> None:
        slot = slot_at(time.monotonic()) + 1
        while not self._is_stopping:
            is_idle = not self._engine.fax_ports and all(phase.is_idle for phase in self._engine.phases)
            if is_idle:
                self._wait_until(time_of(slot + IDLE_SLOTS))
                slot = slot_at(time.monotonic())
                # The file of a recording is complete only after its last stream is gone.
                self._engine.collect_recordings()
                self._send_events()
            else:
                self._wait_until(time_of(slot))
                slot = self._catch_up(slot)
                self._tick(slot)
                self._pass_faxes()
            self._keep_books()
            slot += 1

    def _wait_until(self, at: float) -> None:
        """Carry out what the switch says meanwhile; when it said something to an idle worker, return at once."""
        while not self._is_stopping:
            remaining = at - time.monotonic()
            # select() keeps time to the microsecond; epoll's own timeout has whole milliseconds.
            readable, _, _ = select.select([self._link.readable], [], [], max(remaining, 0.0))
            if not readable:
                return
            self._serve_link()
            if remaining > 2 * SLOT_S:
                return

    def _catch_up(self, slot: int) -> int:
        """Count a late tick; far behind, the slot to go on with."""
        late_s = time.monotonic() - time_of(slot)
        self._lateness.note(late_s)
        if late_s < OVERRUN_S:
            return slot
        self._overruns += 1
        return slot if late_s < LEFT_OUT_SLOTS * SLOT_S else slot_at(time.monotonic())

    def _tick(self, slot: int) -> None:
        tick, index = divmod(slot, PHASES)
        phase, io = self._engine.phases[index], self._io.phases[index]
        if phase.is_idle:
            return
        began = time.thread_time()
        for answer in self._loader.take_answers():
            if answer.content is not None:
                self._engine.sound_loaded(answer.key, answer.content, answer.version)
            else:
                self._engine.sound_checked(answer.key, answer.fault)
        for batch in io.receive(tick):
            length = batch.length
            if phase.secure:
                length = phase.secure.unprotect(io.arrivals, batch.at, batch.row, length, tick)
            packets = parse(io.arrivals, batch.at, batch.row, length)
            if batch.sources is None:
                self._engine.receive(phase, packets, io.arrivals, tick)
            else:
                self._engine.receive_unknown(phase, packets, batch.sources, io.arrivals, time.monotonic(), tick)
        if self._engine.feeds:
            for packet in self._streamer.receive():
                self._engine.feeds.take_in(packet)
        self._engine.run(phase, tick)
        io.send(phase.outgoing, phase.singles)
        if phase.feed_taps.packets:
            self._streamer.send(phase.feed_taps.packets)
        self._engine.report(phase, io.receive_rtcp() if tick % RTCP_TICKS == 0 else [], time.time())
        took_s = time.thread_time() - began
        self._tick_us.append(took_s * 1e6)
        self._ticks.note(took_s)
        self._send_events()

    def _pass_faxes(self) -> None:
        """Every 5 ms, so that a flood at a fax port takes no tick's time."""
        if self._engine.fax_ports:
            now = time.monotonic()
            for port_id, datagram, source in self._fax.receive():
                self._engine.receive_fax(port_id, datagram, source, now)

    def _serve_link(self) -> None:
        """Everything the switch has sent."""
        if self._link.accept():
            self._engine.forget_description()
            _log.info("switch connected")
        while (batch := self._link.receive()) is not None:
            self._carry_out(batch)
        self._link.flush()

    def _carry_out(self, batch: CommandBatch) -> None:
        now = time.monotonic()
        refusals = [
            Refusal(index, reason)
            for index, command in enumerate(batch.commands)
            for reason in self._engine.apply(command, now)
        ]
        self._request_sounds()
        if any(isinstance(command, Describe) and command.is_last for command in batch.commands):
            self._orders.rewrite(self._engine.account())
        else:
            refused = {refusal.index for refusal in refusals}
            self._orders.note([command for index, command in enumerate(batch.commands) if index not in refused])
        if any(isinstance(command, GiveAccount) for command in batch.commands):
            # What is in no account any more was told of before it.
            self._send_events()
            self._link.give_account(self._engine.account())
        self._link.reply(Reply(batch.batch_id, refusals))
        self._send_events()

    def _send_events(self) -> None:
        """Without a switch events wait in the engine."""
        if self._link.is_connected:
            events = self._engine.take_events()
            if events:
                self._link.send_events(events)

    def _keep_books(self) -> None:
        """Once a second: statistics, and the memory of this second's objects."""
        now = time.monotonic()
        if now < self._statistics_at:
            return
        self._statistics_at = now + STATISTICS_S
        self._engine.watch_fax_ports(now)
        self._send_events()
        if self._link.is_connected:
            self._link.send_events([self._statistics()])
        self._tick_us.clear()
        self._orders.touch()
        if self._orders.is_long:
            self._orders.rewrite(self._engine.account())
        self._report_srtp()
        self._look_whether_forsaken(now)
        gc.collect(0)

    def _look_whether_forsaken(self, now: float) -> None:
        if not self._link.is_forsaken:
            self._forsaken_at = None
        elif self._forsaken_at is None:
            self._forsaken_at = now
        elif now - self._forsaken_at >= FORSAKEN_S and not self._is_stopping:
            _log.warning("ends, for nobody can reach it any more", socket=self._link.path)
            self.stop()

    def _report_srtp(self) -> None:
        for phase in self._engine.phases:
            for row, text in phase.secure.take_reports() if phase.secure else ():
                described = phase.streams[row].description
                _log.warning("SRTP", call_id=described.call_id, stream=described.stream_id, reason=text)

    def _statistics(self) -> WorkerStatistics:
        now, cpu_s = time.monotonic(), time.process_time()
        cpu = (cpu_s - self._booked_cpu_s) / max(now - self._booked_at, STATISTICS_S)
        self._booked_at, self._booked_cpu_s = now, cpu_s
        return WorkerStatistics(
            streams=len(self._engine.streams),
            recordings=len(self._engine.recordings),
            tick_us_median=median(self._tick_us) if self._tick_us else 0.0,
            tick_us_max=max(self._tick_us, default=0.0),
            overruns=self._overruns,
            packets_received=sum(phase.packets_received for phase in self._io.phases),
            packets_sent=sum(phase.packets_sent for phase in self._io.phases),
            strangers=self._engine.strangers
            + self._engine.fax_ports.strangers
            + sum(phase.strangers for phase in self._io.phases),
            dropped_by_kernel=sum(phase.dropped_by_kernel for phase in self._io.phases),
            cpu_s=cpu_s,
            cpu=cpu,
            unauthentic=sum(phase.secure.refused for phase in self._engine.phases),
            ticks=_spread(self._ticks),
            lateness=_spread(self._lateness),
            events_left_out=self._engine.events_left_out,
        )


def _spread(histogram: Histogram) -> Spread:
    return Spread(histogram.bounds, tuple(histogram.counts), histogram.total)


def _raise_descriptor_limit() -> None:
    """A stream needs two descriptors, and systems begin with 1,024 for a process that does not ask for more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _settle_memory() -> None:
    """Take the garbage collector and the kernel's memory management out of the ticks.

    A full collection visits every object of the worker, thousands of streams' among them: milliseconds in the middle of
    a tick. What exists now is never garbage and is put aside; the tick makes no cycles, so reference counts free all it
    makes; what cycles the rest makes are found by a collection of the youngest objects once a second, between ticks.
    """
    keep_freed_memory()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="softswitch.media.runtime.worker", description="A media worker process.")
    parser.add_argument("--socket", default="", help="path of the socket the switch connects to")
    parser.add_argument("--name", default="", help="the worker's name, such as media-0")
    parser.add_argument("--log-level", choices=["debug", "info", "warning", "error"], default="info")
    parser.add_argument("--spare", action="store_true", help="wait for the others, in JSON on standard input")
    return parser


class _Becoming(msgspec.Struct):
    arguments: list[str]


def _wait_to_be_needed() -> list[str]:
    """The command line of the worker to become; nothing when whoever may say it has ended."""
    line = sys.stdin.readline()
    sys.stdin.close()
    return msgspec.json.decode(line, type=_Becoming).arguments if line else []


def main() -> None:
    parser = _parser()
    arguments = parser.parse_args()
    worker = None
    if arguments.spare:
        configure_logging(level="warning", program="spare media worker")
        worker = Worker()
        arguments = parser.parse_args(_wait_to_be_needed())
        if not arguments.socket:
            return
        # What ps and top tell of it is its command line as it was at first; this is its name there.
        Path("/proc/self/comm").write_text(arguments.name)
    if not (arguments.socket and arguments.name):
        parser.error("--socket and --name are needed, or --spare")
    configure_logging(level=arguments.log_level, program=arguments.name)
    _raise_descriptor_limit()
    worker = worker or Worker()
    try:
        link = SwitchLink(arguments.socket, arguments.name)
    except StartError as error:
        sys.exit(str(error))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    _log.info("ready", socket=arguments.socket)
    worker.run(link)


if __name__ == "__main__":
    main()
