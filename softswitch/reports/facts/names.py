"""Names as numbers, so that rows are of one width: queues, agents, projects, causes."""

from collections.abc import Iterable

from softswitch.reports.limits import NAMES_MAX

OTHERS = "(others)"


class Names:
    """Numbers given in the order in which names come. 0 is the empty name."""

    __slots__ = ("_numbers", "texts")

    def __init__(self, texts: Iterable[str] = ("",)) -> None:
        self.texts = list(texts)
        self._numbers = {text: number for number, text in enumerate(self.texts)}

    def number(self, text: str | None) -> int:
        """Of this name, which may be new."""
        text = text or ""
        number = self._numbers.get(text)
        if number is None:
            if len(self.texts) >= NAMES_MAX - 1 and text != OTHERS:
                return self.number(OTHERS)
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number

    def text(self, number: int) -> str:
        return self.texts[number]

    def known(self, text: str) -> int:
        """Of a name that may not have come: -1, which no row has."""
        return self._numbers.get(text, -1)
