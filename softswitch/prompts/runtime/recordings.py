"""The operator's recordings, and Asterisk's: which there are, and which of them is meant by a name.

Directories are looked at once and again after `refresh`, not at every call.
"""

from pathlib import Path

from softswitch.prompts.asterisk_names import asterisk_name
from softswitch.prompts.catalogue import LANGUAGES, base_language
from softswitch.prompts.runtime.folders import asterisk_folder, index_folder


class Recordings:
    """All methods may be called from any thread."""

    __slots__ = ("_asterisk", "_asterisk_folders", "_indexes", "sounds")

    def __init__(self, sounds: Path | None, asterisk: Path | None) -> None:
        self.sounds = sounds
        self._asterisk = asterisk
        self._indexes: dict[Path, dict[str, Path]] = {}
        self._asterisk_folders: dict[str, Path | None] = {}

    def refresh(self) -> None:
        """Recordings may have come, gone or changed."""
        self._indexes.clear()
        self._asterisk_folders.clear()

    def of_sound(
        self, name: str, language: str, project: str, *, with_asterisk: bool, only_own: bool = False
    ) -> list[Path]:
        """Recordings of a sound, best first; with `only_own` those of the project alone, which has words of its own."""
        found: list[Path] = []
        if self.sounds:
            places = [f"{project}/"] if project else []
            for place in places if only_own else [*places, ""]:
                for folder in dict.fromkeys((language, base_language(language))):
                    found += self._indexed(self.sounds, f"{place}{folder}/{name}")
                found += self._indexed(self.sounds, f"{place}{name}")
        if with_asterisk and (folder := self._asterisk_folder(base_language(language))):
            found += self._indexed(folder, asterisk_name(name, language) or name)
        return found

    def of_music(self, name: str, project: str) -> Path | None:
        """A file or a directory of that name in music/, a project's own first."""
        if not self.sounds:
            return None
        for place in (f"{project}/music", "music") if project else ("music",):
            if found := self._indexed(self.sounds, f"{place}/{name}"):
                return found[0]
            if (folder := self.sounds / place / name).is_dir():
                return folder
        return None

    def names(self, folder: str) -> list[str]:
        """Of all in a folder of the operator's."""
        if not self.sounds:
            return []
        prefix = f"{folder}/"
        return [name.removeprefix(prefix) for name in self._index(self.sounds) if name.startswith(prefix)]

    def names_of_project(self, project: str, language: str) -> list[str]:
        """A project's own, in a language and for all of them."""
        for_all = [name for name in self.names(project) if name.partition("/")[0] not in (*LANGUAGES, "music")]
        return [*self.names(f"{project}/{language}"), *for_all]

    def _asterisk_folder(self, language: str) -> Path | None:
        if language not in self._asterisk_folders:
            self._asterisk_folders[language] = asterisk_folder(self._asterisk, language) if self._asterisk else None
        return self._asterisk_folders.get(language)

    def _indexed(self, folder: Path, name: str) -> list[Path]:
        path = self._index(folder).get(name)
        return [path] if path else []

    def _index(self, folder: Path) -> dict[str, Path]:
        index = self._indexes.get(folder)
        if index is None:
            index = self._indexes[folder] = index_folder(folder)
        return index
