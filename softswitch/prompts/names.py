"""What a sound may be called: the paths of files that never leave their directory."""

import re

_NAME = re.compile(r"\w[\w+.-]*(/\w[\w+.-]*)*", re.ASCII)


def is_name(name: str) -> bool:
    """ "greeting/welcome": letters, digits, "-", "." and "+" between slashes, and no part that begins with a dot."""
    return _NAME.fullmatch(name) is not None
