"""The sound library: names, numbers and texts to WAV files that a media worker can play.

A name ("queue/please-hold") is looked up in this order, and the first that can be read is taken:

1. the operator's recordings: sounds/<language>/<name>.*, then sounds/<name>.* for all languages; for a project
   (`for_project`) those in sounds/<project>/ laid out in the same way go before them;
2. the operator's texts (prompts.toml, menus.toml) in that language, spoken by espeak-ng; for a project first that of
   the name <project>/<name>, which goes before recordings that are everybody's;
3. a directory of Asterisk's core sounds, under our name for the phrase (asterisk_names.py) or their own;
4. our phrases, spoken;
5. the operator's text in another language, or the words of the name, spoken, and counted as missing (missing.py).

What is not 8 kHz mono 16-bit WAV already is made so once and kept in the cache. Recordings are looked for at start
and by `refresh`, not at every call.

Everything here may be called from any thread. What is in the cache takes microseconds; what must first be spoken or
converted takes from 10 ms to seconds, so call `prepare` at start in a thread or process of its own, and `files` in a
thread unless `ready` has an answer.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from pathlib import Path

from softswitch.base.errors import Fault
from softswitch.prompts.announcements import digit_phrases, number_phrases, position_phrases, wait_phrases
from softswitch.prompts.catalogue import LANGUAGES, base_language, catalogue
from softswitch.prompts.errors import PromptError
from softswitch.prompts.limits import DIGITS_MAX, NAME_CHARACTERS_MAX, RESOLVED_MAX
from softswitch.prompts.missing import MissingPrompt, MissingPrompts, words_of
from softswitch.prompts.music import hold_music
from softswitch.prompts.names import is_name
from softswitch.prompts.rendering import PAUSE, phrases
from softswitch.prompts.runtime.cache import SoundCache
from softswitch.prompts.runtime.conversion import SUFFIXES
from softswitch.prompts.runtime.recordings import Recordings
from softswitch.prompts.spoken import Listing, Noun, Number, Said, Spoken, Text
from softswitch.prompts.tones import TONES, is_cadence, tone, tone_names

GENERATED_VERSION = 1
"""Part of the name of generated music: raise it when it would now sound different."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,16}){0,4}")


class SoundLibrary:
    """Where sounds come from. All paths that are returned are absolute."""

    __slots__ = (
        "_cache",
        "_country",
        "_faults",
        "_language",
        "_missing",
        "_music",
        "_of_projects",
        "_on_fault",
        "_project",
        "_project_music",
        "_recordings",
        "_rendered",
        "_resolved",
        "_texts",
    )

    def __init__(
        self,
        *,
        cache: Path,
        sounds: Path | None = None,
        asterisk: Path | None = None,
        music: Path | None = None,
        country: str = "us",
        language: str = "en",
        texts: Mapping[str, Mapping[str, str]] | None = None,
        on_fault: Callable[[Fault], None] = lambda fault: None,
    ) -> None:
        """`music` is a file or a directory, None our own piece; `country` is a key of `TONES`.

        `texts` are the operator's by language and name; `language` is the one to turn to when a call's has no words.
        `on_fault` hears of every recording that cannot be read and is passed over, and every prompt that is missing,
        once each.
        """
        self._cache = SoundCache(cache.absolute())
        self._recordings = Recordings(sounds.absolute() if sounds else None, asterisk.absolute() if asterisk else None)
        self._music = music.absolute() if music else None
        self._country = country if country in TONES else "us"
        self._language = language
        self._texts = texts or {}
        self._on_fault = on_fault
        self._missing = MissingPrompts()
        self._faults: dict[str, Fault] = {}
        self._resolved: dict[tuple[str, str, bool, str], str] = {}
        """By name, language, with Asterisk's or without, and project."""
        self._rendered: dict[tuple[Said, str, str], list[str]] = {}
        """What `files` has found lately, by what is said, language and project."""
        self._project = ""
        self._project_music = ""
        self._of_projects: dict[tuple[str, str], SoundLibrary] = {}

    def for_project(self, project: str, music: str) -> "SoundLibrary":
        """The same library, but a project's own recordings go first, and "default" is its music (""; everybody's)."""
        key = (project, music)
        if key not in self._of_projects:
            own = copy(self)
            own._project, own._project_music = project, music
            self._of_projects[key] = own
        return self._of_projects[key]

    def resolve(self, name: str, language: str) -> str:
        """The file of a sound, or for "tone:busy" and "tone:425/500,0/500" the tone that the media worker makes.

        What does not exist is its name's words, spoken. Raises PromptError if that is not possible either: nothing can
        be spoken, there is no such tone, or no such language.
        """
        if name.startswith("tone:"):
            return name if is_cadence(name) else self.tone(name.removeprefix("tone:"))
        try:
            return self._made(name, language)
        except PromptError as error:
            return self._in_its_place(name, language, error.fault)

    def ready(self, said: Sequence[Said], language: str) -> list[str] | None:
        """What `files` would return, if that is known; None if it has to look, or make something."""
        found: list[str] = []
        for each in said:
            files = self._rendered.get((each, language, self._project))
            if files is None or (isinstance(each, Text) and not all(os.path.exists(file) for file in files)):
                return None
            found += files
        return found

    def files(self, said: Sequence[Said], language: str) -> list[str]:
        """Files to be played one after another. What cannot be had is left out, reported once, counted as missing."""
        found: list[str] = []
        for each in said:
            missed = self._missing.total
            try:
                files = self._files(each, language)
            except PromptError as error:
                if self._missing.total == missed:
                    self._missing.note(_kind_of(each), language)
                self._report(error.fault)
                continue
            if len(self._rendered) >= RESOLVED_MAX:
                self._rendered.clear()
            if self._missing.total == missed:  # what is missing is counted every time
                self._rendered[each, language, self._project] = files
            found += files
        return found

    def missing(self) -> list[MissingPrompt]:
        """Prompts that were asked for and are not there, the most wanted first."""
        return self._missing.rows()

    def use_texts(self, texts: Mapping[str, Mapping[str, str]], language: str) -> None:
        """Take over changed texts of the operator; call `refresh` then."""
        for library in (self, *self._of_projects.values()):
            library._texts, library._language = texts, language

    def say(self, text: str, language: str) -> str:
        """Any text, spoken.

        Raises PromptError if espeak-ng is not installed or does not know the language.
        """
        return str(self._cache.text(text, _checked_language(language)))

    def music(self, name: str = "default") -> str:
        """A piece to be looped: "default", or a file or directory of that name in sounds/music.

        A directory's files are joined in the order of their names. Music that is missing or cannot be read is a
        fault, and our own piece is played.
        """
        if name in ("", "default"):
            name = self._project_music or name
        key = (name, "music", True, self._project)
        if key not in self._resolved:
            self._resolved[key] = str(self._find_music(name))
        return self._resolved[key]

    def tone(self, name: str) -> str:
        """Beep, ringback, busy and so on (to be looped) as the country knows them; no file, but "tone:" and a cadence.

        Raises PromptError for other names.
        """
        sound = tone(self._country, name)
        if sound is None:
            known = ", ".join(tone_names(self._country))
            raise PromptError(Fault("sounds", name, "there is no such tone", f"There are: {known}"))
        return sound

    def speak_number(self, number: int, language: str, noun: Noun | None = None) -> list[str]:
        """A number in words, with a noun in its right form if wanted."""
        return self._resolve_together([number_phrases(number, language, noun)], language)

    def say_digits(self, text: str, language: str) -> list[str]:
        """A telephone number, digit by digit."""
        return self._resolve_together([digit_phrases(text[:DIGITS_MAX])], language)

    def announce_position(self, position: int, language: str) -> list[str]:
        """The caller's place in the queue; 1 is next."""
        by_number = ["queue/your-number-is", *number_phrases(position, language)]
        return self._resolve_together([position_phrases(position, language), by_number], language)

    def announce_wait(self, minutes: int, language: str) -> list[str]:
        """The estimated wait."""
        return self._resolve_together([wait_phrases(minutes, language)], language)

    def prepare(
        self,
        languages: Iterable[str],
        music: Iterable[str] = ("default",),
        projects: Iterable[str] = (),
        expected: Sequence[str] = (),
    ) -> list[Fault]:
        """Make every sound that is not in the cache yet, and return all that is wrong.

        `expected` are prompts that the configuration names: one that is not there is said, and its words are spoken in
        advance. The phrases of two languages take about five seconds the first time.
        """
        for language in languages:
            base, words = base_language(language), catalogue(language)
            names = [*(words.texts if words else ()), *self._texts.get(base, {}), *self._recordings.names(base)]
            for name in dict.fromkeys(names):
                self._attempt(lambda name=name, language=language: self._made(name, language))
            for name in dict.fromkeys(expected):
                self._attempt(lambda name=name, language=language: self._expected(name, language))
            for project in projects:
                theirs = self.for_project(project, "")
                for name in self._recordings.names_of_project(project, base):
                    self._attempt(lambda theirs=theirs, name=name, language=language: theirs._made(name, language))
        for name in music:
            self._attempt(lambda name=name: self.music(name))
        return list(self._faults.values())

    def refresh(self) -> None:
        """Look at the directories again: recordings may have come, gone or changed."""
        self._recordings.refresh()
        self._resolved.clear()
        self._rendered.clear()
        self._missing.clear()
        self._faults.clear()

    def _files(self, said: Said, language: str) -> list[str]:
        match said:
            case str():
                return [self.resolve(said, language)]
            case int():
                return self._spoken(Number(Decimal(said)), language)
            case Text(text):
                return [self.say(text, language)]
            case Listing(items, last):
                found: list[str] = []
                for place, item in enumerate(items):
                    if place:
                        is_last = place == len(items) - 1
                        found += self._resolve_together([[f"list/{last}"]], language) if is_last else [PAUSE]
                    found += self._files(item, language)
                return found
            case _:
                return self._spoken(said, language)

    def _spoken(self, said: Spoken, language: str) -> list[str]:
        """In the language to turn to where there are no words in the call's."""
        try:
            return self._resolve_together([phrases(said, language)], language)
        except PromptError as error:
            if base_language(language) == base_language(self._language):
                raise
            self._report(error.fault)
            return self._resolve_together([phrases(said, self._language)], self._language)

    def _in_its_place(self, name: str, language: str, fault: Fault) -> str:
        if self._missing.note(name, language):
            self._report(fault)
        return self._words_of(name, language, fault)

    def _expected(self, name: str, language: str) -> str:
        try:
            return self._made(name, language)
        except PromptError as error:
            self._report(error.fault)
            return self._words_of(name, language, error.fault)

    def _words_of(self, name: str, language: str, fault: Fault) -> str:
        """The text in another language, in that language's voice, else the words of the name."""
        name = name.removesuffix(".wav")
        for other in dict.fromkeys((base_language(self._language), *self._texts)):
            ours = catalogue(other)
            if text := self._texts.get(other, {}).get(name) or (ours.texts.get(name) if ours else None):
                return self.say(text, other)
        words = words_of(name)
        if not words:
            raise PromptError(fault)
        return self.say(words, language if _LANGUAGE.fullmatch(language) else self._language)

    def _made(self, name: str, language: str) -> str:
        return self._resolve(name, language, with_asterisk=True)

    def _resolve(self, name: str, language: str, *, with_asterisk: bool) -> str:
        key = (name, language, with_asterisk, self._project)
        path = self._resolved.get(key)
        if path is None:
            if len(self._resolved) >= RESOLVED_MAX:
                self._resolved.clear()
            path = self._resolved[key] = str(
                self._find(_checked_name(name), _checked_language(language), with_asterisk)
            )
        return path

    def _find(self, name: str, language: str, with_asterisk: bool) -> Path:
        unreadable: Fault | None = None
        texts = self._texts.get(base_language(language), {})
        own = texts.get(f"{self._project}/{name}") if self._project else None
        text = own or texts.get(name)
        for recording in self._recordings.of_sound(
            name, language, self._project, with_asterisk=with_asterisk and text is None, only_own=own is not None
        ):
            try:
                return self._cache.converted(recording)
            except PromptError as error:
                unreadable = error.fault
                self._report(unreadable)
        ours = catalogue(language)
        text = text or (ours.texts.get(name) if ours else None)
        if text:
            return self._cache.phrase(name, text, language)
        remedy = f"Put a recording into {self._recordings.sounds or 'sounds'}/{language}/{name}.wav, or check the name"
        raise PromptError(unreadable or Fault("sounds", name, f'there is no such sound in "{language}"', remedy))

    def _resolve_together(self, wordings: Sequence[Sequence[str]], language: str) -> list[str]:
        """An announcement in one voice: the first wording that is recorded as a whole, or else the first one, with
        Asterisk's voice left out, because it would alternate with the spoken one in the middle of a sentence."""
        for names in wordings:
            if all(name == PAUSE or self._is_recorded(name, language) for name in names):
                return [self._piece(name, language, with_asterisk=True) for name in names]
        return [self._piece(name, language, with_asterisk=False) for name in wordings[0]]

    def _is_recorded(self, name: str, language: str) -> bool:
        return bool(self._recordings.of_sound(name, language, self._project, with_asterisk=True))

    def _piece(self, name: str, language: str, *, with_asterisk: bool) -> str:
        return name if name == PAUSE else self._resolve(name, language, with_asterisk=with_asterisk)

    def _find_music(self, name: str) -> Path:
        source = self._music if name in ("", "default") else self._music_named(name)
        if source is not None:
            try:
                if source.is_dir():
                    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
                    if files:
                        return self._cache.joined(files, self._report)
                    raise PromptError(Fault(str(source), "music", "it holds no sound", "Put WAV files there"))
                return self._cache.converted(source)
            except PromptError as error:
                self._report(error.fault)
        return self._cache.generated(f"music-{GENERATED_VERSION}", hold_music)

    def _music_named(self, name: str) -> Path | None:
        found = self._recordings.of_music(name, self._project) if is_name(name) else None
        if found is None:
            folder = (self._recordings.sounds or Path("sounds")) / "music"
            reason = f'there is no music "{name}"'
            self._report(Fault(str(folder), "music", reason, "Put a WAV file of that name there"))
        return found

    def _attempt(self, make: Callable[[], str]) -> None:
        try:
            make()
        except PromptError as error:
            self._report(error.fault)

    def _report(self, fault: Fault) -> None:
        if str(fault) not in self._faults:
            self._faults[str(fault)] = fault
            self._on_fault(fault)


def _kind_of(said: Said) -> str:
    """What is counted as missing where nothing can be spoken: of values only the kind, for they may be private."""
    match said:
        case str():
            return said
        case int():
            return "number"
        case _:
            return str(said).partition(" ")[0]


def _checked_name(name: str) -> str:
    """A sound's name without the suffix that people like to write."""
    stem = name.removesuffix(".wav")
    if len(stem) > NAME_CHARACTERS_MAX or not is_name(stem):
        reason = "this is no name of a sound"
        raise PromptError(Fault("sounds", name[:NAME_CHARACTERS_MAX], reason, 'Use letters, digits, "-" and "/"'))
    return stem


def _checked_language(language: str) -> str:
    if not _LANGUAGE.fullmatch(language):
        reason = "this is no language"
        raise PromptError(
            Fault("sounds", language[:20], reason, f"Use one of {', '.join(LANGUAGES)}, or a code such as de")
        )
    return language
