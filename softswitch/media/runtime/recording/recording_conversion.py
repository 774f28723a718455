"""Recordings from one format into another, by FFmpeg: WAV, FLAC, Opus in Ogg, each with both channels apart.

Figures, for telephone speech on one core of 2.8 GHz: FLAC 1,800 times as fast as the call was, 24 MB an hour; Opus 270
times, 11 MB. Its two channels are one stereo stream, which every player takes; what one party says is 70 dB weaker in
the other's channel.
"""

from typing import Any

from softswitch.base.errors import SoftswitchError
from softswitch.media.recording.archive import RecordingFormat
from softswitch.media.sounds.wav import SAMPLE_RATE_HZ

OPUS_BIT_RATE = 32_000
"""For both channels; narrowband speech gains nothing audible above 16 kb/s."""

_OPTIONS: dict[RecordingFormat, dict[str, str]] = {
    "wav": {},
    "flac": {},
    "opus": {"application": "voip", "compression_level": "5"},
}
_CODECS: dict[RecordingFormat, tuple[str, str]] = {
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "opus": ("ogg", "libopus"),
}
"""Container and encoder, as FFmpeg calls them."""

_FRAME_SAMPLES = SAMPLE_RATE_HZ


class ConversionFault(SoftswitchError):
    """A file that cannot be read as sound, or was not written whole. `is_passing`: the disk's fault, not the file's."""

    def __init__(self, reason: str, *, is_passing: bool = False) -> None:
        super().__init__(reason)
        self.is_passing = is_passing


def convert(source: str, target: str, recording_format: RecordingFormat) -> None:
    """Write the recording `source` (of any of our formats) to `target`, and see that all of it is there.

    Raises `ConversionFault`; what is at `target` then is of no use.
    """
    # 0.1 s and 30 MB that archives of plain WAV files never need.
    from av.error import FFmpegError

    try:
        samples = _encode(source, target, recording_format)
        if samples == 0:
            raise ConversionFault("there is no sound in it")
        kept = _length(target)
    except FFmpegError as error:
        is_passing = error.filename == target or error.errno in _DISK_FAULTS
        raise ConversionFault(error.strerror or "it is damaged", is_passing=is_passing) from None
    except (OSError, ValueError) as error:
        raise ConversionFault(str(error), is_passing=isinstance(error, OSError)) from None
    if kept != samples:
        raise ConversionFault(f"{kept} of {samples} samples were written: is the disk full?", is_passing=True)


_DISK_FAULTS = frozenset({5, 27, 28, 122})  # EIO, EFBIG, ENOSPC, EDQUOT


def _encode(source: str, target: str, recording_format: RecordingFormat) -> int:
    import av

    container, codec = _CODECS[recording_format]
    samples = 0
    writer: Any  # PyAV's types know what an encoder takes only where its name is written out
    with av.open(source, options={"protocol_whitelist": "file"}) as reader, av.open(target, "w", container) as writer:
        stream = writer.add_stream(codec, rate=SAMPLE_RATE_HZ, options=_OPTIONS[recording_format])
        stream.codec_context.layout = "stereo"
        stream.codec_context.thread_count = 1
        if recording_format == "opus":
            stream.codec_context.bit_rate = OPUS_BIT_RATE
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE_HZ, frame_size=_FRAME_SAMPLES)
        for decoded in reader.decode(audio=0):
            for frame in resampler.resample(decoded):
                samples += frame.samples
                writer.mux(stream.encode(frame))
        for frame in resampler.resample(None):
            samples += frame.samples
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return samples


def _length(path: str) -> int:
    """Samples in each channel."""
    import av

    with av.open(path) as reader:
        rate_hz = reader.streams.audio[0].rate
        samples = sum(frame.samples for frame in reader.decode(audio=0))
    return round(samples * SAMPLE_RATE_HZ / rate_hz)
