"""What one registration costs the endpoint: a REGISTER with its digest in, everything it brings about out.

Run: python benchmarks/bench_register.py [--phones N] [--json] [--profile]

Every phone registers with a challenge first (two messages, as at start) and again with the nonce it knows (one message,
as a phone that refreshes). The bar is 3,000 of the former a second on one core, everything included; the socket and the
store add to what is measured here. The figure is the least of several rounds, so that a busy machine does not blur it.

It also says, from many interleaved samples, how long a wrong password, an unknown user and an account without password
take: the medians must not tell them apart.
"""

import argparse
import cProfile
import json
import pstats
from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time

from softswitch.base.address import Flow, HostPort, TransportKind
from softswitch.base.entropy import SeededEntropy
from softswitch.sip.authentication.digest import compute_ha1, compute_response, parse_digest
from softswitch.sip.endpoint import SipEndpoint
from softswitch.sip.outputs import Transmit
from softswitch.sip.settings import Account, GuardSettings, SipSettings

DOMAIN = "switch.example"
SWITCH = HostPort("198.51.100.1", 5060)
ROUNDS = 5
TIMING_SAMPLES = 4000


class Phone:
    """Makes the bytes of its REGISTERs beforehand, so that only the switch is measured."""

    def __init__(self, number: int, password: str) -> None:
        self.user = f"phone{number}"
        self.flow = Flow(
            TransportKind.UDP, SWITCH, HostPort(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 5060)
        )
        self._ha1 = compute_ha1("MD5", self.user, DOMAIN, password)
        self._cseq = 0

    def register(self, nonce: str = "", count: int = 1) -> bytes:
        self._cseq += 1
        host = self.flow.remote.host
        authorization = ""
        if nonce:
            uri = f"sip:{DOMAIN}"
            nc = f"{count:08x}"
            response = compute_response("MD5", self._ha1, nonce, "REGISTER", uri, (nc, "8f3a"))
            authorization = (
                f'Authorization: Digest username="{self.user}", realm="{DOMAIN}", nonce="{nonce}", uri="{uri}", '
                f'response="{response}", algorithm=MD5, cnonce="8f3a", qop=auth, nc={nc}\r\n'
            )
        return (
            f"REGISTER sip:{DOMAIN} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:5060;rport;branch=z9hG4bK{self.user}.{self._cseq}\r\n"
            "Max-Forwards: 70\r\n"
            f'From: "Phone" <sip:{self.user}@{DOMAIN}>;tag=a73kszlfl\r\n'
            f"To: <sip:{self.user}@{DOMAIN}>\r\n"
            f"Call-ID: 1j9FpLxk3uxtm8tn-{self.user}\r\n"
            f"CSeq: {self._cseq} REGISTER\r\n"
            f'Contact: <sip:{self.user}@{host}:5060>;+sip.instance="<urn:uuid:{self.user}>"\r\n'
            f"{authorization}"
            "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE\r\n"
            "Supported: replaces, timer, path, outbound\r\n"
            "User-Agent: Example Phone 4.2.1\r\n"
            "Expires: 3600\r\nContent-Length: 0\r\n\r\n"
        ).encode()


def make_switch(phones: int) -> SipEndpoint:
    accounts = {
        f"phone{number}": Account(username=f"phone{number}", password="correct horse") for number in range(phones)
    }
    accounts["disabled"] = Account(username="disabled")
    settings = SipSettings(
        domain=DOMAIN,
        accounts=accounts,
        algorithms=("MD5",),
        guard=GuardSettings(requests_per_s=1e9, burst=1e9, failures_per_s=1e9, failures_burst=1e9, ban_after=0),
    )
    endpoint = SipEndpoint(settings, entropy=SeededEntropy(1))
    endpoint.add_listener(TransportKind.UDP, SWITCH)
    return endpoint


def say(endpoint: SipEndpoint, message: bytes, flow: Flow, now: float) -> bytes:
    endpoint.receive_datagram(message, flow, now)
    return next(output.message for output in endpoint.take_outputs() if isinstance(output, Transmit))


def nonce_of(answer: bytes) -> str:
    line = next(line for line in answer.decode().split("\r\n") if line.startswith("WWW-Authenticate: "))
    challenge = parse_digest(line.partition(": ")[2])
    assert challenge is not None
    return challenge["nonce"]


def run(phones: int) -> dict[str, float]:
    """Microseconds of a registration with challenge and of a refresh, and registrations a second."""
    endpoint = make_switch(phones)
    everybody = [Phone(number, "correct horse") for number in range(phones)]
    first: list[float] = []
    refreshed: list[float] = []
    now = 100.0
    for round_number in range(ROUNDS):
        now += 60.0
        endpoint.handle_timeout(now)
        endpoint.take_outputs()
        openers = [phone.register() for phone in everybody]
        started = process_time()
        challenges = [
            say(endpoint, message, phone.flow, now) for message, phone in zip(openers, everybody, strict=True)
        ]
        spent = process_time() - started
        nonces = [nonce_of(answer) for answer in challenges]
        answers = [phone.register(nonce) for phone, nonce in zip(everybody, nonces, strict=True)]
        started = process_time()
        results = [say(endpoint, message, phone.flow, now) for message, phone in zip(answers, everybody, strict=True)]
        spent += process_time() - started
        assert all(result.startswith(b"SIP/2.0 200") for result in results), results[0]
        first.append(spent / phones * 1e6)
        answers = [phone.register(nonce, 2) for phone, nonce in zip(everybody, nonces, strict=True)]
        started = process_time()
        results = [
            say(endpoint, message, phone.flow, now + 1) for message, phone in zip(answers, everybody, strict=True)
        ]
        refreshed.append((process_time() - started) / phones * 1e6)
        assert all(result.startswith(b"SIP/2.0 200") for result in results), (round_number, results[0])
    return {
        "register_us": min(first),
        "refresh_us": min(refreshed),
        "endpoint_registrations_per_s": 1e6 / min(first),
    }


def timing() -> dict[str, float]:
    """Median microseconds of each refusal, samples interleaved."""
    endpoint = make_switch(1)
    phones = {"wrong_password_us": Phone(0, "wrong"), "unknown_user_us": Phone(9, "wrong"), "disabled_us": Phone(8, "")}
    phones["disabled_us"].user = "disabled"
    samples: dict[str, list[float]] = {name: [] for name in phones}
    nonce = nonce_of(say(endpoint, phones["wrong_password_us"].register(), phones["wrong_password_us"].flow, 100.0))
    for number in range(TIMING_SAMPLES):
        for name, phone in phones.items():
            message = phone.register(nonce, number + 1)
            started = perf_counter()
            answer = say(endpoint, message, phone.flow, 100.0)
            samples[name].append((perf_counter() - started) * 1e6)
            assert answer.startswith(b"SIP/2.0 401"), answer
    return {name: median(values) for name, values in samples.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    if options.profile:
        profile(lambda: run(options.phones))
        return
    figures = run(options.phones) | timing()
    if options.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:32} {value:10.1f}")


def profile(work: Callable[[], object]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(work)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()
