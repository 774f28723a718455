"""The process that exports calls as traces: `python -m softswitch.app.telemetry DIRECTORY`, where [telemetry] has an
endpoint.

It reads the store beside the switch, once every few seconds, and knows nothing that the records do not. While the
collector is away it tries again, longer each time; what ended meanwhile is exported later. Told to stop, it exports
what is there once more.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from softswitch.app.told_to_stop import set_when_told_to_stop
from softswitch.base.clock import SystemClock
from softswitch.base.errors import StartError
from softswitch.base.log import configure_logging, get_logger
from softswitch.config.load import load_settings
from softswitch.config.settings import Settings
from softswitch.records.runtime.opentelemetry import Collector
from softswitch.records.tracing.following import Ended
from softswitch.records.tracing.spans import Span, spans
from softswitch.store import StoreReader, open_reader
from softswitch.store.tables import DamagedRecord

BATCH_SPANS = 500
BACK_OFF_MAX_S = 60.0

log = get_logger("telemetry")


class Exporter:
    """Exports until `stop` is set. One thread, which does nothing else."""

    def __init__(self, settings: Settings, stop: threading.Event, clock: SystemClock) -> None:
        section = settings.telemetry
        self._collector = Collector(section.endpoint, section.headers, section.service_name)
        self._every_s = section.every_s
        self._store_directory = settings.store.directory
        self._file = Path(os.path.dirname(settings.control.socket), "telemetry.until")
        self._stop = stop
        self._clock = clock
        self._ended = Ended(self._kept(), clock.wall())
        self._away_s = 0.0

    def run(self) -> None:
        with closing(self._collector):
            while True:
                is_last = self._stop.is_set()
                self._attempt()
                if is_last:
                    return
                self._stop.wait(self._away_s or self._every_s)

    def _attempt(self) -> None:
        try:
            with open_reader(self._store_directory) as store:
                is_done = self._round(store)
        except StartError:
            return  # there is no store before the switch has made it
        if is_done:
            self._away_s = 0.0
            return
        if not self._away_s:
            log.error("the collector did not take traces; they are kept for an hour")
        self._away_s = min(BACK_OFF_MAX_S, max(self._every_s, 2 * self._away_s))

    def _round(self, store: StoreReader) -> bool:
        """Whether everything that is due is with the collector."""
        now = self._clock.wall()
        oldest_call_at = min((call.started_at for call in store.active_calls.ascending()), default=None)
        due = self._due(store, now)
        while batch := list(islice(due, BATCH_SPANS)):
            if not self._collector.take(batch):
                return False
        self._ended.exported(now, oldest_call_at)
        self._keep()
        return True

    def _due(self, store: StoreReader, now: float) -> Iterator[Span]:
        for _, value in store.cdrs.raw(self._ended.first_key):
            try:
                cdr = store.cdrs.decoded(value)
            except DamagedRecord as error:
                log.error("record not exported", reason=str(error))
                continue
            for each in self._ended.due((cdr,), now):
                yield from spans(each)

    def _kept(self) -> float | None:
        try:
            return float(self._file.read_text())
        except (OSError, ValueError):
            return None

    def _keep(self) -> None:
        with suppress(OSError):  # then some are exported twice after a restart, as the same spans
            self._file.write_text(f"{self._ended.until:.3f}\n")


def main() -> None:
    settings = load_settings(sys.argv[1])
    configure_logging(level=settings.log.level, log_format=settings.log.format)
    Exporter(settings, set_when_told_to_stop(), SystemClock()).run()


if __name__ == "__main__":
    main()
