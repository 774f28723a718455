"""What is counted and measured in the switch, gathered under the names that Prometheus shows (docs/monitoring.md).

The method is that of rates, errors and durations for SIP, calls and queues, and of use, saturation and errors for media
workers, the event loop and the store. Names and labels stay as they are; a test holds the document to them.
"""

from collections.abc import Iterator, Sequence

from softswitch import __version__
from softswitch.acd.model import AgentState
from softswitch.app.parts import Parts
from softswitch.base.meters import Histogram
from softswitch.control.protocol.metrics import MetricFamily, Metrics, Sample, Spread

Labelled = Sequence[tuple[dict[str, str], float]]
"""Values by their labels."""


class SwitchMetrics:
    """Reads the parts; keeps nothing."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def metrics(self) -> Metrics:
        return Metrics(
            [*self._switch(), *self._sip(), *self._calls(), *self._queues(), *self._trunks(), *self._media()]
        )

    def _switch(self) -> Iterator[MetricFamily]:
        parts = self._parts
        store = parts.store.statistics()
        yield _gauge("softswitch_info", "The version that runs.", [({"version": __version__}, 1)])
        yield _gauge("softswitch_start_time_seconds", "When the switch started, since 1970.", parts.started_at_wall)
        yield _gauge("softswitch_loop_lag_seconds", "How late the event loop was, last.", parts.driver.lag_s)
        yield _gauge(
            "softswitch_draining",
            "1 while new calls are refused because the switch stops.",
            parts.drain_ends_at is not None,
        )
        yield _gauge(
            "softswitch_configuration_age_seconds",
            "Since the configuration was read last.",
            max(0.0, parts.clock.wall() - parts.configuration_loaded_at),
        )
        yield _counter("softswitch_store_commits", "Transactions of the store.", store.commits)
        yield _counter("softswitch_store_writes", "Records written by them.", store.writes)
        yield _counter("softswitch_store_lost", "Records the disk refused for good.", store.lost)
        yield _gauge("softswitch_store_pending", "Records that wait for the disk.", store.pending)
        yield _gauge("softswitch_store_failing", "1 while the disk refuses records.", store.is_failing)
        yield _gauge(
            "softswitch_store_write_seconds", "How long the disk took for the last write, or is at it.", store.write_s
        )
        yield _gauge("softswitch_registrations", "Bindings of phones.", len(parts.endpoint.all_bindings()))

    def _sip(self) -> Iterator[MetricFamily]:
        parts = self._parts
        meters, held = parts.endpoint.meters, parts.endpoint.statistics()
        yield _counter(
            "softswitch_sip_requests",
            "SIP requests, once however often they are repeated.",
            [
                ({"method": method, "direction": direction}, number)
                for direction, counted in (("in", meters.requests_in), ("out", meters.requests_out))
                for method, number in sorted(counted.items())
            ],
        )
        yield _counter(
            "softswitch_sip_responses",
            "SIP responses, by the method they answer.",
            [
                ({"method": method, "status": str(status), "direction": direction}, number)
                for direction, counted in (("in", meters.responses_in), ("out", meters.responses_out))
                for (method, status), number in sorted(counted.items())
            ],
        )
        yield _counter(
            "softswitch_sip_unanswered",
            "Requests of the switch to which nothing final came.",
            [({"method": method}, number) for method, number in sorted(meters.unanswered.items())],
        )
        yield _histogram(
            "softswitch_sip_first_response_seconds",
            "From a request of the switch to the first response.",
            [({"method": method}, spread) for method, spread in sorted(meters.first_response_s.items())],
        )
        yield _gauge("softswitch_sip_transactions", "SIP transactions now.", held.transactions)
        yield _gauge("softswitch_sip_dialogs", "SIP dialogs now.", held.dialogs)
        yield _counter("softswitch_sip_malformed", "Messages nobody could read.", held.faults)
        security = parts.endpoint.security_counters
        yield _counter(
            "softswitch_sip_unwelcome",
            "What the guard has met, by kind.",
            [
                ({"kind": kind}, getattr(security, kind))
                for kind in ("challenged", "failures", "malformed", "denied", "unheard", "overloaded")
            ],
        )
        yield _gauge("softswitch_bans", "Sources that are banned now.", len(parts.endpoint.bans(parts.clock.now())))

    def _calls(self) -> Iterator[MetricFamily]:
        parts, meters = self._parts, self._parts.records.meters
        yield _gauge("softswitch_calls", "Calls in progress.", len(parts.controller.calls))
        yield _gauge("softswitch_calls_limit", "Calls there may be.", parts.configuration.settings.limits.calls)
        yield _counter(
            "softswitch_calls_ended",
            "Calls that are over, by how and by whom they ended.",
            [({"end": end, "by": by}, number) for (end, by), number in sorted(meters.ended.items())],
        )
        yield _counter("softswitch_call_faults", "Calls whose flow failed.", meters.faults)
        yield from self._streams()
        yield _histogram("softswitch_call_answer_seconds", "From a caller's INVITE to the answer.", meters.answer_s)
        yield _histogram("softswitch_call_talk_seconds", "How long people talked.", meters.talk_s)
        yield _histogram("softswitch_leg_mos", "How legs sounded, by the E-model (1 to 4.5).", meters.mos)
        yield _histogram("softswitch_leg_loss_percent", "Packets of legs that were lost.", meters.loss_percent)
        yield _histogram("softswitch_leg_jitter_milliseconds", "Jitter of legs.", meters.jitter_ms)

    def _streams(self) -> Iterator[MetricFamily]:
        programs = self._parts.streamer.programs
        yield _gauge("softswitch_streams", "Programs that hear calls, or are being connected.", len(programs))
        limit = self._parts.configuration.settings.limits.streams
        yield _gauge("softswitch_streams_limit", "Programs that may hear calls at a time.", limit)
        yield _counter(
            "softswitch_streams_ended",
            "Streams to programs that are over, by how they ended.",
            [({"end": end}, number) for end, number in sorted(programs.ended.items())],
        )
        yield _counter(
            "softswitch_stream_frames",
            "Frames of 20 ms of streams that are over, by what became of them.",
            [({"what": what}, getattr(programs.carried, what)) for what in ("sent", "dropped", "said", "refused")],
        )

    def _queues(self) -> Iterator[MetricFamily]:
        summaries = self._parts.acd.queue_summaries()
        tallies = self._parts.acd_events.live.queues()
        now = [
            ("waiting", "waiting", "Contacts that wait."),
            ("longest_wait_seconds", "longest_wait_s", "How long the first of them has waited."),
            ("agents_logged_in", "agents_logged_in", "Agents who serve the queue."),
            ("agents_ready", "agents_ready", "Agents who could take a contact of it at once."),
            ("agents_busy", "agents_busy", "Agents who serve it and are reserved, in a call or in wrap-up."),
            ("open", "is_open", "1: it takes contacts."),
        ]
        for name, field, text in now:
            yield _gauge(
                f"softswitch_queue_{name}", text, [({"queue": row.queue_id}, getattr(row, field)) for row in summaries]
            )
        counted = [
            ("offered", "Contacts that came to a queue."),
            ("answered", "Contacts an agent took."),
            ("answered_within", "Of these, within the service level's time."),
            ("abandoned", "Contacts that gave up."),
            ("abandoned_short", "Of these, before they could be served."),
            ("overflowed", "Contacts that went elsewhere."),
            ("withdrawn", "Contacts somebody took out."),
            ("refused", "Contacts a queue did not let in."),
            ("no_answers", "Agents who let a contact ring."),
        ]
        for field, text in counted:
            yield _counter(
                f"softswitch_queue_{field}", text, [({"queue": row.queue_id}, getattr(row, field)) for row in tallies]
            )
        for field, text in (("talk_s", "Talk"), ("hold_s", "Hold"), ("wrap_up_s", "Wrap-up"), ("wait_s", "Waiting")):
            yield _counter(
                f"softswitch_queue_{field.removesuffix('_s')}_seconds",
                f"{text} in all.",
                [({"queue": row.queue_id}, getattr(row, field)) for row in tallies],
            )
        states = self._parts.acd.agent_states()
        yield _gauge(
            "softswitch_agents", "Agents, by state.", [({"state": each.value}, states[each]) for each in AgentState]
        )

    def _trunks(self) -> Iterator[MetricFamily]:
        rows = self._parts.endpoint.trunks.summaries(self._parts.clock.now())
        yield _gauge(
            "softswitch_trunk_up",
            "1: it answers; 0: it does not, or nobody knows.",
            [({"trunk": row.name}, row.health == "up") for row in rows],
        )
        yield _gauge(
            "softswitch_trunk_registered",
            "1: the provider has our registration.",
            [({"trunk": row.name}, row.registration == "registered") for row in rows if row.registration],
        )
        yield _gauge(
            "softswitch_trunk_channels_used",
            "Calls of a trunk now.",
            [
                ({"trunk": row.name, "direction": direction}, used)
                for row in rows
                for direction, used in (("in", row.used_in), ("out", row.used_out))
            ],
        )
        yield _counter(
            "softswitch_trunk_calls",
            "Calls of a trunk.",
            [
                ({"trunk": row.name, "direction": direction}, number)
                for row in rows
                for direction, number in (("in", row.calls_in), ("out", row.calls_out))
            ],
        )
        yield _counter(
            "softswitch_trunk_refused",
            "Calls a trunk had no room for.",
            [({"trunk": row.name}, row.refused) for row in rows],
        )

    def _media(self) -> Iterator[MetricFamily]:
        workers = self._parts.media.workers()
        said = [({"worker": worker.name}, worker.statistics) for worker in workers if worker.statistics is not None]
        yield _gauge(
            "softswitch_media_worker_up",
            "1: the worker is connected.",
            [({"worker": worker.name}, worker.is_connected) for worker in workers],
        )
        yield _gauge(
            "softswitch_media_adopted_streams",
            "Streams that were there before the switch was started.",
            [({"worker": worker.name}, worker.adopted) for worker in workers],
        )
        gauges = [
            ("streams", "streams", "Streams of RTP."),
            ("recordings", "recordings", "Recordings in progress."),
            ("cpu_ratio", "cpu", "Part of one core used during the last second."),
        ]
        for name, field, text in gauges:
            yield _gauge(f"softswitch_media_{name}", text, [(labels, getattr(each, field)) for labels, each in said])
        counters = [
            ("cpu_seconds", "cpu_s", "Processor time."),
            ("packets_received", "packets_received", "RTP packets that came."),
            ("packets_sent", "packets_sent", "RTP packets that went."),
            ("late_ticks", "overruns", "Ticks that began 5 ms late or more."),
            ("strangers", "strangers", "Packets from sources that were not accepted."),
            ("kernel_drops", "dropped_by_kernel", "Packets that found a full socket."),
            ("unauthentic", "unauthentic", "Packets that SRTP refused."),
            ("events_left_out", "events_left_out", "Events that found no room while no switch was there."),
        ]
        for name, field, text in counters:
            yield _counter(f"softswitch_media_{name}", text, [(labels, getattr(each, field)) for labels, each in said])
        for name, field, text in (
            ("tick_seconds", "ticks", "Processor time of one tick."),
            ("tick_lateness_seconds", "lateness", "How late ticks began."),
        ):
            yield MetricFamily(
                name=f"softswitch_media_{name}",
                kind="histogram",
                help=text,
                spreads=[
                    Spread(labels, spread.bounds, list(spread.counts), spread.total)
                    for labels, each in said
                    if (spread := getattr(each, field)).counts
                ],
            )


def _counter(name: str, text: str, values: Labelled | float) -> MetricFamily:
    return MetricFamily(name=name, kind="counter", help=text, samples=_samples(values))


def _gauge(name: str, text: str, values: Labelled | float) -> MetricFamily:
    return MetricFamily(name=name, kind="gauge", help=text, samples=_samples(values))


def _histogram(name: str, text: str, values: Sequence[tuple[dict[str, str], Histogram]] | Histogram) -> MetricFamily:
    named: Sequence[tuple[dict[str, str], Histogram]] = [({}, values)] if isinstance(values, Histogram) else values
    spreads = [Spread(labels, each.bounds, each.counts, each.total) for labels, each in named]
    return MetricFamily(name=name, kind="histogram", help=text, spreads=spreads)


def _samples(values: Labelled | float) -> list[Sample]:
    """One number is a series without labels."""
    named: Labelled = [({}, values)] if isinstance(values, int | float) else values
    return [Sample(labels, float(value)) for labels, value in named]
