"""Somebody is called for a conference: he hears who invites him, joins with 1, refuses with 2.

An answering machine presses no key, and does not join. Whoever a host fetches for a private talk is asked nothing: the
host hears who it is. It is a call of its own that begins with nobody; who answers is its caller.
"""

from collections.abc import Callable

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import get_logger
from softswitch.calls.conferences.invitations import CallResult, Invitation
from softswitch.calls.conferences.outputs import Word
from softswitch.calls.conferences.participant import Newcomer
from softswitch.calls.conferences.terms import Role
from softswitch.calls.outcomes import CallEnded, DialReason
from softswitch.calls.runtime.active_call import ActiveCall
from softswitch.calls.runtime.attempt import Attempt
from softswitch.calls.runtime.caller_verbs import CallerVerbs
from softswitch.calls.runtime.conferences.conference import Conference
from softswitch.calls.runtime.conferring import Visit
from softswitch.calls.runtime.first_party import ring
from softswitch.calls.runtime.sounds import names_of_digits, or_silence

log = get_logger("calls")

ASKS = 3
ANSWER_S = 5.0
"""How long he may think each time."""
JOINS, REFUSES = "1", "2"
_NO_SUCH_NUMBER = frozenset({404, 410, 484, 604})
"""Final statuses after which it would be the same again."""

Report = Callable[[CallResult, str], None]
"""What came of it, and the prompt for who waits for him. Called when he joins, or does not; once."""


class CallingIn:
    """Run it; whatever happens, the call is over afterwards, and `report` was called."""

    def __init__(self, call: ActiveCall, conference: Conference, invitation: Invitation, report: Report) -> None:
        self._call = call
        self._conference = conference
        self._invitation = invitation
        self._report = report
        self._attempt = Attempt(call, invitation.number)
        call.record.flow = "conference"
        call.record.conference = conference.key
        call.display = conference.terms.name
        call.language = conference.terms.language or call.language

    async def run(self) -> None:
        result: CallResult = "not_reached"
        try:
            self._call.near = await self._conference.enter()
            result = await self._reach()
            if result == "joined" and self._invitation.aside is None:
                result = await self._ask()
            if result == "joined":
                await self._join()
        except CallEnded:
            result = result if result == "refused" else "not_reached"
        except SoftswitchError as error:
            self._call.record.fault = str(error)
            result = "not_possible"
        finally:
            self._tell(result)
            self._conference.left()
            self._call.flow_over()
            self._attempt.free_line()

    def _tell(self, result: CallResult, why: str = "") -> None:
        otherwise = "conference/not-possible" if result == "not_possible" else "conference/not-reached"
        report, self._report = self._report, _nothing
        report(result, why or otherwise)

    async def _reach(self) -> CallResult:
        """ "joined": he has answered, and is the caller."""
        attempt = self._attempt
        try:
            await ring(self._call, attempt, self._conference.terms.ring_s)
            if attempt.answered is not None:
                self._call.begin_with(attempt.answered)
                return "joined"
            return "not_possible" if attempt.verdict is not None and self._is_hopeless(attempt) else "not_reached"
        finally:
            attempt.silence()
            if attempt.answered is None:
                attempt.end()

    def _is_hopeless(self, attempt: Attempt) -> bool:
        """It would be the same again. An extension whose phone is not registered may be there in a minute."""
        is_extension = self._call.around.settings().extension_for(self._invitation.number) is not None
        is_routed = is_extension or attempt.verdict is not DialReason.UNREACHABLE or attempt.status != 0
        return attempt.verdict is DialReason.FORBIDDEN or attempt.status in _NO_SUCH_NUMBER or not is_routed

    async def _ask(self) -> CallResult:
        verbs = CallerVerbs(self._call)
        words = self._words(verbs)
        for _ in range(ASKS):
            key = await verbs.play(words, stop_digits=JOINS + REFUSES)
            if not key:
                key = (await verbs.digits(maximum=1, first_s=ANSWER_S, between_s=ANSWER_S, end_digits="")).digits
            if key == JOINS:
                return "joined"
            if key == REFUSES:
                return "refused"
        return "not_reached"

    def _words(self, verbs: CallerVerbs) -> list[str]:
        words: list[Word] = ["conference/invitation"]
        host = None if self._invitation.by is None else self._conference.room.participants.get(self._invitation.by)
        if host is not None:
            spoken = [host.who.name_sound] if host.who.name_sound else names_of_digits(host.who.number)
            words += ["conference/invited-by", *spoken] if spoken else []
        words.append("conference/invitation-keys")
        names = [str(word) for word in words]
        resolve, language = verbs.sounds.resolve, verbs.language
        return or_silence(lambda: [name if name.startswith("/") else resolve(name, language) for name in names])

    async def _join(self) -> None:
        call, conference = self._call, self._conference
        extension = call.caller.extension
        account = "" if extension is None else extension.username
        role = Role.HOST if account in conference.terms.hosts else conference.terms.ordinary_role
        who = Newcomer(
            call.call_id,
            role,
            number=self._invitation.number,
            name="" if extension is None else extension.name,
            account=account,
            is_called=True,
        )
        refusal = conference.room.refusal(role, who.identity, call.around.clock.now())
        self._tell("joined" if refusal is None else "not_possible", "conference/is-full")
        visit = Visit(call, CallerVerbs(call), conference.key, conference.terms)
        await visit.come_in(conference, who, aside=self._invitation.aside, is_there=True)


def _nothing(result: CallResult, why: str) -> None:
    """It was reported."""
