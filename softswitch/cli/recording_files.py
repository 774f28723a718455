"""`softswitch recordings verify | export | hold | release`: the files of recordings, by the index."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from typing import Literal

import click
import msgspec

from softswitch.base.ids import RecordingId
from softswitch.cli.directory import config_option, connect, find_directory, open_records
from softswitch.cli.failure import FAILED, Failure
from softswitch.cli.render import json_option, show_json
from softswitch.cli.words import count
from softswitch.control.protocol.replies import Done
from softswitch.control.protocol.requests import HoldRecording
from softswitch.media.recording.archive import SUFFIXES, RecordingFormat
from softswitch.store.readers import StoreReader
from softswitch.store.schema import StoredRecording

_FORMATS: dict[str, RecordingFormat] = {**{suffix: name for name, suffix in SUFFIXES.items()}, ".ogg": "opus"}
_recording_argument = click.argument("recording_id")


class Verified(msgspec.Struct, frozen=True):
    """What became of a recording's file."""

    recording_id: RecordingId
    path: str
    verdict: Literal["good", "changed", "missing", "no checksum yet"]


@click.command
@click.argument("recording_id", required=False)
@config_option
@json_option
@click.pass_context
def verify(ctx: click.Context, recording_id: str | None, config: str | None, as_json: bool) -> None:
    """Compare the files of recordings, or one, with their checksums."""
    with open_records(find_directory(config or ctx.obj)) as store:
        if recording_id is not None:
            results = [_verify(find_recording(store, recording_id), store)]
        else:
            with _progress(store) as entries:
                results = [_verify(each, store) for each in entries]
    bad = [result for result in results if result.verdict in ("changed", "missing")]
    if as_json:
        show_json(results)
    else:
        for result in bad:
            click.echo(f"{result.verdict}: {result.path} ({result.recording_id})")
        unsure = sum(result.verdict == "no checksum yet" for result in results)
        good = len(results) - len(bad) - unsure
        click.echo(f"{count(good, 'recording')} as archived, {len(bad)} changed or missing, {unsure} not archived yet")
    if bad:
        ctx.exit(FAILED)


@click.command
@_recording_argument
@click.argument("file", type=click.Path(dir_okay=False))
@config_option
@click.pass_context
def export(ctx: click.Context, recording_id: str, file: str, config: str | None) -> None:
    """Write a recording to a file: .wav, .flac, .opus or .ogg."""
    from softswitch.media.runtime.recording.recording_conversion import ConversionFault, convert

    wanted = _FORMATS.get(os.path.splitext(file)[1].lower())
    if wanted is None:
        raise Failure(f"{file}: the name of the file must end in {', '.join(_FORMATS)}")
    if os.path.exists(file):
        raise Failure(f"{file} is there already: name another")
    directory = config or ctx.obj
    with open_records(find_directory(directory)) as store:
        entry = find_recording(store, recording_id)
    fault = ""
    with contextlib.ExitStack() as temporary:
        source = entry.path
        if entry.is_sealed:
            source = temporary.enter_context(tempfile.NamedTemporaryFile()).name
            fault = open_sealed(entry.path, source, key_file_of(find_directory(directory)))
        try:
            convert(source, file, wanted)
        except ConversionFault as error:
            raise Failure(f"{entry.path} cannot be exported: {fault or error}") from None
    if fault:
        raise Failure(f"{entry.path}: {fault}; what is before that was written to {file}")
    click.echo(f"Recording {entry.recording_id} was written to {file}.")


@click.command
@_recording_argument
@config_option
@click.pass_context
def hold(ctx: click.Context, recording_id: str, config: str | None) -> None:
    """Keep a recording, however old it becomes."""
    entry = _hold(config or ctx.obj, recording_id, is_held=True)
    click.echo(f"Recording {entry.recording_id} is kept until it is released.")


@click.command
@_recording_argument
@config_option
@click.pass_context
def release(ctx: click.Context, recording_id: str, config: str | None) -> None:
    """Let a recording that was held be deleted when it is old."""
    entry = _hold(config or ctx.obj, recording_id, is_held=False)
    click.echo(f"Recording {entry.recording_id} is held no more.")


def find_recording(store: StoreReader, text: str) -> StoredRecording:
    """The one whose id, or whose call's, begins so. Raises `Failure` if there is none, or several."""
    found: list[StoredRecording] = []
    for entry in store.recordings.descending():
        if entry.recording_id == text:
            return entry
        if entry.recording_id.startswith(text) or entry.call_id.startswith(text):
            found.append(entry)
    if not found:
        raise Failure(f'there is no recording "{text}": see `softswitch recordings`')
    if len(found) > 1:
        ids = ", ".join(entry.recording_id for entry in found[:5])
        raise Failure(f"{len(found)} recordings begin with {text}, or are of such a call: {ids}; give more of the id")
    return found[0]


@contextlib.contextmanager
def _progress(store: StoreReader) -> Generator[Iterator[StoredRecording], None, None]:
    entries = store.recordings.ascending()
    if not sys.stderr.isatty():
        yield entries
        return
    with click.progressbar(entries, length=store.recordings.count(), label="Verifying", file=sys.stderr) as shown:
        yield iter(shown)


def _verify(entry: StoredRecording, store: StoreReader) -> Verified:
    from softswitch.media.runtime.recording.archiver import sha256_of

    try:
        digest = sha256_of(entry.path)
    except FileNotFoundError:
        now = store.recordings.get((entry.started_at, entry.recording_id))
        if now is not None and now.path != entry.path:
            return _verify(now, store)  # it was archived in the meantime
        return Verified(entry.recording_id, entry.path, "missing")
    if not entry.sha256:
        return Verified(entry.recording_id, entry.path, "no checksum yet")
    return Verified(entry.recording_id, entry.path, "good" if digest == entry.sha256 else "changed")


def key_file_of(directory: str) -> str:
    from softswitch.config import load_settings

    key_file = load_settings(directory).recordings.key_file
    if not key_file:
        raise Failure("the recording is encrypted, and softswitch.toml names no key: [recordings] key_file")
    return key_file


def open_sealed(path: str, target: str, key_file: str) -> str:
    """Decrypt into `target`; the fault it ended with, or ""."""
    from softswitch.media.runtime.recording.recording_key import read_key
    from softswitch.media.runtime.recording.sealed_file import SealFault, unseal

    with open(path, "rb") as source, open(target, "wb") as plain:
        try:
            for chunk in unseal(source, read_key(key_file)):
                plain.write(chunk)
        except SealFault as fault:
            return str(fault)
    return ""


def _hold(config: str | None, recording_id: str, *, is_held: bool) -> StoredRecording:
    directory = find_directory(config)
    with open_records(find_directory(directory)) as store:
        entry = find_recording(store, recording_id)
    with connect(directory) as client:
        client.ask(HoldRecording(entry.recording_id, entry.started_at, is_held), Done)
    return entry
