"""`softswitch init`: a commented configuration a switch starts from and a phone registers to at once."""

import os
from pathlib import Path
from string import Template

from softswitch.base.entropy import Entropy
from softswitch.base.errors import ConfigurationError, Fault
from softswitch.config.addresses import is_host
from softswitch.config.draft import FILES

_STARTER = Path(__file__).with_name("starter")
_PEOPLE = ("anna", "boris", "reception")
_PASSWORD_BITS = 80


def init(directory: str | os.PathLike[str], *, domain: str, entropy: Entropy, timezone: str = "UTC") -> tuple[str, ...]:
    """Write the starter configuration and return the paths of its files.

    `domain` is the name or address phones register to; `timezone` that of the opening hours. Raises
    `ConfigurationError` with one line where the directory holds anything or cannot be written.
    """
    path = Path(os.path.abspath(directory))
    if not is_host(domain):
        raise _refused(path, f'"{domain}" is no address and no host name', "Name what phones can reach, without a port")
    words = {"domain": domain, "timezone": timezone, "directory": str(path)}
    words |= {f"{person}_password": entropy.token(_PASSWORD_BITS) for person in _PEOPLE}
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise _refused(path, "the directory is not empty", "Name a new one, or take away what is in it")
        return tuple(_write(path / name, words) for name in FILES)
    except OSError as error:
        reason = f"the directory cannot be written: {error.strerror}"
        raise _refused(path, reason, "Name another one, or become its owner") from error


def _write(path: Path, words: dict[str, str]) -> str:
    """Written for its owner alone, because of the passwords."""
    text = Template((_STARTER / path.name).read_text("utf-8")).substitute(words)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return str(path)


def _refused(path: Path, reason: str, remedy: str) -> ConfigurationError:
    return ConfigurationError([Fault(str(path), "init", reason, remedy)])
