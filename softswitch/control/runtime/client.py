"""The control socket's client for programs that may wait: the command line."""

import socket
from collections.abc import Iterator
from types import TracebackType
from typing import TypeVar

import msgspec

from softswitch.acd.reporting.intervals import Interval
from softswitch.acd.reporting.tallies import AgentTally, QueueTally
from softswitch.base.errors import SoftswitchError
from softswitch.control.framing import HEADER_BYTES, encode_frame, payload_length
from softswitch.control.limits import REPLY_BYTES_MAX
from softswitch.control.protocol.replies import (
    Agents,
    Bans,
    Callbacks,
    CallerLists,
    Calls,
    Conferences,
    Contacts,
    EventRows,
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
    Rows,
    Sites,
    Subscriptions,
    TraceRows,
    Trunks,
)
from softswitch.control.protocol.requests import (
    InProject,
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
    Request,
    Trace,
    WatchEvents,
)
from softswitch.control.protocol.rows import (
    AgentRow,
    BanRow,
    CallbackRow,
    CallerListRow,
    CallRow,
    ConferenceRow,
    ContactRow,
    LimitRow,
    ListedNumberRow,
    LookupRow,
    MailboxRow,
    PhoneRow,
    ProjectRow,
    QueueRow,
    RegistrationRow,
    SiteRow,
    SubscriptionRow,
    TrunkRow,
)
from softswitch.control.protocol.voicemail import (
    ListMails,
    ListVoiceBoxes,
    ListVoiceMessages,
    MailCounts,
    MailRow,
    Mails,
    VoiceBoxes,
    VoiceBoxRow,
    VoiceMessageRow,
    VoiceMessages,
)

ANSWER_S = 10.0
"""Everything but a reload is answered from memory."""

_decoder = msgspec.msgpack.Decoder(Reply)
ReplyT = TypeVar("ReplyT", bound=Reply)
RowsT = TypeVar("RowsT", bound=Rows)


class NoSwitchRunning(SoftswitchError):
    """Nobody listens at the control socket."""


class ControlFailed(SoftswitchError):
    """The switch fell silent, or the socket is not ours to open."""


class ControlRefused(ControlFailed):
    """The switch did not do it; `reply` says why."""

    def __init__(self, reply: Refused) -> None:
        super().__init__(reply.message)
        self.reply = reply


class ControlClient:
    """One connection to a running switch. A context manager; every method raises `ControlFailed` or `ControlRefused`.

    Raises `NoSwitchRunning` if there is none; `directory` is the configuration directory that its message names. With
    `project` everything is asked in its name.
    """

    def __init__(self, path: str, directory: str, *, answer_s: float = ANSWER_S, project: str = "") -> None:
        self._project = project
        self._answer_s = answer_s
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(answer_s)
        try:
            self._socket.connect(path)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            self._socket.close()
            raise NoSwitchRunning(
                f"no switch is running for {directory}: start it with `softswitch serve {directory}`"
            ) from error
        except OSError as error:
            self._socket.close()
            raise ControlFailed(
                f"cannot speak to the switch at {path} ({error.strerror or error}): "
                "run this as the user who started the switch"
            ) from error

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: Request, expected: type[ReplyT], *, answer_s: float | None = None) -> ReplyT:
        """Send a request that has a single reply, and wait for it (`answer_s` seconds at most)."""
        self._send(request, answer_s)
        return self._receive(expected)

    def projects(self) -> list[ProjectRow]:
        return [row for frame in self._frames(ListProjects(), Projects) for row in frame.rows]

    def calls(self) -> list[CallRow]:
        return [row for frame in self._frames(ListCalls(), Calls) for row in frame.rows]

    def agents(self) -> list[AgentRow]:
        return [row for frame in self._frames(ListAgents(), Agents) for row in frame.rows]

    def contacts(self) -> list[ContactRow]:
        return [row for frame in self._frames(ListContacts(), Contacts) for row in frame.rows]

    def sites(self) -> list[SiteRow]:
        return [row for frame in self._frames(ListSites(), Sites) for row in frame.rows]

    def queues(self) -> list[QueueRow]:
        return [row for frame in self._frames(ListQueues(), Queues) for row in frame.rows]

    def figures(self) -> Interval:
        """Counts and sums of all queues and agents since the switch started."""
        frames = list(self._frames(ListFigures(), Figures))
        rows = [row for frame in frames for row in frame.rows]
        return Interval(
            frames[0].since_at,
            frames[0].now_at,
            [row for row in rows if isinstance(row, QueueTally)],
            [row for row in rows if isinstance(row, AgentTally)],
        )

    def registrations(self) -> list[RegistrationRow]:
        return [row for frame in self._frames(ListRegistrations(), Registrations) for row in frame.rows]

    def caller_lists(self) -> list[CallerListRow]:
        return [row for frame in self._frames(ListCallerLists(), CallerLists) for row in frame.rows]

    def listed_numbers(self, list_id: str) -> list[ListedNumberRow]:
        return [row for frame in self._frames(ListListedNumbers(list_id), ListedNumbers) for row in frame.rows]

    def lookups(self) -> list[LookupRow]:
        return [row for frame in self._frames(ListLookups(), Lookups) for row in frame.rows]

    def conferences(self) -> list[ConferenceRow]:
        return [row for frame in self._frames(ListConferences(), Conferences) for row in frame.rows]

    def voice_boxes(self) -> list[VoiceBoxRow]:
        return [row for frame in self._frames(ListVoiceBoxes(), VoiceBoxes) for row in frame.rows]

    def voice_messages(self, box: str = "") -> list[VoiceMessageRow]:
        return [row for frame in self._frames(ListVoiceMessages(box), VoiceMessages) for row in frame.rows]

    def mails(self) -> tuple[list[MailRow], MailCounts]:
        """Those that wait, and how many were sent."""
        frames = list(self._frames(ListMails(), Mails))
        return [row for frame in frames for row in frame.rows], frames[0].counts

    def callbacks(self) -> list[CallbackRow]:
        return [row for frame in self._frames(ListCallbacks(), Callbacks) for row in frame.rows]

    def phones(self) -> list[PhoneRow]:
        return [row for frame in self._frames(ListPhones(), Phones) for row in frame.rows]

    def trace(self, request: Trace) -> Iterator[TraceRows]:
        """Frames as they come, until the switch ends it or the connection is closed."""
        self._send(request, None)
        while True:
            frame = self._receive(TraceRows)
            yield frame
            if frame.is_last:
                return

    def watch_events(self, request: WatchEvents) -> Iterator[EventRows]:
        """Frames as they come, until the switch ends it or the connection is closed."""
        self._send(request, None)
        while True:
            frame = self._receive(EventRows)
            yield frame
            if frame.is_last:
                return

    def limits(self) -> list[LimitRow]:
        return [row for frame in self._frames(ListLimits(), Limits) for row in frame.rows]

    def bans(self) -> list[BanRow]:
        return [row for frame in self._frames(ListBans(), Bans) for row in frame.rows]

    def subscriptions(self) -> list[SubscriptionRow]:
        return [row for frame in self._frames(ListSubscriptions(), Subscriptions) for row in frame.rows]

    def mailboxes(self) -> list[MailboxRow]:
        return [row for frame in self._frames(ListMailboxes(), Mailboxes) for row in frame.rows]

    def trunks(self) -> list[TrunkRow]:
        return [row for frame in self._frames(ListTrunks(), Trunks) for row in frame.rows]

    def _frames(self, request: Request, expected: type[RowsT]) -> Iterator[RowsT]:
        self._send(request, None)
        while True:
            frame = self._receive(expected)
            yield frame
            if frame.is_last:
                return

    def _send(self, request: Request, answer_s: float | None) -> None:
        self._socket.settimeout(answer_s or self._answer_s)
        try:
            self._socket.sendall(encode_frame(InProject(self._project, request) if self._project else request))
        except ConnectionError:
            pass  # why it closed may still be there to be read
        except OSError as error:
            raise ControlFailed(_CLOSED) from error

    def _receive(self, expected: type[ReplyT]) -> ReplyT:
        length = payload_length(self._read(HEADER_BYTES))
        if length > REPLY_BYTES_MAX:
            raise ControlFailed("what answers at the control socket is not a switch")
        try:
            reply = _decoder.decode(self._read(length))
        except msgspec.MsgspecError as error:
            raise ControlFailed(f"the switch answers in words of another version of softswitch: {error}") from error
        if isinstance(reply, Refused):
            raise ControlRefused(reply)
        if not isinstance(reply, expected):
            raise ControlFailed(f"the switch answered with {type(reply).__name__} instead of {expected.__name__}")
        return reply

    def _read(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length:
            try:
                chunk = self._socket.recv(length - len(received))
            except TimeoutError as error:
                raise ControlFailed(f"the switch has not answered for {self._socket.gettimeout():g} s") from error
            except OSError as error:
                raise ControlFailed(_CLOSED) from error
            if not chunk:
                raise ControlFailed(_CLOSED)
            received += chunk
        return bytes(received)


_CLOSED = "the switch closed the connection; it may just be restarting: try again"
