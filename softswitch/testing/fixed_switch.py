"""What the parts of `FixedOperations` share: since when the switch runs, and the orders it was given."""

STARTED_AT = 1_700_000_000.0


class FixedSwitch:
    """`orders` are what was ordered, and its words."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, ...]] = []
