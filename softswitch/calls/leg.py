"""One party of a call: his dialog at the SIP endpoint, his stream in a media worker, and the SDP between the two.

```
            inbound                                outbound
  TRYING ── ring ──► RINGING             TRYING ── 180/183 ──► RINGING
     └───── 200 ──────┴──► ANSWERED         └────── 200 ─────────┴──► ANSWERED ── BYE ──► ENDED
```

A leg is a record with the rules of its own SDP; it waits for nothing. Offers and answers follow RFC 3264: our session
id never changes, the version grows by one with every description that differs from the one before, and stays the same
in a refresh.

A session that carries a fax as T.38 (calls/runtime/fax_passage.py) has an `image` in force in place of its sound;
`audio` is then what was agreed before. Our offer of one is in force once it is answered, and changes nothing before.
"""

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from softswitch.base.address import HostPort
from softswitch.base.entropy import Entropy
from softswitch.base.errors import LocalError
from softswitch.base.ids import LegId
from softswitch.media.limits import UDPTL_BYTES_MAX
from softswitch.sip.description.image import Image, make_image_answer, make_image_offer, read_image
from softswitch.sip.description.offer_answer import (
    Answer,
    MediaCapabilities,
    NegotiatedAudio,
    OfferRefused,
    answer_offer,
    make_offer,
    read_answer,
)
from softswitch.sip.description.sdes import NegotiatedSrtp, Sdes, SrtpPolicy


class LegState(Enum):
    TRYING = "trying"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class KeptDescription(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What another process needs to go on describing a leg: ours and his descriptions in force, and the agreement."""

    leg_id: LegId
    party: str
    state: LegState
    capabilities: MediaCapabilities
    session_id: int
    version: int
    srtp: SrtpPolicy = "off"
    keys: NegotiatedSrtp | None = None
    local: HostPort | None = None
    audio: NegotiatedAudio | None = None
    described: bytes = b""
    remote: bytes = b""
    image: Image | None = None
    image_attributes: tuple[str, ...] = ()


class Leg:
    """One party. `party` says who, for people: "alice" (an account), "trunk:provider", or a number dialled."""

    __slots__ = (
        "_image_offer",
        "_remote",
        "_sdes",
        "_sdp",
        "_session_id",
        "_version",
        "audio",
        "capabilities",
        "image",
        "image_attributes",
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
        self.image: Image | None = None
        """His side of the T.38 that is in force; None while the session carries sound."""
        self.image_attributes: tuple[str, ...] = ()
        """Our side of it."""
        self._image_offer = b""
        """What we have proposed and he has not answered."""

    def keep(self) -> KeptDescription:
        """What `adopted` makes the leg of. Our offer of T.38 that he has not answered is forgotten."""
        return KeptDescription(
            leg_id=self.leg_id,
            party=self.party,
            state=self.state,
            capabilities=self.capabilities,
            session_id=self._session_id,
            version=self._version,
            srtp=self._sdes.policy,
            keys=self._sdes.agreed,
            local=self.local,
            audio=self.audio,
            described=self._sdp,
            remote=self._remote,
            image=self.image,
            image_attributes=self.image_attributes,
        )

    @classmethod
    def adopted(cls, kept: KeptDescription, entropy: Entropy) -> "Leg":
        """The leg as it was in another process, which is no more."""
        sdes = Sdes(kept.srtp, entropy)
        sdes.adopt(kept.keys)
        leg = cls(kept.leg_id, kept.party, capabilities=kept.capabilities, session_id=kept.session_id, sdes=sdes)
        leg.state = kept.state
        leg.audio = kept.audio
        leg.local = kept.local
        leg.image, leg.image_attributes = kept.image, kept.image_attributes
        leg._version, leg._sdp, leg._remote = kept.version, kept.described, kept.remote
        return leg

    @property
    def is_held(self) -> bool:
        """The party has put us on hold: he does not want to hear us."""
        is_sound = self.audio is not None and self.image is None
        return is_sound and self.audio is not None and self.audio.remote_direction in ("sendonly", "inactive")

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
            self.image = None
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
        self.image = None
        self._remote = offer
        self._sdp = answer.sdp
        return answer.sdp

    @property
    def proposes_image(self) -> bool:
        """He was offered T.38 and has not answered yet."""
        return bool(self._image_offer)

    def offer_image(self, local: HostPort, attributes: Sequence[str]) -> bytes:
        """Our offer of T.38, received at `local`. `receive_image_answer` or `image_refused` says what became of it."""
        self._version += bool(self._sdp)
        self.image_attributes = tuple(attributes)
        self._image_offer = make_image_offer(
            self._sdp, local, attributes, session_id=self._session_id, version=self._version
        )
        return self._image_offer

    def image_refused(self) -> None:
        """The former agreement stands."""
        self._image_offer = b""

    def receive_image_answer(self, sdp: bytes) -> Image | OfferRefused:
        """His answer to our offer of T.38, or once more to the one in force. With a refusal nothing is agreed on: he
        must be offered something else."""
        self._sdp, self._image_offer = self._image_offer or self._sdp, b""
        self._remote = sdp
        result = read_image(sdp, self._address().host, datagram_bytes_max=UDPTL_BYTES_MAX)
        if isinstance(result, Image):
            self.image = result
        return result

    def read_image_offer(self, offer: bytes) -> Image | OfferRefused:
        """What he offers of T.38; nothing changes yet."""
        return read_image(offer, self._address().host, datagram_bytes_max=UDPTL_BYTES_MAX)

    def answer_image(self, offer: bytes, image: Image, local: HostPort, attributes: Sequence[str]) -> bytes:
        """Our answer to his offer of T.38, read as `image`: ours is received at `local`."""
        self._version += bool(self._sdp)
        self._sdp = make_image_answer(offer, local, attributes, session_id=self._session_id, version=self._version)
        self._remote = offer
        self.image = image
        self.image_attributes = tuple(attributes)
        return self._sdp

    def _address(self) -> HostPort:
        if self.local is None:
            raise LocalError(f"leg {self.leg_id} has no stream yet: nothing can be described")
        return self.local
