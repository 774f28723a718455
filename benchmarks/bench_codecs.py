"""What a coded stream costs: CPU time for 20 ms of one, by codec and direction, beside G.711's.

    python benchmarks/bench_codecs.py [--streams 20] [--seconds 10] [--json]

First the codecs by themselves, then calls through the whole engine in virtual time: parties in pairs, each hears the
other; `passed on` is a call between two of the same codec, the others are converted.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np

from softswitch.base.ids import StreamId
from softswitch.media.protocol import Hearing, SetHearing
from softswitch.media.stream_codec import StreamCodec, load_stream_codecs
from softswitch.testing.coded_party import CodedParty, converse
from softswitch.testing.media_engine import EngineDriver

STEP_LENGTH = 160


def speechlike(samples: int, rate_hz: int) -> bytes:
    """A buzz that comes and goes, with a little noise."""
    at = np.arange(samples) / rate_hz
    buzz = sum(np.sin(2 * np.pi * 130 * number * at) / number for number in range(1, 20))
    sound = 4000 * np.clip(np.sin(2 * np.pi * 2 * at), 0.0, 1.0) * buzz
    return (sound + np.random.default_rng(1).normal(0, 30, samples)).astype(np.int16).tobytes()


def us_each(work: Callable[[], object], count: int) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) / count * 1e6


def codec_cost(codec: StreamCodec, rate_hz: int, seconds: float) -> dict[str, float]:
    """Microseconds for 20 ms."""
    sound, size = speechlike(int(seconds * rate_hz), rate_hz), rate_hz // 50 * 2
    steps = [sound[at : at + size] for at in range(0, len(sound), size)]
    encoder, decoder = codec.open_encoder("", rate_hz), codec.open_decoder()
    payloads: list[bytes] = []
    cost = {"encode_us": us_each(lambda: payloads.extend(map(encoder.encode, steps)), len(steps))}
    cost["decode_us"] = us_each(lambda: [decoder.decode(payload) for payload in payloads], len(steps))
    if codec.spec.conceals:
        cost["conceal_us"] = us_each(lambda: [decoder.conceal(STEP_LENGTH) for _ in steps], len(steps))
    return cost


def engine_cost(first: tuple[str, int], second: tuple[str, int], streams: int, seconds: float) -> float:
    """Microseconds per stream and tick: received, decoded, heard by its party, encoded and sent."""
    driver = EngineDriver()
    parties = [
        CodedParty(driver, number, codec[0], clock_rate_hz=codec[1])
        for number, codec in zip(range(1, streams + 1), [first, second] * (streams // 2), strict=True)
    ]
    for party in parties:
        other = party.number + 1 if party.number % 2 else party.number - 1
        driver.apply(SetHearing(Hearing(StreamId(party.number), [StreamId(other)])))
    saying: dict[int, list[bytes]] = {}
    for party in parties[:2]:
        sound = np.frombuffer(speechlike(int(seconds * party.rate_hz), party.rate_hz), np.int16)
        for same in parties[party.number - 1 :: 2]:
            saying[same.number] = party.packets(sound)
    ticks = len(saying[1])
    return us_each(lambda: converse(driver, saying), ticks * streams)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    codecs = load_stream_codecs().codecs
    measured: dict[str, dict[str, float]] = {}
    for (name, clock_hz), codec in sorted(codecs.items()):
        for rate_hz in {codec.spec.sample_rate_hz, 8000 if codec.spec.is_framed else codec.spec.sample_rate_hz}:
            measured[f"{name}/{clock_hz} at {rate_hz}"] = codec_cost(codec, rate_hz, arguments.seconds)
    print("CPU for 20 ms of one stream, microseconds")
    for title, cost in measured.items():
        print(f"  {title:24}", "   ".join(f"{name[:-3]} {value:6.1f}" for name, value in cost.items()))
    pcmu, g722, opus = ("PCMU", 8000), ("G722", 8000), ("OPUS", 48000)
    calls = [(pcmu, pcmu), (pcmu, g722), (pcmu, opus), (g722, opus), (g722, g722), (opus, opus)]
    print(
        f"The whole engine, per stream and tick, {arguments.streams} streams (with the test's own work, see PCMU-PCMU)"
    )
    engine: dict[str, float] = {}
    for first, second in calls:
        title = f"{first[0]}-{second[0]}" + (" passed on" if first == second != pcmu else "")
        engine[title] = engine_cost(first, second, arguments.streams, arguments.seconds)
        print(f"  {title:24} {engine[title]:6.1f}")
    if arguments.json:
        print(json.dumps({"codecs_us": measured, "engine_us_per_stream_tick": engine}))


if __name__ == "__main__":
    main()
