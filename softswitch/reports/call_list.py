"""Report 11, calls: the calls one by one, the newest first, with their recordings."""

import msgspec

from softswitch.base.ids import AgentId, CallId, QueueId
from softswitch.reports.report import Now
from softswitch.reports.tables import Column, Table, Value
from softswitch.reports.terms import Terms
from softswitch.store.file_places import below_by_day

IN_PROGRESS = "in progress"


class ListedCdr(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is listed of a `Cdr`."""

    call_id: CallId
    started_at: float
    ended_at: float
    calling_number: str
    called_number: str
    project: str = ""
    queue: QueueId | None = None
    agent: AgentId | None = None
    queue_wait_s: float = 0.0
    talk_s: float = 0.0
    disposition: str = ""
    end_reason: str
    ended_by: str
    trunk: str = ""
    scores: dict[str, int] = {}
    recordings: tuple[str, ...] = ()
    transferred_to: str = ""


class CallList:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._rows: list[tuple[Value, ...]] = []
        self.is_full = False
        """There are more calls than it may list."""

    def add(self, cdr: ListedCdr) -> None:
        """The newest first; once `is_full`, no more."""
        terms = self._terms
        is_wanted = (
            terms.project in ("", cdr.project)
            and terms.queue in ("", cdr.queue or "")
            and terms.agent in ("", cdr.agent or "")
        )
        if not is_wanted:
            return
        if len(self._rows) >= terms.limit:
            self.is_full = True
            return
        self._rows.append(
            (
                cdr.started_at,
                cdr.calling_number,
                cdr.called_number,
                cdr.project,
                cdr.queue or "",
                cdr.agent or "",
                cdr.queue_wait_s if cdr.queue else None,
                cdr.talk_s,
                cdr.ended_at - cdr.started_at,
                cdr.end_reason,
                cdr.ended_by,
                cdr.transferred_to,
                cdr.disposition,
                " ".join(f"{name}={score}" for name, score in cdr.scores.items()),
                cdr.trunk,
                len(cdr.recordings),
                " ".join(self._named(path) for path in cdr.recordings),
                cdr.call_id,
            )
        )

    def _named(self, path: str) -> str:
        """A client company has the name of a file. Where the switch keeps recordings is nobody's business: a report is
        read by supervisors, and mailed."""
        return path.rpartition("/")[2] if self._terms.project else below_by_day(path)

    def tables(self, now: Now | None) -> tuple[Table, ...]:
        going_on: list[tuple[Value, ...]] = []
        if now is not None and not self._terms.queue and not self._terms.agent:
            for call in sorted(now.calls, key=lambda call: -call.started_at):
                length_s = now.at - call.started_at
                head = call.started_at, call.calling_number, call.called_number, call.project
                going_on.append((*head, "", "", None, None, length_s, IN_PROGRESS, *[""] * 5, None, "", call.call_id))
        return (
            Table(
                name="calls",
                title="Calls, the newest first",
                columns=(
                    Column(name="began", title="Began", kind="instant", formula="when the call came"),
                    Column(name="from", title="From", kind="text", formula="the calling number"),
                    Column(name="to", title="To", kind="text", formula="the called number"),
                    Column(name="project", title="Project", kind="text", formula="for whom it was", is_wide=True),
                    Column(name="queue", title="Queue", kind="text", formula="the last queue it waited in"),
                    Column(name="agent", title="Agent", kind="text", formula="the last agent who talked"),
                    Column(name="waited_s", title="Waited", kind="seconds", formula="in queues, ringing included"),
                    Column(name="talked_s", title="Talked", kind="seconds", formula="with whoever, holds included"),
                    Column(name="length_s", title="Length", kind="seconds", formula="end - beginning", is_wide=True),
                    Column(name="end", title="End", kind="text", formula='why it ended; "in progress": it has not'),
                    Column(name="ended_by", title="By", kind="text", formula="who ended it", is_wide=True),
                    Column(
                        name="transferred_to",
                        title="Transferred",
                        kind="text",
                        formula="the number a party was transferred to, if that ended it",
                        is_wide=True,
                    ),
                    Column(
                        name="disposition",
                        title="Outcome",
                        kind="text",
                        formula="what the agent said came of it",
                        is_wide=True,
                    ),
                    Column(name="scores", title="Scores", kind="text", formula="answers to surveys", is_wide=True),
                    Column(name="trunk", title="Trunk", kind="text", formula="the trunk it came from", is_wide=True),
                    Column(name="recordings", title="Recorded", formula="how many recordings it has"),
                    Column(
                        name="files",
                        title="Files",
                        kind="text",
                        formula="their paths below the directory of recordings; of one project their names",
                        is_wide=True,
                    ),
                    Column(name="call", title="Call", kind="text", formula="the call's id", is_wide=True),
                ),
                rows=[*going_on, *self._rows],
                empty="There were no calls then.",
            ),
        )
