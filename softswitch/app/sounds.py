"""The sound library as the configuration describes it: the same for the supervisor, which fills it, and the switch."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from softswitch.base.errors import Fault
from softswitch.config import Configuration
from softswitch.dialplan.menus import StepKind, compile_menu, text_name
from softswitch.dialplan.surveys import compile_survey
from softswitch.dialplan.surveys import text_name as question_text_name

if TYPE_CHECKING:
    from softswitch.prompts.runtime.library import SoundLibrary


def sound_cache_directory(configuration: Configuration) -> Path:
    """Beside the store, because that is where the switch may write."""
    return Path(os.path.dirname(configuration.settings.store.directory)) / "cache" / "sounds"


def prepare_sounds(library: "SoundLibrary", configuration: Configuration) -> list[Fault]:
    """Make every sound that is not in the cache yet; what is wrong."""
    projects = [row.id for row in configuration.projects]
    expected = named_prompts(configuration)
    return library.prepare(configuration.settings.sounds.languages, projects=projects, expected=expected)


def named_prompts(configuration: Configuration) -> list[str]:
    """Prompts that queues, menus and surveys name; what flows play is known when they do."""
    names = [name for row in configuration.queues for name in (*row.announce.texts, row.closing_prompt)]
    names += [name for row in configuration.queues for name in row.agent_hears]
    for menu in map(compile_menu, configuration.menus):
        steps = [
            step for steps in (*menu.keys.values(), menu.closed, menu.after_wrong, menu.after_silence) for step in steps
        ]
        names += [*menu.prompts, menu.invalid or "", menu.no_choice or ""]
        names += [step.target for step in steps if step.kind is StepKind.PLAY]
    for survey in map(compile_survey, configuration.surveys):
        names += [survey.invitation, *(question.prompt for question in survey.questions)]
        names += [survey.comment_prompt or "", survey.thanks]
    return [name for name in dict.fromkeys(names) if name and not name.startswith("tone:")]


def operator_texts(configuration: Configuration) -> dict[str, dict[str, str]]:
    """What prompts.toml, the menus and the surveys say in words, by language and name."""
    texts = {language: dict(words) for language, words in configuration.prompts.items()}
    asked: list[tuple[str, str | dict[str, str]]] = [(text_name(menu.id), menu.text) for menu in configuration.menus]
    asked += [
        (question_text_name(survey.id, question.id), question.text)
        for survey in configuration.surveys
        for question in survey.questions
    ]
    for name, own in asked:
        if isinstance(own, str):
            own = {configuration.settings.sounds.default_language: own} if own else {}
        for language, text in own.items():
            texts.setdefault(language, {}).setdefault(name, text)
    return texts


def sound_library(
    configuration: Configuration, on_fault: Callable[[Fault], None] = lambda fault: None
) -> "SoundLibrary":
    """`on_fault` hears of every recording that cannot be read and is passed over, once each."""
    # Imported here: numpy takes the supervisor a tenth of a second, which it spends while its children start.
    from softswitch.prompts.runtime.library import SoundLibrary

    sounds = configuration.settings.sounds
    return SoundLibrary(
        cache=sound_cache_directory(configuration),
        sounds=Path(sounds.directory),
        asterisk=Path(sounds.asterisk_sounds) if sounds.asterisk_sounds else None,
        music=_music(configuration),
        country=sounds.tones,
        language=sounds.default_language or sounds.languages[0],
        texts=operator_texts(configuration),
        on_fault=on_fault,
    )


def _music(configuration: Configuration) -> Path | None:
    """What plays unless a queue or a project names something else: by its name in sounds/music, or by its path."""
    from softswitch.prompts.runtime.conversion import SUFFIXES

    sounds = configuration.settings.sounds
    if sounds.music == "default":
        return None
    folder = Path(sounds.directory, "music")
    named = (folder / f"{sounds.music}{suffix}" for suffix in ("", *SUFFIXES))
    return next((path for path in named if path.exists()), Path(configuration.directory, sounds.music))
