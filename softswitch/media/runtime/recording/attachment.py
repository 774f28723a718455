"""The sound of a voice message as small as a mail wants it: one channel, for ordinary players.

Figures, for telephone speech: MP3 and Opus at 16 kb/s 120 KB a minute, WAV with µ-law 480 KB; a minute takes MP3 0.1 s.
"""

from typing import Any

import numpy as np

from softswitch.media.recording.archive import AttachmentFormat
from softswitch.media.runtime.recording.recording_conversion import ConversionFault
from softswitch.media.sounds.wav import SAMPLE_RATE_HZ, WavFault, read_sound

BIT_RATE = 16_000
_BLOCK_SAMPLES = SAMPLE_RATE_HZ
_CODECS: dict[AttachmentFormat, tuple[str, str, str]] = {
    "wav": ("wav", "pcm_mulaw", "s16"),
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "opus": ("ogg", "libopus", "s16"),
}
"""Container, encoder and what it takes, as FFmpeg calls them."""


def attach(source: str, target: str, attachment_format: AttachmentFormat) -> None:
    """Write what is said in the recording `source` to `target`. Raises `ConversionFault`."""
    import av
    from av.error import FFmpegError

    sound = read_sound(source)
    if isinstance(sound, WavFault):
        raise ConversionFault(sound.reason)
    container, codec, sample_format = _CODECS[attachment_format]
    writer: Any  # PyAV's types know what an encoder takes only where its name is written out
    try:
        with av.open(target, "w", container) as writer:
            stream = writer.add_stream(codec, rate=SAMPLE_RATE_HZ)
            stream.codec_context.layout = "mono"
            stream.codec_context.thread_count = 1
            if attachment_format != "wav":
                stream.codec_context.bit_rate = BIT_RATE
            resampler = av.AudioResampler(format=sample_format, layout="mono", rate=SAMPLE_RATE_HZ, frame_size=None)
            for at in range(0, len(sound), _BLOCK_SAMPLES):
                block = np.ascontiguousarray(sound[at : at + _BLOCK_SAMPLES]).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
                frame.sample_rate = SAMPLE_RATE_HZ
                frame.pts = at
                for made in resampler.resample(frame):
                    writer.mux(stream.encode(made))
            writer.mux(stream.encode(None))
    except FFmpegError as error:
        raise ConversionFault(error.strerror or "it cannot be encoded", is_passing=True) from None
    except (OSError, ValueError) as error:
        raise ConversionFault(str(error), is_passing=isinstance(error, OSError)) from None
