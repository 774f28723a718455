"""Speech by espeak-ng, bound with ctypes; library and voices come from the wheel `espeakng-loader`.

The interface is espeak-ng's speak_lib.h. The library is one global machine in a process, whoever uses it: hence the
lock of the module, and the callback that is set anew for every text.
"""

import ctypes
import importlib
import re
import threading
from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from softswitch.base.errors import Fault
from softswitch.prompts.catalogue import Voice
from softswitch.prompts.errors import PromptError
from softswitch.prompts.levels import normalise, trim
from softswitch.prompts.limits import TEXT_CHARACTERS_MAX
from softswitch.prompts.resampling import resample

SPEECH_VERSION = 1
"""Part of every cached sound's name: raise it when the same text would now sound different."""

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_PHONEMES = 0x100
_POS_CHARACTER = 1
_PARAMETER_RATE = 1

_WORD = re.compile(r"\w+")

_LOCK = threading.Lock()

_LEAD_S = 0.02
_SENTENCE_TAIL_S = 0.3
_PIECE_TAIL_S = 0.06
"""Silence kept around a phrase: a sentence is followed by a pause, a piece by the next piece."""

_Samples = ctypes.POINTER(ctypes.c_short)
_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, _Samples, ctypes.c_int, ctypes.c_void_p)


class _Loader(Protocol):
    """The module espeakng_loader."""

    def get_library_path(self) -> str: ...
    def get_data_path(self) -> str: ...


class Speech:
    """A voice that speaks texts. The library is loaded with the first of them."""

    __slots__ = ("_callback", "_chunks", "_library", "_rate_hz")

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._rate_hz = 0
        self._chunks: list[NDArray[np.int16]] = []
        self._callback = _SynthCallback(self._receive)

    def speak(self, text: str, voice: Voice) -> NDArray[np.float32]:
        """A text as 8 kHz samples at the level of a prompt, without silence around it. About 100 times real time.

        Raises PromptError if espeak-ng or the voice is missing, or the text holds nothing to be spoken.
        """
        if len(text) > TEXT_CHARACTERS_MAX:
            raise _fault(f"a text of {len(text)} characters is too long", f"Speak at most {TEXT_CHARACTERS_MAX}")
        with _LOCK:
            library = self._library = self._library or self._load()
            if library.espeak_SetVoiceByName(voice.voice.encode()) != 0:
                raise _fault(
                    f'espeak-ng has no voice "{voice.voice}"', 'Use a language it has, for example "en" or "ru"'
                )
            library.espeak_SetParameter(_PARAMETER_RATE, voice.words_per_minute, 0)
            library.espeak_SetSynthCallback(self._callback)
            self._chunks.clear()
            encoded = _with_phonemes(text, voice.lexicon).encode("utf-8", "replace") + b"\0"
            library.espeak_Synth(encoded, len(encoded), 0, _POS_CHARACTER, 0, _CHARS_UTF8 | _PHONEMES, None, None)
            chunks = list(self._chunks)
            self._chunks.clear()
        raw = np.concatenate(chunks).astype(np.float32) if chunks else np.zeros(0, dtype=np.float32)
        tail_s = _SENTENCE_TAIL_S if text.rstrip().endswith((".", "!", "?")) else _PIECE_TAIL_S
        spoken = trim(resample(raw / np.float32(32768), self._rate_hz), lead_s=_LEAD_S, tail_s=tail_s)
        if not len(spoken):
            raise _fault(f'there is nothing to be spoken in "{text}"', "Write words")
        return normalise(spoken)

    def _load(self) -> ctypes.CDLL:
        try:
            loader = cast(_Loader, importlib.import_module("espeakng_loader"))
            library = ctypes.CDLL(loader.get_library_path())
            data_path = loader.get_data_path()
        except ImportError:
            raise _fault("espeak-ng is not installed", "Run: pip install 'softswitch[speech]'") from None
        except (OSError, RuntimeError) as error:
            raise _fault(f"espeak-ng cannot be loaded ({error})", "Install the package espeakng-loader anew") from None
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        self._rate_hz = library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, 0, data_path.encode(), _INITIALIZE_DONT_EXIT
        )
        if self._rate_hz <= 0:
            raise _fault(
                f"espeak-ng cannot use its voices in {data_path}", "Install in a directory with a shorter path"
            )
        return library

    def _receive(self, samples: Any, count: int, _events: object) -> int:
        if samples and count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


def _with_phonemes(text: str, lexicon: Mapping[str, str]) -> str:
    """The text as espeak-ng reads it: words of the lexicon as [[phonemes]], and nothing else in such brackets."""
    plain = text.replace("\0", " ").replace("[[", "[ [")
    return _WORD.sub(lambda word: f"[[{lexicon[key]}]]" if (key := word[0].lower()) in lexicon else word[0], plain)


def _fault(reason: str, remedy: str) -> PromptError:
    return PromptError(Fault("sounds", "speech", reason, remedy))
