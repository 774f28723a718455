"""A voice message that is encrypted at rest, as a file that media workers can play, for as long as it is played."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator

from softswitch.base.errors import LocalError, SoftswitchError
from softswitch.calls.settings import CallSettings
from softswitch.media.runtime.recording.sealed_sound import plain_copy


@contextlib.asynccontextmanager
async def audible(path: str, settings: CallSettings) -> AsyncGenerator[str]:
    """The path to be played. Raises `LocalError` for a file that cannot be opened with the key."""
    copy = ""
    if settings.recording_key_file:
        try:
            copy = await asyncio.to_thread(plain_copy, path, settings.recording_key_file, settings.voicemail_directory)
        except FileNotFoundError:
            pass  # whoever plays it says so
        except (OSError, SoftswitchError) as error:
            raise LocalError(f"{path} cannot be played: {error}") from error
    try:
        yield copy or path
    finally:
        if copy:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(copy)
