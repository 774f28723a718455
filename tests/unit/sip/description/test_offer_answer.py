"""Offer/answer against golden pairs. A golden file in tests/golden/sdp reads:

    what it is about
                                                  (either)                 (or)
    sections, indented by two spaces:             offer                    our offer [arguments]
                                                  answer [arguments]       answer
                                                  audio | refused          audio | refused

`before` ahead of `our offer` is our last description in a session that goes on. Arguments are `local=host:port`,
`direction=`, `codecs=A,B`, `codec=`, `telephone_event=no`. The test renders the file anew from its given half and
compares the whole.
"""

from pathlib import Path
from typing import NamedTuple, cast

import pytest

from softswitch.base.address import HostPort
from softswitch.base.errors import LocalError
from softswitch.sip.description.offer_answer import (
    Answer,
    MediaCapabilities,
    NegotiatedAudio,
    OfferRefused,
    answer_offer,
    make_offer,
    mirror,
    read_answer,
)
from softswitch.sip.description.sdp import Direction

GOLDEN = Path(__file__).parents[3] / "golden" / "sdp"
LOCAL = HostPort("192.0.2.1", 20000)


class Golden(NamedTuple):
    """A golden file taken apart: the title, and each section's arguments and body by its name."""

    title: str
    arguments: dict[str, dict[str, str]]
    bodies: dict[str, bytes]

    @classmethod
    def parse(cls, text: str) -> "Golden":
        title, *blocks = text.strip("\n").split("\n\n")
        arguments: dict[str, dict[str, str]] = {}
        bodies: dict[str, bytes] = {}
        for block in blocks:
            heading, *lines = block.split("\n")
            words = heading.split()
            name = " ".join(word for word in words if "=" not in word)
            arguments[name] = dict(word.split("=", 1) for word in words if "=" in word)
            bodies[name] = "".join(f"{line[2:]}\r\n" for line in lines).encode()
        return cls(title, arguments, bodies)


def _capabilities(arguments: dict[str, str]) -> MediaCapabilities:
    return MediaCapabilities(
        codecs=tuple(arguments.get("codecs", "PCMA,PCMU").split(",")),
        telephone_event=arguments.get("telephone_event") != "no",
    )


def _local(arguments: dict[str, str]) -> HostPort:
    if "local" not in arguments:
        return LOCAL
    host, port = arguments["local"].rsplit(":", 1)
    return HostPort(host.strip("[]"), int(port))


def _section(heading: str, body: bytes | str, arguments: dict[str, str] | None = None) -> str:
    text = body if isinstance(body, str) else body.decode().replace("\r\n", "\n")
    words = [heading, *(f"{name}={value}" for name, value in (arguments or {}).items())]
    return "\n".join([" ".join(words), *(f"  {line}" for line in text.rstrip("\n").split("\n"))])


def _outcome(outcome: NegotiatedAudio | OfferRefused) -> str:
    if isinstance(outcome, OfferRefused):
        return _section("refused", f"{outcome.status} {outcome.reason}")
    fields = ("remote", "remote_direction", "codec", "payload_type", "telephone_event", "ptime_ms")
    unusual = {"clock_rate_hz": 8000, "format_parameters": "", "telephone_event_clock_hz": 8000}
    shown = [*fields, *(field for field, usual in unusual.items() if getattr(outcome, field) != usual)]
    return _section("audio", "\n".join(f"{field} {getattr(outcome, field)}" for field in shown))


def render_answer(golden: Golden) -> str:
    """The golden file of an incoming offer."""
    arguments = golden.arguments["answer"]
    outcome = answer_offer(
        golden.bodies["offer"],
        _capabilities(arguments),
        _local(arguments),
        session_id=9000,
        version=3,
        direction=cast(Direction, arguments.get("direction", "sendrecv")),
    )
    blocks = [golden.title, _section("offer", golden.bodies["offer"])]
    if isinstance(outcome, Answer):
        blocks += [_section("answer", outcome.sdp, arguments), _outcome(outcome.audio)]
    else:
        blocks += [" ".join(["answer", *(f"{name}={value}" for name, value in arguments.items())]), _outcome(outcome)]
    return "\n\n".join(blocks) + "\n"


def render_reading(golden: Golden) -> str:
    """The golden file of an offer of ours."""
    arguments = golden.arguments["our offer"]
    offer = make_offer(
        _capabilities(arguments),
        _local(arguments),
        session_id=9000,
        version=3,
        direction=cast(Direction, arguments.get("direction", "sendrecv")),
        codec=arguments.get("codec"),
        previous=golden.bodies.get("before"),
    )
    outcome = read_answer(golden.bodies["answer"], offer)
    before = [_section("before", golden.bodies["before"])] if "before" in golden.bodies else []
    ours, theirs = _section("our offer", offer, arguments), _section("answer", golden.bodies["answer"])
    return "\n\n".join([golden.title, *before, ours, theirs, _outcome(outcome)]) + "\n"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    text = path.read_text()
    golden = Golden.parse(text)
    render = render_reading if "our offer" in golden.arguments else render_answer
    assert render(golden) == text


def test_an_answer_of_ours_is_read_as_it_was_meant() -> None:
    capabilities = MediaCapabilities()
    offer = make_offer(capabilities, HostPort("192.0.2.2", 30000), session_id=1, version=1)
    answer = answer_offer(offer, capabilities, LOCAL, session_id=2, version=1)
    assert isinstance(answer, Answer)
    read = read_answer(answer.sdp, offer)
    assert isinstance(read, NegotiatedAudio)
    assert read == NegotiatedAudio(LOCAL, "PCMA", 8, 101, 20, "sendrecv", has_rtcp_mux=True)
    assert answer.audio.remote == HostPort("192.0.2.2", 30000)


def test_an_answer_may_give_events_another_number_than_our_offer_did() -> None:
    """The phone sends them with ours (RFC 3264 section 6.1) or, as some do, with its own: both are to be understood."""
    capabilities = MediaCapabilities()
    offer = make_offer(capabilities, HostPort("192.0.2.2", 30000), session_id=1, version=1)
    answer = answer_offer(offer, capabilities, LOCAL, session_id=2, version=1)
    assert isinstance(answer, Answer)
    read = read_answer(answer.sdp.replace(b" 101", b" 96").replace(b":101", b":96"), offer)
    assert isinstance(read, NegotiatedAudio)
    assert (read.telephone_event, read.telephone_event_own) == (96, 101)


def test_an_offer_without_final_line_end_or_with_bare_line_feeds_is_read() -> None:
    offer = b"v=0\no=- 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\nm=audio 30000 RTP/AVP 0 8\na=sendonly"
    answer = answer_offer(offer, MediaCapabilities(), LOCAL, session_id=2, version=1)
    assert isinstance(answer, Answer)
    assert answer.audio.remote_direction == "sendonly"


@pytest.mark.parametrize(
    ("remote", "ours", "expected"),
    [
        ("sendrecv", "sendrecv", "sendrecv"),
        ("sendonly", "sendrecv", "recvonly"),
        ("recvonly", "sendrecv", "sendonly"),
        ("inactive", "sendrecv", "inactive"),
        ("sendrecv", "sendonly", "sendonly"),
        ("sendonly", "sendonly", "inactive"),
        ("sendrecv", "inactive", "inactive"),
    ],
)
def test_direction_is_mirrored(remote: Direction, ours: Direction, expected: Direction) -> None:
    assert mirror(remote, ours) == expected


def test_an_unknown_codec_in_our_own_settings_is_our_fault() -> None:
    with pytest.raises(LocalError, match="PCMU"):
        make_offer(MediaCapabilities(codecs=("VOICE9000",)), LOCAL, session_id=1, version=1)


def test_an_offer_of_t38_alone_is_refused_so_that_a_fax_goes_on_in_the_sound() -> None:
    offer = (
        b"v=0\r\no=- 1 2 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        b"m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"
    )
    answer = answer_offer(offer, MediaCapabilities(), LOCAL, session_id=1, version=2)
    assert isinstance(answer, OfferRefused)
    assert answer.status == 488
