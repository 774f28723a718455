"""On what terms a `dial` connects: what the called person hears first, whether he is asked, how long they may talk."""

import msgspec


class DialTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Sounds are files, in the order in which they are heard; times are seconds."""

    callee_hears: tuple[str, ...] = ()
    is_screened: bool = False
    """He is connected when he presses 1, and not when he presses 2: an answering machine presses nothing."""
    limit_s: float | None = None
    """They are parted after so long."""
    warn_s: float = 60.0
    """The caller hears `warning` so long before."""
    warning: tuple[str, ...] = ()
    through: str = ""
    """The number or user name of whose trunks and limits calls to the outside use; "": the caller's own."""
