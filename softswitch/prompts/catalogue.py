"""The phrases shipped with the switch: one TOML file per language, names to words."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec


class Catalogue(msgspec.Struct, frozen=True):
    """The phrases of one language by name ("queue/all-agents-busy"), and how espeak-ng speaks them."""

    language: str
    voice: "Voice"
    texts: dict[str, str]


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How texts are spoken: espeak-ng's name of the voice, its speed, and the words it would stress wrongly.

    `lexicon` maps such words, in lower case, to espeak-ng's phonemes.
    """

    voice: str
    words_per_minute: int = 160
    lexicon: dict[str, str] = {}


LANGUAGES = ("en", "ru")
"""Languages with phrases and with numbers in words."""


def base_language(language: str) -> str:
    """The language of a tag without its region: "en" of "en-GB" (RFC 5646 section 2.2)."""
    return language.replace("_", "-").split("-")[0].lower()


@cache
def catalogue(language: str) -> Catalogue | None:
    """The phrases of a language tag, or None for a language we have no words in."""
    base = base_language(language)
    if base not in LANGUAGES:
        return None
    tables = tomllib.loads(files("softswitch.prompts").joinpath(f"phrases/{base}.toml").read_text(encoding="utf-8"))
    return Catalogue(base, msgspec.convert(tables.pop("language"), Voice), _flatten(tables))


def voice_of(language: str) -> Voice:
    """The voice of a language; where we have no phrases, the one espeak-ng has under the language's own code."""
    phrases = catalogue(language)
    return phrases.voice if phrases else Voice(language.lower())


def _flatten(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            texts |= _flatten(msgspec.convert(value, dict[str, object]), f"{prefix}{key}/")
        else:
            texts[prefix + key] = msgspec.convert(value, str)
    return texts
