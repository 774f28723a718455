"""The control socket's server: lives on the switch's event loop and asks `Operations` for every answer.

The socket's permissions (0600) are the access control: who may open it may command the switch. What he hands on to
others he may ask in the name of a project (control/scope.py): every request and every answer passes there. The socket
appears under its name only when it already listens, so that its being there means the switch is ready.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

import msgspec

from softswitch.base.errors import StartError
from softswitch.base.log import get_logger
from softswitch.control.framing import HEADER_BYTES, encode_frame, payload_length
from softswitch.control.limits import (
    CLIENTS_MAX,
    IDLE_S,
    REQUEST_BYTES_MAX,
    SLOW_READER_S,
    SOCKET_PATH_BYTES_MAX,
)
from softswitch.control.operations import Operations
from softswitch.control.protocol.call_orders import (
    AnswerCall,
    HoldCall,
    NoteCall,
    Originate,
    ParkCall,
    PlayToCall,
    SendDigits,
    StopPlaying,
)
from softswitch.control.protocol.metrics import GetMetrics
from softswitch.control.protocol.replies import (
    Agents,
    Bans,
    Callbacks,
    CallerLists,
    Calls,
    Conferences,
    Contacts,
    Figures,
    Limits,
    ListedNumbers,
    Lookups,
    Mailboxes,
    Phones,
    Projects,
    Queues,
    Refused,
    Registrations,
    Reply,
    Sites,
    Subscriptions,
    Trunks,
)
from softswitch.control.protocol.requests import (
    AddBan,
    AddCallback,
    CancelCallback,
    ExplainContact,
    GetMessages,
    GetStatus,
    HangUp,
    HoldRecording,
    InProject,
    LiftBan,
    ListAgents,
    ListBans,
    ListCallbacks,
    ListCallerLists,
    ListCalls,
    ListConferences,
    ListContacts,
    ListFigures,
    ListLimits,
    ListListedNumbers,
    ListLookups,
    ListMailboxes,
    ListPhones,
    ListProjects,
    ListQueues,
    ListRegistrations,
    ListSites,
    ListSubscriptions,
    ListTrunks,
    OrderConference,
    OrderContact,
    QueueContact,
    Reload,
    RemoveRegistration,
    Request,
    SetAgent,
    SetContact,
    SetDisposition,
    SetListedNumber,
    SetMailbox,
    SetPhone,
    SetQueue,
    SetRecording,
    SetSkills,
    SetSupervision,
    SetWorker,
    Stop,
    Supervise,
    SuperviseAgent,
    Trace,
    TransferCall,
    TryLookup,
    WatchEvents,
)
from softswitch.control.protocol.rows import MailboxRow
from softswitch.control.protocol.streams import StartStream, StopStream
from softswitch.control.protocol.voicemail import (
    ListMails,
    ListVoiceBoxes,
    ListVoiceMessages,
    Mails,
    SetVoiceMessage,
    VoiceBoxes,
    VoiceMessages,
)
from softswitch.control.runtime.listing import in_frames
from softswitch.control.scope import Scope

_log = get_logger("control")
_decoder = msgspec.msgpack.Decoder(Request | InProject)


class ControlServer:
    """Serves one control socket until `close`."""

    def __init__(
        self, operations: Operations, path: str, *, idle_s: float = IDLE_S, clients_max: int = CLIENTS_MAX
    ) -> None:
        self._operations = operations
        self._path = path
        self._idle_s = idle_s
        self._clients_max = clients_max
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises `StartError` if the path cannot be, or if another switch already answers there."""
        listener = _listen(self._path)
        try:
            self._server = await asyncio.start_unix_server(self._accept, sock=listener)
            os.rename(_name_before_ready(self._path), self._path)
        except OSError as error:
            listener.close()
            raise StartError(f"the control socket {self._path} cannot be made: {error.strerror}") from error

    async def close(self) -> None:
        """Stop listening, disconnect everybody, and take the socket's file away."""
        if self._server is None:
            return
        self._server.close()
        for client in list(self._clients):
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        try:
            os.unlink(self._path)
        except OSError as error:
            _log.warning("control socket not removed", path=self._path, reason=error.strerror)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))

        def disconnect(_done: asyncio.Task[None]) -> None:
            self._clients.discard(task)
            writer.close()

        self._clients.add(task)
        task.add_done_callback(disconnect)  # also for a task that is cancelled before it ran at all

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, from connection to disconnection; whatever it does ends here."""
        try:
            if len(self._clients) > self._clients_max:
                await _send(writer, Refused("busy", f"the switch has {self._clients_max} control connections already"))
            else:
                await self._converse(reader, writer)
        except TimeoutError:
            writer.transport.abort()  # it asks nothing, or does not read what it asked for
        except (OSError, EOFError):
            pass  # it went away

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(self._idle_s):
                length = payload_length(await reader.readexactly(HEADER_BYTES))
                if length > REQUEST_BYTES_MAX:
                    await _send(writer, Refused("malformed", f"a request is at most {REQUEST_BYTES_MAX} bytes long"))
                    return
                payload = await reader.readexactly(length)
            async with aclosing(self._answer(payload)) as replies:
                async for reply in replies:
                    await _send(writer, reply)

    async def _answer(self, payload: bytes) -> AsyncGenerator[Reply, None]:
        """The frames that answer one request; a fault of our own is one of them."""
        try:
            decoded = _decoder.decode(payload)
        except msgspec.MsgspecError as error:
            yield Refused("malformed", f"this switch does not understand the request: {error}")
            return
        request = decoded.request if isinstance(decoded, InProject) else decoded
        scope = Scope(decoded.project, self._operations.belongings) if isinstance(decoded, InProject) else None
        try:
            refusal = None if scope is None else scope.refusal(request)
            if refusal is not None:
                yield refusal
                return
            async with aclosing(self._carry_out(request)) as replies:
                async for reply in replies:
                    yield reply if scope is None else scope.shown(reply)
        except Exception:
            _log.exception("a control request failed", request=type(request).__name__)
            yield Refused("failed", "the switch failed at this request; its log says where")

    async def _carry_out(self, request: Request) -> AsyncGenerator[Reply, None]:
        operations = self._operations
        match request:
            case GetStatus():
                yield operations.status()
            case GetMetrics():
                yield operations.metrics()
            case ListProjects():
                async for rows in in_frames(operations.projects(), Projects):
                    yield rows
            case ListCalls():
                async for rows in in_frames(operations.calls(), Calls):
                    yield rows
            case ListAgents():
                async for rows in in_frames(operations.agents(), Agents):
                    yield rows
            case ListContacts():
                async for rows in in_frames(operations.contacts(), Contacts):
                    yield rows
            case QueueContact():
                yield await operations.queue_contact(request)
            case OrderContact():
                yield await operations.order_contact(request)
            case SetSkills():
                yield await operations.set_skills(request)
            case SetContact():
                yield await operations.set_contact(request)
            case ListQueues():
                async for rows in in_frames(operations.queues(), Queues):
                    yield rows
            case ListFigures():
                whole = operations.figures()
                figures = partial(Figures, since_at=whole.from_wall, now_at=whole.until_wall)
                async for rows in in_frames([*whole.queues, *whole.agents], figures):
                    yield rows
            case ExplainContact(contact_id):
                yield await operations.explain_contact(contact_id)
            case ListRegistrations():
                async for rows in in_frames(operations.registrations(), Registrations):
                    yield rows
            case ListPhones():
                async for rows in in_frames(operations.phones(), Phones):
                    yield rows
            case SetPhone():
                yield await operations.set_phone(request)
            case ListBans():
                async for rows in in_frames(operations.bans(), Bans):
                    yield rows
            case ListSites():
                async for rows in in_frames(operations.sites(), Sites):
                    yield rows
            case ListLimits():
                async for rows in in_frames(operations.limits(), Limits):
                    yield rows
            case AddBan(network, seconds, reason):
                yield await operations.add_ban(network, seconds, reason)
            case LiftBan(network):
                yield await operations.lift_ban(network)
            case RemoveRegistration(aor, contact):
                yield await operations.remove_registration(aor, contact)
            case ListSubscriptions():
                async for rows in in_frames(operations.subscriptions(), Subscriptions):
                    yield rows
            case ListMailboxes():
                async for rows in in_frames(operations.mailboxes(), Mailboxes):
                    yield rows
            case SetMailbox(mailbox, new, old, urgent_new, urgent_old):
                row = MailboxRow(mailbox=mailbox, new=new, old=old, urgent_new=urgent_new, urgent_old=urgent_old)
                yield await operations.set_mailbox(row)
            case ListTrunks():
                async for rows in in_frames(operations.trunks(), Trunks):
                    yield rows
            case SetAgent():
                yield await operations.set_agent(request)
            case SetDisposition():
                yield await operations.set_disposition(request)
            case SetQueue():
                yield await operations.set_queue(request)
            case ListCallerLists():
                async for rows in in_frames(operations.caller_lists(), CallerLists):
                    yield rows
            case ListListedNumbers(list_id):
                numbers = operations.listed_numbers(list_id)
                if isinstance(numbers, Refused):
                    yield numbers
                else:
                    async for rows in in_frames(numbers, ListedNumbers):
                        yield rows
            case SetListedNumber():
                yield await operations.set_listed_number(request)
            case ListLookups():
                async for rows in in_frames(operations.lookups(), Lookups):
                    yield rows
            case TryLookup(lookup_id, fields):
                yield await operations.try_lookup(lookup_id, fields)
            case ListConferences():
                async for rows in in_frames(operations.conferences(), Conferences):
                    yield rows
            case OrderConference():
                yield await operations.order_conference(request)
            case ListVoiceBoxes():
                async for rows in in_frames(operations.voice_boxes(), VoiceBoxes):
                    yield rows
            case ListVoiceMessages(box):
                async for rows in in_frames(operations.voice_messages(box), VoiceMessages):
                    yield rows
            case SetVoiceMessage():
                yield await operations.set_voice_message(request)
            case ListMails():
                counts = operations.mail_counts()
                async for rows in in_frames(operations.mails(), lambda rows, is_last: Mails(rows, is_last, counts)):
                    yield rows
            case ListCallbacks():
                async for rows in in_frames(operations.callbacks(), Callbacks):
                    yield rows
            case AddCallback():
                yield await operations.add_callback(request)
            case CancelCallback(callback_id, by):
                yield await operations.cancel_callback(callback_id, by)
            case HangUp(call_id):
                yield await operations.hang_up(call_id)
            case StartStream():
                yield await operations.start_stream(request)
            case StopStream():
                yield await operations.stop_stream(request)
            case Originate():
                yield await operations.originate(request)
            case AnswerCall():
                yield await operations.answer_call(request)
            case HoldCall():
                yield await operations.hold_call(request)
            case PlayToCall():
                yield await operations.play_to_call(request)
            case StopPlaying():
                yield await operations.stop_playing(request)
            case SendDigits():
                yield await operations.send_digits(request)
            case NoteCall():
                yield await operations.note_call(request)
            case ParkCall():
                yield await operations.park_call(request)
            case TransferCall(call_id, target):
                yield await operations.transfer_call(call_id, target)
            case SetRecording(call_id, action, seconds, by):
                yield await operations.set_recording(call_id, action, seconds, by)
            case SetWorker(name, action):
                yield await operations.set_worker(name, action)
            case HoldRecording(recording_id, started_at, is_held):
                yield await operations.hold_recording(recording_id, started_at, is_held)
            case Supervise(call_id, phone, mode):
                yield await operations.supervise(call_id, phone, mode)
            case SuperviseAgent():
                yield await operations.supervise_agent(request)
            case SetSupervision(call_id, mode, phone):
                yield await operations.set_supervision(call_id, mode, phone)
            case GetMessages():
                yield await operations.messages(request)
            case Trace():
                async with aclosing(operations.trace(request)) as frames:
                    async for frame in frames:
                        yield frame
            case WatchEvents():
                async with aclosing(operations.watch_events(request)) as frames:
                    async for frame in frames:
                        yield frame
            case Reload():
                yield await operations.reload()
            case Stop():
                yield await operations.stop()


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    writer.write(encode_frame(reply))
    async with asyncio.timeout(SLOW_READER_S):
        await writer.drain()


def _listen(path: str) -> socket.socket:
    """A listening socket under a temporary name beside `path`, for its owner only."""
    if len(os.fsencode(_name_before_ready(path))) > SOCKET_PATH_BYTES_MAX:
        raise StartError(
            f"the path of the control socket is too long for the system ({path}): "
            "set [control] socket in softswitch.toml to a shorter one, such as /run/softswitch/control.sock"
        )
    if _is_answered(path):
        raise StartError(f"another switch answers at {path} already: stop it first")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    own_only = os.umask(0o177)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_name_before_ready(path))
        listener.bind(_name_before_ready(path))
        listener.listen()
    except OSError as error:
        listener.close()
        raise StartError(f"the control socket {path} cannot be made: {error.strerror}") from error
    finally:
        os.umask(own_only)
    return listener


def _name_before_ready(path: str) -> str:
    return f"{path}.new"


def _is_answered(path: str) -> bool:
    """Whether a live process listens there; the file of a dead one is in nobody's way."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(path) == 0
