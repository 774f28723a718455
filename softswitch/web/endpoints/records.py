"""Records of calls, and their recordings."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from softswitch.base.ids import RecordingId
from softswitch.control.protocol.replies import Done as Carried
from softswitch.control.protocol.requests import HoldRecording
from softswitch.store.schema import Cdr, RecordingMask, StoredRecording
from softswitch.web.asked import Asked, Owner
from softswitch.web.limits import LINK_S_MAX
from softswitch.web.problem import ProblemError
from softswitch.web.record_pages import CdrQuery, RecordingQuery, cdr_page, find_cdr, find_recording, recording_page
from softswitch.web.route import PREFIX, Done, FileAnswer, NoQuery, Page, Routes
from softswitch.web.tokens import Link, read_link, sign

routes = Routes("records")

MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "opus": "audio/ogg"}
RECORDING = "recording"
"""What a signed link is of."""


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, without the place of its file. `duration_s` is its length; `masks` are parts that are silent because
    somebody wanted it so."""

    recording_id: str
    call_id: str
    started_at: float
    duration_s: float
    size_bytes: int
    format: str
    agent: str | None = None
    queue: str | None = None
    project: str = ""
    calling_number: str = ""
    fault: str = ""
    masks: tuple[RecordingMask, ...] = ()
    is_sealed: bool = False
    sha256: str = ""
    is_held: bool = False


class HoldOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it is kept however old it becomes."""

    is_held: bool


class LinkOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For how long the link is good."""

    seconds: Annotated[float, Meta(gt=0, le=LINK_S_MAX)] = 3600.0


class LinkAnswer(msgspec.Struct, frozen=True):
    """Whoever has it may hear the recording until then (epoch seconds), without logging in."""

    url: str
    expires_at: float


@routes.get("/cdrs", answer=Page[Cdr], query=CdrQuery)
async def list_cdrs(asked: Asked[None, CdrQuery]) -> Page[Cdr]:
    """Records of calls.

    The newest first, in pages. A page may have fewer rows than `limit`, or none, and a cursor: then it goes on there.
    """
    owner, query, is_admin = await asked.switch.owner(), asked.query, _is_admin(asked)
    page = await asked.services.history.read(lambda store: cdr_page(store, query, lambda row: _sees(owner, row)))
    return Page([_shown(row, is_admin) for row in page.rows], page.cursor)


@routes.get("/cdrs/{call_id}", answer=Cdr)
async def get_cdr(asked: Asked[None, NoQuery]) -> Cdr:
    """The record of a call that is over."""
    owner, call_id = await asked.switch.owner(), asked.path["call_id"]
    row = await asked.services.history.read(lambda store: find_cdr(store, call_id))
    if row is None or not _sees(owner, row):
        remedy = "GET /api/v1/cdrs lists them, GET /api/v1/calls those in progress"
        raise ProblemError("not_found", "there is no record of such a call", remedy, field="call_id")
    return _shown(row, _is_admin(asked))


@routes.get("/recordings", answer=Page[RecordingRow], query=RecordingQuery)
async def list_recordings(asked: Asked[None, RecordingQuery]) -> Page[RecordingRow]:
    """Recordings of calls.

    The newest first, in pages. A page may have fewer rows than `limit`, or none, and a cursor: then it goes on there.
    """
    owner, query = await asked.switch.owner(), asked.query
    page = await asked.services.history.read(lambda store: recording_page(store, query, lambda row: _sees(owner, row)))
    return Page([_row(row) for row in page.rows], page.cursor)


@routes.get("/recordings/{recording_id}", answer=RecordingRow)
async def get_recording(asked: Asked[None, NoQuery]) -> RecordingRow:
    """What there is to know of a recording."""
    return _row(await _recording(asked))


@routes.get("/recordings/{recording_id}/file", answer=FileAnswer)
async def get_recording_file(asked: Asked[None, NoQuery]) -> FileAnswer:
    """Hear a recording.

    Deciphered, if it is encrypted. Ranges and conditions are heeded; that somebody heard it is in the audit log.
    """
    return _file(await _recording(asked))


@routes.put("/recordings/{recording_id}/hold", answer=Done, body=HoldOrder)
async def hold_recording(asked: Asked[HoldOrder, NoQuery]) -> Done:
    """Keep a recording however old it becomes, or no longer."""
    row = await _recording(asked)
    request = HoldRecording(RecordingId(row.recording_id), row.started_at, asked.body.is_held)
    await asked.switch.ask(request, Carried)
    return Done()


@routes.post("/recordings/{recording_id}/link", answer=LinkAnswer, body=LinkOrder)
async def link_recording(asked: Asked[LinkOrder, NoQuery]) -> LinkAnswer:
    """Make a link to a recording for somebody who does not log in.

    It is signed, and good for the time asked for.
    """
    row = await _recording(asked)
    services = asked.services
    expires_at = services.clock.wall() + asked.body.seconds
    link = Link(RECORDING, row.recording_id, row.started_at, expires_at, asked.caller.name)
    return LinkAnswer(f"{services.url}{PREFIX}/links/{sign(link, services.link_secret)}", expires_at)


@routes.get("/links/{token}", answer=FileAnswer)
async def get_link(asked: Asked[None, NoQuery]) -> FileAnswer:
    """Hear what a signed link is of.

    Nobody need log in: whoever has the link may hear it until it expires.
    """
    services = asked.services
    link = read_link(asked.path["token"], services.link_secret, services.clock.wall())
    asked.note = f"recording {link.id}, by the link of {link.by}"
    row = await services.history.read(lambda store: store.recordings.get((link.at, link.id)))
    if row is None:
        raise ProblemError("not_found", "the recording is there no more", "It may have been deleted by its age")
    return _file(row)


async def _recording(asked: Asked[Any, Any]) -> StoredRecording:
    owner, recording_id = await asked.switch.owner(), asked.path["recording_id"]
    row = await asked.services.history.read(lambda store: find_recording(store, recording_id))
    if row is None or not _sees(owner, row):
        remedy = "GET /api/v1/recordings lists them"
        raise ProblemError("not_found", "there is no such recording", remedy, field="recording_id")
    return row


def _sees(owner: Owner, row: Cdr | StoredRecording) -> bool:
    return owner.sees(agent=row.agent, queue=row.queue, project=row.project)


def _is_admin(asked: Asked[Any, Any]) -> bool:
    return asked.caller.role == "admin"


def _shown(row: Cdr, is_admin: bool) -> Cdr:
    """Files have their own routes; what went wrong inside the switch is the operators'."""
    return replace(row, recordings=(), fault=row.fault if is_admin else "")


def _row(row: StoredRecording) -> RecordingRow:
    return msgspec.convert(row, RecordingRow, from_attributes=True)


def _file(row: StoredRecording) -> FileAnswer:
    return FileAnswer(
        path=row.path,
        media_type=MEDIA_TYPES.get(row.format, "application/octet-stream"),
        name=f"{row.recording_id}.{row.format}",
        etag=f'"{row.sha256}"' if row.sha256 else "",
        is_sealed=row.is_sealed,
    )
