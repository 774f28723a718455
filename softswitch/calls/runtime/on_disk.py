"""Waiting for the disk, by whoever confirms to somebody what he has changed.

A disk that takes longer than `STORED_WITHIN_S` has refused, for whoever waits. What was put may be written later all
the same: who says that it has failed puts what was there before.
"""

import asyncio

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import Logger
from softswitch.store.limits import STORED_WITHIN_S
from softswitch.store.store import Store
from softswitch.store.writer import NotStored


async def on_disk(store: Store) -> None:
    """Ends once everything that was put into the store is on the disk. Raises `NotStored`."""
    try:
        async with asyncio.timeout(STORED_WITHIN_S):
            await asyncio.wrap_future(store.commit())
    except TimeoutError as error:
        raise NotStored(f"the disk of the store has not answered for {STORED_WITHIN_S:.0f} s") from error


async def is_on_disk(store: Store, log: Logger, otherwise: str, **about: str) -> bool:
    """True once everything that was put into the store is on the disk; False if the disk refuses, which is logged as
    `otherwise`."""
    try:
        await on_disk(store)
    except SoftswitchError as error:
        log.error(otherwise, **about, fault=str(error))
        return False
    return True
