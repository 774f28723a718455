"""The command itself: everything in its order, and everything ended whatever happens."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console

from softswitch.app.sounds import sound_cache_directory, sound_library
from softswitch.base.address import HostPort
from softswitch.base.log import configure_logging
from softswitch.cli.demo.centre import Centre
from softswitch.cli.demo.directory import prepare_directory, write_configuration
from softswitch.cli.demo.performance import Performance
from softswitch.cli.demo.report import print_report
from softswitch.cli.demo.script import Lines, read_lines, write_script
from softswitch.cli.demo.table import LiveTable
from softswitch.cli.demo.verdict import Figures, Verdict, figures, judge, read_records
from softswitch.cli.demo.voices import Voices
from softswitch.cli.demo.workbook import write_workbook
from softswitch.cli.failure import FAILED, OK
from softswitch.cli.words import count
from softswitch.config import Configuration, load
from softswitch.testing.phones import Phones
from softswitch.testing.runtime.free_ports import free_port, free_range

HOST = "127.0.0.1"
CALLERS_HOST = "127.0.0.2"
"""The switch knows its trunks by their IP addresses; all of 127.0.0.0/8 is loopback."""
MEDIA_PORTS = 1000
"""For the switch, and as many for the phones: ports rest for half a minute after each call."""
INTERRUPTED = 130
"""What a shell says of a command ended by Ctrl-C."""


@click.command
@click.option("--directory", metavar="DIRECTORY", help="Where everything is kept; otherwise a new one under /tmp.")
@click.option(
    "--seconds", default=60, show_default=True, metavar="N", type=click.IntRange(10, 3600), help="For about how long."
)
@click.option("--seed", default=1, show_default=True, metavar="N", help="Another seed, other callers.")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON, the last line of standard output.")
def demo(directory: str | None, seconds: int, seed: int, as_json: bool) -> None:
    """Play a minute of a call centre on this machine."""
    console = Console(stderr=as_json, highlight=False, markup=False, emoji=False)
    path = prepare_directory(directory)
    with (path / "demo.log").open("w", encoding="utf-8") as log:
        configure_logging(level="info", program="demo", stream=log)
        try:
            result, verdict = asyncio.run(_run(console, path, seconds, seed))
        except (KeyboardInterrupt, asyncio.CancelledError):
            console.print(f"Stopped; everything that was started has ended. What there is, is in {path}")
            sys.exit(INTERRUPTED)
    document = msgspec.json.encode(result).decode()
    (path / "report.json").write_text(document + "\n", "utf-8")
    if as_json:
        click.echo(document)
    sys.exit(OK if verdict.is_good else FAILED)


async def _run(console: Console, path: Path, seconds: int, seed: int) -> tuple[Figures, Verdict]:
    """Raises SoftswitchError with one line; whatever happens, nothing is left running."""
    task = asyncio.current_task()
    assert task is not None, "run by asyncio.run"
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    sip = HostPort(HOST, free_port(HOST))
    ports = free_range(2 * MEDIA_PORTS, HOST)
    async with Phones(sip, folder=path / "phones", trunk_host=CALLERS_HOST, ports=ports[MEDIA_PORTS:]) as phones:
        write_configuration(path, sip, ports[:MEDIA_PORTS], phones.trunk_address.host)
        configuration = load(path)
        lines = read_lines()
        voices = await asyncio.to_thread(_prepare_voices, console, configuration, lines)
        script = write_script(seconds, seed, [row.id for row in configuration.agents], lines)
        centre = Centre(path)
        performance = Performance(script, configuration, centre=centre, phones=phones, voices=voices)
        try:
            await _perform(console, centre, performance, seconds)
        finally:
            await centre.stop()
    return _conclude(console, configuration, performance, seed)


def _prepare_voices(console: Console, configuration: Configuration, lines: Lines) -> Voices:
    """Everything the switch and the people will say. Raises PromptError."""
    began_at = time.monotonic()
    library = sound_library(configuration)
    console.print("Speaking the prompts, and what callers and agents will say ...")
    faults = library.prepare(configuration.settings.sounds.languages)
    voices = Voices(library, sound_cache_directory(configuration) / "people", lines)
    sentences = voices.prepare({row.id: row.name for row in configuration.agents})
    console.print(f"{sentences} sentences and all prompts are ready after {time.monotonic() - began_at:.1f} s")
    for fault in faults:
        console.print(str(fault), style="red")
    return voices


async def _perform(console: Console, centre: Centre, performance: Performance, seconds: int) -> None:
    began_at = time.monotonic()
    await centre.start()
    console.print(f"Switch and media workers are up after {time.monotonic() - began_at:.1f} s")
    await performance.open()
    callers = count(len(performance.callers), "caller")
    console.print(f"The agents are at their phones; {callers} will ring during the next {seconds} s")
    with LiveTable(console, seconds) as table:
        await performance.play(seconds, table.show)


def _conclude(
    console: Console, configuration: Configuration, performance: Performance, seed: int
) -> tuple[Figures, Verdict]:
    path = Path(configuration.directory)
    records = read_records(path)
    queues = performance.snapshot.queues if performance.snapshot else []
    agents = performance.snapshot.agents if performance.snapshot else []
    verdict = judge(performance.callers, records, queues, performance.faults)
    result = figures(
        verdict,
        records,
        service_levels_s={row.id: row.service_level_s for row in configuration.queues},
        agents=len(configuration.agents),
        duration_s=performance.duration_s,
        seed=seed,
        directory=path,
    )
    print_report(console, result, verdict, records, configuration, queues=queues, agents=agents)
    workbook = write_workbook(result, path)
    console.print(f"All of it, with charts and the formula of every number: {workbook}", soft_wrap=True)
    return result, verdict
