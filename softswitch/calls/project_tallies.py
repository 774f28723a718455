"""What each project's calls come to, counted from their records: all of them, whether or not they reached a queue."""

from collections.abc import Iterable

import msgspec

from softswitch.store.schema import Cdr

MAX_CALLS = "max_calls"
"""The tag "refused" of a call that was one too many for its project."""


class ProjectTally(msgspec.Struct, kw_only=True):
    """Counts of calls, and seconds. `project` is "" for calls that were for nobody in particular.

    calls      = in_queues + elsewhere + refused
    in_queues  : entered a queue; `abandoned_in_queues` of them gave up there
    elsewhere  : answered by a flow, an extension or an outside number, or by nobody
    refused    : one too many for the project
    """

    project: str
    calls: int = 0
    answered: int = 0
    """By the switch: what follows costs the caller money."""
    talked: int = 0
    """With an agent, or whoever else was called."""
    in_queues: int = 0
    abandoned_in_queues: int = 0
    elsewhere: int = 0
    refused: int = 0
    outgoing: int = 0
    """Through a trunk, which is counted beside the others."""
    connected_s: float = 0.0
    """From the answer to the end."""
    wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    recordings: int = 0

    def take(self, cdr: Cdr) -> None:
        self.calls += 1
        if cdr.answered_at is not None:
            self.answered += 1
            self.connected_s += max(0.0, cdr.ended_at - cdr.answered_at)
        self.talked += cdr.talk_s > 0
        if cdr.tags.get("refused") == MAX_CALLS:
            self.refused += 1
        elif cdr.queue is not None:
            self.in_queues += 1
            self.abandoned_in_queues += cdr.end_reason == "abandoned"
        else:
            self.elsewhere += 1
        self.outgoing += any(tried.status == 200 for tried in cdr.trunks)
        self.wait_s += cdr.queue_wait_s
        self.talk_s += cdr.talk_s
        self.hold_s += cdr.hold_s
        self.wrap_up_s += cdr.wrap_up_s
        self.recordings += len(cdr.recordings)


def tallies_of(cdrs: Iterable[Cdr], project: str = "") -> list[ProjectTally]:
    """One for each project that had calls, by its id; with `project` that one's alone."""
    found: dict[str, ProjectTally] = {}
    for cdr in cdrs:
        if project in ("", cdr.project):
            tally = found.get(cdr.project)
            if tally is None:
                tally = found[cdr.project] = ProjectTally(project=cdr.project)
            tally.take(cdr)
    return [found[name] for name in sorted(found)]
