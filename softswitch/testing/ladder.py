"""A transcript as text: who sent what to whom when, one line each, for people to review and tests to compare."""

from softswitch.testing.network import Passage


def render_ladder(transcript: list[Passage], started_at: float) -> str:
    """Lines as `   0.010  alice -> switch  INVITE 1`: seconds since `started_at`, method or status, CSeq, and what
    else tells one message from its like: SDP, a challenge's answer, how far a transfer is, reliability, who refreshes,
    loss.
    """
    width = max((len(f"{each.source} -> {each.destination}") for each in transcript), default=0)
    return "".join(f"{_line(each, started_at, width)}\n" for each in transcript)


def _line(passage: Passage, started_at: float, width: int) -> str:
    lines = passage.message.decode("utf-8", "surrogateescape").split("\r\n")
    cseq = next((line.partition(":")[2].split() for line in lines if line[:5].lower() == "cseq:"), ["", ""])
    start = lines[0]
    if start.startswith("SIP/2.0 "):
        what = f"{start.removeprefix('SIP/2.0 ')} ({cseq[1]} {cseq[0]})"
    else:
        what = f"{start.partition(' ')[0]} {cseq[0]}"
    marks = [name for name, is_there in _marks(lines).items() if is_there]
    marks += [line.removeprefix("SIP/2.0 ") for line in lines[1:] if line.startswith("SIP/2.0 ")]
    if passage.is_lost:
        marks.append("LOST")
    way = f"{passage.source} -> {passage.destination}"
    return f"{passage.sent_at - started_at:9.3f}  {way:<{width}}  {what}{''.join(f'  [{mark}]' for mark in marks)}"


def _marks(lines: list[str]) -> dict[str, bool]:
    return {
        "SDP": any(line == "Content-Type: application/sdp" for line in lines),
        "T.38": any(line.startswith("m=image ") and not line.startswith("m=image 0 ") for line in lines),
        "authorized": any(line.startswith(("Authorization:", "Proxy-Authorization:")) for line in lines),
        "Replaces": any(line.startswith("Replaces:") or "?Replaces=" in line for line in lines),
        "Retry-After": any(line.startswith("Retry-After:") for line in lines),
        "100rel": any(line.startswith("RSeq:") for line in lines),
        "refresher=uac": any(line.startswith("Session-Expires:") and "=uac" in line for line in lines),
        "refresher=uas": any(line.startswith("Session-Expires:") and "=uas" in line for line in lines),
    }
