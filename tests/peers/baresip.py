"""baresip as a peer: a softphone that registers with digest, answers by itself, and speaks a WAV file.

It hangs up when the file is at its end.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.peers.audio import Samples, read_any_wav, write_wav
from tests.peers.loopback import own_address
from tests.peers.program import Program, program_path
from tests.peers.speech import Voice

MODULES = "/usr/lib/baresip/modules"

_CODECS = {
    "PCMU": ("g711", "PCMU/8000/1", 8000, 1),
    "PCMA": ("g711", "PCMA/8000/1", 8000, 1),
    "G722": ("g722", "G722/16000/1", 16000, 1),
    "OPUS": ("opus", "opus/48000/2", 48000, 2),
}
"""Of each codec its module, what baresip calls it, and the sound it is fed: rate and channels."""

_PROGRESS = re.compile(r"\[\d+:\d\d:\d\d\] audio=[^\r\n]*")


@dataclass(slots=True, kw_only=True)
class Baresip:
    """A phone of `username` at the switch `domain`; it says `voice` in every call. `dial` is a number to be called."""

    directory: Path
    username: str
    password: str
    domain: str
    voice: Voice
    codec: str = "PCMU"
    dial: str = ""
    address: str = ""
    media_encryption: str = ""
    """"srtp" offers keys and plain RTP, "srtp-mand" insists."""
    transport: str = "udp"
    ca: str = ""
    """For "tls": a file of whoever signs the switch's certificate."""
    _program: Program | None = None

    def start(self) -> "Baresip":
        program = program_path("baresip", "baresip-core")
        self.address = self.address or own_address()
        (self.directory / "heard").mkdir(parents=True)
        _, name, rate_hz, channels = _CODECS[self.codec]
        write_wav(self.directory / "speech.wav", self.voice.samples, rate_hz=rate_hz, channels=channels)
        (self.directory / "config").write_text(self._config())
        (self.directory / "accounts").write_text(
            f"<sip:{self.username}@{self.domain};transport={self.transport}>;auth_pass={self.password}"
            f";answermode=auto;regint=60;audio_codecs={name}"
            + (f";mediaenc={self.media_encryption}\n" if self.media_encryption else "\n")
        )
        (self.directory / "contacts").write_text("")
        dialling = ["-e", f"d sip:{self.dial}@{self.domain}"] if self.dial else []
        self._program = Program([program, "-f", str(self.directory), *dialling], self.directory)
        return self

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()

    @property
    def is_talking(self) -> bool:
        return "Call established" in self.output()

    @property
    def has_hung_up(self) -> bool:
        return "terminated" in self.output()

    def heard(self) -> Samples:
        """What came out of its earpiece, from its own dump."""
        return self._dump("dec")

    def said(self) -> Samples:
        """What it has put into its encoder, from its own dump."""
        return self._dump("enc")

    def output(self) -> str:
        return "" if self._program is None else self._program.output()

    def story(self) -> str:
        """Its output without the line it repaints."""
        return re.sub(r"\s*\n\s*", "\n", _PROGRESS.sub("", self.output()).replace("\r", "\n"))

    def _dump(self, kind: str) -> Samples:
        dumps = sorted((self.directory / "heard").glob(f"dump-*-{kind}.wav"))
        assert len(dumps) == 1, f"one call, one dump: {dumps}"
        return read_any_wav(dumps[0])

    def _config(self) -> str:
        return f"""
            poll_method epoll
            sip_listen {self.address}:5060
            net_interface {self.address}
            {f"sip_cafile {self.ca}" if self.ca else ""}
            call_local_timeout 30
            call_max_calls 1
            audio_source aufile,{self.directory / "speech.wav"}
            audio_player aubridge,nil
            audio_alert aubridge,alert
            audio_buffer 20-160
            ausrc_format s16
            auplay_format s16
            auenc_format s16
            audec_format s16
            rtp_ports 30000-30100
            jitter_buffer_delay 5-10
            module_path {MODULES}
            module {_CODECS[self.codec][0]}.so
            module srtp.so
            module aufile.so
            module aubridge.so
            module sndfile.so
            snd_path {self.directory / "heard"}
            module_tmp uuid.so
            module_tmp account.so
            module_app menu.so
        """
