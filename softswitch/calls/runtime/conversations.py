"""Who wants to know when somebody begins to talk: supervisors who follow him."""

from collections.abc import Callable

from softswitch.calls.runtime.party import Party


class ConversationWatch:
    """By user name."""

    __slots__ = ("_watchers",)

    def __init__(self) -> None:
        self._watchers: dict[str, list[Callable[[], None]]] = {}

    def watch(self, username: str, began: Callable[[], None]) -> Callable[[], None]:
        """`began` is told of every conversation of his, until what is returned is called."""
        watchers = self._watchers.setdefault(username, [])
        watchers.append(began)

        def stop() -> None:
            watchers.remove(began)
            if not watchers and self._watchers.get(username) is watchers:
                del self._watchers[username]

        return stop

    def began(self, *parties: Party) -> None:
        """These talk to each other from now on."""
        if not self._watchers:
            return
        for party in parties:
            if party.extension is not None:
                for told in list(self._watchers.get(party.extension.username, ())):
                    told()
