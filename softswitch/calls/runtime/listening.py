"""Somebody who hears something by himself, and can be told something meanwhile: in a queue, or in a conference."""

from typing import Protocol


class Listening(Protocol):
    def say(self, sounds: list[str]) -> None:
        """Let him hear these files, after what is being said to him. Raises `LocalError` where that must not be."""
        ...

    def cut(self) -> None:
        """Nothing more is said; he hears again what he did before."""
        ...
