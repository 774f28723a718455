"""What must hold for prompts.toml: texts in languages that are spoken here, under names that prompts can have."""

from collections.abc import Mapping
from typing import cast

from softswitch.config.conversion import FaultList, did_you_mean, one_line
from softswitch.config.draft import Draft
from softswitch.config.toml_lines import KeyPath
from softswitch.prompts.limits import NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from softswitch.prompts.names import is_name


def read_prompts(table: dict[str, object], faults: FaultList) -> dict[str, dict[str, str]]:
    """Texts by language and name: `[en] "shop/sale" = "..."` and `[en.shop] sale = "..."` are the same."""
    texts: dict[str, dict[str, str]] = {}
    for language, names in table.items():
        if isinstance(names, dict):
            found = texts.setdefault(language, {})
            _flatten(cast(dict[str, object], names), (language,), "", found, faults)
        else:
            faults.add((language,), "this is no table", f'Write [{language}], and below it "shop/sale" = "..."')
    return texts


def check_prompts(draft: Draft) -> None:
    faults = draft.fault_lists["prompts.toml"]
    languages = draft.settings.sounds.languages
    for language in draft.prompts:
        if language not in languages:
            reason = f'"{one_line(language)}" is none of [sounds] languages'
            faults.add((language,), reason, did_you_mean(language, languages, f"They are {', '.join(languages)}"))


def check_texts(texts: Mapping[str, str], path: KeyPath, draft: Draft, faults: FaultList) -> None:
    """What is said in place of a prompt: by language, in each that is spoken here."""
    languages = draft.settings.sounds.languages
    for language in texts.keys() - set(languages):
        known = did_you_mean(language, languages, f"Write one of {', '.join(languages)}")
        faults.add((*path, language), f'"{language}" is none of [sounds] languages', known)
    for language in languages:
        if not texts.get(language):
            reason = f'there is no text in "{language}", which is one of [sounds] languages'
            faults.add(path, reason, f'Write {language} = "..."')


def _flatten(table: dict[str, object], path: KeyPath, prefix: str, texts: dict[str, str], faults: FaultList) -> None:
    for key, value in table.items():
        name = prefix + key
        here = (*path, key)
        if isinstance(value, dict):
            _flatten(cast(dict[str, object], value), here, f"{name}/", texts, faults)
        elif not isinstance(value, str) or not value.strip():
            faults.add(here, "there is nothing to be said", 'Write a text in quotes: "..."')
        elif len(value) > TEXT_CHARACTERS_MAX:
            reason = f"the text has {len(value)} characters"
            faults.add(here, reason, f"At most {TEXT_CHARACTERS_MAX} are spoken at once: divide it")
        elif len(name) > NAME_CHARACTERS_MAX or not is_name(name):
            faults.add(here, "this is no name of a prompt", 'Use letters, digits, "-" and "/", as in "shop/sale"')
        else:
            texts[name] = value
