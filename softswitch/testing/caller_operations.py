"""Lists of callers and lookups as the control socket sees them, with fixed contents."""

from softswitch.control.protocol.replies import Done, LookupTried, Refused
from softswitch.control.protocol.requests import SetListedNumber
from softswitch.control.protocol.rows import CallerListRow, ListedNumberRow, LookupRow


class FixedCallerOperations:
    """The part of `FixedOperations` that is about who is known."""

    def __init__(self) -> None:
        super().__init__()
        self.caller_list_rows = [CallerListRow(list_id="vip", name="Important customers", configured=12, added=1)]
        self.listed_rows = [ListedNumberRow(list_id="vip", number="442071838750", note="gold", by="olga", ends_in_s=60)]
        self.lookup_rows = [LookupRow(lookup_id="crm", asked=10, found=7, failed=1, slowest_s=0.31, last_fault="late")]

    def caller_lists(self) -> list[CallerListRow]:
        return self.caller_list_rows

    def listed_numbers(self, list_id: str) -> list[ListedNumberRow] | Refused:
        if list_id != "vip":
            return Refused("not_found", f'there is no list "{list_id}"')
        return self.listed_rows

    async def set_listed_number(self, order: SetListedNumber) -> Done | Refused:
        """There is one list, and what is put on it is there."""
        if order.list_id != "vip":
            return Refused("not_possible", f'there is no list "{order.list_id}"')
        self.listed_rows = [row for row in self.listed_rows if row.number != order.number]
        if order.is_listed:
            row = ListedNumberRow(list_id="vip", number=order.number, note=order.note, ends_in_s=order.seconds)
            self.listed_rows.append(row)
        return Done()

    def lookups(self) -> list[LookupRow]:
        return self.lookup_rows

    async def try_lookup(self, lookup_id: str, fields: dict[str, str]) -> LookupTried | Refused:
        """The service knows one customer."""
        if lookup_id != "crm":
            return LookupTried(fault="it answers 500")
        return LookupTried('{"name":"Eva"}' if fields == {"calling_number": "+15550101"} else "", took_s=0.02)
