"""`softswitch backup`, `restore` and `migrate`: the store and what belongs to it."""

from pathlib import Path

import click

from softswitch.cli.check import checked_configuration
from softswitch.cli.directory import SETTINGS_FILE, config_option, directory_argument, find_directory, store_directory
from softswitch.cli.failure import CONFIGURATION, Failure
from softswitch.cli.words import count, instant, size


@click.command
@click.argument("target", type=click.Path(file_okay=False))
@config_option
@click.option("--recordings", "with_recordings", is_flag=True, help="Recordings of calls as well.")
def backup(target: str, config: str | None, with_recordings: bool) -> None:
    """Copy store, messages and configuration while the switch runs."""
    from softswitch.app.backups import make_backup, read_backup
    from softswitch.base.clock import SystemClock

    configuration = checked_configuration(find_directory(config))
    store_directory(configuration.directory)  # refuses --project: a backup has everybody's
    place = make_backup(configuration, Path(target).absolute(), SystemClock().wall(), with_recordings=with_recordings)
    manifest = read_backup(place)
    held = sum((place / name).stat().st_size for name in manifest.files)
    click.echo(f"{place}: {count(len(manifest.files), 'file')}, {size(held)}, read again and good")


@click.command
@click.argument("source", metavar="BACKUP", type=click.Path(exists=True, file_okay=False))
@click.argument("directory", required=False)
@config_option
def restore(source: str, directory: str | None, config: str | None) -> None:
    """Put a backup in the place of what is there; no switch may run."""
    from softswitch.app.backups import read_backup, restore_backup, restore_configuration
    from softswitch.app.run_directory import RunDirectory, worker_sockets
    from softswitch.base.clock import SystemClock

    place = Path(source).absolute()
    manifest = read_backup(place)
    named = directory or config
    if named is not None and not (Path(named) / SETTINGS_FILE).exists():
        restore_configuration(place, Path(named))
        click.echo(f"The configuration is in {Path(named).absolute()}")
    configuration = checked_configuration(find_directory(named))
    store_directory(configuration.directory)
    run_directory = RunDirectory(str(Path(configuration.settings.control.socket).parent))
    run_directory.lock()
    living = [name for name in ("switch", *worker_sockets(configuration)) if run_directory.living_process(name)]
    if living:
        raise Failure(f"{', '.join(living)} still run: stop the switch first (softswitch serve takes them over)")
    for line in restore_backup(place, configuration, SystemClock().wall()):
        click.echo(line)
    click.echo(f"Restored: as it was {instant(manifest.made_at)}, by softswitch {manifest.version}")


@click.command
@directory_argument
@config_option
@click.option("--check", "only_checks", is_flag=True, help="Say what would be done.")
def migrate(directory: str | None, config: str | None, only_checks: bool) -> None:
    """Bring the store of an older version to this one's schema."""
    from softswitch.app.run_directory import RunDirectory
    from softswitch.store import open_store
    from softswitch.store.environment import schema_version
    from softswitch.store.migrations import steps_from
    from softswitch.store.schema import SCHEMA_VERSION

    configuration = checked_configuration(find_directory(directory or config))
    place = store_directory(configuration.directory)
    version = schema_version(place)
    if version > SCHEMA_VERSION:
        raise Failure(
            f"the store in {place} has schema {version}, and this softswitch knows {SCHEMA_VERSION}: "
            "install the newer version again, or restore a backup made before it",
            CONFIGURATION,
        )
    steps = steps_from(version, SCHEMA_VERSION)
    if not steps:
        click.echo(
            f"Nothing to do: the store in {place} has schema {version}, this softswitch's own"
            if version
            else f"Nothing to do: there is no store in {place} yet"
        )
        return
    for step in steps:
        click.echo(step.what)
    if only_checks:
        return
    RunDirectory(str(Path(configuration.settings.control.socket).parent)).lock()
    open_store(place, map_size_mb=configuration.settings.store.map_size_mb, report=click.echo).close()
    click.echo(f"Schema {SCHEMA_VERSION}: an older softswitch can read it no more")
