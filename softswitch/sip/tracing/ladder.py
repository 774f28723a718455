"""Steps as a ladder of text: time on the left, a column for the switch and one for each party, arrows between them.

```
              alice             softswitch          trunk:provider
   0.000        │───── INVITE sdp ───▶│                    │
   0.002        │                     │──── INVITE sdp ───▶│
```
"""

from collections.abc import Sequence

from softswitch.sip.tracing.steps import Step

TIME_CHARACTERS = 9
SPACING_MIN = 17
SPACING_MAX = 30
SWITCH = "softswitch"


def columns_in(width: int) -> int:
    """The parties there is room for, beside the switch."""
    return max(1, (width - TIME_CHARACTERS) // SPACING_MIN - 1)


class Ladder:
    """`left` are the parties that stand before the switch, `right` those behind it; `width` characters are there.

    Raises nothing: parties that do not fit, or are not known, have their lines without arrows.
    """

    def __init__(self, left: Sequence[str], right: Sequence[str], width: int) -> None:
        wanted = len(left) + len(right)
        room = columns_in(width)
        right = right[: max(0, room - len(left))] if wanted > room else right
        columns = [*left, SWITCH, *right]
        spacing = min(SPACING_MAX, max(SPACING_MIN, (width - TIME_CHARACTERS) // len(columns)))
        self._places = {name: TIME_CHARACTERS + spacing // 2 + spacing * number for number, name in enumerate(columns)}
        self._switch = self._places[SWITCH]
        self._spacing = spacing
        self._width = TIME_CHARACTERS + spacing * len(columns)

    def shows(self, party: str) -> bool:
        return party in self._places

    def header(self) -> str:
        line = [" "] * self._width
        for name, place in self._places.items():
            shown = name[: self._spacing - 2]
            self._write(line, place - len(shown) // 2, shown)
        return "".join(line).rstrip()

    def line(self, step: Step, started_at: float) -> str:
        """One message; times are seconds since `started_at`."""
        line = [" "] * self._width
        for place in self._places.values():
            line[place] = "│"
        self._write(line, 0, f"{step.at - started_at:{TIME_CHARACTERS - 1}.3f}")
        what = " ".join((step.label, *step.notes))
        place = self._places.get(step.party)
        if place is None or place == self._switch:
            way = "to" if step.is_sent else "from"
            return f"{''.join(line).rstrip()}  {way} {step.party}: {what}"
        first, last = sorted((self._switch, place))
        points_right = step.is_sent == (place > self._switch)
        self._write(line, first + 1, "─" * (last - first - 1))
        if points_right:
            line[last - 1] = "▶"
        else:
            line[first + 1] = "◀"
        room = last - first - 7
        shown = what if len(what) <= room else step.label
        shown = shown if len(shown) <= room else f"{shown[: room - 1]}…"
        self._write(line, first + 1 + (last - first - 1 - len(shown) - 2) // 2, f" {shown} ")
        rest = f"  {' '.join(step.notes)}" if step.notes and shown != what else ""
        return "".join(line).rstrip() + rest

    @staticmethod
    def _write(line: list[str], place: int, text: str) -> None:
        line[place : place + len(text)] = text
