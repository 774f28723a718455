"""Errors of the media domain that callers are expected to catch."""

from softswitch.base.errors import SoftswitchError


class MediaUnavailable(SoftswitchError):
    """No stream can be opened: no worker in time, or no free port. The message is one line and says what to do."""
