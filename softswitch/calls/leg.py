"""One party of a call: his dialog at the SIP endpoint, his stream in a media worker, and the SDP between the two.

```
            inbound                                outbound
  TRYING ── ring ──► RINGING             TRYING ── 180/183 ──► RINGING
     └───── 200 ──────┴──► ANSWERED         └────── 200 ─────────┴──► ANSWERED ── BYE ──► ENDED
```

A leg is a record with the rules of its own SDP; it waits for nothing. Offers and answers follow RFC 3264: our session
id never changes, the version grows by one with every description that differs from the one before, and stays the same
in a refresh.
"""

from enum import Enum

from softswitch.base.address import HostPort
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.sip.description.offer_answer import (
    Answer,
    MediaCapabilities,
    NegotiatedAudio,
    OfferRefused,
    answer_offer,
    make_offer,
    read_answer,
)
from softswitch.sip.description.sdes import Sdes


class LegState(Enum):
    TRYING = "trying"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Leg:
    """One party. `party` says who, for people: "alice" (an account), "trunk:provider", or a number dialled."""

    __slots__ = (
        "_remote",
        "_sdes",
        "_sdp",
        "_session_id",
        "_version",
        "audio",
        "capabilities",
        "leg_id",
        "local",
        "party",
        "state",
    )

    def __init__(
        self, leg_id: LegId, party: str, *, capabilities: MediaCapabilities, session_id: int, sdes: Sdes | None = None
    ) -> None:
        """`sdes` has the leg's SRTP keys; None: RTP in the clear, whatever is offered."""
        self.leg_id = leg_id
        self.party = party
        self.state = LegState.TRYING
        self.capabilities = capabilities
        self.audio: NegotiatedAudio | None = None
        """What both sides agreed on; None before the first answer."""
        self.local: HostPort | None = None
        """Where we listen for his RTP, as he is told; set before the first description."""
        self._sdes = sdes or Sdes("off")
        self._session_id = session_id
        self._version: int = 1
        self._sdp = b""

        self._remote = b""

    @property
    def is_held(self) -> bool:
        """The party has put us on hold: he does not want to hear us."""
        return self.audio is not None and self.audio.remote_direction in ("sendonly", "inactive")

    @property
    def described(self) -> bytes:
        """Our description in force."""
        return self._sdp

    def knows(self, sdp: bytes) -> bool:
        """Whether it is the party's description in force: a refresh, which changes nothing."""
        return bool(sdp) and sdp == self._remote

    def offer(self) -> bytes:
        """Our description as an offer, for an INVITE we send or for a 200 to an INVITE that came without one."""
        codec = None if self.audio is None else self.audio.format_name

        def describe(version: int) -> bytes:
            return make_offer(
                self.capabilities,
                self._address(),
                session_id=self._session_id,
                version=version,
                codec=codec,
                previous=self._sdp or None,
                sdes=self._sdes,
            )

        offered = describe(self._version)
        if self._sdp and offered != self._sdp:
            self._version += 1
            offered = describe(self._version)
        self._sdp = offered
        return offered

    def receive_answer(self, sdp: bytes) -> NegotiatedAudio | OfferRefused:
        """The party's answer to our description, offered just now or once more. On refusal the former agreement stands
        (RFC 6141)."""
        result = read_answer(sdp, self._sdp, sdes=self._sdes)
        if isinstance(result, NegotiatedAudio):
            self.audio = result
            self._remote = sdp
        return result

    def answer(self, offer: bytes) -> bytes | OfferRefused:
        """Our answer to the party's offer, first or later. On refusal the former agreement stands."""

        def describe(version: int) -> Answer | OfferRefused:
            return answer_offer(
                offer,
                self.capabilities,
                self._address(),
                session_id=self._session_id,
                version=version,
                sdes=self._sdes,
            )

        answer = describe(self._version)
        if self._sdp and isinstance(answer, Answer) and answer.sdp != self._sdp:
            self._version += 1
            answer = describe(self._version)
        if isinstance(answer, OfferRefused):
            return answer
        self.audio = answer.audio
        self._remote = offer
        self._sdp = answer.sdp
        return answer.sdp

    def _address(self) -> HostPort:
        if self.local is None:
            raise LocalError(f"leg {self.leg_id} has no stream yet: nothing can be described")
        return self.local
