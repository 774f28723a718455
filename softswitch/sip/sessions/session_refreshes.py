"""What the two sides of one dialog have agreed on about the session timer (session_timer.py), and its clock.

Told what the requests and responses that can refresh the session say, it runs the clock, and says what ours say.
"""

from collections.abc import Callable

from softswitch.base.deadlines import Deadlines
from softswitch.sip.messages.message import Request, Response
from softswitch.sip.sessions.dialog import Dialog
from softswitch.sip.sessions.session_timer import Headers, SessionTerms, SessionTimer, agree, agreed, ask
from softswitch.sip.settings import SessionPolicy
from softswitch.sip.transactions.transaction import Timed


class SessionRefreshes:
    """`on_refresh` and `on_expiry` are called with the time, never after `stop`."""

    __slots__ = ("_deadlines", "_dialog", "_on_expiry", "_on_refresh", "_policy", "_timer")

    def __init__(
        self,
        deadlines: Deadlines[Timed],
        policy: SessionPolicy,
        dialog: Dialog,
        *,
        on_refresh: Callable[[float], None],
        on_expiry: Callable[[float], None],
    ) -> None:
        self._deadlines = deadlines
        self._policy = policy
        self._dialog = dialog
        self._on_refresh: Callable[[float], None] | None = on_refresh
        self._on_expiry: Callable[[float], None] | None = on_expiry
        self._timer: SessionTimer | None = None

    # Inputs

    def adopt(self, terms: SessionTerms, refreshed_within_s: float, now: float) -> None:
        """These were agreed in another process; if it is we who refresh, that is done soon."""
        self._run(terms, now)
        if self._timer is not None:
            self._timer.refresh_within(refreshed_within_s, now)

    def requested(self, request: Request, now: float) -> Headers:
        """We accept a request that begins or refreshes the session: what our 2xx says."""
        terms, headers = agree(self._policy, request, self.terms)
        self._run(terms, now)
        return headers

    def answered(self, response: Response, now: float) -> None:
        """The peer has accepted one of ours with this 2xx."""
        self._run(agreed(self._policy, response), now)

    def lengthen(self, interval_s: int) -> None:
        """A 422 wants a longer interval, which ours are to ask for."""
        if self._timer is not None:
            self._timer.terms = self._timer.terms._replace(interval_s=interval_s)

    def stop(self) -> None:
        """The session is over."""
        self._run(None, 0.0)
        self._on_refresh = self._on_expiry = None

    # Getters

    @property
    def terms(self) -> SessionTerms | None:
        """None while there is no timer."""
        return None if self._timer is None else self._timer.terms

    @property
    def headers(self) -> Headers:
        """What a refresh of ours says."""
        terms = self.terms
        return () if terms is None else ask(self._policy, interval_s=terms.interval_s, is_refresh=True)

    # Private

    def _run(self, terms: SessionTerms | None, now: float) -> None:
        timer = self._timer
        if self._dialog.watch is not None and terms != self.terms:
            self._dialog.watch.changed()
        if terms is None:
            if timer is not None:
                timer.stop()
                self._timer = None
        elif timer is not None:
            timer.restart(terms, now)
        elif self._on_refresh is not None and self._on_expiry is not None:
            self._timer = SessionTimer(
                self._deadlines, terms, now, on_refresh=self._on_refresh, on_expiry=self._on_expiry
            )
