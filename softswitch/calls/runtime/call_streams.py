"""The streams of one call: which programs hear it, and which of them speaks to the caller.

A stream that only listens follows the call as a recording does: it has the caller and whoever he talks to at the time,
it goes along when the caller is transferred, and it is silent while recordings are masked. One that talks belongs to
the verb that began it (streaming.py).
"""

import weakref
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from softswitch.base.errors import LocalError
from softswitch.base.log import get_logger
from softswitch.calls.kept.kept_call import KeptListening
from softswitch.calls.programs import Program, StreamFacts, is_url, program_at, shown
from softswitch.calls.runtime.belonging import own_thing
from softswitch.calls.stream_records import StreamRecords
from softswitch.media.feeds.orders import (
    Counts,
    Dial,
    Fact,
    ProgramConnected,
    ProgramCounted,
    ProgramKeys,
    ProgramLeft,
    ProgramLost,
    Side,
)
from softswitch.media.runtime.client import MediaStream
from softswitch.media.runtime.feeds.media_feed import MediaFeed

if TYPE_CHECKING:
    from softswitch.calls.runtime.active_call import ActiveCall

STREAMS_PER_CALL_MAX = 4
"""Two analyses and a bot are many."""


class StreamsFull(LocalError):
    """There are as many streams as there may be."""


log = get_logger("calls")


class CallStream:
    """One of them."""

    __slots__ = ("_facts", "_records", "feed", "kept", "voice")

    def __init__(self, feed: MediaFeed, facts: StreamFacts, records: StreamRecords, kept: KeptListening) -> None:
        """`records` are of the call it began in; `kept` is how it is begun again."""
        self.feed = feed
        self.kept = kept
        self._facts = facts
        self._records = records
        records.noted(facts)
        self.voice: MediaStream | None = None
        """By which its program speaks."""

    @property
    def facts(self) -> StreamFacts:
        return self._facts

    def note(self, **changes: Any) -> None:
        """More is known of it."""
        self._facts = msgspec.structs.replace(self._facts, **changes)
        self._records.noted(self._facts)

    def ended(self, fact: ProgramLeft) -> None:
        """No more will be known."""
        self._facts = msgspec.structs.replace(self._facts, **_counts(fact.counts))
        self._records.ended(self._facts, fact.reason, fact.fault)


class CallStreams:
    """See the module. Made with the call."""

    __slots__ = ("_streams", "_whose")

    def __init__(self, call: "ActiveCall") -> None:
        self._whose = weakref.ref(call)
        """The call has us, and a cycle would outlive it until the collector comes round."""
        self._streams: dict[str, CallStream] = {}

    @property
    def _call(self) -> "ActiveCall":
        call = self._whose()
        assert call is not None, "its streams are asked for by the call alone"
        return call

    def facts(self) -> list[StreamFacts]:
        return [stream.facts for stream in self._streams.values()]

    def start(
        self,
        target: str,
        *,
        side: Side,
        rate_hz: int | None = None,
        values: dict[str, str] | None = None,
        talks: bool,
        by: str = "",
    ) -> CallStream:
        """Let a program hear the call from now on. The caller must be answered.

        `target` is the id of a program of programs.toml, or a URL. Raises `LocalError` for one that is neither, or when
        there are too many streams.
        """
        call, around = self._call, self._call.around
        program = self._program(target)
        if len(self._streams) == STREAMS_PER_CALL_MAX:
            raise StreamsFull(f"a call has at most {STREAMS_PER_CALL_MAX} streams: stop one of them")
        if len(around.programs) >= around.settings().streams_max:
            raise StreamsFull(f"there are {len(around.programs)} streams already: see [streams] max")
        feed = around.media.open_feed(around.programs.socket, rate_hz or program.rate_hz)
        facts = StreamFacts(
            stream_id=str(feed.feed_id),
            program=shown(target) if is_url(target) else target,
            side=side,
            talks=talks,
        )
        kept = KeptListening(target=target, side=side, rate_hz=rate_hz, values=values or {})
        stream = self._streams[facts.stream_id] = CallStream(feed, facts, call.record.streams, kept)
        if talks:
            codec = "PCMA" if call.caller.leg.audio is not None and call.caller.leg.audio.codec == "PCMA" else "PCMU"
            stream.voice = around.media.open_program(call.caller_stream, codec)
            feed.speak_by(stream.voice)
        self._give(stream)
        around.programs.dial(
            Dial(
                feed_id=feed.feed_id,
                url=program.url,
                headers=dict(program.headers),
                ca_file=program.ca_file,
                side=side,
                rate_hz=rate_hz or program.rate_hz,
                talks=talks,
                returns=not talks,
                connect_s=program.connect_s,
                start={**_about(call), "values": values or {}},
            ),
            partial(self._receive, stream),
        )
        if not talks:
            call.changed()
        log.info("stream began", call_id=call.call_id, stream=facts.stream_id, program=facts.program, side=side, by=by)
        return stream

    def keep(self) -> tuple[KeptListening, ...]:
        return tuple(stream.kept for stream in self._streams.values() if not stream.facts.talks)

    def adopt(self, kept: Sequence[KeptListening]) -> None:
        """Programs heard the call in the switch before, and are connected anew."""
        for each in kept:
            try:
                self.start(each.target, side=each.side, rate_hz=each.rate_hz, values=each.values, talks=False)
            except LocalError as error:
                log.warning("stream not begun again", call_id=self._call.call_id, reason=str(error))

    def stop(self, stream_id: str, reason: str) -> bool:
        """Whether there was such a stream that goes on."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return False
        self._end(stream, reason)
        return True

    def stop_listening(self, program: str = "") -> int:
        """Stop those of this program, or all, that only listen; how many."""
        found = [
            stream
            for stream in self._streams.values()
            if not stream.facts.talks and program in ("", stream.facts.program)
        ]
        for stream in found:
            self._end(stream, "the flow has no more need of it")
        return len(found)

    def end_all(self) -> None:
        """The call is over."""
        for stream in list(self._streams.values()):
            self._end(stream, "the call is over")

    # What happens in the call

    def parties_changed(self) -> None:
        """Somebody else is the caller, or talks to him; or the caller's sound goes another way."""
        for stream in self._streams.values():
            self._give(stream)

    def mask_changed(self) -> None:
        """Programs hear no more than recordings hold."""
        self.parties_changed()

    def pressed(self, digit: str) -> None:
        """The caller has pressed a key: programs that talk to him learn which, but not while recordings are masked."""
        if not self._call.recordings.is_masked:
            for stream in self._streams.values():
                if stream.facts.talks:
                    self._call.around.programs.press(stream.feed.feed_id, digit)

    def take_listening(self) -> list[CallStream]:
        """The caller goes on in another call: those that only listen leave this one, for `follow`."""
        listening = [stream for stream in self._streams.values() if not stream.facts.talks]
        for stream in listening:
            del self._streams[stream.facts.stream_id]
        return listening

    def follow(self, listening: Sequence[CallStream]) -> None:
        """The caller has come from another call, and these with him."""
        for stream in listening:
            self._streams[stream.facts.stream_id] = stream
            self._call.around.programs.redirect(stream.feed.feed_id, partial(self._receive, stream))
            self._call.around.programs.tell(stream.feed.feed_id, _about(self._call))
            self._give(stream)

    # Private

    def _program(self, target: str) -> Program:
        if is_url(target):
            return program_at(target)
        known = self._call.around.settings().programs
        program = known.get(own_thing(self._call, "program", target, known))
        if program is None:
            raise LocalError(f'there is no program "{target}": see programs.toml, or give a wss:// URL')
        return program

    def _give(self, stream: CallStream) -> None:
        call = self._call
        caller = call.caller.stream
        if caller is None:
            return
        far = None if call.conversation is None else call.conversation.far.stream
        stream.feed.give(caller, caller, far or stream.voice, masked_until=call.recordings.masked_until)

    def _end(self, stream: CallStream, reason: str) -> None:
        self._close(stream)
        self._call.around.programs.leave(stream.feed.feed_id, reason)

    def _close(self, stream: CallStream) -> None:
        if not stream.facts.talks:
            self._call.changed()
        self._streams.pop(stream.facts.stream_id, None)
        stream.feed.drop()
        if stream.voice is not None:
            stream.voice.drop()

    def _receive(self, stream: CallStream, fact: Fact) -> None:
        """What becomes of it; it may have been ended here meanwhile, and the call with it."""
        match fact:
            case ProgramConnected():
                stream.note(is_connected=True)
            case ProgramLost(_, fault, again_in_s):
                stream.note(is_connected=False, fault=fault)
                log.warning("program away", stream=stream.facts.stream_id, fault=fault, again_in_s=again_in_s)
            case ProgramCounted(_, counts):
                stream.note(**_counts(counts))
            case ProgramKeys(_, digits):
                self._send_digits(stream, digits)
            case ProgramLeft():
                self._left(stream, fact)

    def _send_digits(self, stream: CallStream, digits: str) -> None:
        call = self._whose()
        if call is not None and stream.facts.stream_id in self._streams and stream.voice is not None:
            call.caller_stream.send_digits(digits)

    def _left(self, stream: CallStream, fact: ProgramLeft) -> None:
        stream.ended(fact)
        log.info(
            "stream ended",
            stream=stream.facts.stream_id,
            program=stream.facts.program,
            reason=fact.reason,
            fault=fact.fault,
            **msgspec.to_builtins(fact.counts),
        )
        call = self._whose()
        if call is not None and stream.facts.stream_id in self._streams:
            self._close(stream)
            call.mailbox.put(fact)


def _counts(counts: Counts) -> dict[str, int]:
    return {"sent": counts.sent, "dropped": counts.dropped, "said": counts.said, "refused": counts.refused}


def _about(call: "ActiveCall") -> dict[str, Any]:
    record = call.record
    return {
        "call_id": call.call_id,
        "calling_number": call.caller_identity[0],
        "calling_name": call.caller_identity[1],
        "called_number": record.called_number,
        "language": call.language,
        "project": record.project,
        "queue": record.queue,
        "agent": record.agent,
    }
