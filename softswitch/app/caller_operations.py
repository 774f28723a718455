"""Lists of callers and lookups for the control socket."""

from collections.abc import Iterable

import msgspec

from softswitch.app.parts import Parts
from softswitch.base.errors import LocalError
from softswitch.calls.runtime.caller_lists import NOT_STORED
from softswitch.control.protocol.replies import Done, LookupTried, Refused
from softswitch.control.protocol.requests import SetListedNumber
from softswitch.control.protocol.rows import CallerListRow, ListedNumberRow, LookupRow


class CallerOperations:
    """The part of `SwitchOperations` that is about who is known."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def caller_lists(self) -> Iterable[CallerListRow]:
        lists = self._parts.lists
        for list_id, each in list(self._parts.settings.caller_lists.items()):
            yield CallerListRow(
                list_id=list_id,
                name=each.name,
                configured=len(each.numbers.exact) + len(each.numbers.patterns),
                added=sum(1 for _ in lists.added(list_id)),
                project=each.project,
            )

    def listed_numbers(self, list_id: str) -> Iterable[ListedNumberRow] | Refused:
        wall = self._parts.clock.wall()
        try:
            rows = list(self._parts.lists.added(list_id))
        except LocalError as error:
            return Refused("not_found", str(error))
        return [
            ListedNumberRow(
                list_id=row.list_id,
                number=row.spelt or row.number,
                note=row.note,
                by=row.by,
                since_at=row.since_wall,
                ends_in_s=None if row.until_wall is None else row.until_wall - wall,
            )
            for row in rows
        ]

    async def set_listed_number(self, order: SetListedNumber) -> Done | Refused:
        lists = self._parts.lists
        try:
            if order.is_listed:
                is_done = await lists.add(
                    order.list_id, order.number, note=order.note, for_s=order.seconds, by=order.by
                )
                reason = NOT_STORED
            else:
                is_done = await lists.remove(order.list_id, order.number)
                reason = lists.not_removed(order.list_id, order.number)
        except LocalError as error:
            return Refused("not_possible", str(error))
        return Done() if is_done else Refused("not_possible", reason)

    def lookups(self) -> Iterable[LookupRow]:
        lookups = self._parts.lookups
        for name, counts in list(lookups.counts().items()):
            yield LookupRow(
                lookup_id=name,
                asked=counts.asked,
                found=counts.found,
                remembered=counts.remembered,
                failed=counts.failed,
                skipped=counts.skipped,
                slowest_s=counts.slowest_s,
                is_resting=lookups.is_resting(name),
                last_fault=counts.last_fault,
            )

    async def try_lookup(self, lookup_id: str, fields: dict[str, str]) -> LookupTried | Refused:
        began_at = self._parts.clock.now()
        try:
            answer = await self._parts.lookups.ask(lookup_id, fields)
        except LocalError as error:
            return Refused("not_possible", str(error))
        shown = msgspec.json.encode(answer.fields).decode() if answer.is_found else ""
        return LookupTried(shown, answer.fault, self._parts.clock.now() - began_at)
