"""Waiting for the disk, by whoever confirms to somebody what he has changed."""

import asyncio

from softswitch.base.errors import SoftswitchError
from softswitch.base.log import Logger
from softswitch.store.store import Store


async def is_on_disk(store: Store, log: Logger, otherwise: str, **about: str) -> bool:
    """True once everything that was put into the store is on the disk; False if the disk refuses, which is logged as
    `otherwise`."""
    try:
        await asyncio.wrap_future(store.commit())
    except SoftswitchError as error:
        log.error(otherwise, **about, fault=str(error))
        return False
    return True
